"""No isolation at all: commands run as the user who runs Backsmith. Only for code that is trusted anyway."""

import contextlib
import os
import secrets
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from sandbox.isolation.protocol import Command, Finished, Mount
from sandbox.isolation.supervise import supervise, with_rlimits

_MARK = "BACKSMITH_COMMAND"


class Host:
    """Limits and a clean environment, but the host's files, processes and network are all in reach."""

    name = "host"

    def problem(self) -> str:
        """Works wherever Python does."""
        return ""

    def inside(self, mount: Mount) -> str:
        """Nothing is mounted: the command sees the host's own path."""
        return str(mount.source)

    def image(self, toolchain: str) -> str:
        """Commands use the programs of this machine."""
        return ""

    async def reap(self) -> tuple[str, ...]:
        """Nothing is known of what a killed process left."""
        return ()

    async def run(self, command: Command, on_output: Callable[[str], None] | None = None) -> Finished:
        """Run on the bare host; afterwards end whatever still carries the command's mark."""
        mark = secrets.token_hex(8)
        try:
            return await supervise(
                with_rlimits(_inner(command), command.limits),
                cwd=Path(command.cwd),
                env={"PATH": os.defpath, "LANG": "C.UTF-8", **command.env, _MARK: mark},
                limits=command.limits,
                writable=[mount.source for mount in command.mounts if mount.writable],
                on_output=on_output,
            )
        finally:
            _kill_marked(f"{_MARK}={mark}".encode())


def _inner(command: Command) -> tuple[str, ...]:
    """Services are in reach without a relay; only the way in needs one."""
    if not command.entrance:
        return command.argv
    entrance = replace(command, relays=()).doors
    relay = Path(__file__).with_name("relay.py")
    return (sys.executable, "-I", "-S", str(relay), *entrance, "--", *command.argv)


def _kill_marked(mark: bytes) -> None:
    """Children that took a session of their own are known by the environment that they inherited."""
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if mark in (entry / "environ").read_bytes().split(b"\0"):
                os.kill(int(entry.name), signal.SIGKILL)
