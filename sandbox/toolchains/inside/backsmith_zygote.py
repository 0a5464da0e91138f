"""Runs inside the sandbox: has an environment's packages imported, and forks one process per sample from that.

Started as ``python -I backsmith_zygote.py CONTROL RELAY`` in a sandbox of its own; CONTROL is the descriptor of a
socket on which requests come in (JSON, with two descriptors: where the sample's output goes, and a socket for
this sample alone). It imports packages only, never a line of a project. What cannot be shared with samples to come
(threads, open files, shared memory, files written, names of the project's own that stand for a package's) is found
here; then the answer is ``cold``, with the reason.
"""

import contextlib
import gc
import importlib
import importlib.util
import io
import json
import os
import pathlib
import resource
import shutil
import signal
import socket
import sys
import warnings
from typing import Any, ClassVar, NoReturn

sys.path.insert(0, os.path.dirname(__file__))  # noqa: PTH120 - before anything else can be imported
import backsmith_guard
import backsmith_pytest
import backsmith_sample as sample

del sys.path[0]

_MAX_REQUEST = 1 << 20
# What a zygote may use by itself; each sample has the limits of its task instead.
_MAX_MEMORY, _MAX_PROCESSES = 1 << 30, 8192
# What packages read of these is read by their compiled parts, unseen, or by the interpreter as it starts.
_UNSEEN = ("LC_", "LANG", "LD_", "PYTHON", "MALLOC_", "GLIBC_", "OPENSSL_", "OMP_", "MKL_", "OPENBLAS_")
_FIRST_TEST = "def test():\n    assert [1] == [1]\n"


class WatchedEnvironment(os._Environ):  # type: ignore[type-arg]
    """``os.environ`` that takes down which variables were asked for ("*": all at once)."""

    asked: ClassVar[set[str]] = set()

    def __getitem__(self, key: str) -> Any:
        self.asked.add(key)
        return super().__getitem__(key)

    def __iter__(self) -> Any:
        self.asked.add("*")
        return super().__iter__()


