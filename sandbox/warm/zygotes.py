"""The zygotes of a run: a few, each for one environment, the least lately used one making room for the next."""

from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping

from sandbox.environments.result import Prepared
from sandbox.isolation.bubblewrap import Bubblewrap
from sandbox.isolation.protocol import Command, Finished, Isolation
from sandbox.toolchains.protocol import TestCommand
from sandbox.warm.mode import WarmMode
from sandbox.warm.needs import find_needs
from sandbox.warm.place import NotWarmError, ZygoteLostError
from sandbox.warm.zygote import Zygote

_MOST = 3
# Zygotes of one environment that end by themselves, or are killed, until it has no more of them.
_MOST_LOST = 3


class Zygotes:
    """Runs tests warm where that can be, and says why where it cannot."""

    def __init__(self, isolation: Isolation, mode: WarmMode) -> None:
        self._isolation = isolation
        self._mode = mode
        self._seen: set[str] = set()
        self._refused: dict[str, str] = {}
        self._lost: Counter[str] = Counter()
        self._zygotes: OrderedDict[str, Zygote] = OrderedDict()

    def close(self) -> None:
        """End all of them."""
        for zygote in self._zygotes.values():
            zygote.close()
        self._zygotes.clear()

    async def test(
        self, command: Command, plan: TestCommand, prepared: Prepared, files: Mapping[str, str]
    ) -> tuple[Finished, str]:
        """Run a plan's tests, cold where they cannot be run warm; then why, if somebody may wonder.

        Raises ZygoteLostError where they may have begun: all that the project stands on is to be made anew.
        """
        try:
            return await self._warm(command, plan, prepared, files), ""
        except NotWarmError as error:
            return await self._isolation.run(command), f"tests ran cold: {error}" if str(error) else ""

    async def _warm(
        self, command: Command, plan: TestCommand, prepared: Prepared, files: Mapping[str, str]
    ) -> Finished:
        if self._mode == "off" or plan.warm is None or not isinstance(self._isolation, Bubblewrap):
            raise NotWarmError("")
        if self._mode == "auto" and prepared.key not in self._seen:
            self._seen.add(prepared.key)  # whoever comes once only would pay for the zygote, and gain nothing
            raise NotWarmError("")
        if prepared.key in self._refused:
            raise NotWarmError(self._refused[prepared.key])
        program, processors = plan.warm.program, self._isolation.processors
        needs = find_needs(files, prepared.importable or frozenset())
        env = {**prepared.env, **plan.env}
        zygote = self._zygote(prepared, lambda: Zygote(program, prepared.mounts, env, processors))
        try:
            return await zygote.run(command, plan.warm.report, needs)
        except (NotWarmError, ZygoteLostError) as error:
            if not zygote.alive and self._zygotes.get(prepared.key) is zygote:
                self._drop(prepared.key)
                self._lost[prepared.key] += 1
                if zygote.unfit or self._lost[prepared.key] >= _MOST_LOST:
                    self._refused[prepared.key] = str(error)
            raise

    def _zygote(self, prepared: Prepared, start: Callable[[], Zygote]) -> Zygote:
        found = self._zygotes.get(prepared.key)
        if found is not None and not found.alive:
            self._drop(prepared.key)
            found = None
        if found is None:
            self._make_room()
            found = self._zygotes[prepared.key] = start()
        self._zygotes.move_to_end(prepared.key)
        return found

    def _make_room(self) -> None:
        idle = [key for key, zygote in self._zygotes.items() if not zygote.busy]
        if len(self._zygotes) >= _MOST:
            if not idle:
                raise NotWarmError("all zygotes are busy")
            self._drop(idle[0])

    def _drop(self, key: str) -> None:
        """Forget a zygote; one of which samples run still ends with the last of them."""
        self._zygotes.pop(key).retire()
