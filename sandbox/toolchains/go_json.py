"""Reads ``go test -json``: one event a line (see ``go doc test2json``)."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from sandbox.isolation.protocol import Finished
from sandbox.report import Outcome, TestCase, TestReport
from sandbox.toolchains.go_tests import CANARY, without_canaries
from sandbox.toolchains.judge_run import problem_of
from sandbox.toolchains.junit import UnreadableReportError, read_bounded

_OUTCOMES: dict[str, Outcome] = {"pass": "passed", "fail": "failed", "skip": "skipped"}
_MAX_MESSAGE = 8_000
_ENDS = {0, 1, 2}


def report_from_go(path: Path, finished: Finished, files: Mapping[str, str]) -> TestReport:
    """The cases of a run, subtests included; a package that fails without a failing test is one errored case.

    Tests that stand in the sources and were never told of are errors.
    """
    reader = _Reader()
    unreadable = ""
    try:
        for line in read_bounded(path).split(b"\n"):
            reader.take(line)
    except UnreadableReportError as error:
        unreadable = str(error)
    cases = reader.cases()
    problem = problem_of(cases, finished, _ENDS, unreadable=unreadable)
    report = TestReport(cases, problem, output=finished.output, seconds=finished.seconds)
    report = without_canaries(report, reader.said(CANARY), files)
    return report if report.problem or report.cases else replace(report, problem="no tests were found")


class _Reader:
    def __init__(self) -> None:
        self._ended: dict[tuple[str, str], tuple[Outcome, float]] = {}
        self._started: dict[tuple[str, str], None] = {}
        self._output: dict[tuple[str, str], str] = {}

    def take(self, line: bytes) -> None:
        try:
            event = json.loads(line)
        except ValueError:
            return  # what a build tool prints between the events
        if not isinstance(event, dict):
            return
        package = str(event.get("Package") or str(event.get("ImportPath", "")).split(" ")[0])
        key = (package, str(event.get("Test", "")))
        action = event.get("Action")
        if action in {"output", "build-output"}:
            said = self._output.get(key, "") + str(event.get("Output", ""))
            self._output[key] = said if len(said) <= 2 * _MAX_MESSAGE else said[-_MAX_MESSAGE:]
        elif action == "run":
            self._started[key] = None
        elif action in _OUTCOMES and key in self._ended:
            # A test ends once: whoever prints a second end is not believed.
            self._ended[key] = ("errored", 0.0)
        elif action in _OUTCOMES:
            elapsed = event.get("Elapsed")
            seconds = float(elapsed) if isinstance(elapsed, int | float) and 0 <= elapsed < 1e7 else 0.0
            self._ended[key] = (_OUTCOMES[str(action)], seconds)

    def said(self, test: str) -> dict[str, str]:
        """What the tests of that name printed, by their cases' ids."""
        return {f"{package}::{name}": said for (package, name), said in self._output.items() if name == test}

    def cases(self) -> tuple[TestCase, ...]:
        found = []
        failed = set()
        for key in dict.fromkeys((*self._started, *self._ended)):
            package, test = key
            if not test:
                continue
            # A test that began and has no end was on when its process died.
            outcome, seconds = self._ended.get(key, ("errored", 0.0))
            if outcome not in {"passed", "skipped"}:
                failed.add(package)
            message = "" if outcome == "passed" else self._output.get(key, "")[-_MAX_MESSAGE:]
            found.append(TestCase(f"{package}::{test}"[:500], outcome, message, seconds))
        for (package, test), (outcome, seconds) in self._ended.items():
            if not test and outcome == "failed" and package not in failed:
                message = self._output.get((package, ""), "")[-_MAX_MESSAGE:]
                found.append(TestCase(f"{package} (package)", "errored", message, seconds))
        return tuple(found)
