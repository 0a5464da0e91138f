"""One zygote: a process in a sandbox of its own that has packages imported, and the samples forked from it.

What runs inside is ``sandbox/toolchains/inside/backsmith_zygote.py``.
"""

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from sandbox.isolation.bubblewrap import bwrap_program
from sandbox.isolation.bwrap_view import RELAY, environment, view
from sandbox.isolation.limits import process_limits, task_bound
from sandbox.isolation.processor import Processors
from sandbox.isolation.protocol import Command, Finished, Mount
from sandbox.isolation.supervise import oversee
from sandbox.scratch import ScratchFolder
from sandbox.warm.needs import Needs
from sandbox.warm.nest import BENCHES, inner_bwrap, nest_command, nest_options
from sandbox.warm.place import NotWarmError, ZygoteLostError, placed

# Importing everything that a project needs included.
_FORK_SECONDS = 60
_END_SECONDS = 10
_MAX_MESSAGE = 65536


class Zygote:
    """A zygote under way. ``alive`` until it is found to be of no use any more, ``unfit`` where the next one would be
    so too; ``busy``: samples of it run.
    """

    def __init__(
        self, program: str, mounts: Sequence[Mount], env: Mapping[str, str], processors: Processors
    ) -> None:
        """Start ``program`` (a path inside) in a sandbox that sees ``mounts``, with that environment."""
        self.alive = True
        self.unfit = False
        self.busy = 0
        self._retired = False
        self._processors = processors
        self._seen = {(mount.source, mount.target) for mount in mounts}
        self._scratch = ScratchFolder("zygote", sockets=True)
        self._scratch.path.chmod(0o711)
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._control.setblocking(False)
        benches = Mount(self._scratch.path, BENCHES, writable=True)
        options = os.memfd_create("bwrap-options")
        os.write(
            options, "\0".join(nest_options([*mounts, benches], dict(env))).encode("utf-8", "surrogateescape")
        )
        os.lseek(options, 0, os.SEEK_SET)
        inside = nest_command(("python", "-I", "-B", "-u", program, str(theirs.fileno()), RELAY))
        self._process = subprocess.Popen(
            [bwrap_program() or "bwrap", "--args", str(options), "--", *inside],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={"PATH": os.defpath},
            pass_fds=[options, theirs.fileno()],
            start_new_session=True,
        )
        os.close(options)
        theirs.close()

    def retire(self) -> None:
        """Close it as soon as no sample of it runs."""
        self._retired = True
        if not self.busy:
            self.close()

    def close(self) -> None:
        """End it and all that was forked from it; nothing is left."""
        self.alive = False
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        self._process.wait()
        self._control.close()
        self._scratch.remove()

    async def run(self, command: Command, report: str, needs: Needs) -> Finished:
        """Run the tests of a command's folder; what they come to is written to ``report``, an inside path.

        Raises NotWarmError where that cannot be; then nothing of the project has run. Raises ZygoteLostError where
        it is not known how far they ran.
        """
        start = time.monotonic()
        self.busy += 1
        try:
            return await self._run(command, report, needs, start)
        finally:
            self.busy -= 1
            if self._retired:
                self.retire()

    async def _run(self, command: Command, report: str, needs: Needs, start: float) -> Finished:
        with (
            placed(command, self._scratch.path, self._seen) as places,
            self._processors.one(wanted=command.serial) as processor,
        ):
            within = replace(command, relays=())
            options = view(within, Path("/etc"), lambda mount: places[mount])
            request = {
                "modules": needs.modules,
                "names": sorted(needs.names),
                "rewritten": needs.rewritten,
                "strict": needs.strict,
                "program": inner_bwrap(),
                "options": options,
                "env": {**environment(command.env), "PWD": command.cwd},
                "cwd": command.cwd,
                "processor": processor.number if processor else None,
                "doors": command.doors,
                "rlimits": {**process_limits(command.limits), "RLIMIT_NPROC": task_bound(command.limits)},
                "report": _outside(report, places),
            }
            sample = await self._fork(request)
            written = _written(command, places, self._scratch.path)
            finished = await oversee(sample, start, command.limits, written, processor=processor)
        if sample.lost and not finished.limit:
            raise ZygoteLostError("the zygote ended while these tests ran")
        return finished

    async def _fork(self, request: Mapping[str, Any]) -> "_Sample":
        output, write_end = os.pipe()
        host, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        host.setblocking(False)
        sample = _Sample(self, output, host)
        try:
            message = json.dumps(request).encode()
            try:
                socket.send_fds(self._control, [message], [write_end, theirs.fileno()])
            finally:
                os.close(write_end)
                theirs.close()
            await asyncio.wait_for(sample.begin(), _FORK_SECONDS)
        except (OSError, ValueError, TimeoutError) as error:
            sample.drop()
            self.alive = False
            self.unfit = isinstance(error, TimeoutError)
            raise NotWarmError(f"the zygote ended: {error or type(error).__name__}") from error
        except BaseException:
            sample.drop()
            raise
        return sample


