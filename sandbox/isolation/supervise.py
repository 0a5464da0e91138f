"""Runs one process within limits and sees to it that nothing of its session is left."""

import asyncio
import codecs
import contextlib
import os
import shlex
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from prompts.errors import SandboxError
from prompts.task import Limits
from sandbox.isolation.capture import Capture
from sandbox.isolation.limits import Hit, disk_hit, exit_hit, output_hit, process_limits, tree_hit
from sandbox.isolation.processor import Processor
from sandbox.isolation.protocol import Finished

_WATCH_SECONDS = 0.05
# The shell's options for limits, and what they count in.
_ULIMIT = {
    "RLIMIT_CORE": ("c", 512),
    "RLIMIT_DATA": ("d", 1024),
    "RLIMIT_FSIZE": ("f", 512),
    "RLIMIT_CPU": ("t", 1),
    "RLIMIT_NOFILE": ("n", 1),
}
_SHARE_EVERY = 4
_DISK_EVERY = 10  # watch rounds between two looks at the disk, which are dearer


def with_rlimits(argv: Sequence[str], limits: Limits, group: Path | None = None) -> list[str]:
    """``argv`` behind a shell that sets the limits which the kernel itself enforces for each process.

    With a control group (see ``bounded_tasks``), the shell joins it first. A shell, since it costs a millisecond
    and, other than a function between fork and exec, is safe in a threaded parent.
    """
    script = f"echo 0 > {shlex.quote(str(group / 'cgroup.procs'))}; " if group else ""
    for name, most in process_limits(limits).items():
        option, unit = _ULIMIT[name]
        script += f"ulimit -{option} {most // unit}; "
    script += 'exec "$@"'
    return ["/bin/sh", "-c", script, "sh", *argv]


def with_task_limit(argv: Sequence[str], most: int) -> tuple[str, ...]:
    """``argv`` behind a shell that bounds the tasks of its user namespace; without effect on root's.

    For programs inside a user namespace of their own: elsewhere all that the user runs would count.
    """
    # bash calls the limit -u, dash -p.
    script = f'ulimit -u {most} 2>/dev/null || ulimit -p {most}; exec "$@"'
    return ("/bin/sh", "-c", script, "sh", *argv)


class Running(Protocol):
    """A process under way that can be overseen.

    ``output`` is what it prints into, to be read from, and does not block; ``ended`` a descriptor that becomes
    readable when it is over. ``roots`` are the processes that are held to the limits, with all descendants.
    """

    output: int
    ended: int

    @property
    def roots(self) -> Sequence[int]: ...

    async def end(self) -> int:
        """Kill all that is left of it; returns its exit code (negative: a signal)."""


async def supervise(
    argv: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    limits: Limits,
    writable: Sequence[Path] = (),
    pass_fds: Sequence[int] = (),
    on_output: Callable[[str], None] | None = None,
    processor: Processor | None = None,
) -> Finished:
    """Run ``argv`` to its end or to a limit; then kill its whole session.

    The end of the process itself counts, not the end of its output, which a child left behind may hold open.
    ``writable`` are the folders whose growth is held against the disk limit. It starts on its ``processor``, where
    it has one. Raises SandboxError where the program cannot be started at all.
    """
    start = time.monotonic()
    with processor.here() if processor else contextlib.nullcontext():
        running = _Session(argv, cwd, env, pass_fds)
    return await oversee(running, start, limits, writable, on_output, processor)


