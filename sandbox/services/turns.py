"""A server that is too dear to start for each sample, and on which samples choose their own names: they take turns.

While a sample has the server nobody else has a way to it; afterwards all that the sample made is removed, and a
server that cannot be brought back to how it was is replaced by a fresh one.
"""

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from prompts.errors import SandboxError
from sandbox.services.container import ServerContainer, ServerImage, socket_folder
from sandbox.services.door import Door
from sandbox.services.protocol import Binding

_START_SECONDS = 300
_TELL_EVERY = 5.0
_LOOK_EVERY = 0.25


class Tenant(Protocol):
    """What a kind of server knows of itself. ``address`` is its container's."""

    async def ready(self, container: ServerContainer, address: str) -> bool:
        """Whether it can be used, by a quick look; called until it is."""

    async def clean(self, container: ServerContainer, address: str) -> bool:
        """Remove what a sample made; whether all is as it was before."""


class Turns:
    """The one server, started by the first sample that needs it."""

    def __init__(self, image: ServerImage, port: int, tenant: Tenant) -> None:
        self.tell: Callable[[str], None] = lambda _: None
        self._image, self._port, self._tenant = image, port, tenant
        self._turn = asyncio.Lock()
        self._container: ServerContainer | None = None
        self._address = ""
        self._door: Door | None = None

    async def take(self) -> tuple[str, Path]:
        """Wait for the turn; the server's address and a folder of the turn's own with the socket ``server``.

        Raises SandboxError where the server does not come up.
        """
        await self._turn.acquire()
        try:
            container = await self._running()
            folder = socket_folder(container.folder)
            self._door = Door(self._address, self._port)
            self._door.open(folder / "server")
        except BaseException:
            self._turn.release()
            raise
        return self._address, folder

    async def give_back(self) -> None:
        """End the turn."""
        try:
            await self._shut()
            clean = False
            if self._container is not None:
                with contextlib.suppress(SandboxError):
                    clean = await self._tenant.clean(self._container, self._address)
            if not clean:
                await self._discard()
        finally:
            self._turn.release()

    async def stop(self) -> None:
        """Remove the server."""
        await self._shut()
        await self._discard()

    async def _running(self) -> ServerContainer:
        if self._container is not None and not (self._address and await self._container.address()):
            await self._discard()  # it ended by itself, or whoever waited for it gave up
        if self._container is None:
            self._container = await ServerContainer.start(self._image)
            await self._wait(self._container)
        return self._container

    async def _wait(self, container: ServerContainer) -> None:
        """Until it is ready; tells every few seconds that it is not yet."""
        clock = asyncio.get_running_loop()
        begun = told = clock.time()
        while True:
            address = await container.address()
            if address and await self._tenant.ready(container, address):
                self._address = address
                return
            now = clock.time()
            if not address or now - begun > _START_SECONDS:
                log = await container.log()
                await self._discard()
                raise SandboxError(
                    f"{self._image.label} did not come up within {now - begun:.0f} s\n{log[-2000:]}"
                )
            if now - told > _TELL_EVERY:
                told = now
                self.tell(f"services: {self._image.label} starts, {now - begun:.0f} s so far")
            await asyncio.sleep(_LOOK_EVERY)

    async def _shut(self) -> None:
        if self._door is not None:
            await self._door.close()
            self._door = None

    async def _discard(self) -> None:
        container, self._container, self._address = self._container, None, ""
        if container is not None:
            await container.remove()


class TakenInTurns:
    """The part of a service that is the same whatever server the samples take turns on."""

    def __init__(self, image: ServerImage, port: int, tenant: Tenant) -> None:
        self._image = image
        self._turns = Turns(image, port, tenant)

    def problem(self) -> str:
        """Whether there is a Docker daemon that has an image."""
        return self._image.problem()

    def version(self) -> str:
        """The image's id."""
        return self._image.find()[1]

    def tell_by(self, tell: Callable[[str], None]) -> None:
        """Tell while the server starts."""
        self._turns.tell = tell

    async def release(self, binding: Binding) -> None:
        """Remove all that the sample made, and let the next one have the server."""
        await self._turns.give_back()

    async def stop(self) -> None:
        """Remove the server."""
        await self._turns.stop()


async def listens(address: str, port: int) -> bool:
    """Whether somebody takes connections there."""
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(address, port), 2)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True
