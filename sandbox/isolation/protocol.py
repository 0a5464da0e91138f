"""The values that every isolation shares: a command to run, what it may see and use, and how it ended."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from prompts.task import Limits

# Set to "1" where a command has all processes that it can see to itself.
ALONE = "BACKSMITH_ALONE"

LimitName = Literal["time", "memory", "processes", "output", "disk", "file-size", "cpu"]


@dataclass(frozen=True, slots=True)
class Mount:
    """A folder or file of the host (``source``) that the command sees at ``target``.

    ``scratch``: the command may write to what it sees, and ``source`` stays as it is; each command starts anew.
    """

    source: Path
    target: str
    writable: bool = False
    scratch: bool = False


@dataclass(frozen=True, slots=True)
class Relay:
    """A TCP port on localhost inside that leads to a Unix socket (``socket`` as a path inside)."""

    port: int
    socket: str


@dataclass(frozen=True, slots=True)
class Entrance:
    """The way in: a Unix socket (``socket`` as a path inside, made there) that leads to the port on which the
    command listens. ``port`` is the one that it was asked to take.
    """

    port: int
    socket: str


@dataclass(frozen=True, slots=True)
class Command:
    """One command and everything that it may see and use.

    ``argv``, ``env`` and ``cwd`` use inside paths, as ``Isolation.inside`` tells them. ``env`` is the whole
    environment: nothing of the host's is added but what the isolation itself needs. ``network`` is only for
    installing dependencies. ``toolchain`` names whose programs it needs, for isolations that have an image
    for each. ``serial``: its threads work one at a time, so that it may be kept on one processor.
    """

    argv: tuple[str, ...]
    cwd: str
    env: Mapping[str, str] = field(default_factory=dict)
    mounts: tuple[Mount, ...] = ()
    limits: Limits = field(default_factory=Limits)
    relays: tuple[Relay, ...] = ()
    network: bool = False
    toolchain: str = ""
    serial: bool = False
    entrance: Entrance | None = None

    @property
    def doors(self) -> tuple[str, ...]:
        """What relay.py has to open, as its arguments."""
        ways = [f"{relay.port}:{relay.socket}" for relay in self.relays]
        if self.entrance:
            ways.append(f"<{self.entrance.port}:{self.entrance.socket}")
        return tuple(ways)


@dataclass(frozen=True, slots=True)
class Finished:
    """How a command ended.

    ``exit_code`` is None where it was killed for a limit: ``limit`` names it and ``detail`` describes it.
    ``output`` is standard output and error together, its middle left out where it was too long.
    """

    exit_code: int | None
    output: str
    seconds: float
    limit: LimitName | None = None
    detail: str = ""

    @property
    def ok(self) -> bool:
        """Whether it ended by itself with exit code 0."""
        return self.exit_code == 0 and self.limit is None


class Isolation(Protocol):
    """A way to run a command that may be hostile."""

    @property
    def name(self) -> str:
        """The name on the command line."""

    def problem(self) -> str:
        """Why it does not work on this machine, with what to do about it; empty where it works."""

    def inside(self, mount: Mount) -> str:
        """The path at which the command sees a mount."""

    def image(self, toolchain: str) -> str:
        """What identifies the image whose programs this toolchain's commands use; empty where they use this
        machine's own.

        Programs in an image stand on the PATH ``/usr/local/bin:/usr/bin:/bin``. Raises SandboxError where the
        image is missing.
        """

    async def reap(self) -> tuple[str, ...]:
        """End what killed processes of this user left running; returns names for it."""

    async def run(self, command: Command, on_output: Callable[[str], None] | None = None) -> Finished:
        """Run to the end or to a limit. Nothing of the command is left running afterwards.

        Raises SandboxError where the isolation itself fails; never for what the command does.
        """
