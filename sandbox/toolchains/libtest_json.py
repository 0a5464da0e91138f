"""Reads libtest's events (``--format json``) of each test program, against its own list of tests."""

import json
import re
from pathlib import Path

from sandbox.isolation.protocol import Finished
from sandbox.report import Outcome, TestCase, TestReport
from sandbox.toolchains.judge_run import problem_of
from sandbox.toolchains.junit import UnreadableReportError, read_bounded

_OUTCOMES: dict[str, Outcome] = {
    "ok": "passed",
    "failed": "failed",
    "ignored": "skipped",
    "timeout": "failed",
}
_HASH = re.compile(r"-[0-9a-f]{16}$", re.ASCII)
_GOOD = frozenset({"passed", "skipped"})
_MAX_MESSAGE = 8_000
_FAILED = 101  # what cargo ends with when a test program failed, and when nothing could be compiled


def report_from_libtest(path: Path, finished: Finished) -> TestReport:
    """The cases of a run: every listed test has to have ended, and the exit codes have to say the same."""
    cases: list[TestCase] = []
    odd = unreadable = ""
    programs: list[object] = []
    try:
        programs = _programs(read_bounded(path))
        for program in programs:
            found, against = _program(program)
            cases += found
            odd = odd or against
    except UnreadableReportError as error:
        unreadable = str(error)
    compiled = finished.exit_code == 0 or programs
    none = "no tests were found" if compiled else "the project or its tests do not compile"
    problem = problem_of(cases, finished, {0, _FAILED}, unreadable=unreadable, odd=odd, none=none)
    return TestReport(tuple(cases), problem, output=finished.output, seconds=finished.seconds)


def _programs(data: bytes) -> list[object]:
    try:
        programs = json.loads(data)["programs"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise UnreadableReportError(f"the test report cannot be read: {error!r}") from None
    if not isinstance(programs, list):
        raise UnreadableReportError("the test report holds no list of programs")
    return programs


def _program(about: object) -> tuple[list[TestCase], str]:
    """The cases of one test program, and what about its end cannot be believed."""
    if not isinstance(about, dict):
        return [], "the test report holds something that is no program"
    name = _HASH.sub("", str(about.get("name", "")))
    lines = str(about.get("list", "")).split("\n")
    wanted = [line.removesuffix(": test") for line in lines if line.endswith(": test")]
    ended: dict[str, TestCase] = {}
    for line in str(about.get("events", "")).split("\n"):
        case = _case(line)
        if case is None:
            continue
        # A test ends once: whoever prints a second end is not believed.
        ended[case.id] = TestCase(case.id, "errored", "ended more than once") if case.id in ended else case
    missing = TestCase("", "errored", "did not come to its end")
    cases = [
        TestCase(f"{name}::{test}"[:500], found.outcome, found.message, found.seconds)
        for test in wanted
        for found in [ended.get(test, missing)]
    ]
    good = all(case.outcome in _GOOD for case in cases)
    if good and about.get("status") != 0:
        return (
            cases,
            f"{name} ended with exit code {str(about.get('status'))[:20]}, though all its tests passed",
        )
    return cases, ""


def _case(line: str) -> TestCase | None:
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
