"""One container for one command: what it is made of."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from sandbox.isolation.docker_daemon import Daemon, User
from sandbox.isolation.docker_mounts import Bind
from sandbox.isolation.limits import task_bound
from sandbox.isolation.protocol import ALONE, Command

if TYPE_CHECKING:
    from docker.types import Mount, Ulimit

_MIB = 1024 * 1024
_PROCESSORS = 4
_RELAY = "/run/backsmith-relay.py"
_HOME = "/home/sandbox"
_NAME = "sandbox"
# An index behind a company's proxy is trusted by this machine's own certificates alone.
_CERTIFICATES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt")
_BETWEEN_ADDRESSES = re.compile(r"[\s,|]+")


def create(
    daemon: Daemon,
    name: str,
    image: str,
    command: Command,
    binds: tuple[Bind, ...],
    labels: Mapping[str, str],
) -> None:
    """Make the container, but do not start it. Raises docker.errors.DockerException."""
    from docker.types import LogConfig

    limits, user = command.limits, daemon.user
    memory = limits.memory_mb * _MIB
    host_config = daemon.api.create_host_config(
        network_mode=network_mode(command),
        extra_hosts={_NAME: "127.0.0.1"},
        cap_drop=["ALL"],
        security_opt=["no-new-privileges:true"],
        read_only=True,
        init=True,
        ipc_mode="private",
        # Without this a daemon that maps users would make the container's files somebody else's.
        userns_mode="host" if user.uid else None,
        mem_limit=memory,
        memswap_limit=memory,  # the sum of memory and swap: no swap
        nano_cpus=min(daemon.processors, _PROCESSORS) * 1_000_000_000,
        # Threads count too. What ends a command is the watch over its processes; this only stops a bomb.
        pids_limit=task_bound(limits),
        ulimits=_ulimits(command),
        shm_size=limits.disk_mb * _MIB,
        tmpfs=_tmpfs(command, user),
        mounts=_mounts(command, binds),
        # The output is read as it comes; nothing of it may fill the daemon's disk.
        log_config=LogConfig(type="none"),
    )
    daemon.api.create_container(
        image=image,
        name=name,
        entrypoint=list(_inner(command)),
        command=[],
        user=f"{user.uid}:{user.gid}",
        hostname=_NAME,
        working_dir=command.cwd,
        environment={"HOME": _HOME, "TMPDIR": "/tmp", "LANG": "C.UTF-8", ALONE: "1", **command.env},
        labels=dict(labels),
        healthcheck={"test": ["NONE"]},
        host_config=host_config,
        use_config_proxy=False,  # the person's proxies may carry passwords
    )


def network_mode(command: Command) -> str:
    """No network at all but a loopback; for installing dependencies, docker's own bridge.

    An index or a proxy on this machine's own loopback can only be reached from this machine's network.
    """
    if not command.network:
        return "none"
    pieces = [piece for value in command.env.values() for piece in _BETWEEN_ADDRESSES.split(value)]
    return "host" if any(_on_loopback(piece) for piece in pieces) else "bridge"


def _on_loopback(address: str) -> bool:
    if "://" not in address:
        return False
    try:
        host = urlsplit(address).hostname or ""
    except ValueError:
        return False
    return host in {"localhost", "::1"} or host.startswith("127.")


def _inner(command: Command) -> tuple[str, ...]:
    if not command.doors:
        return command.argv
    return ("python3", "-I", "-S", _RELAY, *command.doors, "--", *command.argv)


def _ulimits(command: Command) -> list["Ulimit"]:
    """What the kernel holds every single process to; the same as in the other isolations."""
    from docker.types import Ulimit

    limits = command.limits
    bounds = {
        "core": 0,
        "data": limits.memory_mb * _MIB,
        "fsize": limits.disk_mb * _MIB,
        "cpu": int(limits.seconds * 4) + 1,
        "nofile": 4096,
    }
    return [Ulimit(name=name, soft=bound, hard=bound) for name, bound in bounds.items()]


def _tmpfs(command: Command, user: User) -> dict[str, str]:
    size = f"size={command.limits.disk_mb}m,exec,nosuid,nodev"
    places = {
        "/tmp": f"{size},mode=1777",
        "/var/tmp": f"{size},mode=1777",
        _HOME: f"{size},mode=0700,uid={user.uid},gid={user.gid}",
    }
    taken = {mount.target for mount in command.mounts}
    return {place: options for place, options in places.items() if place not in taken}


def _mounts(command: Command, binds: tuple[Bind, ...]) -> list["Mount"]:
    from docker.types import Mount

    wanted = {bind.target: bind for bind in binds}  # as elsewhere, a later mount covers an earlier one
    if command.doors:
        wanted[_RELAY] = Bind(Path(__file__).with_name("relay.py"), _RELAY, writable=False)
    if command.network:
        for path in _CERTIFICATES:
            if Path(path).is_file():
                wanted[path] = Bind(Path(path).resolve(), path, writable=False)
    return [
        Mount(target=bind.target, source=str(bind.source), type="bind", read_only=not bind.writable)
        for bind in wanted.values()
    ]
