"""Python projects, tested by pytest (which runs unittest's cases as well)."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from sandbox.environments.python import prepare_python
from sandbox.environments.result import Prepared, Unprepared
from sandbox.isolation.protocol import Finished, Isolation
from sandbox.report import TestReport
from sandbox.toolchains.judge_run import report_from_junit
from sandbox.toolchains.protocol import TestCommand

_MANIFESTS = ("pyproject.toml", "requirements.txt", "setup.py", "setup.cfg", "pytest.ini", "manage.py")
# pytest's exit codes that come with a report: all passed, some failed (docs.pytest.org, "Exit codes").
_WITH_REPORT = {0: True, 1: False}
_PROBLEMS = {
    2: "pytest stopped before it was through: tests could not be collected",
    3: "pytest failed by an internal error",
    4: "pytest was started in a wrong way (see the project's pytest settings)",
    5: "pytest found no tests",
}


class Python:
    """CPython of the version that runs Backsmith, with pytest."""

    name = "python"
    ecosystem = "python"

    def detects(self, files: Mapping[str, str]) -> bool:
        """Any Python file, or a manifest of Python's."""
        return any(path.endswith(".py") or path in _MANIFESTS for path in files)

    def problem(self) -> str:
        """The interpreter that runs this is there."""
        return ""

    async def prepare(
        self, files: Mapping[str, str], named: Iterable[str], isolation: Isolation
    ) -> Prepared | Unprepared:
        """A virtual environment with the project's requirements and pytest."""
        return await prepare_python(files, named, isolation)

    def command(self, files: Mapping[str, str], work: str, results: str) -> TestCommand | str:
        """``python -m pytest``, its report written beside the project and its cache left out."""
        return TestCommand(
            argv=(
                "python",
                "-m",
                "pytest",
                "-p",
                "no:cacheprovider",
                "-o",
                "junit_logging=no",
                f"--junitxml={results}/junit.xml",
                "-v",
                "--color=no",
                "-rfE",
            ),
            env={"PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1", "PYTHONHASHSEED": "0"},
        )

    def read(self, results: Path, finished: Finished) -> TestReport:
        """The cases of the JUnit file, held against pytest's exit code."""
        return report_from_junit(results / "junit.xml", finished, _WITH_REPORT, _PROBLEMS)
