"""What every service offers: a server for the whole run, and something of its own on it for each sample."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from sandbox.isolation.protocol import Isolation, Mount, Relay

# Schemes that ask for TLS, which nothing needs inside a sandbox, and what goes without it.
_PLAIN = {"rediss": "redis"}


@dataclass(frozen=True, slots=True)
class Binding:
    """How a sample's commands reach its part of a service.

    ``schemes`` are the URL schemes (without a driver) that mean this service. ``host`` and ``port`` are as
    seen by the commands. ``env`` holds the well-known variables of the service's own clients, ``names`` the
    words with which the names of an answer's variables for it begin (``REDIS`` for REDIS_HOST).
    ``relational``: what DATABASE_URL and DB_HOST may mean. ``keeps_path``: the path of an answer's URL is
    its own choice (Redis's database number). ``notes`` tell people what this server lacks.
    """

    service: str
    schemes: tuple[str, ...]
    host: str = ""
    port: int = 0
    user: str = ""
    password: str = ""
    database: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    mounts: tuple[Mount, ...] = ()
    relays: tuple[Relay, ...] = ()
    names: tuple[str, ...] = ()
    relational: bool = False
    keeps_path: bool = False
    notes: tuple[str, ...] = ()

    def url(self, scheme: str) -> str:
        """A URL to it with that scheme, driver included (``postgresql+asyncpg``); Java's holds no login."""
        login = (
            f"{self.user}:{self.password}@"
            if (self.user or self.password) and not scheme.startswith("jdbc:")
            else ""
        )
        return f"{_PLAIN.get(scheme, scheme)}://{login}{self.host}:{self.port}/{self.database}"


class Service(Protocol):
    """One kind of server."""

    @property
    def name(self) -> str:
        """The name in reports."""

    def wanted(self, database: str, schemes: frozenset[str]) -> bool:
        """Whether a task's ``database`` (lower case) or the answer's URL schemes ask for this service."""

    def problem(self) -> str:
        """What is missing on this machine, and how to get it; empty where nothing is."""

    def version(self) -> str:
        """What tells this server's program from another version of it; asked only where ``problem`` is empty."""

    async def bind(self, isolation: Isolation) -> Binding:
        """Something of its own for one sample; starts the server when it is the first.

        Raises SandboxError where the server does not come up.
        """

    async def release(self, binding: Binding) -> None:
        """Drop what ``bind`` gave."""

    async def stop(self) -> None:
        """Stop the server and remove its files."""
