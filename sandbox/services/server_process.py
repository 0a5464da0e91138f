"""One server process of ours: its folder, its log, and the sandbox that it runs in itself.

A sample talks to it, so it is confined like one: in bubblewrap where that works, as no root, within limits that
the kernel enforces, and with nothing but its own folder in reach.
"""

import asyncio
import os
import signal
import socket
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from prompts.errors import SandboxError
from prompts.task import Limits
from sandbox.isolation.bubblewrap import Bubblewrap, bwrap_argv
from sandbox.isolation.protocol import Command, Mount

_SHARED = Limits(seconds=7200, memory_mb=1024, disk_mb=8192)
_PLACE = "/server"
_FLEETING = "/tmp"  # in a sandbox, memory that holds at most ``Limits.disk_mb``
_LOG_TAIL = 262_144


@dataclass(frozen=True, slots=True)
class Site:
    """Where a server finds its folders. ``fleeting`` is for data of one sample: its size is bounded, and it is
    gone with the server.
    """

    folder: str
    fleeting: str


@dataclass(slots=True)
class ServerProcess:
    """A running server."""

    name: str
    process: "subprocess.Popen[bytes]"
    folder: Path
    _last_signal: signal.Signals

    def ended(self) -> bool:
        """Whether the process is gone."""
        return self.process.poll() is not None

    @property
    def succeeded(self) -> bool:
        """Whether it ended by itself, with exit code 0."""
        return self.process.poll() == 0

    def log(self) -> str:
        """The end of what the server printed."""
        with (self.folder / "log").open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _LOG_TAIL))
            return file.read().decode("utf-8", "replace")

    async def kill(self) -> None:
        """End the server and everything in its namespace."""
        if self.process.poll() is None:
            self.process.send_signal(self._last_signal)
        await asyncio.to_thread(self.process.wait)

    async def wait_for(self, ready: Callable[[], bool], seconds: float) -> None:
        """Wait until it is ready; where it does not get there, kill it and raise SandboxError with its log."""
        clock = asyncio.get_running_loop()
        deadline = clock.time() + seconds
        while not ready():
            if (self.ended() and not ready()) or clock.time() > deadline:
                log = self.log()
                await self.kill()
                raise SandboxError(f"{self.name} did not come up\n{log[-2000:]}")
            await asyncio.sleep(0.005)


def start_server(
    name: str,
    folder: Path,
    argv: Callable[[Site], tuple[str, ...]],
    *,
    limits: Limits = _SHARED,
    mounts: tuple[Mount, ...] = (),
    network: bool = False,
    unconfined_signal: signal.Signals = signal.SIGKILL,
) -> ServerProcess:
    """Start a server that keeps all that it has below ``folder``; ``argv`` is told where it sees its folders.

    ``limits`` hold for each of its processes, where they are the kernel's own: memory, the size of a file.
    ``network`` lets it listen on the host's loopback, for samples without isolation. ``unconfined_signal``
    ends it with its children where it has no namespace of its own.
    Raises SandboxError where it cannot be started.
    """
    isolation = Bubblewrap()
    with (folder / "log").open("wb") as log:
        if isolation.problem():
            if os.geteuid() == 0:
                raise SandboxError(f"{name} is not run as root, and bubblewrap does not work here")
            (folder / "fleeting").mkdir()
            bare = argv(Site(str(folder), str(folder / "fleeting")))
            bounded = _bounded(bare, limits)
            process = subprocess.Popen(bounded, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
            return ServerProcess(name, process, folder, unconfined_signal)
        command = Command(
            argv=argv(Site(_PLACE, _FLEETING)),
            cwd=_PLACE,
            env={"PATH": "/usr/sbin:/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
            mounts=(Mount(folder, _PLACE, writable=True), *mounts),
            limits=limits,
            network=network,
        )
        options = isolation.options(command)
        try:
            process = subprocess.Popen(
                _bounded(bwrap_argv(options, command), limits),
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                pass_fds=[options],
                start_new_session=True,
            )
        finally:
            os.close(options)
    return ServerProcess(name, process, folder, signal.SIGKILL)


def _bounded(argv: Sequence[str], limits: Limits) -> list[str]:
    """``argv`` behind a shell that sets limits for each process; none on processor time, as a run may take days."""
    script = f'ulimit -c 0; ulimit -d {limits.memory_mb * 1024}; ulimit -f {limits.disk_mb * 2048}; exec "$@"'
    return ["/bin/sh", "-c", script, "sh", *argv]


def free_port() -> int:
    """A TCP port of the loopback that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def accepts(path: Path) -> bool:
    """Whether somebody listens on that Unix socket."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(1)
        try:
            probe.connect(str(path))
        except OSError:
            return False
        return True


def program_version(program: Path | None) -> str:
    """A program file's identity: it changes when another version is installed. Nothing is run for it."""
    if program is None:
        return ""
    about = program.stat()
    return f"{program} {about.st_size} {about.st_mtime_ns}"
