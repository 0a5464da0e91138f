"""What every service offers: a server for the whole run, and something of its own on it for each sample."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from sandbox.isolation.protocol import Isolation, Mount, Relay

# Schemes that ask for TLS or a name server, which nothing needs inside a sandbox, and what goes without them.
_PLAIN = {"rediss": "redis", "mongodb+srv": "mongodb"}


@dataclass(frozen=True, slots=True)
class Binding:
    """How a sample's commands reach its part of a service.

    ``schemes`` are the URL schemes (without a driver) that mean this service. ``host`` and ``port`` are as
    seen by the commands. ``env`` holds the well-known variables of the service's own clients, ``names`` the
    words with which the names of an answer's variables for it begin (``REDIS`` for REDIS_HOST).
    ``primary``: what DATABASE_URL and DB_HOST may mean. ``keeps_path``: what the path of an answer's URL may
    be to stay its own choice, as a regular expression (Redis's database number); empty where it may not.
    ``web``: it is reached by ``http`` URLs, which only the names of variables tell from others. ``notes`` tell
    people what this server lacks.
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
    primary: bool = False
    keeps_path: str = ""
    web: bool = False
    notes: tuple[str, ...] = ()

    def url(self, scheme: str) -> str:
        """A URL to it with that scheme, driver included (``postgresql+asyncpg``); Java's holds no login."""
        login = (
            f"{self.user}:{self.password}@"
            if (self.user or self.password) and not scheme.startswith("jdbc:")
            else ""
        )
        path = f"/{self.database}" if self.database else ""
        return f"{_PLAIN.get(scheme, scheme)}://{login}{self.host}:{self.port}{path}"


@dataclass(frozen=True, slots=True)
class Remark:
    """What a server knows of a trial that its tests cannot tell: a limit that was hit, or something that this
    server lacks (``ours``), for which no answer is to blame.
    """

    text: str
    ours: bool = False


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


@runtime_checkable
class Remarking(Protocol):
    """A service that is asked for its remarks when the tests are over, before ``release``."""

    def remarks(self, binding: Binding) -> tuple[Remark, ...]:
        """What happened to this sample's part of it."""


@runtime_checkable
class Telling(Protocol):
    """A service that takes long to start, and tells meanwhile how far it is."""

    def tell_by(self, tell: Callable[[str], None]) -> None:
        """Call ``tell`` from now on."""


def heard(servers: Iterable[tuple[Service, Binding]]) -> tuple[Remark, ...]:
    """What the services of a trial have to say about it."""
    return tuple(
        remark
        for service, binding in servers
        if isinstance(service, Remarking)
        for remark in service.remarks(binding)
    )
