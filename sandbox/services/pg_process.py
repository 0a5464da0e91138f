"""The PostgreSQL server process: its data folder and its settings."""

import signal
from pathlib import Path

from prompts.task import Limits
from sandbox.isolation.protocol import Mount
from sandbox.services.server_process import ServerProcess, start_server

# For each connection, which is a process: samples may ask for as much memory for a query as they like.
_LIMITS = Limits(seconds=7200, memory_mb=768, disk_mb=8192)
# Nothing on this server outlives the run, so it need not survive a power cut.
_SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_connections": "1000",
    "shared_buffers": "64MB",
    "autovacuum_naptime": "60s",
    "log_min_messages": "fatal",
    "logging_collector": "off",
    "cluster_name": "backsmith",
}


def start_postgres(programs: Path, folder: Path, password: str, port: int | None) -> ServerProcess:
    """Make a data folder below ``folder`` and start the server of ``programs`` on it.

    Its socket will stand in ``folder/run``; ``port`` is one more on the host's loopback.
    """
    for name in ("data", "run"):
        (folder / name).mkdir()
    (folder / "password").write_text(password, encoding="utf-8")
    settings = dict(_SETTINGS) | ({"listen_addresses": "127.0.0.1", "port": str(port)} if port else {})
    return start_server(
        "PostgreSQL",
        folder,
        lambda site: _script(programs, site.folder, settings),
        limits=_LIMITS,
        mounts=_program_mounts(programs),
        network=port is not None,
        unconfined_signal=signal.SIGQUIT,  # an immediate shutdown, of which the server tells its children
    )


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
