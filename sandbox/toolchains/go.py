"""Go projects, tested by ``go test``."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from sandbox.environments.go import go_problem, prepare_go
from sandbox.environments.result import Prepared, Unprepared
from sandbox.isolation.protocol import Finished, Isolation
from sandbox.report import TestReport
from sandbox.toolchains.door import behind_door, with_door
from sandbox.toolchains.door_events import REPORT
from sandbox.toolchains.go_json import report_from_go
from sandbox.toolchains.go_tests import canaries
from sandbox.toolchains.protocol import TestCommand


class Go:
    """The machine's Go."""

    name = "go"
    ecosystem = "go"

    def detects(self, files: Mapping[str, str]) -> bool:
        """A go.mod at the top, or any Go file."""
        return "go.mod" in files or any(path.endswith(".go") for path in files)

    def tests(self, files: Mapping[str, str]) -> frozenset[str]:
        """``_test.go`` files."""
        return frozenset(path for path in files if path.endswith("_test.go"))

    def problem(self) -> str:
        """Whether go is there."""
        return go_problem()

    async def prepare(
        self, files: Mapping[str, str], named: Iterable[str], isolation: Isolation
    ) -> Prepared | Unprepared:
        """The project's modules, downloaded and compiled."""
        prepared = await prepare_go(files, named, isolation)
        return prepared if isinstance(prepared, Unprepared) else with_door(prepared, isolation, self.name)

    def command(self, files: Mapping[str, str], work: str, results: str) -> TestCommand | str:
        """``go test -json ./...``, its events taken down by a process of ours, its errors shown."""
        plan = behind_door("exec go test -json ./...", results, {"BACKSMITH_STREAM": "1"})
        return replace(plan, files=canaries(files))

    def read(self, files: Mapping[str, str], results: Path, finished: Finished) -> TestReport:
        """The cases of the events, held against go's exit code and against what the sources say."""
        return report_from_go(results / REPORT, finished, files)