def _outside(report: str, places: Mapping[Mount, str]) -> str:
    """Where the zygote finds what a sample sees at that path."""
    for mount, place in places.items():
        if report.startswith(mount.target + "/"):
            return place + report.removeprefix(mount.target)
    raise NotWarmError("the report has no place")


def _written(command: Command, places: Mapping[Mount, str], benches: Path) -> list[Path]:
    """The folders whose growth counts; of one within another, the outer."""
    tops = [
        mount
        for mount in command.mounts
        if mount.writable and not any(other.source in mount.source.parents for other in command.mounts)
    ]
    return [benches / Path(places[mount]).relative_to(BENCHES) for mount in tops]


class _Sample:
    """The process that runs a sample's tests, and its sandbox (see ``supervise.Running``)."""

    def __init__(self, zygote: Zygote, output: int, host: socket.socket) -> None:
        self.output = output
        self.ended = host.fileno()
        self.roots: tuple[int, ...] = ()
        self.lost = False
        self._zygote = zygote
        self._host = host
        self._handles: list[int] = []

    async def begin(self) -> None:
        """Wait until the tests run. Raises NotWarmError where they do not."""
        os.set_blocking(self.output, False)
        said, self._handles = await self._hear()
        if said.get("event") == "inside":
            self.roots = tuple(_number(handle) for handle in self._handles)
            self._host.send(b"g")
            return
        if said.get("broken") or said.get("event") != "cold":
            self._zygote.alive = False
            self._zygote.unfit = bool(said.get("broken"))
        raise NotWarmError(str(said.get("reason", "the zygote ended"))[:500])

    async def end(self) -> int:
        """Kill the sandbox; returns when the kernel has ended everything in it."""
        for handle in self._handles:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(handle, signal.SIGKILL)
        try:
            said, _ = await asyncio.wait_for(self._hear(), _END_SECONDS)
        except TimeoutError:
            said = {}
        self.lost = said.get("event") != "over"
        if self.lost:
            self._zygote.alive = False
        for handle in self._handles:
            os.close(handle)
        self._host.close()
        return -signal.SIGKILL if self.lost else int(said.get("code", 1))

    def drop(self) -> None:
        """Let go of what has not begun; its witness sees to it that it never will."""
        for handle in self._handles:
            os.close(handle)
        os.close(self.output)
        self._host.close()

    async def _hear(self) -> tuple[dict[str, Any], list[int]]:
        """The next message, with open descriptors; empty when there will be none."""
        loop = asyncio.get_running_loop()
        ready = asyncio.Event()
        loop.add_reader(self._host, ready.set)
        try:
            await ready.wait()
        finally:
            loop.remove_reader(self._host)
        data, handles, _, _ = socket.recv_fds(self._host, _MAX_MESSAGE, 4)
        try:
            said = json.loads(data)
        except ValueError:
            said = {}
        return (said if isinstance(said, dict) else {}), handles


def _number(handle: int) -> int:
    """The number of a process, as we count, by its descriptor; 0 once it is over."""
    about = Path(f"/proc/self/fdinfo/{handle}").read_text(encoding="ascii")
    found = [int(line.split()[1]) for line in about.split("\n") if line.startswith("Pid:")]
    return max(found[0], 0) if found else 0
