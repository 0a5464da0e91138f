"""Has the kernel itself bound the tasks (processes and threads) of a root's command, by a control group.

For everybody but root RLIMIT_NPROC does that within the command's own user namespace; the kernel exempts root
from it (see fork.c and ucount.c of Linux; cgroups(7) for both versions of control groups). Without a bound a fork
bomb outruns whoever watches it.
"""

import contextlib
import itertools
import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

_NAME = re.compile(r"backsmith-(\d+)-\d+")
_numbers = itertools.count()
_left: set[Path] = set()


@contextlib.contextmanager
def bounded_tasks(most: int) -> Iterator[Path | None]:
    """A fresh control group that holds at most ``most`` tasks, removed afterwards; None where none can be made.

    A process joins by writing 0 to its ``cgroup.procs``. Where a killed one is still on its way out when the block
    ends, the group is removed later.
    """
    parent = _parent()
    if parent is None:
        yield None
        return
    for old in tuple(_left):
        _remove(old)
    group = parent / f"backsmith-{os.getpid()}-{next(_numbers)}"
    try:
        group.mkdir()
        (group / "pids.max").write_text(str(most), encoding="ascii")
    except OSError:
        _remove(group)
        yield None
        return
    try:
        yield group
    finally:
        _remove(group)


def reap_groups() -> None:
    """Remove the groups whose makers were killed; a group that still holds a process stays."""
    parent = _parent()
    if parent is None:
        return
    for group in parent.glob("backsmith-*"):
        match = _NAME.fullmatch(group.name)
        if match and not Path("/proc", match[1]).exists():
            _remove(group)


def _remove(group: Path) -> None:
    try:
        group.rmdir()
    except FileNotFoundError:
        _left.discard(group)
    except OSError:
        _left.add(group)
    else:
        _left.discard(group)


@cache
def _parent() -> Path | None:
    """The nearest group above this process in which a root can make bounded ones."""
    if os.geteuid() != 0:
        return None
    for top, own in _hierarchies():
        for above in (own, *own.parents):
            group = top / above.relative_to("/")
            probe = group / f"backsmith-{os.getpid()}-{next(_numbers)}"
            try:
                probe.mkdir()
            except OSError:
                continue
            bounds = (probe / "pids.max").exists() and (probe / "cgroup.procs").exists()
            _remove(probe)
            if bounds:
                return group
    return None


def _hierarchies() -> Iterator[tuple[Path, Path]]:
    """Where control groups are mounted, with this process's own path below: the pids controller's, then version 2's."""
    try:
        mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape")
        groups = Path("/proc/self/cgroup").read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return
    own = dict(line.split(":", 2)[1:] for line in groups.split("\n") if line.count(":") >= 2)
    for line in mounts.split("\n"):
        before, _, after = line.partition(" - ")
        place, kind = before.split(" ")[4:5], after.split(" ")
        if kind[0] == "cgroup" and "pids" in kind[-1].split(","):
            yield Path(place[0]), Path(own.get("pids", "/"))
        elif kind[0] == "cgroup2":
            yield Path(place[0]), Path(own.get("", "/"))
