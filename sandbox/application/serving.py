"""Runs an application in the sandbox and waits until it answers. It is asked through a Unix socket alone."""

import asyncio
import contextlib
import os
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from prompts.errors import SandboxError
from sandbox.application.start import Start
from sandbox.isolation.capture import Capture
from sandbox.isolation.protocol import Command, Finished, Isolation

_FIRST_ANSWER_SECONDS = 85.0
_ANSWER_SECONDS = 5.0
_PAUSE_SECONDS = 0.05
_HELLO = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAccept: application/json\r\n\r\n"


@dataclass(frozen=True, slots=True)
class NotServed:
    """No application to ask, and why. It says nothing about the answer's worth."""

    reason: str


@dataclass(slots=True)
class Application:
    """An application that answers.

    ``socket`` is a path to connect to that stays the same socket whatever the application does to its folder.
    ``settings`` are the variables that it was started with, generated secrets included.
    """

    socket: str
    start: Start
    settings: dict[str, str]
    _capture: Capture
    _running: "asyncio.Task[Finished]" = field(repr=False)

    @property
    def ended(self) -> str:
        """How it ended, where it did; empty while it runs."""
        return _how_it_ended(self._running, self._capture) if self._running.done() else ""

    @property
    def output(self) -> str:
        """What it wrote so far, standard output and error together."""
        return self._capture.text()


@asynccontextmanager
async def serving(
    isolation: Isolation, command: Command, socket: Path, start: Start
) -> AsyncIterator[Application | NotServed]:
    """Run the command for as long as the block lasts; ``socket`` is where its entrance will be."""
    capture = Capture()
    running = asyncio.create_task(
        isolation.run(command, lambda text: capture.feed(text.encode("utf-8", "replace")))
    )
    handle = -1
    try:
        handle = await _entrance(running, socket)
        place = f"/proc/self/fd/{handle}"
        if handle >= 0 and await _answers(running, place):
            yield Application(place, start, dict(command.env), capture, running)
        else:
            yield NotServed(f"`{start.shown}` did not come up: {_how_it_ended(running, capture)}")
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError, SandboxError):
            await running
        if handle >= 0:
            os.close(handle)


async def _entrance(running: "asyncio.Task[Finished]", socket: Path) -> int:
    """A handle on the socket, taken before the application can put anything else in its place; -1 for none.

    Connecting goes by the handle, so that no link in that folder ever leads to a socket of this machine's own.
    """
    while not running.done():
        try:
            handle = os.open(socket, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:
            await asyncio.sleep(_PAUSE_SECONDS)
            continue
        if stat.S_ISSOCK(os.fstat(handle).st_mode):
            return handle
        os.close(handle)
        return -1
    return -1


async def _answers(running: "asyncio.Task[Finished]", place: str) -> bool:
    """Wait until something inside speaks HTTP."""
    loop = asyncio.get_running_loop()
    end = loop.time() + _FIRST_ANSWER_SECONDS
    while not running.done() and loop.time() < end:
        with contextlib.suppress(OSError, TimeoutError):
            if (await asyncio.wait_for(_first_bytes(place), _ANSWER_SECONDS)).startswith(b"HTTP/1."):
                return True
        await asyncio.sleep(_PAUSE_SECONDS)
    return False


async def _first_bytes(place: str) -> bytes:
    reader, writer = await asyncio.open_unix_connection(place)
    try:
        writer.write(_HELLO)
        await writer.drain()
        return await reader.read(16)
    finally:
        writer.close()


def _how_it_ended(running: "asyncio.Task[Finished]", capture: Capture) -> str:
    said = capture.text().strip()[-1500:]
    if not running.done():
        return f"no answer within {_FIRST_ANSWER_SECONDS:g} s\n{said}".strip()
    if running.cancelled():
        return "it was stopped"
    error = running.exception()
    if error is not None:
        return str(error)
    done = running.result()
    how = f"{done.limit} limit: {done.detail}" if done.limit else f"exit code {done.exit_code}"
    return f"{how}\n{said}".strip()
