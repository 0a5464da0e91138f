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

from prompts.errors import SandboxError
from prompts.task import Limits
from sandbox.isolation.capture import Capture
from sandbox.isolation.limits import Hit, disk_hit, exit_hit, output_hit, tree_hit
from sandbox.isolation.protocol import Finished

_WATCH_SECONDS = 0.05
_DISK_EVERY = 10  # watch rounds between two looks at the disk, which are dearer


def with_rlimits(argv: Sequence[str], limits: Limits, group: Path | None = None) -> list[str]:
    """``argv`` behind a shell that sets the limits which the kernel itself enforces for each process.

    With a control group (see ``bounded_tasks``), the shell joins it first. A shell, since it costs a millisecond
    and, other than a function between fork and exec, is safe in a threaded parent.
    """
    join = f"echo 0 > {shlex.quote(str(group / 'cgroup.procs'))}; " if group else ""
    script = join + (
        f"ulimit -c 0; ulimit -d {limits.memory_mb * 1024}; ulimit -f {limits.disk_mb * 2048}; "
        f"ulimit -t {int(limits.seconds * 4) + 1}; ulimit -n 4096; "
        'exec "$@"'
    )
    return ["/bin/sh", "-c", script, "sh", *argv]


def with_task_limit(argv: Sequence[str], most: int) -> list[str]:
    """``argv`` behind a shell that bounds the tasks of its user namespace; without effect on root's.

    For programs inside a user namespace of their own: elsewhere all that the user runs would count.
    """
    # bash calls the limit -u, dash -p.
    script = f'ulimit -u {most} 2>/dev/null || ulimit -p {most}; exec "$@"'
    return ["/bin/sh", "-c", script, "sh", *argv]


async def supervise(
    argv: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    limits: Limits,
    writable: Sequence[Path] = (),
    pass_fds: Sequence[int] = (),
    on_output: Callable[[str], None] | None = None,
) -> Finished:
    """Run ``argv`` to its end or to a limit; then kill its whole session.

    The end of the process itself counts, not the end of its output, which a child left behind may hold open.
    ``writable`` are the folders whose growth is held against the disk limit.
    Raises SandboxError where the program cannot be started at all.
    """
    start = time.monotonic()
    run = _Run(limits, on_output)
    pid_fd = run.start(argv, cwd, env, pass_fds)
    watcher = asyncio.create_task(_watch(run.pid, limits, writable))
    watcher.add_done_callback(run.watched)
    try:
        hit = await asyncio.wait_for(asyncio.shield(run.over), limits.seconds)
    except TimeoutError:
        hit = ("time", f"still running after {limits.seconds:g} s")
    finally:
        watcher.cancel()
        _kill_session(run.pid)
        code = await _reap(run.process, pid_fd)
        run.close()
    hit = hit or exit_hit(code, limits)
    return Finished(
        exit_code=None if hit else code,
        output=run.capture.text(),
        seconds=time.monotonic() - start,
        limit=hit[0] if hit else None,
        detail=hit[1] if hit else "",
    )


class _Run:
    """One process under way: its output and the moment at which it is over, for whatever cause."""

    def __init__(self, limits: Limits, on_output: Callable[[str], None] | None) -> None:
        self.capture = Capture()
        self._loop = asyncio.get_running_loop()
        self.over: asyncio.Future[Hit | None] = self._loop.create_future()
        self._limits = limits
        self._on_output = on_output
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def start(self, argv: Sequence[str], cwd: Path, env: Mapping[str, str], pass_fds: Sequence[int]) -> int:
        """Start the process; returns a descriptor that becomes readable when it ends (pidfd_open(2))."""
        self._output, write_end = os.pipe()
        os.set_blocking(self._output, False)
        try:
            self.process = subprocess.Popen(
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
            os.close(self._output)
            raise SandboxError(f"cannot start {argv[0]}: {error}") from error
        finally:
            os.close(write_end)
        self.pid = self.process.pid
        pid_fd = os.pidfd_open(self.pid)
        self._loop.add_reader(pid_fd, self._end, None)
        self._pid_fd = pid_fd
        self._loop.add_reader(self._output, self._read)
        return pid_fd

    def watched(self, task: "asyncio.Task[Hit]") -> None:
        """The watcher found the process over a limit (or was cancelled, at the end)."""
        if task.cancelled():
            return
        error = task.exception()
        if error is None:
            self._end(task.result())
        elif not self.over.done():
            self.over.set_exception(error)

    def close(self) -> None:
        """Take what is still in the pipe, then let go of it."""
        self._loop.remove_reader(self._output)
        while self._take():
            pass
        os.close(self._output)

    def _end(self, hit: Hit | None) -> None:
        self._loop.remove_reader(self._pid_fd)
        if not self.over.done():
            self.over.set_result(hit)

    def _read(self) -> None:
        if not self._take():
            self._loop.remove_reader(self._output)

    def _take(self) -> bool:
        """Take one piece of the output; False when there is none now, or no more at all."""
        try:
            chunk = os.read(self._output, 65536)
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


async def _watch(pid: int, limits: Limits, writable: Sequence[Path]) -> Hit:
    """Looks at the process tree until it is over a limit; the kernel's own limits are per process only."""
    tick = 0
    while True:
        await asyncio.sleep(_WATCH_SECONDS)
        tick += 1
        hit = tree_hit(pid, limits)
        if hit is None and tick % _DISK_EVERY == 0:
            hit = await disk_hit(writable, limits)
        if hit is not None:
            return hit


def _kill_session(pid: int) -> None:
    """Kill the whole process group; its session was made for it."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


async def _reap(process: "subprocess.Popen[bytes]", pid_fd: int) -> int:
    """Wait for a process that has ended or was killed; returns its exit code (negative: a signal)."""
    while (code := process.poll()) is None:  # noqa: ASYNC110 - a killed process is gone within milliseconds
        await asyncio.sleep(0.002)
    os.close(pid_fd)
    return code
