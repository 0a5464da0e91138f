"""Isolation by Docker: a container for each command, made from an image of ours and removed afterwards.

The daemon has to be on this machine, since the sample's folders are mounted from here. Nothing is ever pulled.
"""

import asyncio
import contextlib
import os
import secrets
import time
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path

from prompts.errors import SandboxError
from sandbox.isolation.docker_container import create
from sandbox.isolation.docker_daemon import Daemon, connect, labels, reap
from sandbox.isolation.docker_lane import Lane
from sandbox.isolation.docker_mounts import Lent, lend
from sandbox.isolation.docker_output import Output, attached
from sandbox.isolation.docker_watch import out_of_memory, watch
from sandbox.isolation.limits import Hit, exit_hit
from sandbox.isolation.protocol import Command, Finished, Mount
from sandbox.scratch import ScratchFolder, is_held

_DOCKERFILES = Path(__file__).with_name("images")
_NAMES = "BACKSMITH_DOCKER_IMAGES"
_DEFAULT_NAMES = "backsmith-{toolchain}"
_PLAIN = "python"  # the image of commands that belong to no toolchain
_CANNOT_EXECUTE = 126


class Docker:
    """Works where a daemon answers and an image for the project's language is there.

    ``images`` is how images are called, with ``{toolchain}`` in it; else BACKSMITH_DOCKER_IMAGES says so.
    """

    name = "docker"

    def __init__(self, images: str = "") -> None:
        self._names = images or os.environ.get(_NAMES) or _DEFAULT_NAMES
        self._images: dict[str, str] = {}

    def problem(self) -> str:
        """What is missing: the daemon, the permission to use it, or any image of ours."""
        try:
            lacking = self.lacking()
        except SandboxError as error:
            return f"{error}; {error.hint}"
        return lacking[_PLAIN] if all(lacking.values()) else ""

    def lacking(self) -> dict[str, str]:
        """For each toolchain that we have a Dockerfile of, that its image is missing and how to build it; empty
        where it is there. Raises SandboxError where the daemon cannot be used.
        """
        with _told("the Docker daemon failed"):
            self._daemon.api.ping()
        found = {}
        for toolchain in sorted(folder.name for folder in _DOCKERFILES.iterdir()):
            try:
                self.image(toolchain)
            except SandboxError as error:
                found[toolchain] = f"{error}; {error.hint}"
            else:
                found[toolchain] = ""
        return found

    def inside(self, mount: Mount) -> str:
        """Mounts stand where they ask to stand."""
        return mount.target

    def image(self, toolchain: str) -> str:
        """The id of the image for a toolchain, looked up once."""
        if toolchain not in self._images:
            from docker.errors import ImageNotFound

            name = self._names.format(toolchain=toolchain)
            with _told("the Docker daemon failed"):
                try:
                    self._images[toolchain] = str(self._daemon.api.inspect_image(name)["Id"])  # type: ignore[no-untyped-call]
                except ImageNotFound as error:
                    raise SandboxError(
                        f"there is no Docker image {name}", _how_to_get(toolchain, name)
                    ) from error
        return self._images[toolchain]

    async def reap(self) -> tuple[str, ...]:
        """Remove containers whose process was killed; returns their names."""
        with _told("the Docker daemon failed"):
            return await asyncio.to_thread(lambda: reap(self._daemon.api, is_held))

    async def run(self, command: Command, on_output: Callable[[str], None] | None = None) -> Finished:
        """Run in a container of its own; with its first process the kernel ends all others in it."""
        image = await asyncio.to_thread(self.image, command.toolchain or _PLAIN)
        session = _Session(self._daemon, command)
        try:
            with _told("the container failed"):
                return await session.run(image, on_output)
        finally:
            await session.lane.last(session.remove)

    @cached_property
    def _daemon(self) -> Daemon:
        return connect()


class _Session:
    """One container, from its making to its removal."""

    def __init__(self, daemon: Daemon, command: Command) -> None:
        self.lane = Lane()
        self._daemon = daemon
        self._api = daemon.api
        self._command = command
        self._name = f"backsmith-{secrets.token_hex(8)}"
        self._scratch = ScratchFolder("docker")

    async def run(self, image: str, on_output: Callable[[str], None] | None) -> Finished:
        command, limits = self._command, self._command.limits
        lent = await self.lane.call(lend, command.mounts, self._daemon.user, self._scratch.path)
        label = labels(self._scratch.path, limits.seconds)
        await self.lane.call(create, self._daemon, self._name, image, command, lent.binds, label)
        async with attached(self._daemon, self._name, limits, on_output) as output:
            if refusal := await self.lane.call(self._start):
                return Finished(_CANNOT_EXECUTE, refusal, 0.0)
            start = time.monotonic()
            hit = await self._over(output, lent)
            seconds = time.monotonic() - start
        code = None if hit else await self.lane.call(self._exit_code)
        hit = hit or (out_of_memory(limits) if code is None else exit_hit(code, limits))
        return Finished(
            exit_code=None if hit else code,
            output=output.capture.text(),
            seconds=seconds,
            limit=hit[0] if hit else None,
            detail=hit[1] if hit else "",
        )

    def remove(self) -> None:
        """Remove the container with all that runs in it, and what was copied for it.

        Where the daemon does not answer any more, the next start's reaping finds it.
        """
        from docker.errors import DockerException

        with contextlib.suppress(DockerException, OSError):
            self._api.remove_container(self._name, force=True, v=True)
        self._scratch.remove()

    async def _over(self, output: Output, lent: Lent) -> Hit | None:
        """Wait for the end of the container, for a limit, or for the deadline."""
        limits = self._command.limits
        reading = asyncio.create_task(output.read())
        watching = asyncio.create_task(
            watch(self.lane, self._api, self._name, limits, lent.writable, lent.copied)
        )
        ends: set[asyncio.Task[Hit | None]] = {reading, watching}
        try:
            over, _ = await asyncio.wait(ends, timeout=limits.seconds, return_when=asyncio.FIRST_COMPLETED)
            if not over:
                return "time", f"still running after {limits.seconds:g} s"
            return (reading if reading in over else watching).result()
        finally:
            for task in ends:
                task.cancel()
            await asyncio.wait(ends)

    def _start(self) -> str:
        """Start the container. Returns why the kernel refuses the command itself, or nothing."""
        from docker.errors import APIError

        try:
            self._api.start(self._name)
        except APIError as error:
            if "argument list too long" in str(error.explanation):
                return str(error.explanation)
            raise
        return ""

    def _exit_code(self) -> int | None:
        """The exit code; None where the kernel ended a process of the container's for its memory."""
        code = int(self._api.wait(self._name)["StatusCode"])
        state = self._api.inspect_container(self._name)["State"]
        return None if state["OOMKilled"] else code


def _how_to_get(toolchain: str, name: str) -> str:
    folder = _DOCKERFILES / toolchain
    if folder.is_dir():
        return f"build it: docker build -t {name} {folder}"
    return f"make one with that language's tools and python3, and call it {name}"


@contextlib.contextmanager
def _told(what: str) -> Iterator[None]:
    """Errors of the daemon, its connection and our own files as one kind, which is never the sample's fault."""
    try:
        from docker.errors import DockerException
    except ImportError:
        yield  # connecting says so
        return
    try:
        yield
    except (DockerException, OSError) as error:
        raise SandboxError(f"{what}: {error}", "see: backsmith doctor") from error
