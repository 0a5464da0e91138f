"""Ruby projects, tested by RSpec or minitest."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from sandbox.environments.result import Prepared, Unprepared
from sandbox.environments.ruby import prepare_ruby, ruby_problem
from sandbox.isolation.protocol import Finished, Isolation, Mount
from sandbox.report import TestReport
from sandbox.toolchains.protocol import TestCommand
from sandbox.toolchains.rspec_json import report_from_rspec

_INSIDE = Mount(Path(__file__).with_name("inside"), "/run/backsmith")


class Ruby:
    """The machine's Ruby with its gems."""

    name = "ruby"
    ecosystem = "rubygems"

    def detects(self, files: Mapping[str, str]) -> bool:
        """A Gemfile at the top, or any Ruby file."""
        return "Gemfile" in files or any(path.endswith(".rb") for path in files)

    def problem(self) -> str:
        """Whether ruby is there."""
        return ruby_problem()

    async def prepare(
        self, files: Mapping[str, str], named: Iterable[str], isolation: Isolation
    ) -> Prepared | Unprepared:
        """The machine's gems, where they are enough."""
        prepared = prepare_ruby(files, named, "rspec" if _has_specs(files) else "minitest")
        if isinstance(prepared, Unprepared):
            return prepared
        env = {**prepared.env, "BACKSMITH_INSIDE": isolation.inside(_INSIDE)}
        return replace(prepared, mounts=(*prepared.mounts, _INSIDE), env=env)

    def command(self, files: Mapping[str, str], work: str, results: str) -> TestCommand | str:
        """``rspec`` where there are specs, else minitest's tests; the report is written beside the project."""
        report = f"{results}/ruby.json"
        if _has_specs(files):
            argv = ("rspec", "--no-color", "--format", "progress", "--format", "json", "--out", report)
            return TestCommand(argv)
        script = 'exec ruby "$BACKSMITH_INSIDE/backsmith_minitest.rb"'
        return TestCommand(("/bin/sh", "-c", script), {"BACKSMITH_REPORT": report})

    def read(self, files: Mapping[str, str], results: Path, finished: Finished) -> TestReport:
        """The cases of the report, held against the exit code."""
        return report_from_rspec(results / "ruby.json", finished)


def _has_specs(files: Mapping[str, str]) -> bool:
    return any(path.startswith("spec/") and path.endswith("_spec.rb") for path in files)
