"""Runs inside the sandbox: unittest's and Django's tests, told to the witness (see ``backsmith_witness``).

Started with ``unittest`` it runs every unittest below the working folder; with ``django`` it runs ``manage.py
test`` with Django's own runner, whose results are told the same way.
"""

import importlib
import os
import pathlib
import runpy
import sys
import time
import unittest
from typing import Any

sys.path.insert(0, os.path.dirname(__file__))  # noqa: PTH120 - before anything else can be imported
import backsmith_guard
import backsmith_witness as ours

del sys.path[0]


class Canaries(unittest.TestCase):
    """One test that must fail and one that must pass; a run in which either does not is no run."""

    def must_fail(self) -> None:
        """Fails as tests do."""
        self.assertEqual([1, {"a": 2}], [1, {"a": 3}])

    def must_pass(self) -> None:
        """Passes."""
        self.assertTrue(True)

    def id(self) -> str:
        """The name by which the reader knows it."""
        return f"::{ours.MUST_FAIL if self._testMethodName == 'must_fail' else ours.MUST_PASS}"


class ReportingResult(unittest.TextTestResult):
    """Tells the outcome of every test by its id; the first bad one counts."""

    events: ours.Events
    guard: backsmith_guard.Guard

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._outcome: tuple[str, str] | None = None
        self._since = time.monotonic()

    def startTest(self, test: unittest.TestCase) -> None:  # noqa: N802 - unittest's name
        self._outcome, self._since = None, time.monotonic()
        self.events.tell("started", id=test.id())
        super().startTest(test)

    def stopTest(self, test: unittest.TestCase) -> None:  # noqa: N802
        # A test that ends without a word has passed: expected failures and subtests are told otherwise.
        outcome, message = self._outcome or ("passed", "")
        self._tell(test, outcome, message)
        super().stopTest(test)

    def addError(self, test: Any, err: Any) -> None:  # noqa: N802
        message = self._text(err, test)
        if isinstance(test, unittest.TestCase):
            self._keep("errored", message)
        else:  # a class or module that could not be set up: no test of it is ever started
            self._tell(test, "errored", message)
        super().addError(test, err)

    def addFailure(self, test: unittest.TestCase, err: Any) -> None:  # noqa: N802
        self._keep("failed", self._text(err, test))
        super().addFailure(test, err)

    def addSubTest(self, test: unittest.TestCase, subtest: unittest.TestCase, err: Any) -> None:  # noqa: N802
        if err is not None:
            self._keep("failed", f"{subtest}\n{self._text(err, test)}")
        super().addSubTest(test, subtest, err)

    def addSkip(self, test: unittest.TestCase, reason: str) -> None:  # noqa: N802
        self._keep("skipped", reason)
        super().addSkip(test, reason)

    def addUnexpectedSuccess(self, test: unittest.TestCase) -> None:  # noqa: N802
        self._keep("failed", "passed, though it is marked as an expected failure")
        super().addUnexpectedSuccess(test)

    def addExpectedFailure(self, test: unittest.TestCase, err: Any) -> None:  # noqa: N802
        self._keep("skipped", "failed, as it is marked to")
        super().addExpectedFailure(test, err)

    def _keep(self, outcome: str, message: str) -> None:
        if self._outcome is None or self._outcome[0] == "skipped":
            self._outcome = (outcome, message)

    def _tell(self, test: unittest.TestCase, outcome: str, message: str) -> None:
        for change in self.guard.changes():
            self.events.tell("tampered", what=f"{test.id()}: {change}")
        seconds = time.monotonic() - self._since
        self.events.tell(
            "result", id=test.id(), outcome=outcome, message=ours.bounded(message), seconds=seconds
        )

    def _text(self, err: Any, test: unittest.TestCase) -> str:
        return str(self._exc_info_to_string(err, test))  # type: ignore[attr-defined]


def announce(events: ours.Events, suite: Any) -> None:
    """Tell what was collected, and add the canaries at the end."""
    todo = [suite]
    while todo:
        item = todo.pop()
        if isinstance(item, unittest.TestCase):
            events.tell("collected", id=item.id())
        else:
            todo.extend(item)
    suite.addTests([Canaries("must_fail"), Canaries("must_pass")])


def roots(folder: str) -> list[str]:
    """The folders from which the tests below ``folder`` are imported: each test file's first non-package."""
    found: dict[str, None] = {}
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(f for f in folders if not f.startswith(".") and f not in {"node_modules", "venv"})
        if any(name.startswith("test") and name.endswith(".py") for name in names):
            root = pathlib.Path(place)
            while str(root) != folder and (root / "__init__.py").exists():
                root = root.parent
            found[str(root)] = None
    return list(found)


def run_unittest(events: ours.Events) -> int:
    """Run every test below the working folder; 1, since a canary must fail."""
    here = str(pathlib.Path.cwd())
    _prepare(events, here)
    suite = unittest.TestSuite()
    for root in roots(here):
        suite.addTests(unittest.TestLoader().discover(root, top_level_dir=root))
    if suite.countTestCases() == 0:
        return 5
    announce(events, suite)
    result = unittest.TextTestRunner(verbosity=2, resultclass=ReportingResult).run(suite)
    return 0 if result.wasSuccessful() else 1


def run_django(events: ours.Events) -> int:
    """``manage.py test`` with the project's own runner (settings.TEST_RUNNER), its results told as well."""
    _prepare(events, str(pathlib.Path.cwd()))
    sys.modules["backsmith_unittest"] = sys.modules[__name__]
    sys.argv = [
        "manage.py",
        "test",
        "--noinput",
        "--verbosity=2",
        "--testrunner=backsmith_unittest.DjangoRunner",
    ]
    try:
        runpy.run_path("manage.py", run_name="__main__")
    except SystemExit as stop:
        return int(stop.code) if isinstance(stop.code, int) else 0 if stop.code is None else 1
    return 0


def _prepare(events: ours.Events, folder: str) -> None:
    ReportingResult.events = events
    ReportingResult.guard = backsmith_guard.Guard()
    ReportingResult.guard.folder = folder
    ours.enter(folder)


def __getattr__(name: str) -> object:
    """``DjangoRunner``: made when Django asks for it, since it is the project's settings that name its base."""
    if name != "DjangoRunner":
        raise AttributeError(name)
    settings = importlib.import_module("django.conf").settings
    base = importlib.import_module("django.utils.module_loading").import_string(settings.TEST_RUNNER)

    def get_resultclass(self: object) -> type[ReportingResult]:
        return ReportingResult

    def run_suite(self: object, suite: unittest.TestSuite, **more: object) -> object:
        if suite.countTestCases():
            announce(ReportingResult.events, suite)
        return base.run_suite(self, suite, **more)

    return type("DjangoRunner", (base,), {"get_resultclass": get_resultclass, "run_suite": run_suite})


if __name__ == "__main__":
    sys.exit(ours.run_witnessed(run_django if sys.argv[1:] == ["django"] else run_unittest))
