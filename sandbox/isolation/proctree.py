"""Reads from /proc what a process and all its descendants use (Linux; see proc(5))."""

import contextlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class TreeUse:
    """What a process tree uses: number of threads and processes, and private memory in bytes."""

    processes: int
    memory: int


def tree_use(roots: Sequence[int], at_most: int = 100_000) -> TreeUse:
    """What the ``roots`` and their descendants use now; stops counting at ``at_most`` processes.

    Processes that end while being read are left out. Inside a PID namespace orphans become children of its
    first process, so nothing escapes the walk.
    """
    memory = 0
    count = 0
    todo = list(roots)
    while todo and count < at_most:
        current = todo.pop()
        children, private = _read(current)
        if private is None:
            continue
        count += 1
        memory += private
        todo.extend(children)
    return TreeUse(count + len(todo), memory)


def tree_threads(roots: Sequence[int]) -> Iterator[int]:
    """The threads of the ``roots`` and of their descendants, by their numbers."""
    todo = list(roots)
    while todo:
        with contextlib.suppress(OSError, ValueError):
            for thread in Path("/proc", str(todo.pop()), "task").iterdir():
                yield int(thread.name)
                todo += [int(child) for child in (thread / "children").read_text(encoding="ascii").split()]


def _read(pid: int) -> tuple[list[int], int | None]:
    folder = Path("/proc", str(pid))
    children: list[int] = []
    try:
        fields = (folder / "statm").read_text(encoding="ascii").split()
        for thread in (folder / "task").iterdir():
            children += [int(child) for child in (thread / "children").read_text(encoding="ascii").split()]
    except (OSError, ValueError):
        return children, None
    return children, max(0, int(fields[1]) - int(fields[2])) * _PAGE
