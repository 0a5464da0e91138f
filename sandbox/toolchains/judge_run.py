"""Holds a runner's report against how the run ended; where they disagree, it cannot be believed."""

from collections.abc import Mapping
from pathlib import Path

from sandbox.isolation.protocol import Finished
from sandbox.report import TestCase, TestReport
from sandbox.toolchains.junit import UnreadableReportError, read_junit

_MAX_FILES = 2_000


def report_from_junit(
    path: Path, finished: Finished, with_report: Mapping[int, bool], problems: Mapping[int, str]
) -> TestReport:
    """The report of a run whose runner writes JUnit XML.

    ``with_report`` maps the exit codes of a run that came to its end to whether everything passed then;
    ``problems`` puts other exit codes into words.
    """
    return _judged([path], finished, with_report, problems)


def report_from_junit_folder(
    folder: Path, finished: Finished, with_report: Mapping[int, bool], problems: Mapping[int, str]
) -> TestReport:
    """The report of a run whose runner writes a JUnit XML file for each class of tests."""
    plain = folder.is_dir() and not folder.is_symlink()
    paths = sorted(folder.glob("*.xml"))[:_MAX_FILES] if plain else []
    return _judged(paths or [folder / "none.xml"], finished, with_report, problems)


def _judged(
    paths: list[Path], finished: Finished, with_report: Mapping[int, bool], problems: Mapping[int, str]
) -> TestReport:
    cases: tuple[TestCase, ...] = ()
    unreadable = ""
    try:
        for path in paths:
            cases += read_junit(path)
    except UnreadableReportError as error:
        unreadable = str(error)
    return TestReport(
        cases=cases,
        problem=_problem(cases, unreadable, finished, with_report, problems),
        output=finished.output,
        seconds=finished.seconds,
    )


def _problem(
    cases: tuple[TestCase, ...],
    unreadable: str,
    finished: Finished,
    with_report: Mapping[int, bool],
    problems: Mapping[int, str],
) -> str:
    if finished.limit:
        return f"{finished.limit} limit: {finished.detail}"
    code = -1 if finished.exit_code is None else finished.exit_code
    if code not in with_report:
        said = problems.get(code, f"the test run ended with exit code {code}")
        return f"{said} ({unreadable})" if unreadable and code not in problems else said
    if unreadable:
        return f"{unreadable}, though the run ended with exit code {code}"
    if not cases:
        return "no tests were found"
    all_good = all(case.outcome in {"passed", "skipped"} for case in cases)
    if all_good != with_report[code]:
        return f"the test report and the exit code ({code}) disagree: the report cannot be believed"
    return ""
