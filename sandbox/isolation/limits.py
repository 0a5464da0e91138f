"""Says which limit a command is over, in the same words for every isolation."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Sequence
from pathlib import Path

from prompts.task import Limits
from sandbox.isolation.proctree import tree_use
from sandbox.isolation.protocol import LimitName

_MIB = 1024 * 1024

Hit = tuple[LimitName, str]


def task_bound(limits: Limits) -> int:
    """How many tasks (processes and threads) the kernel admits, so that a fork bomb never outruns the watcher.

    More than the limit on processes: runtimes start threads by the dozen, and it is the watcher's part to say
    with evidence that a limit was hit.
    """
    return limits.processes * 4 + 256


def process_limits(limits: Limits) -> dict[str, int]:
    """What the kernel holds each process to, by the names of setrlimit(2)."""
    return {
        "RLIMIT_CORE": 0,
        "RLIMIT_DATA": limits.memory_mb * _MIB,
        "RLIMIT_FSIZE": limits.disk_mb * _MIB,
        "RLIMIT_CPU": int(limits.seconds * 4) + 1,
        "RLIMIT_NOFILE": 4096,
    }


def exit_hit(code: int, limits: Limits) -> Hit | None:
    """The limit for which the kernel ended a process that exited so."""
    if code in {-signal.SIGXCPU, 128 + signal.SIGXCPU}:
        return "cpu", "used up its processor time"
    if code in {-signal.SIGXFSZ, 128 + signal.SIGXFSZ}:
        return "file-size", f"wrote a file of more than {limits.disk_mb} MiB"
    return None


def output_hit(printed: int, limits: Limits) -> Hit | None:
    """Whether that many bytes are too many."""
    if printed > limits.output_mb * _MIB:
        return "output", f"printed more than {limits.output_mb} MiB"
    return None


def tree_hit(roots: Sequence[int], limits: Limits) -> Hit | None:
    """Which limit some processes and all their descendants are over now."""
    use = tree_use(roots, limits.processes + 8)
    if use.processes > limits.processes:
        return "processes", f"more than {limits.processes} processes"
    if use.memory > limits.memory_mb * _MIB:
        return "memory", f"more than {limits.memory_mb} MiB of memory"
    return None


async def disk_hit(folders: Sequence[Path], limits: Limits, there_before: int = 0) -> Hit | None:
    """Whether the folders hold too much, less the bytes that were ``there_before``."""
    most = limits.disk_mb * _MIB + there_before
    if folders and await asyncio.to_thread(disk_use, folders, most) > most:
        return "disk", f"wrote more than {limits.disk_mb} MiB"
    return None


def disk_use(folders: Sequence[Path], enough: int) -> int:
    """Bytes on disk below the folders; stops counting once there are more than ``enough``."""
    total = 0
    for folder in folders:
        for root, _, names in os.walk(folder):
            for name in names:
                with contextlib.suppress(OSError):
                    total += os.lstat(f"{root}/{name}").st_blocks * 512
            if total > enough:
                return total
    return total