class Zygote:
    """What has been imported so far, and what keeps samples from being forked from it."""

    def __init__(self, relay: Any) -> None:
        self.relay = relay
        self._tried: set[str] = set()
        self._warned: list[str] = []
        self._started = dict(os.environ)
        os.environ.__class__ = WatchedEnvironment
        import pytest  # noqa: F401

        self.guard = backsmith_guard.Guard()
        self._before = set(sys.modules)
        handles, children = _handles(), _children()
        self._run_a_session()
        self._broken = self._unshareable(_handles() - handles, _children() - children)

    def _run_a_session(self) -> None:
        """A session of pytest's with a test of ours: it imports the plugins, rewritten as pytest wants them."""
        import pytest

        path, here = list(sys.path), pathlib.Path.cwd()
        folder = pathlib.Path("/tmp/backsmith-first-session")
        folder.mkdir()
        (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
        (folder / "test_first.py").write_text(_FIRST_TEST, encoding="utf-8")
        os.chdir(folder)
        arguments = ["-p", "no:cacheprovider", "-p", "no:faulthandler", "--rootdir=.", "-c", "pytest.ini"]
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            pytest.main([*arguments, *backsmith_pytest.tamed()])
        os.chdir(here)
        shutil.rmtree(folder)
        sys.path[:] = path
        for name in [name for name in sys.path_importer_cache if name.startswith(str(folder))]:
            del sys.path_importer_cache[name]
        sys.modules.pop("test_first", None)

    def take_in(self, modules: "list[list[Any]]") -> str:
        """Import what was not tried yet; says what of it cannot be shared with samples to come."""
        fresh = [entry for entry in modules if entry[0] not in self._tried]
        if self._broken or not fresh:
            return self._broken
        handles, children = _handles(), _children()
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            for name, attributes in fresh:
                self._tried.add(name)
                _import(name, attributes)
        self._warned += [str(warning.message) for warning in caught]
        self.guard = backsmith_guard.Guard()  # what a package patches is no change by a sample
        gc.collect()
        gc.freeze()
        return self._unshareable(_handles() - handles, _children() - children)

    def _unshareable(self, handles: "set[str]", children: "set[str]") -> str:
        if len(os.listdir("/proc/self/task")) > 1:  # noqa: PTH208
            return "a package starts threads as it is imported"
        if children:
            return "a package starts processes as it is imported"
        if handles:
            return f"a package opens {', '.join(sorted(handles))} as it is imported"
        with open("/proc/self/maps", encoding="utf-8", errors="replace") as maps:  # noqa: PTH123
            if any(
                "w" in access and access.endswith("s") for access in (line.split(" ", 2)[1] for line in maps)
            ):
                return "a package shares memory as it is imported"
        for folder in ("/tmp", "/dev/shm", self._started["HOME"]):
            if os.listdir(folder):  # noqa: PTH208
                return f"a package writes to {folder} as it is imported"
        if resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 > _MAX_MEMORY // 2:
            return "packages take too much memory to be held ready"
        now = {os.fsdecode(key): os.fsdecode(value) for key, value in os.environ._data.items()}  # type: ignore[attr-defined]
        if now != self._started:
            return "a package changes the environment as it is imported"
        return ""

    def unfit(self, request: "dict[str, Any]") -> str:
        """Why this sample cannot be forked from what is imported."""
        loaded = {name.partition(".")[0] for name in set(sys.modules) - self._before}
        if shadows := sorted(loaded & set(request["names"])):
            return f"the project has modules of the names of imported ones: {', '.join(shadows[:5])}"
        env = request["env"]
        changed = {key for key in {*env, *self._started} if env.get(key) != self._started.get(key)}
        asked = WatchedEnvironment.asked
        if read := sorted(key for key in changed if {key, "*"} & asked or key.startswith(_UNSEEN)):
            return f"packages read {', '.join(read[:5])} as they are imported"
        if request["strict"] and self._warned:
            return f"packages warn as they are imported, and the project minds: {self._warned[0][:200]}"
        for name in request["rewritten"]:
            loader = type(getattr(sys.modules.get(name), "__loader__", None)).__name__
            if name in sys.modules and loader != "AssertionRewritingHook":
                return f"pytest would rewrite {name}, which is imported already"
        return ""


def _handles() -> "set[str]":
    """The open descriptors, with what they lead to."""
    found = set()
    for handle in os.listdir("/proc/self/fd"):  # noqa: PTH208
        with contextlib.suppress(OSError):  # the listing's own
            found.add(f"{handle}: {os.readlink(f'/proc/self/fd/{handle}')}")  # noqa: PTH115
    return found


def _children() -> "set[str]":
    with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as file:  # noqa: PTH123
        return set(file.read().split())


def _import(name: str, attributes: "list[str]") -> None:
    """As ``from NAME import ATTRIBUTES`` does it; what cannot be imported is the sample's to find out."""
    try:
        module = importlib.import_module(name)
    except BaseException:
        return
    for attribute in attributes:
        with contextlib.suppress(BaseException):
            if not hasattr(module, attribute):
                importlib.import_module(f"{name}.{attribute}")


def serve(control: socket.socket, zygote: Zygote) -> None:
    """Answer requests until the other side is gone."""
    signal.signal(signal.SIGCHLD, _reap)
    while True:
        data, handles, _, _ = socket.recv_fds(control, _MAX_REQUEST, 2)
        if not data:
            return
        request = json.loads(data)
        output, host = handles[0], socket.socket(fileno=handles[1])
        if broken := zygote.take_in(request["modules"]):
            sample.tell(host, "cold", reason=broken, broken=True)
            return
        if reason := zygote.unfit(request):
            sample.tell(host, "cold", reason=reason)
        elif os.fork() == 0:
            _sample(control, request, output, host, zygote)
        os.close(output)
        host.close()


def _sample(
    control: socket.socket, request: "dict[str, Any]", output: int, host: socket.socket, zygote: Zygote
) -> NoReturn:
    try:
        control.close()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        made = sample.Ours(zygote.relay, backsmith_pytest, zygote.guard)
        sample.run_sample(request, output, host, made)
    finally:
        os._exit(1)


def _reap(*_: object) -> None:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _load(path: str) -> Any:
    """A module by its file, known to nobody else."""
    spec = importlib.util.spec_from_file_location("relay", path)
    assert spec is not None and spec.loader is not None  # noqa: S101
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def limit_itself() -> None:
    """Bound what importing packages may use; the hard limits stay, for samples to set theirs below."""
    for kind, most in ((resource.RLIMIT_DATA, _MAX_MEMORY), (resource.RLIMIT_NPROC, _MAX_PROCESSES)):
        highest = resource.getrlimit(kind)[1]
        resource.setrlimit(kind, (most if highest == resource.RLIM_INFINITY else min(most, highest), highest))


if __name__ == "__main__":
    limit_itself()
    serve(socket.socket(fileno=int(sys.argv[1])), Zygote(_load(sys.argv[2])))
