"""The Docker daemon of this machine: how it is reached, whom its containers run as, and what is left in it.

Raises SandboxError, with what to do about it, where the daemon cannot be used.
"""

import contextlib
import os
import platform
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from prompts.errors import SandboxError

if TYPE_CHECKING:
    from docker import APIClient

_UNIX = "unix://"
_CALL_SECONDS = 120
_OWNER, _WHERE, _UNTIL = "backsmith.owner", "backsmith.where", "backsmith.until"
# A container may need this much longer than its command's deadline to be made and removed.
_GRACE_SECONDS = 900


@dataclass(frozen=True, slots=True)
class User:
    """Whom containers run as. ``give``: files must be made this user's own first, since we are somebody else."""

    uid: int
    gid: int
    give: bool


@dataclass(frozen=True, slots=True)
class Daemon:
    """A daemon that answers at the path ``socket``; calls may come from any thread."""

    api: "APIClient"
    socket: str
    processors: int
    user: User


def connect() -> Daemon:
    """Reach the daemon that DOCKER_HOST or docker's own configuration names, else the usual one."""
    try:
        from docker import APIClient
        from docker.context import ContextAPI
        from docker.errors import DockerException
    except ImportError as error:
        raise SandboxError("the Python package docker is not installed", "pip install docker") from error
    try:
        host = os.environ.get("DOCKER_HOST") or str(ContextAPI.kwargs_from_context().get("base_url", ""))
        path = host.removeprefix("http+").removeprefix(_UNIX)
        if not path.startswith("/"):
            raise SandboxError(
                f"the Docker daemon at {host} is not on this machine, so it cannot mount folders of ours",
                "unset DOCKER_HOST, or: docker context use default",
            )
        _knock(path)
        api = APIClient(base_url=_UNIX + path, version="auto", timeout=_CALL_SECONDS)
        info = api.info()
    except DockerException as error:
        raise SandboxError(f"the Docker daemon cannot be used: {error}") from error
    if info.get("OSType") != "linux":
        raise SandboxError("the Docker daemon runs Windows containers", "switch it to Linux containers")
    return Daemon(api, path, int(info.get("NCPU") or 1), _user(info.get("SecurityOptions") or []))


def _knock(path: str) -> None:
    """Tell apart why a daemon does not answer, which docker's own errors do not."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as door:
            door.settimeout(10)
            door.connect(path)
    except PermissionError as error:
        raise SandboxError(
            f"no permission on the Docker daemon's socket {path}",
            "join its group (sudo usermod -aG docker $USER, then log in again); its members are as mighty as "
            "root on this machine, which a rootless daemon avoids",
        ) from error
    except OSError as error:
        raise SandboxError(
            f"no Docker daemon answers at {path} ({error.strerror or error})",
            "install Docker (Debian: docker.io) and start it: sudo systemctl start docker",
        ) from error


def _user(security: list[str]) -> User:
    """The caller, so that the files of a container are the caller's; root hands its files to user 1000."""
    if "name=rootless" in security:
        return User(0, 0, give=False)  # stands for the caller, outside and without a capability inside
    if os.geteuid() == 0:
        return User(1000, 1000, give=True)
    return User(os.geteuid(), os.getegid(), give=False)


def labels(owner: Path, seconds: float) -> dict[str, str]:
    """Labels by which ``orphans`` knows a container whose process was killed.

    ``owner`` is a folder that lives as long as this process; ``seconds`` is the command's deadline.
    """
    until = int(time.time() + seconds + _GRACE_SECONDS)
    return {_OWNER: str(owner), _WHERE: _where(), _UNTIL: str(until)}


def reap(api: "APIClient", lives: Callable[[Path], bool]) -> tuple[str, ...]:
    """Remove the containers and networks that no process waits for any more; returns the containers' names."""
    from docker.errors import APIError

    removed = []
    for container in api.containers(all=True, filters={"label": _OWNER}):
        if _is_orphan(container.get("Labels") or {}, lives):
            with contextlib.suppress(APIError):  # somebody else may be removing it just now
                api.remove_container(container["Id"], force=True, v=True)
                removed.append(str(container["Names"][0]).removeprefix("/"))
    for network in api.networks(filters={"label": _OWNER}):
        if _is_orphan(network.get("Labels") or {}, lives):
            with contextlib.suppress(APIError):
                api.remove_network(network["Id"])
    return tuple(removed)


def _is_orphan(label: dict[str, str], lives: Callable[[Path], bool]) -> bool:
    until = label.get(_UNTIL, "0")
    if not until.isdigit() or int(until) < time.time():
        return True
    # Another machine or container may share the daemon: there we cannot see whether the owner lives.
    return label.get(_WHERE) == _where() and not lives(Path(label[_OWNER]))


def _where() -> str:
    """The view of files that the paths in labels belong to: this boot's, and this mount namespace's."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot}-{Path('/proc/self/ns/mnt').stat().st_ino}"
    except OSError:
        return platform.node()
