"""A server in a container of its own: a network without a way out, its data in bounded memory, labels for the reaper.

Blocking calls run in threads. Nothing is ever pulled: the image has to be there.
"""

import asyncio
import contextlib
import os
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from prompts.errors import SandboxError
from sandbox.isolation.docker_daemon import connect, labels, reap
from sandbox.isolation.docker_lane import Lane
from sandbox.scratch import ScratchFolder, is_held

if TYPE_CHECKING:
    from docker import APIClient

CONTAINER_SCRATCH = "container"
_MIB = 1024 * 1024
_LONGEST_RUN = 30 * 24 * 3600.0
_PROCESSORS = 2


@dataclass(frozen=True, slots=True)
class ServerImage:
    """What to run. ``names`` are the repositories in which the image may stand; the variable ``setting`` names
    another. ``data`` is the folder that is kept in at most ``data_mb`` of memory, ``uid`` and ``gid`` whom it runs as.
    """

    label: str
    names: tuple[str, ...]
    setting: str
    pull: str
    env: Mapping[str, str]
    data: str
    data_mb: int
    memory_mb: int
    uid: int
    gid: int

    def find(self) -> tuple[str, str]:
        """The image's name and id: the one that the setting names, else the newest one that is here.

        Raises SandboxError, with what to do about it.
        """
        named = os.environ.get(self.setting, "")
        with _told(self.label):
            images = connect().api.images()
        tags = [
            (image["Created"], tag, str(image["Id"]))
            for image in images
            for tag in image.get("RepoTags") or ()
            if (tag in {named, f"{named}:latest"} if named else tag.rpartition(":")[0] in self.names)
        ]
        if not tags:
            which = (
                f"no Docker image {named}" if named else f"no Docker image of {self.label} on this machine"
            )
            raise SandboxError(
                which, f"docker pull {named or self.pull}, or name one that is here by {self.setting}"
            )
        _, tag, identity = max(tags)
        return tag, identity

    def problem(self) -> str:
        """Why it cannot be run here, and what to do about it; empty where it can."""
        try:
            self.find()
        except SandboxError as error:
            return f"{self.label} runs in a container: {error}; {error.hint}"
        return ""


class ServerContainer:
    """One container and its network, from their making to their removal."""

    def __init__(self, image: ServerImage, api: "APIClient", scratch: ScratchFolder) -> None:
        self.folder = scratch.path
        self._image = image
        self._api = api
        self._scratch = scratch
        self._name = f"backsmith-{secrets.token_hex(8)}"
        self._lane = Lane()

    @classmethod
    async def start(cls, image: ServerImage) -> "ServerContainer":
        """Make and start it. Raises SandboxError."""
        _, identity = await asyncio.to_thread(image.find)
        api = (await asyncio.to_thread(connect)).api
        container = cls(image, api, ScratchFolder(CONTAINER_SCRATCH, sockets=True))
        try:
            with _told(image.label):
                await container._lane.call(container._create, identity)
        except BaseException:  # cancelled, too: what is being made is still made to its end
            await container.remove()
            raise
        return container

    async def address(self) -> str:
        """Where it is reached from this machine; empty once it has ended."""
        with _told(self._image.label):
            about = await self._lane.call(self._api.inspect_container, self._name)
        found = about["NetworkSettings"]["Networks"].get(self._name, {}).get("IPAddress", "")
        return str(found) if about["State"]["Running"] else ""

    async def run(self, *argv: str) -> tuple[int, str]:
        """Run a program in the container; its exit code and what it printed."""
        with _told(self._image.label):
            return await self._lane.call(self._exec, argv)

    async def log(self) -> str:
        """The end of what it printed."""
        with _told(self._image.label):
            said = await self._lane.call(self._api.logs, self._name, tail=40)
        return bytes(said).decode("utf-8", "replace")[-4000:]

    async def remove(self) -> None:
        """Remove the container, its network and its folder, whatever has become of them."""
        await self._lane.last(self._remove)

    def _create(self, identity: str) -> None:
        from docker.types import LogConfig

        image, api = self._image, self._api
        label = labels(self.folder, _LONGEST_RUN)
        api.create_network(self._name, driver="bridge", internal=True, labels=label)
        memory = image.memory_mb * _MIB
        host = api.create_host_config(
            network_mode=self._name,
            cap_drop=["ALL"],
            security_opt=["no-new-privileges:true"],
            init=True,
            mem_limit=memory,
            memswap_limit=memory,
            nano_cpus=min(os.cpu_count() or 1, _PROCESSORS) * 1_000_000_000,
            pids_limit=2048,
            tmpfs={image.data: f"size={image.data_mb}m,uid={image.uid},gid={image.gid},exec,nosuid,nodev"},
            log_config=LogConfig(type="json-file", config={"max-size": "4m", "max-file": "1"}),
        )
        api.create_container(
            image=identity,
            name=self._name,
            user=f"{image.uid}:{image.gid}",
            hostname="server",
            environment=dict(image.env),
            labels=label,
            host_config=host,
            use_config_proxy=False,
        )
        api.start(self._name)

    def _exec(self, argv: tuple[str, ...]) -> tuple[int, str]:
        made = self._api.exec_create(self._name, list(argv))
        said = self._api.exec_start(made["Id"])
        code = self._api.exec_inspect(made["Id"])["ExitCode"]
        return -1 if code is None else int(code), bytes(said).decode("utf-8", "replace")

    def _remove(self) -> None:
        from docker.errors import DockerException

        with contextlib.suppress(DockerException, OSError):
            self._api.remove_container(self._name, force=True, v=True)
        with contextlib.suppress(DockerException, OSError):
            self._api.remove_network(self._name)
        self._scratch.remove()


async def reap_containers() -> tuple[str, ...]:
    """Remove the servers of processes that were killed; returns the containers' names."""
    with contextlib.suppress(SandboxError):  # without a daemon none of them runs
        return await asyncio.to_thread(lambda: reap(connect().api, is_held))
    return ()


@contextlib.contextmanager
def _told(label: str) -> Iterator[None]:
    """Say what the daemon has against it as a SandboxError."""
    from docker.errors import DockerException

    try:
        yield
    except (DockerException, OSError) as error:
        raise SandboxError(f"{label}'s container failed: {error}") from error


def socket_folder(folder: Path) -> Path:
    """A fresh folder below ``folder`` for the socket of one sample."""
    fresh = folder / secrets.token_hex(4)
    fresh.mkdir()
    return fresh
