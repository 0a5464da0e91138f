"""Reads RSpec's JSON report (``--format json``), and our minitest report of the same shape."""

import json
from collections import Counter
from pathlib import Path

from sandbox.isolation.protocol import Finished
from sandbox.report import Outcome, TestCase, TestReport
from sandbox.toolchains.junit import UnreadableReportError, read_bounded

_OUTCOMES: dict[str, Outcome] = {"passed": "passed", "failed": "failed", "pending": "skipped"}
_MAX_CASES = 100_000


def report_from_rspec(path: Path, finished: Finished) -> TestReport:
    """The cases of a run, held against its exit code; a file that could not be loaded is a problem."""
    cases: tuple[TestCase, ...] = ()
    problem = ""
    try:
        data = json.loads(read_bounded(path))
        cases = _cases(data["examples"][:_MAX_CASES])
        outside = data["summary"].get("errors_outside_of_examples_count", 0)
        if outside:
            problem = f"{int(outside)} error(s) outside of examples: files could not be loaded"
        elif (finished.exit_code == 0) != all(case.outcome in {"passed", "skipped"} for case in cases):
            problem = (
                f"the test report and exit code {finished.exit_code} disagree: the report cannot be believed"
            )
    except UnreadableReportError as error:
        problem = f"{error} (exit code {finished.exit_code})"
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        problem = f"the test report is not RSpec's: {error!r}"
    if finished.limit:
        problem = f"{finished.limit} limit: {finished.detail}"
    elif not problem and not cases:
        problem = "no tests were found"
    return TestReport(cases, problem, output=finished.output, seconds=finished.seconds)


def _cases(examples: list[dict[str, object]]) -> tuple[TestCase, ...]:
    seen: Counter[str] = Counter()
    cases = []
    for example in examples:
        place = str(example.get("file_path") or "").removeprefix("./")
        name = f"{place}::{example['full_description']}"[:500].removeprefix("::")
        seen[name] += 1
        identifier = name if seen[name] == 1 else f"{name}#{seen[name]}"
        outcome = _OUTCOMES.get(str(example["status"]), "errored")
        if example.get("errored") is True and outcome == "failed":
            outcome = "errored"
        exception = example.get("exception")
        message = str(exception.get("message", ""))[:8000] if isinstance(exception, dict) else ""
        seconds = example.get("run_time")
        valid = isinstance(seconds, int | float) and 0 <= seconds < 1e7
        cases.append(TestCase(identifier, outcome, message, float(str(seconds)) if valid else 0.0))
    return tuple(cases)
