"""Reads jest's own JSON report (``jest --json --outputFile``)."""

import json
from pathlib import Path

from sandbox.isolation.protocol import Finished
from sandbox.report import Outcome, TestCase, TestReport
from sandbox.toolchains.junit import UnreadableReportError, read_bounded

_OUTCOMES: dict[str, Outcome] = {
    "passed": "passed",
    "failed": "failed",
    "pending": "skipped",
    "todo": "skipped",
    "skipped": "skipped",
    "disabled": "skipped",
}


def report_from_jest(path: Path, finished: Finished) -> TestReport:
    """The cases of a jest run; a file that could not be loaded is one errored case."""
    problem = ""
    cases: list[TestCase] = []
    try:
        data = json.loads(read_bounded(path))
        for suite in data["testResults"]:
            cases += _suite(suite)
        if data["success"] is not (finished.exit_code == 0):
            problem = "the test report and the exit code disagree: the report cannot be believed"
    except UnreadableReportError as error:
        problem = str(error)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        problem = f"the test report is not jest's: {error!r}"
    if finished.limit:
        problem = f"{finished.limit} limit: {finished.detail}"
    elif not problem and not cases:
        problem = "no tests were found"
    return TestReport(tuple(cases), problem, output=finished.output, seconds=finished.seconds)


def _suite(suite: dict[str, object]) -> list[TestCase]:
    name = str(suite.get("name", "")).removeprefix("/work/")
    results = suite.get("assertionResults")
    if not isinstance(results, list) or not results:
        failed = suite.get("status") == "failed"
        return [TestCase(name, "errored", str(suite.get("message", ""))[:8000])] if failed else []
    cases = []
    for result in results:
        outcome = _OUTCOMES.get(str(result["status"]), "errored")
        message = "\n".join(map(str, result.get("failureMessages") or ()))[:8000]
        seconds = (result.get("duration") or 0) / 1000
        cases.append(TestCase(f"{name}::{result['fullName']}"[:500], outcome, message, seconds))
    return cases
