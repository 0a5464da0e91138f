"""C# projects: recognised, so that people are told what is missing; nothing here runs them."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from sandbox.environments.result import Prepared, Unprepared
from sandbox.isolation.protocol import Finished, Isolation
from sandbox.report import TestReport
from sandbox.toolchains.protocol import TestCommand

_PROBLEM = (
    "Backsmith runs no C# projects; bring a toolchain of your own (entry point group backsmith.toolchains)"
)


class CSharp:
    """A toolchain that can always say why it does not work."""

    name = "csharp"
    ecosystem = "nuget"

    def detects(self, files: Mapping[str, str]) -> bool:
        """A project or solution file, or any C# file."""
        return any(path.endswith((".cs", ".csproj", ".sln", ".slnx")) for path in files)

    def tests(self, files: Mapping[str, str]) -> frozenset[str]:
        """None: nothing here runs them."""
        return frozenset()

    def problem(self) -> str:
        """Always: that C# is not run."""
        return _PROBLEM

    async def prepare(
        self, files: Mapping[str, str], named: Iterable[str], isolation: Isolation
    ) -> Prepared | Unprepared:
        """Always refused."""
        return Unprepared(_PROBLEM, ours=True)

    def command(self, files: Mapping[str, str], work: str, results: str) -> TestCommand | str:
        """Never comes to this."""
        return _PROBLEM

    def read(self, files: Mapping[str, str], results: Path, finished: Finished) -> TestReport:
        """Never comes to this."""
        return TestReport(problem=_PROBLEM, ours=True)
