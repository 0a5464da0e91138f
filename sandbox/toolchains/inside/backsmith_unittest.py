"""Runs inside the sandbox: unittest's and Django's tests, reported as JUnit XML beside the project.

A file of its own that imports nothing of ours: it is mounted into the sandbox, where only the project's
environment is there. Started as a script it runs every unittest below the working folder; as
``manage.py test --testrunner=backsmith_unittest.DjangoRunner`` it is Django's runner with a report.
``BACKSMITH_REPORT`` names the file to write.
"""

import importlib
import os
import pathlib
import sys
import time
import unittest
from xml.etree import ElementTree as ET

_UNCONTROLLED = {number: "\N{REPLACEMENT CHARACTER}" for number in range(32) if number not in {9, 10, 13}}
_UNCONTROLLED |= {0xFFFE: "\N{REPLACEMENT CHARACTER}", 0xFFFF: "\N{REPLACEMENT CHARACTER}"}


class ReportingResult(unittest.TextTestResult):
    """Keeps the outcome of every test by its id; the first bad one counts."""

    def __init__(self, *args: object, **more: object) -> None:
        super().__init__(*args, **more)  # type: ignore[arg-type]
        self.cases: dict[str, tuple[str, str, float]] = {}
        self._since = time.monotonic()

    def startTest(self, test: unittest.TestCase) -> None:  # noqa: N802 - unittest's name
        self._since = time.monotonic()
        super().startTest(test)

    def stopTest(self, test: unittest.TestCase) -> None:  # noqa: N802
        # A test that ends without a word has passed: expected failures and subtests are told otherwise.
        self._keep(test, "passed", "")
        super().stopTest(test)

    def addSuccess(self, test: unittest.TestCase) -> None:  # noqa: N802
        self._keep(test, "passed", "")
        super().addSuccess(test)

    def addError(self, test: unittest.TestCase, err: object) -> None:  # noqa: N802
        self._keep(test, "error", self._text(err, test))
        super().addError(test, err)  # type: ignore[arg-type]

    def addFailure(self, test: unittest.TestCase, err: object) -> None:  # noqa: N802
        self._keep(test, "failure", self._text(err, test))
        super().addFailure(test, err)  # type: ignore[arg-type]

    def addSubTest(self, test: unittest.TestCase, subtest: unittest.TestCase, err: object) -> None:  # noqa: N802
        if err is not None:
            self._keep(test, "failure", f"{subtest}\n{self._text(err, test)}")
        super().addSubTest(test, subtest, err)  # type: ignore[arg-type]

    def addSkip(self, test: unittest.TestCase, reason: str) -> None:  # noqa: N802
        self._keep(test, "skipped", reason)
        super().addSkip(test, reason)

    def addUnexpectedSuccess(self, test: unittest.TestCase) -> None:  # noqa: N802
        self._keep(test, "failure", "passed, though it is marked as an expected failure")
        super().addUnexpectedSuccess(test)

    def write(self, path: str) -> None:
        """Write every case as JUnit XML, in one step."""
        suite = ET.Element("testsuite", name="unittest")
        for identifier, (outcome, message, seconds) in self.cases.items():
            owner, _, name = identifier.rpartition(".")
            case = ET.SubElement(
                suite, "testcase", classname=_plain(owner), name=_plain(name), time=f"{seconds:.4f}"
            )
            if outcome != "passed":
                ET.SubElement(case, outcome).text = _plain(message)
        draft = pathlib.Path(f"{path}.draft")
        ET.ElementTree(suite).write(draft, encoding="utf-8", xml_declaration=True)
        draft.rename(path)

    def _keep(self, test: unittest.TestCase, outcome: str, message: str) -> None:
        self.cases.setdefault(test.id(), (outcome, message, time.monotonic() - self._since))

    def _text(self, err: object, test: unittest.TestCase) -> str:
        return str(self._exc_info_to_string(err, test))[:20_000]  # type: ignore[attr-defined]


def _plain(text: str) -> str:
    """Text that XML can hold."""
    return text.translate(_UNCONTROLLED).encode("utf-8", "replace").decode("utf-8")


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


def main() -> int:
    """Run every test below the working folder; 0 when all passed."""
    report = os.environ["BACKSMITH_REPORT"]
    here = str(pathlib.Path.cwd())
    sys.path[0] = here
    suite = unittest.TestSuite()
    for root in roots(here):
        suite.addTests(unittest.TestLoader().discover(root, top_level_dir=root))
    result = unittest.TextTestRunner(verbosity=2, resultclass=ReportingResult).run(suite)
    assert isinstance(result, ReportingResult)  # noqa: S101 - the runner was told so
    result.write(report)
    return 0 if result.wasSuccessful() else 1


def __getattr__(name: str) -> object:
    """``DjangoRunner``: the project's own runner (settings.TEST_RUNNER), with a report."""
    if name != "DjangoRunner":
        raise AttributeError(name)
    settings = importlib.import_module("django.conf").settings
    base = importlib.import_module("django.utils.module_loading").import_string(settings.TEST_RUNNER)
    report = os.environ["BACKSMITH_REPORT"]

    def get_resultclass(self: object) -> type[ReportingResult]:
        return ReportingResult

    def run_suite(self: object, suite: unittest.TestSuite, **more: object) -> object:
        result = base.run_suite(self, suite, **more)
        result.write(report)
        return result

    return type("DjangoRunner", (base,), {"get_resultclass": get_resultclass, "run_suite": run_suite})


if __name__ == "__main__":
    sys.exit(main())
