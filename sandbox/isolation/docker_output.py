"""The output of a container as the daemon sends it: frames of standard output and error on one socket."""

import asyncio
import codecs
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager

from prompts.errors import SandboxError
from prompts.task import Limits
from sandbox.isolation.capture import Capture
from sandbox.isolation.docker_daemon import Daemon
from sandbox.isolation.limits import Hit, output_hit

_HEADER = 8


class Frames:
    """Takes the daemon's framing apart: a byte for the stream, three of nothing, four for the length, content.

    See "Attach to a container" in the Docker Engine API.
    """

    def __init__(self) -> None:
        self._header = bytearray()
        self._left = 0

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The pieces of content in the next bytes, which may end anywhere."""
        at = 0
        while at < len(data):
            if self._left:
                piece = data[at : at + self._left]
                self._left -= len(piece)
                at += len(piece)
                yield piece
                continue
            taken = data[at : at + _HEADER - len(self._header)]
            self._header += taken
            at += len(taken)
            if len(self._header) == _HEADER:
                self._left = int.from_bytes(self._header[4:])
                self._header.clear()


class Output:
    """What a container prints, read as it comes; attached before its start, so that nothing is missed."""

    def __init__(
        self, reader: asyncio.StreamReader, limits: Limits, on_output: Callable[[str], None] | None
    ) -> None:
        self.capture = Capture()
        self._reader = reader
        self._limits = limits
        self._on_output = on_output
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    async def read(self) -> Hit | None:
        """Read to the end, or until too much was printed.

        The end is the container's: its first process is docker's own and holds the output open.
        """
        frames = Frames()
        while data := await self._reader.read(65536):
            for piece in frames.feed(data):
                self.capture.feed(piece)
                if self._on_output is not None:
                    self._on_output(self._decoder.decode(piece))
            if hit := output_hit(self.capture.total, self._limits):
                return hit
        return None


@asynccontextmanager
async def attached(
    daemon: Daemon, name: str, limits: Limits, on_output: Callable[[str], None] | None
) -> AsyncIterator[Output]:
    """The output of a container that is not started yet.

    The SDK offers it to blocking readers alone, so this is its one request that is written by hand. It has to
    be let go of before the container is removed: the daemon waits for its readers. Raises SandboxError where the
    daemon does not show it.
    """
    reader, writer = await asyncio.open_unix_connection(daemon.socket)
    try:
        path = f"/v{daemon.api.api_version}/containers/{name}/attach?stream=1&stdout=1&stderr=1"
        writer.write(
            f"POST {path} HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n".encode()
        )
        try:
            said = await reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
            raise SandboxError(f"the Docker daemon does not show the container's output: {error}") from error
        if not said.startswith((b"HTTP/1.1 101 ", b"HTTP/1.1 200 ")):
            raise SandboxError(f"the Docker daemon does not show the container's output: {said[:200]!r}")
        yield Output(reader, limits, on_output)
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
