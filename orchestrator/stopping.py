"""Runs what may be stopped: by Ctrl-C, by a terminal that is closed, by whoever ends processes (SIGTERM)."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Coroutine, Iterator
from typing import Any, NoReturn, TypeVar

from orchestrator.exit_codes import INTERRUPTED

T = TypeVar("T")

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def stoppable(work: Coroutine[Any, Any, T]) -> T:
    """The result of ``work``, which is run as ``asyncio.run`` does.

    The first signal cancels it, so that it keeps what there is and removes what it has made; KeyboardInterrupt
    follows. The second one ends the process at once: what is kept outlives that as it does ``kill -9``.
    Signals that were ignored before (``nohup``) stay so.
    """
    stop = _Stop()
    with stop.heeded():
        try:
            return asyncio.run(stop.watched(work))
        except asyncio.CancelledError:
            if stop.asked:
                raise KeyboardInterrupt from None
            raise


class _Stop:
    """What signals do while something runs."""

    def __init__(self) -> None:
        self.asked = 0
        self._task: asyncio.Task[Any] | None = None

    async def watched(self, work: Coroutine[Any, Any, T]) -> T:
        """The work as the task that the first signal cancels."""
        self._task = asyncio.current_task()
        return await work

    @contextlib.contextmanager
    def heeded(self) -> Iterator[None]:
        """The time in which signals are ours."""
        before = {number: signal.getsignal(number) for number in _SIGNALS}
        ours = [number for number, handler in before.items() if handler is not signal.SIG_IGN]
        for number in ours:
            signal.signal(number, self._take)
        try:
            yield
        finally:
            # A process that was told to end tidies up as it does: the next signal is still the second one.
            for number in [] if self.asked else ours:
                signal.signal(number, before[number])

    def _take(self, *_: object) -> None:
        self.asked += 1
        if self.asked > 1:
            _leave()
        if self._task is None:
            raise KeyboardInterrupt
        loop = self._task.get_loop()
        if not loop.is_closed():
            loop.call_soon_threadsafe(self._task.cancel)


def _leave() -> NoReturn:
    told = b"stopped at once; what was kept so far stays\n"
    with contextlib.suppress(OSError):
        # The live line is cleared, and the cursor that it hides is shown.
        os.write(2, (b"\r\x1b[K\x1b[?25h" if sys.stderr and sys.stderr.isatty() else b"") + told)
    os._exit(INTERRUPTED)
