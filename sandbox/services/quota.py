"""How much a sample may keep on a server that it shares: the servers themselves know no such limit."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Collection, Mapping

from prompts.errors import SandboxError
from sandbox.services.protocol import Remark

_EVERY_SECONDS = 1.0
_MIB = 1024 * 1024


class Quota:
    """Looks at the samples' databases once a second while there are any; one that grew past ``most_mb`` is shut out.

    ``measure`` tells the bytes that are kept under each name, ``shut_out`` closes all that a name has open and
    lets it in no more.
    """

    def __init__(
        self,
        most_mb: int,
        measure: Callable[[Collection[str]], Awaitable[Mapping[str, int]]],
        shut_out: Callable[[str], Awaitable[object]],
    ) -> None:
        self._most_mb = most_mb
        self._measure = measure
        self._shut_out = shut_out
        self._names: set[str] = set()
        self._over: set[str] = set()
        self._watching: asyncio.Task[None] | None = None

    def watch(self, name: str) -> None:
        """From now on, until ``forget``."""
        self._names.add(name)
        if self._watching is None or self._watching.done():
            self._watching = asyncio.create_task(self._watch())

    def forget(self, name: str) -> None:
        """Its databases are being dropped."""
        self._names.discard(name)
        self._over.discard(name)

    def remarks(self, name: str) -> tuple[Remark, ...]:
        """That it was shut out, if it was."""
        if name not in self._over:
            return ()
        grew = f"the sample's databases grew past {self._most_mb} MiB"
        return (Remark(f"{grew}: the server closed its connections and let it in no more"),)

    async def stop(self) -> None:
        """Watch no more."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
        self._watching = None
        self._names.clear()
        self._over.clear()

    async def _watch(self) -> None:
        while self._names:
            await asyncio.sleep(_EVERY_SECONDS)
            with contextlib.suppress(SandboxError):  # whoever asks the server next is told
                await self._look()

    async def _look(self) -> None:
        kept = await self._measure(frozenset(self._names - self._over))
        for name, size in kept.items():
            if size > self._most_mb * _MIB and name in self._names:
                self._over.add(name)  # before it is felt: who is shut out may ask at once why
                try:
                    await self._shut_out(name)
                except SandboxError:
                    self._over.discard(name)
                    raise
