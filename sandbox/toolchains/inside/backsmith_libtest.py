"""Runs inside the sandbox: has cargo compile the tests, then runs each test program and takes down what it prints.

Cargo is told to start a script in place of each program, which only says how (``rust_runner.sh``). So this process,
and no file that tests could write, holds which tests a program lists before it runs and what it prints as it runs.
``BACKSMITH_REPORT`` names the file to write once all is dead; read by ``sandbox.toolchains.libtest_json``.
"""

import contextlib
import ctypes
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

_MAX_PROGRAMS = 500
_MAX_PRINTED = 16 * 1024 * 1024
_PR_SET_DUMPABLE = 4
_FAILED = 101  # what cargo and libtest end with where a test failed or nothing could be compiled
_EVENTS = ("-Z", "unstable-options", "--format", "json", "--report-time")

Start = tuple[str, dict[str, str], list[str]]


def main(cargo: list[str]) -> int:
    """Compile, run, report; the exit code that ``cargo test`` would have."""
    # Nobody of the same user may trace this process or reach into its memory (prctl(2)).
    ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    with tempfile.TemporaryDirectory() as folder:
        compiled = subprocess.call(cargo, env={**os.environ, "BACKSMITH_STARTS": folder})
        starts = [read(f"{folder}/{name}") for name in sorted(os.listdir(folder))[:_MAX_PROGRAMS]]  # noqa: PTH208
    programs = [run(*start) for start in starts if compiled == 0]
    if os.environ.get("BACKSMITH_ALONE") == "1":
        # In a PID namespace of our own: whatever the tests left behind cannot write the report anew.
        with contextlib.suppress(ProcessLookupError):
            os.kill(-1, signal.SIGKILL)
    write(os.environ["BACKSMITH_REPORT"], {"programs": programs})
    return compiled or (_FAILED if any(program["status"] != 0 for program in programs) else 0)


def read(place: str) -> Start:
    """How to start a program: its folder, its variables, and its path with the arguments."""
    data = pathlib.Path(place).read_bytes()
    folder, variables, arguments = data.decode("utf-8", "surrogateescape").split("\0\0", 2)
    pairs = (variable.partition("=") for variable in variables.split("\0"))
    return folder, {name: value for name, _, value in pairs if name}, arguments.split("\0")[:-1]


def run(folder: str, env: dict[str, str], argv: list[str]) -> dict[str, object]:
    """One program: the tests that it lists, what it prints as it runs them, and how it ends."""
    program, *rest = argv
    sys.stdout.write(f"     Running {program}\n")
    sys.stdout.flush()
    listed, _ = printed([program, "--list", "--format", "terse"], folder, env)
    # libtest gives events only where unstable options are allowed, which is asked for here alone.
    events, status = printed([program, *rest, *_EVENTS], folder, {**env, "RUSTC_BOOTSTRAP": "1"})
    return {"name": program.rpartition("/")[2], "list": listed, "events": events, "status": status}


def printed(argv: list[str], folder: str, env: dict[str, str]) -> tuple[str, int]:
    """What a command prints, until it ends: who it leaves behind is not waited for."""
    process = subprocess.Popen(argv, cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    assert process.stdout is not None  # noqa: S101
    pipe = process.stdout.fileno()
    os.set_blocking(pipe, False)
    data = bytearray()
    status = None
    while status is None:
        status = process.poll()
        while True:
            try:
                chunk = os.read(pipe, 1 << 16)
            except BlockingIOError:
                break
            if not chunk:
                break
            data += chunk[: _MAX_PRINTED - len(data)]
        if status is None:
            time.sleep(0.002)
    process.stdout.close()
    return data.decode("utf-8", "replace"), status


def write(report: str, found: object) -> None:
    """Put the report in its place in one step, whatever lies there."""
    handle = os.open(report + ".draft", os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o644)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(found, file)
    os.replace(report + ".draft", report)  # noqa: PTH105 - strings, as they came


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
