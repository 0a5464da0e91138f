"""Holds a runner's report against how the run ended; where they disagree, it cannot be believed."""

from collections.abc import Container, Sequence
from pathlib import Path

from sandbox.isolation.protocol import Finished
from sandbox.report import TestCase, TestReport
from sandbox.toolchains.junit import UnreadableReportError, read_junit

_MAX_FILES = 2_000


def report_from_junit(path: Path, finished: Finished, ends: Container[int]) -> TestReport:
    """The report of a run whose runner writes JUnit XML. ``ends`` is as in ``problem_of``."""
    return _judged([path], finished, ends)


def report_from_junit_folder(folder: Path, finished: Finished, ends: Container[int]) -> TestReport:
    """The report of a run whose runner writes a JUnit XML file for each class of tests."""
    plain = folder.is_dir() and not folder.is_symlink()
    paths = sorted(folder.glob("*.xml"))[:_MAX_FILES] if plain else []
    return _judged(paths or [folder / "none.xml"], finished, ends)


def problem_of(
    cases: Sequence[TestCase],
    finished: Finished,
    ends: Container[int],
    *,
    unreadable: str = "",
    odd: str = "",
    none: str = "no tests were found",
) -> str:
    """Why a run's cases cannot be taken for its result; empty where they can.

    ``ends`` are the exit codes of runs that came to their end; all tests passed where it is 0, and only there.
    ``unreadable`` says why there may be more than ``cases``, ``odd`` what speaks against them among themselves, and
    ``none`` what it means that there are none.
    """
    if finished.limit:
        return f"{finished.limit} limit: {finished.detail}"
    code = -1 if finished.exit_code is None else finished.exit_code
    if code not in ends:
        said = unreadable or odd
        return f"the test run ended with exit code {code}" + (f" ({said})" if said else "")
    if unreadable:
        return f"{unreadable}, though the run ended with exit code {code}"
    if odd or not cases:
        return odd or none
    if (code == 0) != all(case.outcome in {"passed", "skipped"} for case in cases):
        return f"the test report and exit code {code} disagree: the report cannot be believed"
    return ""


def _judged(paths: list[Path], finished: Finished, ends: Container[int]) -> TestReport:
    cases: tuple[TestCase, ...] = ()
    unreadable = ""
    try:
        for path in paths:
            cases += read_junit(path)
    except UnreadableReportError as error:
        unreadable = str(error)
    problem = problem_of(cases, finished, ends, unreadable=unreadable)
    return TestReport(cases, problem, output=finished.output, seconds=finished.seconds)
