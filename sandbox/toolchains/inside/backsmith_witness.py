"""Runs inside the sandbox: takes down what a test process reports, so that the tests cannot talk it over.

Two processes. The witness never loads a line of the project: it only reads what the other one reports, through
a pipe that takes nothing back, and writes it down once the other has ended. The other one runs the tests, with
a guard that knows what the test machinery looked like before any code of the project ran.

Files in this folder import nothing of ours but each other: they are mounted into the sandbox and started there
as ``python -I``. ``BACKSMITH_REPORT`` names the file to write: one JSON object a line, read by
``sandbox.toolchains.python_events``.
"""

import contextlib
import ctypes
import importlib
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from typing import Any

MUST_FAIL, MUST_PASS = "backsmith-must-fail", "backsmith-must-pass"
_MAX_REPORT = 48 * 1024 * 1024
_MAX_MESSAGE = 8_000
_PR_SET_DUMPABLE = 4


def run_witnessed(run_tests: "Callable[[Events], int]") -> int:
    """Fork into the witness and the process in which ``run_tests`` runs; returns the witness's exit code."""
    reading, writing = os.pipe()
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        os.close(reading)
        os._exit(tested(run_tests, Events(writing)))
    os.close(writing)
    heard = listen(reading, child)
    if os.environ.get("BACKSMITH_ALONE") == "1":
        # In a PID namespace of our own: whatever the tests left behind cannot write the report anew.
        with contextlib.suppress(ProcessLookupError):
            os.kill(-1, signal.SIGKILL)
    write_down(heard, os.environ["BACKSMITH_REPORT"])
    return 0


def tested(run_tests: "Callable[[Events], int]", events: "Events") -> int:
    """The whole of the process that runs the tests; the code to end it with."""
    try:
        code = run_tests(events)
        events.tell("finished", code=code)
        return code
    except BaseException:
        import traceback

        traceback.print_exc()
        return 70
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


def listen(pipe: int, child: int) -> bytes:
    """What the child reports until it ends, and how it ended."""
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
    return bytes(data) + json.dumps({"event": "exit", "status": status}).encode() + b"\n"


def write_down(heard: bytes, report: str) -> None:
    """Write what was heard, once nobody is left who could write it anew."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_NONBLOCK  # no link, no pipe
    handle = os.open(report + ".draft", flags, 0o644)
    with os.fdopen(handle, "wb") as file:
        file.write(heard)
    os.replace(report + ".draft", report)  # noqa: PTH105 - strings, as they came


def bounded(text: str) -> str:
    """A message's head and tail."""
    half = _MAX_MESSAGE // 2
    return text if len(text) <= _MAX_MESSAGE else f"{text[:half]}\n[...]\n{text[-half:]}"


def enter(folder: str) -> None:
    """Make the project importable as ``python -m`` does: only now, so that nothing of it stands in for others."""
    sys.path.insert(0, folder)
    sys.path[1:1] = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]


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
        "backsmith_witness",
        "__main__",
        "backsmith_pytest",  # in a zygote's child, which is not started as one
        "unittest.suite",
        "unittest.runner",
        "unittest.result",
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
        # What was where: a live view of its holder's names, the name, the value and its code, the holder.
        self._before: list[tuple[Any, str, Any, object, object]] = []
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
                self._before.append((vars(holder), name, value, getattr(value, "__code__", None), holder))

    def changes(self) -> list[str]:
        """What the project changed since the last look, in words."""
        found = []
        for at, (names, name, value, code, holder) in enumerate(self._before):
            now = names.get(name)
            if now is value and (code is None or now.__code__ is code):
                continue
            # A plugin of the environment may patch pytest: that is its business and not the project's.
            self._before[at] = (names, name, now, getattr(now, "__code__", None), holder)
            if self._is_foreign(now):
                owner = getattr(holder, "__qualname__", None) or getattr(holder, "__name__", "")
                found.append(f"{owner}.{name} was replaced")
        return found

    def _is_foreign(self, value: object) -> bool:
        inner = getattr(value, "__func__", value)
        code = getattr(inner, "__code__", None)
        if code is None:
            return True
        return code.co_filename.startswith((self._folder, "<")) or not code.co_filename.startswith("/")

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
