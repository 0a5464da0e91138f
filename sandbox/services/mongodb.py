"""MongoDB: a real server for each sample, by mongod or by FerretDB's first version with SQLite below it.

Neither can bound what one user takes of a shared server (memory, disk, time), and FerretDB knows no rights. A
server in a sandbox of its own is bounded by the kernel, holds nobody else's data, and starts in milliseconds.
"""

import functools
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

from prompts.errors import SandboxError
from prompts.task import Limits
from sandbox.isolation.protocol import Isolation, Mount, Relay
from sandbox.scratch import ScratchFolder
from sandbox.services.own_servers import RUN, OwnServers
from sandbox.services.protocol import Binding, Remark
from sandbox.services.server_process import Site, free_port, program_version

_SOCKETS = "/run/mongodb"
_PORT = 27017
_START_SECONDS = 30
_DATABASE = "app"
_LIMITS = Limits(seconds=7200, memory_mb=1024, disk_mb=512)
_HOW = (
    "install MongoDB's mongod, or FerretDB 1.24 (its program ferretdb, or: see docs/toolchains.md#mongodb), "
    "and put it on the PATH"
)
# What FerretDB logs where it answers that it does not know how (code 238 is MongoDB's NotImplemented).
_NOT_IMPLEMENTED = re.compile(r'"errmsg": "([^\n]{1,300})",\n\s*"code": 238,')


class MongoDB(OwnServers):
    """mongod where there is one, else FerretDB."""

    name = "mongodb"

    def __init__(self) -> None:
        super().__init__(_LIMITS, _START_SECONDS)

    def wanted(self, database: str, schemes: frozenset[str]) -> bool:
        """By name or URL."""
        return "mongo" in database or "mongodb" in schemes

    def problem(self) -> str:
        """Whether a server program is there that can be used."""
        program = _find_program()
        if program is None:
            return f"no MongoDB server found; {_HOW}"
        if _is_ferretdb(program) and not _has_sqlite(program, program_version(program)):
            return (
                f"{program} is not FerretDB 1, and needs a PostgreSQL with the DocumentDB extension; {_HOW}"
            )
        return ""

    def version(self) -> str:
        """The server's program."""
        return program_version(_find_program())

    async def bind(self, isolation: Isolation) -> Binding:
        """A fresh server. Its socket is the only door, and whoever has it may do everything there."""
        program = _find_program()
        if program is None or self.problem():
            raise SandboxError(self.problem(), "see: backsmith doctor")
        on_host = isolation.name == "host"
        port = free_port() if on_host else _PORT
        socket = f"mongodb-{port}.sock"
        ferretdb = _is_ferretdb(program)
        options = _ferretdb_options if ferretdb else _mongod_options
        folder = await self.start(
            "FerretDB" if ferretdb else "mongod",
            program,
            lambda site: (str(program), *options(site, port, on_host)),
            ScratchFolder("mongo", sockets=True),
            socket,
            network=on_host,
        )
        (folder / socket).chmod(0o777)  # nobody else can enter the folder around it
        binding = Binding(
            service=self.name,
            schemes=("mongodb",),
            host="localhost",
            port=port,
            database=_DATABASE,
            mounts=(Mount(folder, _SOCKETS),),
            relays=() if on_host else (Relay(_PORT, f"{_SOCKETS}/{socket}"),),
            names=("MONGODB", "MONGO", "SPRING_DATA_MONGODB"),
            primary=True,
            keeps_path=r"[A-Za-z][\w-]{0,62}",
            env={"MONGODB_HOST": "localhost", "MONGODB_PORT": str(port)},
        )
        url = binding.url("mongodb")
        return replace(binding, env={**binding.env, "MONGODB_URL": url, "MONGODB_URI": url, "MONGO_URL": url})

    def remarks(self, binding: Binding) -> tuple[Remark, ...]:
        """That the server gave up at a limit, or what was asked of FerretDB that it does not have."""
        server = self.process(binding)
        if server is None:
            return ()
        if server.ended():
            most = f"{_LIMITS.memory_mb} MiB of memory"
            return (Remark(f"the sample's MongoDB server ended before its tests did; it may use {most}"),)
        lacks = dict.fromkeys(_NOT_IMPLEMENTED.findall(server.log()))
        return tuple(
            Remark(f"FerretDB lacks what MongoDB has ({what}); mongod would have it", ours=True)
            for what in list(lacks)[:3]
        )


def _ferretdb_options(site: Site, port: int, on_host: bool) -> tuple[str, ...]:
    return (
        *("--handler=sqlite", f"--sqlite-url=file:{site.fleeting}/", f"--state-dir={site.fleeting}"),
        f"--listen-unix={site.folder}/{RUN}/mongodb-{port}.sock",
        f"--listen-addr={f'127.0.0.1:{port}' if on_host else ''}",
        *("--debug-addr=-", "--telemetry=disable", "--log-level=WARN", "--no-log-uuid"),
    )


def _mongod_options(site: Site, port: int, on_host: bool) -> tuple[str, ...]:
    # Behind an isolation its loopback is that of its own sandbox, which nobody else has.
    return (
        *("--dbpath", site.fleeting, "--bind_ip", "127.0.0.1", "--port", str(port)),
        *("--unixSocketPrefix", f"{site.folder}/{RUN}", "--filePermissions", "0777"),
        *("--wiredTigerCacheSizeGB", "0.25", "--maxConns", "500", "--quiet"),
        *("--setParameter", "diagnosticDataCollectionEnabled=false"),
    )


def _find_program() -> Path | None:
    found = shutil.which("mongod") or shutil.which("ferretdb")
    return Path(found).resolve() if found else None


def _is_ferretdb(program: Path) -> bool:
    return program.name.startswith("ferretdb")


@functools.cache
def _has_sqlite(program: Path, version: str) -> bool:
    """Whether it is FerretDB's first version; asked once for each ``version`` of the file."""
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return re.search(r"version: v?1\.", said.stdout) is not None
