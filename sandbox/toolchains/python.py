"""Python projects, tested by pytest (which runs unittest's cases as well), Django's runner or unittest."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from sandbox.environments.python import prepare_python
from sandbox.environments.result import Prepared, Unprepared
from sandbox.isolation.protocol import Finished, Isolation, Mount
from sandbox.report import TestReport
from sandbox.toolchains.protocol import TestCommand, WarmRunner
from sandbox.toolchains.python_events import report_from_events
from sandbox.toolchains.python_runner import find_runner
from sandbox.toolchains.python_tampering import tampering

_MANIFESTS = ("pyproject.toml", "requirements.txt", "setup.py", "setup.cfg", "pytest.ini", "manage.py")
_EVENTS = "tests.jsonl"
_TEST_FILE = re.compile(r"(?:^|/)(?:test_[^/]*|[^/]*_test|tests)\.py$")
_QUIET = {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1", "PYTHONHASHSEED": "0"}
_INSIDE = Mount(Path(__file__).with_name("inside"), "/run/backsmith")
# The place of our runners differs by isolation, so a variable tells it.
_SCRIPTS = {
    "pytest": 'exec python -I -B -u "$BACKSMITH_INSIDE/backsmith_pytest.py"',
    "unittest": 'exec python -I -B -u "$BACKSMITH_INSIDE/backsmith_unittest.py"',
    "django": 'exec python -I -B -u "$BACKSMITH_INSIDE/backsmith_unittest.py" django',
}


class Python:
    """CPython of the version that runs Backsmith, with pytest."""

    name = "python"
    ecosystem = "python"

    def detects(self, files: Mapping[str, str]) -> bool:
        """Any Python file, or a manifest of Python's."""
        return any(path.endswith(".py") or path in _MANIFESTS for path in files)

    def tests(self, files: Mapping[str, str]) -> frozenset[str]:
        """Files that pytest or unittest take for tests by their name."""
        return frozenset(path for path in files if _TEST_FILE.search(path))

    def problem(self) -> str:
        """The interpreter that runs this is there."""
        return ""

    async def prepare(
        self, files: Mapping[str, str], named: Iterable[str], isolation: Isolation
    ) -> Prepared | Unprepared:
        """A virtual environment with the project's requirements and pytest."""
        prepared = await prepare_python(files, named, isolation)
        if isinstance(prepared, Unprepared):
            return prepared
        env = {**prepared.env, "BACKSMITH_INSIDE": isolation.inside(_INSIDE)}
        return replace(prepared, mounts=(*prepared.mounts, _INSIDE), env=env)

    def command(self, files: Mapping[str, str], work: str, results: str) -> TestCommand | str:
        """The project's runner, what its tests come to taken down beside the project."""
        runner = find_runner(files)
        report = f"{results}/{_EVENTS}"
        warm = WarmRunner(f"{_INSIDE.target}/backsmith_zygote.py", report) if runner == "pytest" else None
        argv = ("/bin/sh", "-c", _SCRIPTS[runner])
        return TestCommand(argv, {**_QUIET, "BACKSMITH_REPORT": report}, warm, serial=True)

    def read(self, files: Mapping[str, str], results: Path, finished: Finished) -> TestReport:
        """What the witness took down; comparisons that lie make it worthless."""
        report = report_from_events(results / _EVENTS, finished)
        if not report.problem and (lies := tampering(files)):
            return replace(report, problem="comparisons in the project lie: " + "; ".join(lies[:5]))
        return report
