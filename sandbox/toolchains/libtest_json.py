"""Reads libtest's events (``--format json``), one file for each test program, against its own list of tests."""

import json
import re
from pathlib import Path

from sandbox.isolation.protocol import Finished
from sandbox.report import Outcome, TestCase, TestReport
from sandbox.toolchains.junit import UnreadableReportError, read_bounded

_OUTCOMES: dict[str, Outcome] = {
    "ok": "passed",
    "failed": "failed",
    "ignored": "skipped",
    "timeout": "failed",
}
_HASH = re.compile(r"-[0-9a-f]{16}$", re.ASCII)
_MAX_FILES = 500
_MAX_MESSAGE = 8_000
_FAILED = 101  # what cargo ends with when a test program failed, and when nothing could be compiled


def report_from_libtest(folder: Path, finished: Finished) -> TestReport:
    """The cases of a run: every listed test has to have ended, and the exit code has to say the same."""
    cases: list[TestCase] = []
    problem = ""
    plain = folder.is_dir() and not folder.is_symlink()
    lists = sorted(folder.glob("*.list"))[:_MAX_FILES] if plain else []
    try:
        for path in lists:
            cases += _program(path)
    except UnreadableReportError as error:
        problem = str(error)
    if finished.limit:
        problem = f"{finished.limit} limit: {finished.detail}"
    elif finished.exit_code not in {0, _FAILED}:
        problem = problem or f"the test run ended with exit code {finished.exit_code}"
    elif not problem and not cases:
        compiled = finished.exit_code == 0 or lists
        problem = "no tests were found" if compiled else "the project or its tests do not compile"
    elif not problem and (finished.exit_code == 0) != all(c.outcome in {"passed", "skipped"} for c in cases):
        problem = f"the test report and the exit code ({finished.exit_code}) disagree: the report cannot be believed"
    return TestReport(tuple(cases), problem, output=finished.output, seconds=finished.seconds)


def _program(listing: Path) -> list[TestCase]:
    name = _HASH.sub("", listing.name.removesuffix(".list"))
    lines = read_bounded(listing).decode("utf-8", "replace").split("\n")
    wanted = [line.removesuffix(": test") for line in lines if line.endswith(": test")]
    ended: dict[str, TestCase] = {}
    for line in read_bounded(listing.with_suffix(".jsonl")).split(b"\n"):
        case = _case(line)
        if case is None:
            continue
        # A test ends once: whoever prints a second end is not believed.
        ended[case.id] = TestCase(case.id, "errored", "ended more than once") if case.id in ended else case
    missing = TestCase("", "errored", "did not come to its end")
    return [
        TestCase(f"{name}::{test}"[:500], found.outcome, found.message, found.seconds)
        for test in wanted
        for found in [ended.get(test, missing)]
    ]


def _case(line: bytes) -> TestCase | None:
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return None  # what a test has printed itself
    if not isinstance(event, dict) or event.get("type") != "test":
        return None
    outcome = _OUTCOMES.get(str(event.get("event")))
    if outcome is None:
        return None
    seconds = event.get("exec_time")
    message = "" if outcome == "passed" else str(event.get("stdout") or event.get("message") or "")
    return TestCase(
        str(event.get("name")),
        outcome,
        message[-_MAX_MESSAGE:],
        float(seconds) if isinstance(seconds, int | float) and 0 <= seconds < 1e7 else 0.0,
    )
