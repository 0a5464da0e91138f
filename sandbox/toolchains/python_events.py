"""Reads what the witness of a Python test run took down (see ``inside/backsmith_witness.py``), as hostile input."""

import json
from pathlib import Path

from sandbox.isolation.protocol import Finished
from sandbox.report import Outcome, TestCase, TestReport
from sandbox.toolchains.junit import UnreadableReportError, read_bounded

_CANARIES = {"::backsmith-must-fail": "failed", "::backsmith-must-pass": "passed"}
_OUTCOMES: tuple[Outcome, ...] = ("passed", "failed", "errored", "skipped")
_MAX_CASES = 100_000
# pytest's exit codes (docs.pytest.org, "Exit codes") for runs that did not come to their tests' end.
_PROBLEMS = {
    2: "pytest stopped before it was through: tests could not be collected",
    3: "pytest failed by an internal error",
    4: "pytest was started in a wrong way (see the project's pytest settings)",
    5: "no tests were found",
}


def report_from_events(path: Path, finished: Finished) -> TestReport:
    """The report of a run. A run that was tampered with, or whose canaries came out wrong, has a problem."""
    events = _Events()
    unreadable = ""
    try:
        for line in read_bounded(path).split(b"\n"):
            events.take(line)
    except UnreadableReportError as error:
        unreadable = str(error)
    return TestReport(
        cases=events.cases(),
        problem=_problem(events, unreadable, finished),
        output=finished.output,
        seconds=finished.seconds,
    )


def _problem(events: "_Events", unreadable: str, finished: Finished) -> str:
    if finished.limit:
        return f"{finished.limit} limit: {finished.detail}"
    if unreadable:
        return f"{unreadable} (exit code {finished.exit_code})"
    if events.tampered:
        return "the tests tamper with their runner: " + "; ".join(events.tampered[:5])
    if events.finished is None:
        return f"the test process ended in the middle, with exit code {events.exit}"
    if events.finished in _PROBLEMS:
        return _PROBLEMS[events.finished]
    if not events.collected and not events.results:
        return "no tests were found"
    if events.canaries != set(_CANARIES):
        return "the test report cannot be believed: a test of ours that must fail was not told to have failed"
    return ""


class _Events:
    def __init__(self) -> None:
        self.results: dict[str, TestCase] = {}
        self.collected: dict[str, None] = {}
        self.deselected: set[str] = set()
        self.canaries: set[str] = set()
        self.tampered: list[str] = []
        self.finished: int | None = None
        self.exit: int | None = None

    def take(self, line: bytes) -> None:
        try:
            event = json.loads(line)
        except ValueError:
            return
        if not isinstance(event, dict) or len(self.results) > _MAX_CASES:
            return
        identifier = str(event.get("id", ""))[:500]
        kind = event.get("event")
        if self.finished is not None and kind != "exit":
            self.tampered.append("events came after the end of the run")
        elif kind == "collected":
            self.collected[identifier] = None
        elif kind == "deselected":
            self.deselected.add(identifier)
        elif kind == "tampered":
            self.tampered.append(str(event.get("what", ""))[:300])
        elif kind == "result":
            self._result(identifier, event)
        elif kind == "finished":
            self.finished = _number(event.get("code"))
        elif kind == "exit":
            self.exit = _number(event.get("status"))

    def _result(self, identifier: str, event: dict[str, object]) -> None:
        outcome: Outcome = next((o for o in _OUTCOMES if o == event.get("outcome")), "errored")
        if identifier in _CANARIES or identifier.removeprefix(".") in _CANARIES:
            name = identifier.removeprefix(".")
            if outcome == _CANARIES[name]:
                self.canaries.add(name)
            return
        if identifier in self.results:
            self.tampered.append(f"{identifier} was reported twice")
            return
        seconds = event.get("seconds")
        taken = float(seconds) if isinstance(seconds, int | float) and 0 <= seconds < 1e7 else 0.0
        self.results[identifier] = TestCase(identifier, outcome, str(event.get("message", "")), taken)

    def cases(self) -> tuple[TestCase, ...]:
        """Every test that was collected: what was never run is an error, what was deselected is skipped."""
        found = dict(self.results)
        for identifier in self.collected:
            if identifier in found:
                continue
            if identifier in self.deselected:
                found[identifier] = TestCase(
                    identifier, "skipped", "deselected by the project's own settings"
                )
            elif self.finished in {0, 1}:
                found[identifier] = TestCase(identifier, "errored", "collected, but never run")
            elif self.finished is None:
                found[identifier] = TestCase(
                    identifier, "errored", "the run ended before or during this test"
                )
        return tuple(found.values())


def _number(value: object) -> int | None:
    return value if isinstance(value, int) else None
