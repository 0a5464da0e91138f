"""Runs inside the sandbox: one sample of a zygote's (see ``backsmith_zygote``), in a sandbox of its own.

Three processes. The witness stays where the zygote is: it has bubblewrap make the sample's sandbox within the
zygote's, and takes down what the tests report; the tests cannot even see it. The usher moves into the sample's
sandbox (setns(2)) and forks there the process that runs the tests, since whoever joins a PID namespace stays
outside of it, and only its children are in.
"""

import contextlib
import ctypes
import importlib
import json
import os
import resource
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any, NamedTuple, NoReturn

import backsmith_witness as ours

# From linux/sched.h: the kinds of namespaces by their names in /proc/PID/ns.
_KINDS = {
    "user": 0x10000000,
    "mnt": 0x00020000,
    "pid": 0x20000000,
    "net": 0x40000000,
    "ipc": 0x08000000,
    "uts": 0x04000000,
    "cgroup": 0x02000000,
}
# From linux/prctl.h and linux/capability.h.
_PR_SET_DUMPABLE, _PR_CAPBSET_DROP, _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL = 4, 24, 47, 4
_CAPABILITY_VERSION_3, _LAST_CAPABILITY = 0x20080522, 63
# The sandbox's first process: holds it open, takes in orphans, and cannot be killed from inside.
_HOLDER = ("/bin/sh", "-c", "trap '' CHLD; echo; read stop")
_libc = ctypes.CDLL(None, use_errno=True)


class Ours(NamedTuple):
    """What of ours the samples use: ``relay``, the module that leads to services; ``runner``, the one with
    ``run_tests``; ``guard``, which knows what the test machinery looked like before.
    """

    relay: Any
    runner: Any
    guard: Any


def run_sample(request: "dict[str, Any]", output: int, host: socket.socket, made: Ours) -> NoReturn:
    """The witness of one sample: from the request to the report.

    Tells ``host`` either ``cold`` with a reason, if nothing of the project has run, or ``inside`` (with
    descriptors of the sandbox's first process and of the tests'); the tests begin when that is answered, and at
    their end it tells ``over``.
    """
    _libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    sandbox = Sandbox(request["program"], request["options"])
    if sandbox.problem:
        _give_up(host, f"bubblewrap within the zygote: {sandbox.problem}")
    hearing, events = os.pipe()
    progress, telling = os.pipe()
    waiting, go = os.pipe()
    ended, ending = os.pipe()
    usher = os.fork()
    if usher == 0:
        for handle in (hearing, progress, go, ended):
            os.close(handle)
        _usher(request, sandbox.first, Ends(output, telling, events, waiting, ending), made)
    for handle in (events, telling, waiting, ending, output):
        os.close(handle)
    number, trouble = _progress(progress)
    if trouble or not number:
        sandbox.end()
        _give_up(host, f"the sandbox cannot be joined: {trouble or 'no process was made'}")
    tests = os.pidfd_open(number)
    tell(host, "inside", [sandbox.first_handle, tests])
    if not host.recv(1):  # nobody would see to its limits
        sandbox.end()
        os._exit(1)
    os.write(go, b"g")
    heard = ours.listen(hearing, ended, lambda: _status(ended))
    sandbox.end()
    code = 0
    try:
        ours.write_down(heard, request["report"])
    except OSError:  # the tests left something in its place: there is no report, as in a cold run
        code = 1
    tell(host, "over", code=code)
    os._exit(code)


class Ends(NamedTuple):
    """The ends of pipes that the tests' process has: for its output, for what goes wrong before it begins, for what
    the tests come to, and the one on which it waits to begin; and the usher's, to tell how that process ended.
    """

    output: int
    telling: int
    events: int
    waiting: int
    ending: int


def tell(host: socket.socket, event: str, handles: "list[int] | None" = None, **values: object) -> None:
    """Send one message, with open descriptors."""
    socket.send_fds(host, [json.dumps({"event": event, **values}).encode()], handles or [])


def _give_up(host: socket.socket, reason: str) -> NoReturn:
    tell(host, "cold", reason=reason, broken=True)  # the next sample would fare no better
    os._exit(1)


class Sandbox:
    """A sandbox made by bubblewrap that holds nothing but its first process; ``problem`` says why there is none."""

    def __init__(self, program: str, options: "list[str]") -> None:
        self.problem = ""
        handle = os.memfd_create("bwrap-options")
        os.write(handle, "\0".join(options).encode("utf-8", "surrogateescape"))
        os.lseek(handle, 0, os.SEEK_SET)
        told, info = os.pipe()
        argv = [program, "--args", str(handle), "--as-pid-1", "--info-fd", str(info), "--", *_HOLDER]
        self._process = subprocess.Popen(
            argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={},
            pass_fds=[handle, info],
        )
        os.close(handle)
        os.close(info)
        assert self._process.stdout is not None and self._process.stderr is not None  # noqa: S101
        if self._process.stdout.read(1) != b"\n":
            self.problem = self._process.stderr.read(4096).decode("utf-8", "replace").strip() or "it ended"
            return
        self.first = int(json.loads(os.read(told, 65536))["child-pid"])
        self.first_handle = os.pidfd_open(self.first)

    def end(self) -> None:
        """Kill everything in it, and wait until it is gone."""
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.first_handle, signal.SIGKILL)
        # Over only when the kernel has ended every process of its PID namespace (pid_namespaces(7)).
        select.select([self.first_handle], [], [])
        self._process.kill()
        self._process.wait()