async def oversee(
    running: Running,
    start: float,
    limits: Limits,
    writable: Sequence[Path] = (),
    on_output: Callable[[str], None] | None = None,
    processor: Processor | None = None,
) -> Finished:
    """See a process that began at ``start`` (time.monotonic) to its end or to a limit, then end all of it."""
    run = _Run(running, limits, on_output)
    watcher = asyncio.create_task(_watch(running, limits, writable, processor))
    watcher.add_done_callback(run.watched)
    try:
        hit = await asyncio.wait_for(asyncio.shield(run.over), limits.seconds)
    except TimeoutError:
        hit = ("time", f"still running after {limits.seconds:g} s")
    finally:
        watcher.cancel()
        run.release()
        code = await running.end()
        run.close()
    hit = hit or exit_hit(code, limits)
    return Finished(
        exit_code=None if hit else code,
        output=run.capture.text(),
        seconds=time.monotonic() - start,
        limit=hit[0] if hit else None,
        detail=hit[1] if hit else "",
    )


class _Session:
    """A process of ours, in a session made for it."""

    def __init__(
        self, argv: Sequence[str], cwd: Path, env: Mapping[str, str], pass_fds: Sequence[int]
    ) -> None:
        self.output, write_end = os.pipe()
        os.set_blocking(self.output, False)
        try:
            self._process = subprocess.Popen(
                argv,
                cwd=cwd,
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=write_end,
                stderr=write_end,
                start_new_session=True,
                pass_fds=pass_fds,
            )
        except OSError as error:
            os.close(self.output)
            raise SandboxError(f"cannot start {argv[0]}: {error}") from error
        finally:
            os.close(write_end)
        self.roots = (self._process.pid,)
        self.ended = os.pidfd_open(self._process.pid)

    async def end(self) -> int:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        while (code := self._process.poll()) is None:  # noqa: ASYNC110 - a killed process is gone within milliseconds
            await asyncio.sleep(0.002)
        os.close(self.ended)
        return code


class _Run:
    """What is known of a process under way: its output and the moment at which it is over, for whatever cause."""

    def __init__(self, running: Running, limits: Limits, on_output: Callable[[str], None] | None) -> None:
        self.capture = Capture()
        self._loop = asyncio.get_running_loop()
        self.over: asyncio.Future[Hit | None] = self._loop.create_future()
        self._running = running
        self._limits = limits
        self._on_output = on_output
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._loop.add_reader(running.ended, self._end, None)
        self._loop.add_reader(running.output, self._read)

    def watched(self, task: "asyncio.Task[Hit]") -> None:
        """The watcher found the process over a limit (or was cancelled, at the end)."""
        if task.cancelled():
            return
        error = task.exception()
        if error is None:
            self._end(task.result())
        elif not self.over.done():
            self.over.set_exception(error)

    def release(self) -> None:
        """Wait for its end no longer."""
        self._loop.remove_reader(self._running.ended)

    def close(self) -> None:
        """Take what is still in the pipe, then let go of it."""
        self._loop.remove_reader(self._running.output)
        while self._take():
            pass
        os.close(self._running.output)

    def _end(self, hit: Hit | None) -> None:
        self._loop.remove_reader(self._running.ended)
        if not self.over.done():
            self.over.set_result(hit)

    def _read(self) -> None:
        if not self._take():
            self._loop.remove_reader(self._running.output)

    def _take(self) -> bool:
        """Take one piece of the output; False when there is none now, or no more at all."""
        try:
            chunk = os.read(self._running.output, 65536)
        except BlockingIOError:
            return False
        if not chunk:
            return False
        self.capture.feed(chunk)
        if self._on_output is not None:
            self._on_output(self._decoder.decode(chunk))
        if hit := output_hit(self.capture.total, self._limits):
            self._end(hit)
            return False
        return True


async def _watch(
    running: Running, limits: Limits, writable: Sequence[Path], processor: Processor | None
) -> Hit:
    """Looks at the process tree until it is over a limit; the kernel's own limits are per process only."""
    tick = 0
    while True:
        await asyncio.sleep(_WATCH_SECONDS)
        tick += 1
        hit = tree_hit(running.roots, limits)
        if processor and tick % _SHARE_EVERY == 0:
            processor.look(running.roots)
        if hit is None and tick % _DISK_EVERY == 0:
            hit = await disk_hit(writable, limits)
        if hit is not None:
            return hit
