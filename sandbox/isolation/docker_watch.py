"""Watches a running container until its command is over a limit that does not end it by itself."""

import asyncio
import contextlib
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prompts.task import Limits
from sandbox.isolation.docker_lane import Lane
from sandbox.isolation.limits import Hit, disk_hit, tree_hit

if TYPE_CHECKING:
    from docker import APIClient

_SECONDS = 0.05
_EVENTS_EVERY = 8  # rounds between two questions to the daemon
_TOP_EVERY = 20
_DISK_SECONDS = 0.5


async def watch(
    lane: Lane, api: "APIClient", name: str, limits: Limits, writable: Sequence[Path], there_before: int
) -> Hit:
    """Wait until the container is over a limit. ``there_before`` is what its writable folders held at first.

    Where the container's processes can be seen from here they are counted as in the other isolations; else
    (a daemon in a virtual machine) the daemon is asked, which is slower.
    """
    since = time.time() - 1
    seen = first_process(await lane.call(api.inspect_container, name))
    disk_due = time.monotonic() + _DISK_SECONDS
    tick = 0
    while True:
        await asyncio.sleep(_SECONDS)
        tick += 1
        hit = None
        if seen:
            hit = tree_hit((seen,), limits)
            if hit is None and tick % _EVENTS_EVERY == 0:
                hit = await lane.call(_memory_hit, api, name, limits, since)
        elif tick % _TOP_EVERY == 0:
            hit = await lane.call(processes_hit, api, name, limits)
        now = time.monotonic()
        if hit is None and now >= disk_due:
            hit = await disk_hit(writable, limits, there_before)
            # Folders with many files are looked at less often, so that looking takes a tenth of the time.
            disk_due = time.monotonic() + max(_DISK_SECONDS, 9 * (time.monotonic() - now))
        if hit is not None:
            return hit


def out_of_memory(limits: Limits) -> Hit:
    """The evidence where the kernel itself ended processes for the memory of all together."""
    return "memory", f"more than {limits.memory_mb} MiB of memory; the kernel ended a process for it"


def first_process(container: dict[str, Any]) -> int:
    """The container's first process as a process id here; 0 where it cannot be seen, or is over.

    The id is the daemon's, and means the same process here only if that one belongs to this container.
    """
    pid = int(container["State"]["Pid"])
    with contextlib.suppress(OSError):
        if container["Id"] in Path(f"/proc/{pid}/cgroup").read_text(encoding="utf-8"):
            return pid
    return 0


def processes_hit(api: "APIClient", name: str, limits: Limits) -> Hit | None:
    """Whether the daemon counts too many processes in the container."""
    from docker.errors import APIError

    try:
        processes = api.top(name)["Processes"] or ()
    except APIError:
        return None  # it has just ended
    if len(processes) > limits.processes:
        return "processes", f"more than {limits.processes} processes"
    return None


def _memory_hit(api: "APIClient", name: str, limits: Limits, since: float) -> Hit | None:
    """The daemon tells of it by an event at once; the container's state says so only after its end."""
    wanted = {"container": name, "event": "oom"}
    # The daemon takes fractions of seconds, of which the stubs know nothing.
    for _ in api.events(since=since, until=time.time(), filters=wanted):  # type: ignore[call-overload]
        return out_of_memory(limits)
    return None
