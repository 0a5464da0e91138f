"""Ruby projects, tested by RSpec or minitest."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from sandbox.environments.result import Prepared, Unprepared
from sandbox.environments.ruby import prepare_ruby, ruby_problem
from sandbox.isolation.protocol import Finished, Isolation
from sandbox.report import TestReport
from sandbox.toolchains.door import behind_door, with_door
from sandbox.toolchains.door_events import REPORT, report_from_door
from sandbox.toolchains.protocol import TestCommand

_TEST_FILE = re.compile(r"(?:^|/)(?:spec/.*_spec|test/(?:.*/)?(?:test_(?!helper)[^/]*|[^/]*_test))\.rb$")
_RSPEC = (
    'exec rspec --no-color --require "$BACKSMITH_INSIDE/backsmith_rspec.rb" --format progress '
    "--format BacksmithFormatter --out /dev/null"
)
_MINITEST = 'exec ruby "$BACKSMITH_INSIDE/backsmith_minitest.rb"'


class Ruby:
    """The machine's Ruby with its gems."""

    name = "ruby"
    ecosystem = "rubygems"

    def detects(self, files: Mapping[str, str]) -> bool:
        """A Gemfile at the top, or any Ruby file."""
        return "Gemfile" in files or any(path.endswith(".rb") for path in files)

    def tests(self, files: Mapping[str, str]) -> frozenset[str]:
        """Specs and minitest's files."""
        return frozenset(path for path in files if _TEST_FILE.search(path))

    def problem(self) -> str:
        """Whether ruby is there."""
        return ruby_problem()

    async def prepare(
        self, files: Mapping[str, str], named: Iterable[str], isolation: Isolation
    ) -> Prepared | Unprepared:
        """The machine's gems, where they are enough."""
        prepared = prepare_ruby(files, named, "rspec" if _has_specs(files) else "minitest")
        return prepared if isinstance(prepared, Unprepared) else with_door(prepared, isolation, self.name)

    def command(self, files: Mapping[str, str], work: str, results: str) -> TestCommand | str:
        """``rspec`` where there are specs, else minitest's tests, with a formatter or a reporter of ours."""
        return behind_door(_RSPEC if _has_specs(files) else _MINITEST, results, {})

    def read(self, files: Mapping[str, str], results: Path, finished: Finished) -> TestReport:
        """The cases that were told of, held against the exit code."""
        return report_from_door(results / REPORT, finished)


def _has_specs(files: Mapping[str, str]) -> bool:
    return any(path.startswith("spec/") and path.endswith("_spec.rb") for path in files)
