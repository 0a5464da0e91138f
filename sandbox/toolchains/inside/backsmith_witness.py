"""Runs inside the sandbox: takes down what a test process reports, so that the tests cannot talk it over.

Two processes. The witness never loads a line of the project: it only reads what the other one reports, through
a pipe that takes nothing back, and writes it down once the other has ended. The other one runs the tests, with
a guard (``backsmith_guard``) that knows what the test machinery looked like before any code of the project ran.

Files in this folder import nothing of ours but each other: they are mounted into the sandbox and started there
as ``python -I``. ``BACKSMITH_REPORT`` names the file to write: one JSON object a line, read by
``sandbox.toolchains.python_events``.
"""

import contextlib
import ctypes
import json
import os
import select
import signal
import sys
from collections.abc import Callable

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
    ended = os.pidfd_open(child)
    heard = listen(reading, ended, lambda: os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
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


def listen(pipe: int, ended: int, status: "Callable[[], int]") -> bytes:
    """What is reported until ``ended`` can be read from, and how it ended, as ``status`` tells then."""
    # Nobody of the same user may trace this process or reach into its memory (prctl(2)).
    ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    data = bytearray()
    os.set_blocking(pipe, False)
    told = select.poll()
    told.register(pipe, select.POLLIN)
    told.register(ended, select.POLLIN)
    ready: dict[int, int] = {}
    while ended not in ready:
        ready = dict(told.poll())
        if pipe in ready and not _take(pipe, data):
            told.unregister(pipe)
    while _take(pipe, data):
        pass
    return bytes(data) + json.dumps({"event": "exit", "status": status()}).encode() + b"\n"


def _take(pipe: int, data: bytearray) -> bool:
    """Take one piece of what is reported; False when there is none now, no more at all, or too much already."""
    try:
        chunk = os.read(pipe, 1 << 16) if len(data) < _MAX_REPORT else b""
    except BlockingIOError:
        return False
    data += chunk
    return bool(chunk)


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
