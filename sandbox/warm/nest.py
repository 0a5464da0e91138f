"""The sandbox in which a zygote lives, and what it needs to have bubblewrap make the samples' sandboxes in it.

It is as closed as a sample's, but for one thing: in it user namespaces can be made. For that nobody in it may be
root to the kernel, since /proc of a namespace made there is not covered as a sample's is; root's zygotes run as a
user that nobody else is.
"""

import os
from collections.abc import Iterable
from pathlib import Path

from sandbox.isolation.bubblewrap import bwrap_program
from sandbox.isolation.bwrap_view import (
    RELAY,
    environment,
    fresh_folders,
    hidden_settings,
    interpreter_folders,
    relay_file,
    system_folders,
)
from sandbox.isolation.etc_folder import etc_folder
from sandbox.isolation.protocol import Mount

BENCHES = "/run/benches"
# From the range of user numbers that systemd's "UIDs and GIDs" document says nobody hands out.
NOBODY_ELSE = 1_879_048_192
_PROGRAM = "/run/bubblewrap"
_DISK_MB = 64
_DROP_ROOT = (
    "/bin/sh",
    "-c",
    'mount -t proc proc /proc && exec "$@"',
    "sh",
    "setpriv",
    f"--reuid={NOBODY_ELSE}",
    f"--regid={NOBODY_ELSE}",
    "--clear-groups",
    "--",
)


def owner() -> int | None:
    """The user to whom the samples' folders have to belong; None where that is the caller."""
    return NOBODY_ELSE if os.geteuid() == 0 else None


def nest_options(mounts: Iterable[Mount], env: dict[str, str]) -> list[str]:
    """bwrap's options for a zygote's sandbox in which ``mounts`` are seen."""
    argv = ["--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"]
    argv += ["--die-with-parent", "--new-session", "--hostname", "sandbox", "--cap-drop", "ALL"]
    if owner() is None:
        argv += ["--unshare-user", "--uid", "1000", "--gid", "1000"]
    else:  # given up for good by _DROP_ROOT
        argv += [part for name in ("SYS_ADMIN", "SETUID", "SETGID") for part in ("--cap-add", f"CAP_{name}")]
    argv += [*system_folders(), "--ro-bind", str(etc_folder(network=False)), "/etc", "--proc", "/proc"]
    argv += [*fresh_folders(_DISK_MB, "1777"), *hidden_settings()]
    for mount in (*mounts, *_programs()):
        for parent in list(reversed(Path(mount.target).parents))[1:]:
            argv += ["--dir", str(parent)]  # those that bwrap makes by itself are for root alone
        argv += ["--bind" if mount.writable else "--ro-bind", str(mount.source), mount.target]
    argv += ["--remount-ro", "/", "--clearenv"]
    for key, value in environment(env).items():
        argv += ["--setenv", key, value]
    return [*argv, "--chdir", "/"]


def nest_command(argv: Iterable[str]) -> list[str]:
    """What bwrap has to run so that ``argv`` is run by somebody who is not root."""
    return [*(() if owner() is None else _DROP_ROOT), *argv]


def inner_bwrap() -> str:
    """bwrap's own place in a nest."""
    program = bwrap_program() or ""
    return program if _is_system(program) else f"{_PROGRAM}/{'/'.join(Path(program).parts[-3:])}"


def _programs() -> list[Mount]:
    mounts = [Mount(relay_file(), RELAY)]
    mounts += [Mount(Path(path), path) for path in interpreter_folders()]
    program = bwrap_program() or ""
    if not _is_system(program):  # the wheel's: its package, and beside it the folder of its libraries
        package = Path(program).parent.parent
        libraries = package.with_name(f"{package.name}.libs")
        mounts += [
            Mount(folder, f"{_PROGRAM}/{folder.name}") for folder in (package, libraries) if folder.is_dir()
        ]
    return mounts


def _is_system(program: str) -> bool:
    return program.startswith("/usr/")
