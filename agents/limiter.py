"""How many calls are under way at once: learnt from what the provider accepts."""

import asyncio
import math
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

_BACK_OFF = 0.9
_PROBE = 0.1


class Limiter:
    """An adaptive limit on concurrent calls, shared by everyone who calls the same model.

    It opens up by doubling until the provider first says that it is too much, then falls back to below what
    was under way at that moment, climbs to there by about one call a round, and beyond it ten times slower.
    Only refusals of calls that were sent after the last fall-back count, so that one burst of refusals is one
    step. Waiters are served in order. ``clock`` gives seconds.
    """

    def __init__(
        self, *, start: float = 4, ceiling: float = 256, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._limit = min(start, ceiling)
        self._ceiling = ceiling
        self._known_full = math.inf
        self._clock = clock
        self._fell_back_at = -math.inf
        self._paused_until = -math.inf
        self._active = 0
        self._waiters: deque[asyncio.Future[None]] = deque()

    @property
    def limit(self) -> float:
        """How many calls may be under way now."""
        return self._limit

    @property
    def active(self) -> int:
        """How many calls are under way."""
        return self._active

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[float]:
        """Wait for a place, hold it, and give it back; yields the time at which it was got."""
        await self._acquire()
        try:
            pause = self._paused_until - self._clock()
            if pause > 0:
                await asyncio.sleep(pause)
            yield self._clock()
        finally:
            self._active -= 1
            self._wake()

    async def _acquire(self) -> None:
        if self._active < math.floor(self._limit) and not self._waiters:
            self._active += 1
            return
        place = asyncio.get_running_loop().create_future()
        self._waiters.append(place)
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():
                # The place had been given just before the caller was cancelled.
                self._active -= 1
                self._wake()
            raise

    def _wake(self) -> None:
        while self._waiters and self._active < math.floor(self._limit):
            place = self._waiters.popleft()
            if not place.done():
                self._active += 1
                place.set_result(None)

    def succeeded(self) -> None:
        """A call was accepted. Grows only while the limit is what holds calls back."""
        if self._active < math.floor(self._limit):
            return
        if math.isinf(self._known_full):
            step = 1.0
        elif self._limit < self._known_full:
            step = 1.0 / self._limit
        else:
            step = _PROBE / self._limit
        self._limit = min(self._ceiling, self._limit + step)
        self._wake()

    def refused(self, sent_at: float, retry_after: float | None = None) -> None:
        """A call that was sent at ``sent_at`` was refused as too much."""
        now = self._clock()
        if retry_after is not None:
            self._paused_until = max(self._paused_until, now + retry_after)
        if sent_at < self._fell_back_at:
            return
        self._fell_back_at = now
        self._known_full = max(1.0, float(self._active - 1))
        self._limit = max(1.0, min(self._limit, self._known_full) * _BACK_OFF)


class Limiters:
    """The limiters of a run, one for each provider and model."""

    def __init__(self, ceiling: float = 256) -> None:
        self._ceiling = ceiling
        self._by_model: dict[str, Limiter] = {}

    def of(self, model: str) -> Limiter:
        """The one limiter of ``provider/name``."""
        if model not in self._by_model:
            self._by_model[model] = Limiter(ceiling=self._ceiling)
        return self._by_model[model]
