"""What a command in bubblewrap sees and may do, as options of bwrap(1)."""

import os
import sys
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

from sandbox.isolation.etc_folder import etc_folder
from sandbox.isolation.protocol import ALONE, Command, Mount

RELAY = "/run/backsmith-relay.py"
# As container engines have it (runc's default masked and read-only paths).
_PROC_READ_ONLY = ("bus", "fs", "irq", "sys", "sysrq-trigger", "acpi", "scsi")
_PROC_HIDDEN = ("kcore", "keys", "kmsg", "latency_stats", "timer_list", "sched_debug", "interrupts")
_CONFINED = (
    *("--unshare-all", "--unshare-user", "--disable-userns", "--die-with-parent", "--new-session"),
    *("--uid", "1000", "--gid", "1000", "--hostname", "sandbox", "--cap-drop", "ALL"),
)


def view(
    command: Command,
    etc: Path | None = None,
    source: Callable[[Mount], str] = lambda mount: str(mount.source),
) -> list[str]:
    """All options for a command.

    ``etc`` and ``source`` tell where bwrap, if it does not run on the host itself, finds what is to be mounted.
    """
    argv = [*_CONFINED, *(["--share-net"] if command.network else [])]
    argv += system_folders()
    argv += _etc(etc or etc_folder(command.network), command)
    argv += ["--proc", "/proc", *_shielded_proc()]
    argv += fresh_folders(command.limits.disk_mb)
    if not command.network:
        argv += hidden_settings()
    for mount in command.mounts:
        if mount.scratch:
            argv += ["--overlay-src", source(mount), "--tmp-overlay", mount.target]
        else:
            argv += ["--bind" if mount.writable else "--ro-bind", source(mount), mount.target]
    if command.doors:
        argv += ["--ro-bind", str(relay_file()), RELAY]
        argv += [part for path in interpreter_folders() for part in ("--ro-bind", path, path)]
    argv += ["--remount-ro", "/", "--clearenv"]
    for key, value in environment(command.env).items():
        argv += ["--setenv", key, value]
    return [*argv, "--chdir", command.cwd]


def environment(env: Mapping[str, str]) -> dict[str, str]:
    """The whole environment of a command that asks for ``env``."""
    return {"HOME": "/home/sandbox", "TMPDIR": "/tmp", "LANG": "C.UTF-8", ALONE: "1", **env}


def fresh_folders(disk_mb: int, mode: str = "0755") -> list[str]:
    """Devices, and empty folders that are gone afterwards."""
    argv = ["--dev", "/dev", "--dir", "/run", "--dir", "/var"]
    for folder in ("/tmp", "/dev/shm", "/home/sandbox"):
        argv += ["--perms", mode, "--size", str(disk_mb * 1024 * 1024), "--tmpfs", folder]
    return [*argv, "--symlink", "../tmp", "/var/tmp"]


def hidden_settings() -> list[str]:
    """Covers folders in which a registry's token may stand."""
    return [
        part
        for folder in ("/usr/etc", "/usr/local/etc")
        if Path(folder).is_dir()
        for part in ("--tmpfs", folder)
    ]


def relay_file() -> Path:
    """The program that leads to services."""
    return Path(__file__).with_name("relay.py")


def interpreter_folders() -> list[str]:
    """Folders outside /usr that the running Python needs; a program inside can then start it."""
    prefix = os.path.realpath(sys.base_prefix)
    return [] if prefix == "/usr" or prefix.startswith("/usr/") else [prefix]


@cache
def system_folders() -> tuple[str, ...]:
    """The host's programs and libraries."""
    argv = ["--ro-bind", "/usr", "/usr"]
    for name in ("bin", "sbin", "lib", "lib32", "lib64", "libx32"):
        path = Path("/", name)
        if path.is_symlink():
            argv += ["--symlink", str(path.readlink()), str(path)]
        elif path.is_dir():
            argv += ["--ro-bind", str(path), str(path)]
    return tuple(argv)


def _etc(folder: Path, command: Command) -> list[str]:
    if not any(mount.target.startswith("/etc/") for mount in command.mounts):
        return ["--ro-bind", str(folder), "/etc"]
    # Where more is to be mounted, bwrap has to make the places for it.
    names = sorted(path.name for path in folder.iterdir())
    return [part for name in names for part in ("--ro-bind", f"{folder}/{name}", f"/etc/{name}")]


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
