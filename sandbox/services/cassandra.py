"""Cassandra in a container: one server for the run, on which samples take turns.

Its own cqlsh, which every image brings, makes and drops keyspaces.
"""

import re

from sandbox.isolation.protocol import Isolation, Mount, Relay
from sandbox.services.container import ServerContainer, ServerImage
from sandbox.services.protocol import Binding
from sandbox.services.turns import TakenInTurns, listens

_SOCKETS = "/run/cassandra"
_PORT = 9042
_DATACENTER = "datacenter1"
_KEYSPACE = "app"
_IMAGE = ServerImage(
    label="Cassandra",
    names=("cassandra",),
    setting="BACKSMITH_CASSANDRA_IMAGE",
    pull="cassandra:5.0",
    env={
        "MAX_HEAP_SIZE": "512M",
        "HEAP_NEWSIZE": "128M",
        # Drivers go on to the address that the server tells them: inside, the relay's.
        "CASSANDRA_BROADCAST_RPC_ADDRESS": "127.0.0.1",
    },
    data="/var/lib/cassandra",
    data_mb=1024,
    memory_mb=3072,
    uid=999,
    gid=999,
)
_LIST = "SELECT keyspace_name FROM system_schema.keyspaces"
_MAKE = (
    f"CREATE KEYSPACE {_KEYSPACE} "
    "WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1} AND durable_writes = false"
)
_NAME = re.compile(r"^ *(\w+) *$", re.MULTILINE | re.ASCII)
# A dropped table leaves a snapshot behind, by default.
_FORGET = f"rm -rf {_IMAGE.data}/data/*/*/snapshots"


class Cassandra(TakenInTurns):
    """Starts with the first sample that asks for it."""

    name = "cassandra"

    def __init__(self) -> None:
        super().__init__(_IMAGE, _PORT, _Node())

    def wanted(self, database: str, schemes: frozenset[str]) -> bool:
        """By name or URL."""
        return "cassandra" in database or "scylla" in database or "cassandra" in schemes

    async def bind(self, isolation: Isolation) -> Binding:
        """The whole server, with an empty keyspace, as soon as it is this sample's turn."""
        address, folder = await self._turns.take()
        on_host = isolation.name == "host"
        host = address if on_host else "localhost"
        return Binding(
            service=self.name,
            schemes=("cassandra",),
            host=host,
            port=_PORT,
            database=_KEYSPACE,
            mounts=(Mount(folder, _SOCKETS),),
            relays=() if on_host else (Relay(_PORT, f"{_SOCKETS}/server"),),
            names=("CASSANDRA", "SCYLLA", "SPRING_CASSANDRA"),
            primary=True,
            env={
                "CASSANDRA_URL": f"cassandra://{host}:{_PORT}/{_KEYSPACE}",
                "CASSANDRA_HOST": host,
                "CASSANDRA_HOSTS": host,
                "CASSANDRA_CONTACT_POINTS": host,
                "CASSANDRA_PORT": str(_PORT),
                "CASSANDRA_KEYSPACE": _KEYSPACE,
                **dict.fromkeys(_DATACENTER_NAMES, _DATACENTER),
            },
        )


_DATACENTER_NAMES = (
    "CASSANDRA_DC",
    "CASSANDRA_DATACENTER",
    "CASSANDRA_DATA_CENTER",
    "CASSANDRA_LOCAL_DC",
    "CASSANDRA_LOCAL_DATACENTER",
    "CASSANDRA_LOCAL_DATA_CENTER",
)


class _Node:
    """The keyspaces that were there before any sample, and how to get back to them."""

    def __init__(self) -> None:
        self._fresh: frozenset[str] = frozenset()

    async def ready(self, container: ServerContainer, address: str) -> bool:
        """Whether it answers cqlsh, which is not asked before somebody listens; the keyspace is made then."""
        if not await listens(address, _PORT):
            return False
        found = await _keyspaces(container)
        if not found:
            return False
        self._fresh = found | {_KEYSPACE}
        code, _ = await container.run(*_cqlsh(_MAKE))
        return code == 0

    async def clean(self, container: ServerContainer, address: str) -> bool:
        """Drop what a sample made, and make its keyspace anew."""
        found = await _keyspaces(container)
        names = sorted({_KEYSPACE, *(found - self._fresh)})
        script = "; ".join([*(f'DROP KEYSPACE IF EXISTS "{name}"' for name in names), _MAKE])
        await container.run("sh", "-c", _FORGET)
        code, _ = await container.run(*_cqlsh(script))
        return code == 0 and self._fresh <= found | {_KEYSPACE}


async def _keyspaces(container: ServerContainer) -> frozenset[str]:
    """What keyspaces there are; none where it does not answer yet."""
    code, said = await container.run(*_cqlsh(_LIST))
    _, separator, rows = said.partition("---\n")
    return frozenset(_NAME.findall(rows)) if code == 0 and separator else frozenset()


def _cqlsh(statements: str) -> tuple[str, ...]:
    return ("cqlsh", "127.0.0.1", str(_PORT), "--request-timeout=30", "-e", statements)
