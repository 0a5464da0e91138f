"""Reads trx, the report of .NET's test platform, as hostile XML (schema: vstst.xsd of Visual Studio)."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from sandbox.isolation.protocol import Finished
from sandbox.report import Outcome, TestCase, TestReport
from sandbox.toolchains.judge_run import problem_of
from sandbox.toolchains.junit import UnreadableReportError, read_bounded

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_OUTCOMES: dict[str, Outcome] = {
    "Passed": "passed",
    "Failed": "failed",
    "Timeout": "failed",
    "NotExecuted": "skipped",
    "Inconclusive": "skipped",
    "Pending": "skipped",
}
_MAX_CASES = 100_000
_MAX_FILES = 200
_MAX_MESSAGE = 8_000
_NAMESPACE = "{http://microsoft.com/schemas/VisualStudio/TeamTest/2010}"


def report_from_trx(folder: Path, finished: Finished) -> TestReport:
    """The cases of a run, one trx file for each test project, held against each file's own counts and the exit code."""
    cases: list[TestCase] = []
    odd = unreadable = ""
    plain = folder.is_dir() and not folder.is_symlink()
    paths = sorted(folder.glob("*.trx"))[:_MAX_FILES] if plain else []
    try:
        for path in paths or [folder / "none.trx"]:
            found, against = _file(path)
            cases += found
            odd = odd or against
    except UnreadableReportError as error:
        unreadable = str(error)
    problem = problem_of(cases, finished, {0, 1}, unreadable=unreadable, odd=odd)
    return TestReport(_unique(cases), problem, output=finished.output, seconds=finished.seconds)


def _file(path: Path) -> tuple[list[TestCase], str]:
    """The cases of one file, and what its own summary says against them."""
    from xml.etree.ElementTree import ParseError

    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    try:
        root = fromstring(read_bounded(path), forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, RecursionError) as error:
        raise UnreadableReportError(f"the test report is not readable XML: {error}") from error
    if root.tag != f"{_NAMESPACE}TestRun":
        raise UnreadableReportError("the test report is no trx file")
    results = root.findall(f"{_NAMESPACE}Results/{_NAMESPACE}UnitTestResult")[:_MAX_CASES]
    cases = [_case(result) for result in results]
    summary = root.find(f"{_NAMESPACE}ResultSummary")
    return cases, _against(summary, cases)


def _against(summary: "Element | None", cases: list[TestCase]) -> str:
    if summary is None:
        return "the test run has no end: its summary is missing"
    infos = summary.findall(f"{_NAMESPACE}RunInfos/{_NAMESPACE}RunInfo")
    broken = [info for info in infos if info.get("outcome") == "Error"]
    if broken or summary.get("outcome") in {"Error", "Aborted", "Timeout"}:
        said = (info.findtext(f"{_NAMESPACE}Text") or "" for info in broken)
        return f"the test run was broken off: {' '.join(said).strip()[:500]}"
    counters = summary.find(f"{_NAMESPACE}Counters")
    failed = counters.get("failed", "") if counters is not None else ""
    if failed.strip("0") and all(case.outcome in {"passed", "skipped"} for case in cases):
        return f"the test report counts {failed[:20]} failures and tells of none: it cannot be believed"
    return ""


def _case(result: "Element") -> TestCase:
    outcome = _OUTCOMES.get(result.get("outcome", ""), "errored")
    info = f"{_NAMESPACE}Output/{_NAMESPACE}ErrorInfo/{_NAMESPACE}"
    parts = (result.findtext(f"{info}{part}") or "" for part in ("Message", "StackTrace"))
    message = "" if outcome == "passed" else "\n".join(part for part in parts if part)[:_MAX_MESSAGE]
    return TestCase(
        result.get("testName", "")[:500] or "(unnamed)",
        outcome,
        message,
        _seconds(result.get("duration", "")),
    )


def _seconds(duration: str) -> float:
    """``00:00:01.5000000`` in seconds."""
    try:
        hours, minutes, seconds = (float(part) for part in duration.split(":"))
    except ValueError:
        return 0.0
    value = hours * 3600 + minutes * 60 + seconds
    return value if 0 <= value < 1e7 else 0.0


def _unique(cases: list[TestCase]) -> tuple[TestCase, ...]:
    seen: Counter[str] = Counter()
    named = []
    for case in cases:
        seen[case.id] += 1
        again = f"#{seen[case.id]}" if seen[case.id] > 1 else ""
        named.append(TestCase(case.id + again, case.outcome, case.message, case.seconds))
    return tuple(named)
