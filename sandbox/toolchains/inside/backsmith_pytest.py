"""Runs inside the sandbox: pytest, with a witness that the tests cannot talk over.

Two processes. The witness never loads a line of the project: it only reads what the other one reports, through
a pipe that takes nothing back, and writes it down once the other has ended. The other one runs pytest with a
plugin of ours that is there before any code of the project, looks for hooks and patches that come from the
project, and adds tests of its own (canaries) of which one must fail.

A file of its own that imports nothing of ours. Started as ``python -I backsmith_pytest.py``;
``BACKSMITH_REPORT`` names the file to write: one JSON object a line, read by ``sandbox.toolchains.pytest_events``.
"""

import contextlib
import ctypes
import importlib
import json
import os
import pathlib
import signal
import sys
import time
from typing import Any

_MAX_REPORT = 48 * 1024 * 1024
_MAX_MESSAGE = 8_000
_PR_SET_DUMPABLE = 4


def witness(pipe: int, child: int, report: str) -> int:
    """Take down what the child reports until it ends; returns the exit code for the whole."""
    # Nobody of the same user may trace this process or reach into its memory (prctl(2)).
    ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    data = bytearray()
    os.set_blocking(pipe, False)
    status = None
    while status is None:
        ended, found = os.waitpid(child, os.WNOHANG)
        if ended:
            status = os.waitstatus_to_exitcode(found)
        while len(data) < _MAX_REPORT:
            try:
                chunk = os.read(pipe, 1 << 16)
            except BlockingIOError:
                break
            if not chunk:
                break
            data += chunk
        if status is None:
            time.sleep(0.005)
    if os.environ.get("BACKSMITH_ALONE") == "1":
        # In a PID namespace of our own: whatever the tests left behind cannot write the report anew.
        with contextlib.suppress(ProcessLookupError):
            os.kill(-1, signal.SIGKILL)
    data += json.dumps({"event": "exit", "status": status}).encode() + b"\n"
    handle = os.open(report + ".draft", os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o644)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
    os.replace(report + ".draft", report)  # noqa: PTH105 - strings, as they came
    return 0


def run_tests(pipe: int) -> int:
    """The child's part: pytest with our plugin."""
    import pytest

    folder = str(pathlib.Path.cwd())
    events = Events(pipe)
    guard = Guard(folder)
    arguments = ["-p", "no:cacheprovider", "-v", "--color=no", "-rfE", *_tamed()]
    # As ``python -m pytest`` has it; only now, so that nothing of the project stands in for pytest itself.
    sys.path.insert(0, folder)
    sys.path[1:1] = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    code = int(pytest.main(arguments, plugins=[Reporter(events, guard)]))
    events.tell("finished", code=code)
    return code


def _tamed() -> list[str]:
    """Switches off plugins that would run tests elsewhere or fail a run for something else than its tests."""
    from importlib.util import find_spec

    return [option for name, option in (("xdist", "-n0"), ("pytest_cov", "--no-cov")) if find_spec(name)]


class Events:
    """Writes events to the witness, whole lines at a time."""

    def __init__(self, pipe: int) -> None:
        self._pipe = pipe
        self._pid = os.getpid()

    def tell(self, event: str, **values: object) -> None:
        """Report one event. A fork of the test process reports nothing."""
        if os.getpid() != self._pid:
            return
        line = json.dumps({"event": event, **values}, default=str).encode("utf-8", "replace") + b"\n"
        while line:
            line = line[os.write(self._pipe, line) :]


