"""Runs inside the sandbox: starts a test command and takes down what one reporter tells of it, through a door.

The door is a folder with two pipes, named by ``BACKSMITH_DOOR``. A reporter of ours, loaded by the test runner,
opens ``events`` for writing and reads a word from ``hello``. The door is shut behind it: both pipes lose their
names, and only lines that begin with the word are taken down. ``BACKSMITH_REPORT`` names the file to write once
the command and all that it left behind are dead: one JSON object a line, read by ``sandbox.toolchains.door_events``.

With ``BACKSMITH_STREAM`` set there is no door: what the command itself prints is the report.
"""

import contextlib
import ctypes
import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable

_MAX_REPORT = 48 * 1024 * 1024
_PR_SET_DUMPABLE = 4


def main(argv: list[str]) -> int:
    """Run a command behind a door of its own; its exit code."""
    # Nobody of the same user may trace this process or reach into its memory (prctl(2)).
    ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    if os.environ.get("BACKSMITH_STREAM") == "1":
        return stream(argv)
    door = Door()
    command = subprocess.Popen(argv, env={**os.environ, "BACKSMITH_DOOR": door.folder})
    status = attended(command, door.attend)
    write(os.environ["BACKSMITH_REPORT"], [*door.lines(), {"event": "exit", "status": status}])
    return status if status >= 0 else 128 - status


def stream(argv: list[str]) -> int:
    """Run a command whose output is the report; its exit code."""
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    command = subprocess.Popen(argv, stdout=writing)
    os.close(writing)
    data = bytearray()
    status = attended(command, lambda: take(reading, data))
    put(os.environ["BACKSMITH_REPORT"], bytes(data))
    return status if status >= 0 else 128 - status


def attended(command: "subprocess.Popen[bytes]", attend: Callable[[], None]) -> int:
    """Attend to what is told until the command and all that it left behind are dead; how it ended."""
    while (status := command.poll()) is None:
        attend()
        time.sleep(0.005)
    if os.environ.get("BACKSMITH_ALONE") == "1":
        # In a PID namespace of our own: whatever the tests left behind cannot write the report anew.
        with contextlib.suppress(ProcessLookupError):
            os.kill(-1, signal.SIGKILL)
    attend()
    return status


def take(pipe: int, data: bytearray) -> None:
    """What can be read now, up to the most that is taken down."""
    while len(data) < _MAX_REPORT:
        try:
            chunk = os.read(pipe, 1 << 16)
        except BlockingIOError:
            return
        if not chunk:
            return
        data += chunk


class Door:
    """Two pipes and the word; the first to come in is the reporter, and nobody comes after it."""

    def __init__(self) -> None:
        self.folder = tempfile.mkdtemp()
        self._events, self._hello = f"{self.folder}/events", f"{self.folder}/hello"
        for place in (self._events, self._hello):
            os.mkfifo(place, 0o600)
        self._pipe = os.open(self._events, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        self._word = secrets.token_hex(16).encode()
        self._given = False
        self._data = bytearray()

    def attend(self) -> None:
        """Give the word to who waits for it, and take what was told."""
        if not self._given:
            self._give()
        take(self._pipe, self._data)

    def lines(self) -> list[object]:
        """What was told with the word, and whether anything was told without it."""
        told: list[object] = []
        foreign = 0
        *whole, rest = bytes(self._data).split(b"\n")
        for line in whole:
            word, _, event = line.partition(b" ")
            if word == self._word:
                with contextlib.suppress(ValueError):
                    told.append(json.loads(event))
                    continue
            foreign += 1
        if foreign or rest:
            told.append({"event": "tampered", "what": "results came from elsewhere than the test runner"})
        return told

    def _give(self) -> None:
        try:
            pipe = os.open(self._hello, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            return  # nobody waits there yet, or the pipe is gone
        self._given = True
        for place in (self._hello, self._events):
            with contextlib.suppress(OSError):
                os.unlink(place)  # noqa: PTH108 - strings, as they came
        with contextlib.suppress(OSError), os.fdopen(pipe, "wb") as file:
            file.write(self._word)


def write(report: str, events: list[object]) -> None:
    """Write events down, one a line."""
    put(report, "".join(json.dumps(event) + "\n" for event in events).encode())


def put(report: str, data: bytes) -> None:
    """Put the report in its place in one step, whatever lies there."""
    handle = os.open(report + ".draft", os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o644)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
    os.replace(report + ".draft", report)  # noqa: PTH105 - strings, as they came


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    sys.exit(main(sys.argv[1:]))
