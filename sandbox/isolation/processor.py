"""Keeps a command whose threads take turns on one processor, as long as one is enough for it.

Python's threads work one at a time, but each time they take turns the kernel wakes the next one on another
processor, and with it that processor: in tests of a web application that takes a third of all their time. A
processor is held by one command only, of whatever Backsmith on this machine.
"""

import contextlib
import os
import socket
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from sandbox.isolation.proctree import tree_threads

# How many threads are ready to run on the average, where more than one could work: of those that take turns the next
# one is ready a little before the last one is done (measured: at most 1.3, also where others are busy).
_MORE_THAN_ONE = 1.6


class Processor:
    """A processor that one command holds, ``number`` as the kernel counts; to be given back by ``close``."""

    def __init__(self, number: int, held: socket.socket) -> None:
        self.number = number
        self._held = held
        self._all = os.sched_getaffinity(0)
        self._shared = False
        self._times: dict[int, int] = {}
        self._since = time.monotonic()

    def look(self, roots: Sequence[int]) -> None:
        """Let the command have all processors where since the last look it could have used more than this one."""
        if self._shared:
            return
        times = {thread: _ready(thread) for thread in tree_threads(roots)}
        now = time.monotonic()
        more = sum(ready - self._times.get(thread, 0) for thread, ready in times.items())
        if more > _MORE_THAN_ONE * 1e9 * (now - self._since):
            self._shared = True
            self._share(roots)
        self._times, self._since = times, now

    def _share(self, roots: Sequence[int]) -> None:
        done: set[int] = set()
        while fresh := set(tree_threads(roots)) - done:  # those that begin meanwhile have it of their makers
            for thread in fresh:
                with contextlib.suppress(OSError):
                    os.sched_setaffinity(thread, self._all)
            done |= fresh

    @contextlib.contextmanager
    def here(self) -> Iterator[None]:
        """What is started within the block starts on this processor."""
        os.sched_setaffinity(0, {self.number})
        try:
            yield
        finally:
            os.sched_setaffinity(0, self._all)

    def close(self) -> None:
        """Let others have it."""
        self._held.close()


class Processors:
    """This machine's processors, of which each is held by one command; all who use the same ``name`` share them."""

    def __init__(self, name: str = "backsmith-processor") -> None:
        self._name = name

    @contextlib.contextmanager
    def one(self, *, wanted: bool = True) -> Iterator[Processor | None]:
        """One that nobody holds, for as long as the block lasts; None where there is none, or no choice."""
        processor = self._free() if wanted and Path("/proc/self/schedstat").exists() else None
        try:
            yield processor
        finally:
            if processor is not None:
                processor.close()

    def _free(self) -> Processor | None:
        allowed = os.sched_getaffinity(0)
        # From the last one on: many a machine handles its interrupts on the first.
        for number in sorted(allowed, reverse=True) if len(allowed) > 1 else ():
            held = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            try:
                # A name without a file: the kernel lets go of it when its holder ends, however it ends (unix(7)).
                held.bind(f"\0{self._name}-{number}")
            except OSError:
                held.close()
                continue
            return Processor(number, held)
        return None


def _ready(thread: int) -> int:
    """Nanoseconds for which a thread ran or could have run (Linux, Documentation/scheduler/sched-stats.rst)."""
    try:
        ran, waited, _ = Path(f"/proc/{thread}/schedstat").read_text(encoding="ascii").split()
    except (OSError, ValueError):
        return 0
    return int(ran) + int(waited)
