"""Keeps a command whose threads take turns on one processor, as long as one is enough for it.

Python's threads work one at a time, but each time they take turns the kernel wakes the next one on another
processor, and with it that processor: in tests of a web application that takes a third of all their time. A
processor is held by one command only, of whatever Backsmith on this machine.
"""

import contextlib
import math
import os
import secrets
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from sandbox.isolation.proctree import tree_threads

# Of the time: what threads wait at turns is less (measured: at most 0.36 where nobody else is on the processor).
_MUCH = 0.5

Idle = Callable[[], Mapping[int, float]]


def idle_seconds() -> Mapping[int, float]:
    """How long each processor had nothing to do so far (proc_stat(5))."""
    found = {}
    tick = os.sysconf("SC_CLK_TCK")
    for line in Path("/proc/stat").read_text(encoding="ascii").split("\n"):
        name, *fields = line.split() or [""]
        if name[3:].isdecimal() and name.startswith("cpu"):
            found[int(name[3:])] = (int(fields[3]) + int(fields[4])) / tick
    return found


class _Look(NamedTuple):
    """What is seen at one time: seconds, by threads and by processors."""

    at: float
    waited: Mapping[int, float]
    idle: Mapping[int, float]


class Processor:
    """A processor that one command holds, ``number`` as the kernel counts; to be given back by ``close``."""

    def __init__(self, number: int, held: socket.socket, idle: Idle) -> None:
        self.number = number
        self._held = held
        self._idle = idle
        self._all = os.sched_getaffinity(0)
        self._shared = False
        self._last = _Look(time.monotonic(), {}, idle())

    def look(self, roots: Sequence[int]) -> None:
        """Let the command have all processors where, since the last look, its threads waited much for this one
        while another had nothing to do: they need no turns, or others are busy on this one.
        """
        if self._shared:
            return
        last, waited = self._last, {thread: _waited(thread) for thread in tree_threads(roots)}
        now = self._last = _Look(time.monotonic(), waited, self._idle())
        long = _MUCH * (now.at - last.at)
        # One of which nothing is known counts as unused.
        unused = any(
            now.idle.get(number, math.inf) - last.idle.get(number, 0) > long
            for number in self._all - {self.number}
        )
        more = sum(seconds - last.waited.get(thread, 0) for thread, seconds in now.waited.items())
        if unused and more > long:
            self._shared = True
            self._share(roots)

    def _share(self, roots: Sequence[int]) -> None:
        for _ in range(2):  # the second time for those whose makers had it only after they were made
            for thread in tree_threads(roots):
                with contextlib.suppress(OSError):
                    os.sched_setaffinity(thread, self._all)

    @contextlib.contextmanager
    def here(self) -> Iterator[None]:
        """What is started within the block starts on this processor, where the kernel lets us say so."""
        with contextlib.suppress(OSError):
            os.sched_setaffinity(0, {self.number})
        try:
            yield
        finally:
            with contextlib.suppress(OSError):
                os.sched_setaffinity(0, self._all)

    def close(self) -> None:
        """Let others have it."""
        self._held.close()


class Processors:
    """This machine's processors, of which each is held by one command; all who use the same ``name`` share them.

    ``idle`` tells how long each had nothing to do so far.
    """

    def __init__(self, name: str = "backsmith-processor", idle: Idle = idle_seconds) -> None:
        self._name = name
        self._idle = idle

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
        allowed = sorted(os.sched_getaffinity(0))
        # Anyone of them first: those in other containers, whose names we do not see, take others then.
        first = secrets.randbelow(len(allowed))
        for number in (*allowed[first:], *allowed[:first]) if len(allowed) > 1 else ():
            held = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            try:
                # A name without a file: the kernel lets go of it when its holder ends, however it ends (unix(7)).
                held.bind(f"\0{self._name}-{number}")
            except OSError:
                held.close()
                continue
            return Processor(number, held, self._idle)
        return None


def _waited(thread: int) -> float:
    """Seconds for which a thread could have run and did not (Linux, Documentation/scheduler/sched-stats.rst)."""
    try:
        return int(Path(f"/proc/{thread}/schedstat").read_text(encoding="ascii").split()[1]) / 1e9
    except (OSError, ValueError, IndexError):
        return 0
