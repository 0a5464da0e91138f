"""Reads what a reporter told through the door (see ``inside/backsmith_door.py``), as hostile input."""

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from sandbox.isolation.protocol import Finished
from sandbox.report import Outcome, TestCase, TestReport
from sandbox.toolchains.junit import UnreadableReportError, read_bounded

REPORT = "events.jsonl"
_OUTCOMES: tuple[Outcome, ...] = ("passed", "failed", "errored", "skipped")
_MAX_CASES = 100_000
_MAX_MESSAGE = 8_200


def report_from_door(path: Path, finished: Finished, tests: Mapping[str, bool] | None = None) -> TestReport:
    """The cases of a run, held against its exit code.

    ``tests`` says of the project's files whether they hold tests: one that does and told of none is an error.
    """
    events = _Events(tests or {})
    unreadable = ""
    try:
        for line in read_bounded(path).split(b"\n"):
            events.take(line)
    except UnreadableReportError as error:
        unreadable = str(error)
    cases = events.cases()
    problem = _problem(events, cases, unreadable, finished)
    return TestReport(cases, problem, output=finished.output, seconds=finished.seconds)


def _problem(events: "_Events", cases: tuple[TestCase, ...], unreadable: str, finished: Finished) -> str:
    code = finished.exit_code
    if finished.limit:
        return f"{finished.limit} limit: {finished.detail}"
    if unreadable:
        return f"{unreadable} (exit code {code})"
    if events.tampered:
        return "the tests tamper with their runner: " + "; ".join(events.tampered[:5])
    if not events.finished:
        if not cases:
            return f"the test runner told of no test, and ended with exit code {code}"
        return f"the test process ended in the middle, with exit code {code}"
    if events.problems:
        return "; ".join(events.problems[:5])
    if not cases:
        return "no tests were found"
    if (code == 0) != all(case.outcome in {"passed", "skipped"} for case in cases):
        return f"the test report and exit code {code} disagree: the report cannot be believed"
    return ""


class _Events:
    def __init__(self, tests: Mapping[str, bool]) -> None:
        self.tampered: list[str] = []
        self.problems: list[str] = []
        self.finished = False
        self._tests = tests
        self._results: list[TestCase] = []
        self._expected: Counter[str] = Counter()
        self._started: Counter[str] = Counter()

    def take(self, line: bytes) -> None:
        try:
            event = json.loads(line)
        except (ValueError, RecursionError):
            return
        if not isinstance(event, dict) or len(self._results) >= _MAX_CASES:
            return
        kind, identifier = event.get("event"), _text(event.get("id"), 500)
        if kind == "tampered":
            self.tampered.append(_text(event.get("what"), 300))
        elif kind == "exit":
            return
        elif self.finished:
            self.tampered.append("results came after the end of the run")
        elif kind == "collected":
            self._expected[identifier] += 1
        elif kind == "started":
            self._started[identifier] += 1
        elif kind == "problem":
            self.problems.append(_text(event.get("what"), 300))
        elif kind == "silent":
            self._silent(_text(event.get("path"), 500))
        elif kind == "result":
            self._results.append(_case(identifier, event))
        elif kind == "finished":
            self.finished = True

    def _silent(self, path: str) -> None:
        if self._tests.get(path, True):
            message = "the file ended without telling of any test"
            self._results.append(TestCase(path, "errored", message))

    def cases(self) -> tuple[TestCase, ...]:
        """Every test: what was collected or began and told of no end is an error."""
        told = Counter(case.id for case in self._results)
        found = list(self._results)
        for identifier, times in (self._expected | self._started).items():
            if told[identifier] < times:
                why = (
                    "began, and never came to its end"
                    if self._started[identifier]
                    else "collected, but never run"
                )
                found.append(TestCase(identifier, "errored", why))
        seen: Counter[str] = Counter()
        named = []
        for case in found:
            seen[case.id] += 1
            again = f"#{seen[case.id]}" if seen[case.id] > 1 else ""
            named.append(TestCase(case.id + again, case.outcome, case.message, case.seconds))
        return tuple(named)


def _case(identifier: str, event: Mapping[str, object]) -> TestCase:
    outcome: Outcome = next((o for o in _OUTCOMES if o == event.get("outcome")), "errored")
    seconds = event.get("seconds")
    taken = float(seconds) if isinstance(seconds, int | float) and 0 <= seconds < 1e7 else 0.0
    message = "" if outcome == "passed" else _text(event.get("message"), _MAX_MESSAGE)
    return TestCase(identifier or "(unnamed)", outcome, message, taken)


def _text(value: object, most: int) -> str:
    """A hostile value as text that can be written down anywhere."""
    return str(value or "")[:most].encode("utf-8", "replace").decode("utf-8")