class Guard:
    """Knows what the test machinery looked like before the project's code ran, and what of it the project changed."""

    _MODULES = (
        "_pytest.runner",
        "_pytest.reports",
        "_pytest.python",
        "_pytest.main",
        "_pytest.nodes",
        "_pytest.unittest",
        "_pytest.outcomes",
        "_pytest.python_api",
        "_pytest.raises",
        "_pytest.recwarn",
        "_pytest.assertion.rewrite",
        "_pytest.assertion.util",
        "_pytest.config",
        "_pytest.fixtures",
        "_pytest.skipping",
        "pluggy._callers",
        "pluggy._hooks",
        "pluggy._manager",
        "pluggy._result",
        "unittest.case",
        "builtins",
        __name__,
    )
    # Hooks by which a project could decide what a test's outcome is. Others (options, fixtures, markers) are free.
    _HOOKS = (
        "pytest_pyfunc_call",
        "pytest_runtestloop",
        "pytest_runtest_protocol",
        "pytest_runtest_call",
        "pytest_runtest_setup",
        "pytest_runtest_makereport",
        "pytest_runtest_logreport",
        "pytest_report_teststatus",
        "pytest_pycollect_makeitem",
        "pytest_exception_interact",
        "pytest_assertion_pass",
        "pytest_cmdline_main",
    )
    # Setting a test up is everyday work for a project's hook; it is looked at only where it replaces the call.
    _FREE = ("pytest_runtest_setup", "pytest_exception_interact")

    def __init__(self, folder: str) -> None:
        self._folder = folder + os.sep
        self._before: list[tuple[object, str, object, object]] = []
        self._told: set[str] = set()
        for name in self._MODULES:
            with contextlib.suppress(ImportError):  # not every version of pytest has every module
                self._remember(importlib.import_module(name), name)

    def _remember(self, holder: object, module: str) -> None:
        for name, value in list(vars(holder).items()):
            if module == "builtins" and name == "_":
                continue
            if (
                isinstance(value, type)
                and getattr(value, "__module__", None) == module
                and module != "builtins"
            ):
                self._remember(value, module)
            if callable(value) or isinstance(value, (classmethod, staticmethod, property)):
                self._before.append((holder, name, value, getattr(value, "__code__", None)))

    def changes(self) -> list[str]:
        """What the project changed since the last look, in words."""
        found = []
        for at, (holder, name, value, code) in enumerate(self._before):
            now = vars(holder).get(name)
            if now is value and getattr(now, "__code__", None) is code:
                continue
            # A plugin of the environment may patch pytest: that is its business and not the project's.
            self._before[at] = (holder, name, now, getattr(now, "__code__", None))
            if self._is_foreign(now):
                owner = getattr(holder, "__qualname__", None) or getattr(holder, "__name__", "")
                found.append(f"{owner}.{name} was replaced")
        return found

    def _is_foreign(self, value: object) -> bool:
        inner = getattr(value, "__func__", value)
        code = getattr(inner, "__code__", None)
        if code is None:
            return True
        return (
            code.co_filename.startswith((self._folder, "<"))
            or not pathlib.Path(code.co_filename).is_absolute()
        )

    def hooks(self, manager: Any) -> list[str]:
        """Hooks of the project's own that could decide outcomes, each told once."""
        found = []
        for name in self._HOOKS:
            if name in self._FREE:
                continue
            caller = getattr(manager.hook, name, None)
            for implementation in caller.get_hookimpls() if caller is not None else ():
                code = getattr(implementation.function, "__code__", None)
                place = code.co_filename if code is not None else "?"
                if place.startswith((self._folder, "<")) or code is None:
                    found.append(f"{place.removeprefix(self._folder)} defines {name}")
        fresh = [what for what in found if what not in self._told]
        self._told.update(fresh)
        return fresh


class Reporter:
    """The plugin: tells what was collected, what each test came to, and what of the machinery was changed."""

    def __init__(self, events: Events, guard: Guard) -> None:
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
    if isinstance(long, tuple):
        long = long[-1]
    text = str(long)
    half = _MAX_MESSAGE // 2
    return text if len(text) <= _MAX_MESSAGE else f"{text[:half]}\n[...]\n{text[-half:]}"


def canaries(session: Any) -> list[object]:
    """One test that must fail and one that must pass; a run in which either does not is no run."""
    import pytest

    class Canary(pytest.Item):
        def runtest(self) -> None:
            if self.name == "backsmith-must-fail":
                assert [1, {"a": 2}] == [1, {"a": 3}], "canary"  # noqa: S101 - it has to fail as tests do

        def reportinfo(self) -> tuple[str, int, str]:
            return "backsmith", 0, self.name

    names = ("backsmith-must-fail", "backsmith-must-pass")
    return [Canary.from_parent(session, name=name) for name in names]


def main() -> int:
    """Fork into witness and tests."""
    reading, writing = os.pipe()
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        os.close(reading)
        os._exit(_as_exit_code(writing))
    os.close(writing)
    return witness(reading, child, os.environ["BACKSMITH_REPORT"])


def _as_exit_code(writing: int) -> int:
    try:
        return run_tests(writing)
    except BaseException:
        import traceback

        traceback.print_exc()
        return 70
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