def _progress(pipe: int) -> "tuple[int, str]":
    """The number of the tests' process, and what went wrong before it began."""
    said = b""
    while chunk := os.read(pipe, 4096):
        said += chunk
    number, _, trouble = said.decode("utf-8", "replace").partition("\n")
    return (int(number), trouble) if number.isdigit() else (0, number + trouble)


def _usher(request: "dict[str, Any]", first: int, ends: Ends, made: Ours) -> NoReturn:
    try:
        _join(first)
        child = os.fork()
        if child == 0:
            _become_the_tests(request, ends, made)
        os.write(ends.telling, b"%d\n" % child)
    except BaseException as error:
        os.write(ends.telling, f"{type(error).__name__}: {error}".encode())
        os._exit(1)
    os.close(ends.telling)
    for handle in (ends.output, ends.events, ends.waiting):
        os.close(handle)
    _, status = os.waitpid(child, 0)
    os.write(ends.ending, b"%d" % os.waitstatus_to_exitcode(status))
    os._exit(0)


def _status(ended: int) -> int:
    """How the tests' process ended; as if killed where its usher was."""
    said = os.read(ended, 16)
    return int(said) if said else -signal.SIGKILL


def _join(first: int) -> None:
    """Enter every namespace of a process that is not this one's already; children are in its PID namespace too."""
    kinds = 0
    for name, kind in _KINDS.items():
        with contextlib.suppress(FileNotFoundError):
            if os.readlink(f"/proc/{first}/ns/{name}") != os.readlink(f"/proc/self/ns/{name}"):  # noqa: PTH115
                kinds |= kind
    _checked(_libc.setns(os.pidfd_open(first), kinds), "setns")


def _become_the_tests(request: "dict[str, Any]", ends: Ends, made: Ours) -> NoReturn:
    try:
        _drop_capabilities()
        os.setsid()
        null = os.open(os.devnull, os.O_RDWR)
        for source, target in ((null, 0), (ends.output, 1), (ends.output, 2)):
            os.dup2(source, target)
        for name, most in request["rlimits"].items():
            kind = getattr(resource, name)
            highest = resource.getrlimit(kind)[1]
            limit = most if highest == resource.RLIM_INFINITY else min(most, highest)
            resource.setrlimit(kind, (limit, limit))
        _take_environment(request["env"])
        os.chdir(request["cwd"])
        if request["processor"] is not None:
            with contextlib.suppress(OSError):  # where the kernel lets nobody say so
                os.sched_setaffinity(0, {request["processor"]})
        if request["doors"]:
            _open_doors(made.relay, request["doors"])
        close_all_but({0, 1, 2, ends.telling, ends.events, ends.waiting})
        importlib.invalidate_caches()
        sys.modules["__main__"] = made.runner
        sys.argv = [made.runner.__file__]
        run_tests: Callable[[ours.Events, Any], int] = made.runner.run_tests
        told = ours.Events(ends.events)
    except BaseException as error:
        os.write(ends.telling, f"{type(error).__name__}: {error}".encode())
        os._exit(1)
    os.close(ends.telling)
    if not os.read(ends.waiting, 1):
        os._exit(1)
    os.close(ends.waiting)
    os._exit(ours.tested(lambda events: run_tests(events, made.guard), told))


def _drop_capabilities() -> None:
    """Keep none of what joining a user namespace gives; nothing can be gained anew (no_new_privs is set)."""
    for capability in range(_LAST_CAPABILITY + 1):
        _libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)  # fails for those that this kernel does not know
    _checked(_libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0), "prctl")
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    nothing = (ctypes.c_uint32 * 6)()
    _checked(_libc.capset(header, nothing), "capset")
    # As after an exec: the process may read its own files in /proc.
    _checked(_libc.prctl(_PR_SET_DUMPABLE, 1, 0, 0, 0), "prctl")


def _take_environment(env: "dict[str, str]") -> None:
    os.environ.__class__ = os._Environ  # the zygote's takes down what is asked for
    os.environ.clear()
    os.environ.update(env)
    time.tzset()


def _open_doors(relay: Any, doors: "list[str]") -> None:
    """Leave the relay behind as a cold run does (see ``sandbox/isolation/relay.py``)."""
    opener = os.fork()
    if opener == 0:
        close_all_but({0, 1, 2})
        try:
            relay.leave(doors)
        finally:
            os._exit(sys.exc_info()[0] is not None)
    _, status = os.waitpid(opener, 0)
    if status:
        raise OSError("the way to a service cannot be opened")


def close_all_but(keep: "set[int]") -> None:
    """Close every other descriptor."""
    start = 0
    for handle in sorted(keep):
        if start < handle:  # an empty range from 0 on closes everything (CPython's os.closerange)
            os.closerange(start, handle)
        start = handle + 1
    os.closerange(start, 1 << 20)


def _checked(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
