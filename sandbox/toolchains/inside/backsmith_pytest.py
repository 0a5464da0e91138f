"""Runs inside the sandbox: pytest, with a plugin of ours that is there before any code of the project.

It looks for hooks and patches that come from the project, and adds tests of its own (canaries) of which one
must fail. See ``backsmith_witness`` for who takes down what it tells.
"""

import os
import pathlib
import sys
from typing import Any

sys.path.insert(0, os.path.dirname(__file__))  # noqa: PTH120 - before anything else can be imported
import backsmith_guard
import backsmith_witness as ours

del sys.path[0]


def run_tests(events: ours.Events, guard: "backsmith_guard.Guard | None" = None) -> int:
    """pytest with our plugin; its exit code. A ``guard`` that was made before may be used."""
    import pytest

    folder = str(pathlib.Path.cwd())
    guard = guard or backsmith_guard.Guard()
    guard.folder = folder
    arguments = ["-p", "no:cacheprovider", "-v", "--color=no", "-rfE", *tamed()]
    ours.enter(folder)
    return int(pytest.main(arguments, plugins=[Reporter(events, guard)]))


def tamed() -> list[str]:
    """Switches off plugins that would run tests elsewhere or fail a run for something else than its tests."""
    from importlib.util import find_spec

    return [option for name, option in (("xdist", "-n0"), ("pytest_cov", "--no-cov")) if find_spec(name)]


class Reporter:
    """The plugin: tells what was collected, what each test came to, and what of the machinery was changed."""

    def __init__(self, events: ours.Events, guard: backsmith_guard.Guard) -> None:
        self._events = events
        self._guard = guard
        self._messages: dict[str, tuple[str, str, float]] = {}

    def pytest_configure(self, config: Any) -> None:
        option = config.option
        option.maxfail, option.collectonly, option.setuponly, option.setupplan = 0, False, False, False
        self._look(config)

    def pytest_itemcollected(self, item: Any) -> None:
        self._events.tell("collected", id=item.nodeid)

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed:
            self._events.tell(
                "result", id=report.nodeid or "collection", outcome="errored", message=_text(report)
            )

    def pytest_deselected(self, items: list[Any]) -> None:
        for item in items:
            self._events.tell("deselected", id=item.nodeid)

    def pytest_collection_finish(self, session: Any) -> None:
        self._look(session.config)
        if session.items:
            session.items.extend(canaries(session))

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self._events.tell("started", id=nodeid)

    def pytest_runtest_logreport(self, report: Any) -> None:
        identifier, when = report.nodeid, report.when
        outcome, message, seconds = self._messages.get(identifier, ("passed", "", 0.0))
        if report.failed:
            bad = "failed" if when == "call" else "errored"
            outcome, message = (
                (bad, _text(report)) if outcome in {"passed", "skipped"} else (outcome, message)
            )
        elif report.skipped and outcome == "passed":
            outcome, message = "skipped", _text(report)
        self._messages[identifier] = (outcome, message, seconds + float(report.duration))

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        outcome, message, seconds = self._messages.pop(nodeid, ("errored", "the test left no report", 0.0))
        for change in self._guard.changes():
            self._events.tell("tampered", what=f"{nodeid}: {change}")
        self._events.tell("result", id=nodeid, outcome=outcome, message=message, seconds=seconds)

    def pytest_sessionfinish(self, session: Any) -> None:
        self._look(session.config)

    def _look(self, config: Any) -> None:
        for change in (*self._guard.hooks(config.pluginmanager), *self._guard.changes()):
            self._events.tell("tampered", what=change)


def _text(report: Any) -> str:
    long = getattr(report, "longrepr", "")
    return str(ours.bounded(str(long[-1] if isinstance(long, tuple) else long)))


def canaries(session: Any) -> list[object]:
    """One test that must fail and one that must pass; a run in which either does not is no run."""
    import pytest

    class Canary(pytest.Item):
        def runtest(self) -> None:
            if self.name == ours.MUST_FAIL:
                assert [1, {"a": 2}] == [1, {"a": 3}], "canary"  # noqa: S101 - it has to fail as tests do

        def repr_failure(self, excinfo: Any, style: Any = None) -> str:
            return "canary"  # as it fails in every run, its traceback would cost more than most tests do

        def reportinfo(self) -> tuple[str, int, str]:
            return "backsmith", 0, self.name

    names = (ours.MUST_FAIL, ours.MUST_PASS)
    return [Canary.from_parent(session, name=name) for name in names]


if __name__ == "__main__":
    sys.exit(ours.run_witnessed(run_tests))
