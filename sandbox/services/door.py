"""A Unix socket that leads to a TCP port, for as long as it is open: the way from a sandbox to a server elsewhere."""

import asyncio
import contextlib
import functools
import socket
from pathlib import Path

_CHUNK = 65_536


class Door:
    """Opened by ``open``; ``close`` ends what goes through it as well.

    Made of plain sockets: asyncio's own server loses sight of whoever knocks at the moment at which it is closed.
    """

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._listener: socket.socket | None = None
        self._passing: set[asyncio.Task[None]] = set()

    def open(self, path: Path) -> None:
        """Listen at ``path``; whoever sees the socket may use it. Needs a running loop."""
        listener = socket.socket(socket.AF_UNIX)
        listener.setblocking(False)
        listener.bind(str(path))
        path.chmod(0o777)
        listener.listen(128)
        asyncio.get_running_loop().add_reader(listener, self._admit, listener)
        self._listener = listener

    async def close(self) -> None:
        """Let nobody in any more, and cut off those who are."""
        if self._listener is not None:
            asyncio.get_running_loop().remove_reader(self._listener)
            self._listener.close()
            self._listener = None
        passing = tuple(self._passing)
        for task in passing:
            task.cancel()
        await asyncio.gather(*passing, return_exceptions=True)

    def _admit(self, listener: socket.socket) -> None:
        try:
            near, _ = listener.accept()
        except OSError:
            return  # whoever knocked is gone
        near.setblocking(False)
        task = asyncio.create_task(self._pass(near))
        self._passing.add(task)
        task.add_done_callback(functools.partial(self._passed, near))

    def _passed(self, near: socket.socket, task: asyncio.Task[None]) -> None:
        """Close what a task held, even if it was cancelled before it began."""
        self._passing.discard(task)
        near.close()

    async def _pass(self, near: socket.socket) -> None:
        with socket.socket() as far:
            far.setblocking(False)
            with contextlib.suppress(OSError):
                await asyncio.get_running_loop().sock_connect(far, (self._host, self._port))
                await asyncio.gather(_pump(near, far), _pump(far, near))


async def _pump(source: socket.socket, target: socket.socket) -> None:
    """Move bytes one way until there are no more; the other way goes on by itself."""
    loop = asyncio.get_running_loop()
    with contextlib.suppress(OSError):
        while chunk := await loop.sock_recv(source, _CHUNK):
            await loop.sock_sendall(target, chunk)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)
