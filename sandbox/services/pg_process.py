"""The PostgreSQL server process: its programs, its data folder, and the sandbox that it runs in itself."""

import asyncio
import os
import signal
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

from prompts.errors import SandboxError
from prompts.task import Limits
from sandbox.isolation.bubblewrap import Bubblewrap, bwrap_argv
from sandbox.isolation.protocol import Command, Mount

_OWN = Limits(seconds=7200, memory_mb=4096, disk_mb=8192)
# Nothing on this server outlives the run, so it need not survive a power cut.
_SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_connections": "400",
    "shared_buffers": "64MB",
    "autovacuum_naptime": "60s",
    "log_min_messages": "fatal",
    "logging_collector": "off",
    "cluster_name": "backsmith",
}


@dataclass(slots=True)
class PgProcess:
    """A running server."""

    process: "subprocess.Popen[bytes]"
    folder: Path
    tcp_port: int | None
    _isolation: Bubblewrap | None

    def ended(self) -> bool:
        """Whether the process is gone."""
        return self.process.poll() is not None

    def log(self) -> str:
        """What the server printed."""
        return (self.folder / "log").read_text(encoding="utf-8", errors="replace")

    async def kill(self) -> None:
        """End the server and everything in its namespace."""
        if self.process.poll() is None:
            # Without a namespace of its own, children are told by the server: an immediate shutdown.
            self.process.send_signal(signal.SIGKILL if self._isolation else signal.SIGQUIT)
        await asyncio.to_thread(self.process.wait)


def start_postgres(programs: Path, folder: Path, password: str, *, tcp: bool) -> PgProcess:
    """Make a data folder below ``folder`` and start the server of ``programs`` on it; its socket will stand in
    ``folder/run``.

    The server runs in bubblewrap where that works: as no root (which PostgreSQL refuses) and with nothing but
    its own folder in reach. ``tcp`` adds a port on the host's loopback, for samples without isolation.
    Raises SandboxError where it cannot be started.
    """
    for name in ("data", "run"):
        (folder / name).mkdir()
    (folder / "password").write_text(password, encoding="utf-8")
    isolation = Bubblewrap()
    confined = not isolation.problem()
    if not confined and os.geteuid() == 0:
        raise SandboxError("PostgreSQL refuses to run as root, and bubblewrap does not work here")
    port = _free_port() if tcp else None
    settings = dict(_SETTINGS) | ({"listen_addresses": "127.0.0.1", "port": str(port)} if tcp else {})
    mount = Mount(folder, "/pg", writable=True)
    place = mount.target if confined else str(folder)
    script = _script(programs, place, settings)
    with (folder / "log").open("wb") as log:
        if not confined:
            process = subprocess.Popen(script, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
            return PgProcess(process, folder, port, None)
        command = Command(
            argv=script,
            cwd="/pg",
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
            mounts=(mount, *_program_mounts(programs)),
            limits=_OWN,
            network=tcp,
        )
        options = isolation.options(command)
        try:
            process = subprocess.Popen(
                bwrap_argv(options, command),
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                pass_fds=[options],
                start_new_session=True,
            )
        finally:
            os.close(options)
    return PgProcess(process, folder, port, isolation)


def _script(programs: Path, place: str, settings: dict[str, str]) -> tuple[str, ...]:
    initdb = (
        f"{programs}/initdb -D {place}/data -U postgres -A scram-sha-256 --pwfile={place}/password "
        "--no-sync -E UTF8 --locale=C.UTF-8"
    )
    options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
    options += ["-c", f"unix_socket_directories={place}/run"]
    script = f'{initdb} && rm {place}/password && exec {programs}/postgres -D {place}/data "$@"'
    return ("/bin/sh", "-c", script, "sh", *options)


def _program_mounts(programs: Path) -> tuple[Mount, ...]:
    """The server's programs and, for the wheel, the libraries that lie beside its package."""
    if programs.is_relative_to("/usr"):
        return ()
    package = programs.parent.parent
    folders = [package, package.with_name(package.name + ".libs")]
    return tuple(Mount(folder, str(folder)) for folder in folders if folder.is_dir())


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
