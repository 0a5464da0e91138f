import psycopg
import pytest

from sandbox.isolation.protocol import Command, Isolation
from sandbox.services.choose import all_services, unserved
from sandbox.services.postgresql import PostgreSQL
from sandbox.services.protocol import Binding


async def test_each_sample_has_a_database_of_its_own(isolation: Isolation) -> None:
    server = PostgreSQL()
    if problem := server.problem():
        pytest.skip(problem)
    one, two = await server.bind(isolation), await server.bind(isolation)
    try:
        await server.execute(one, "CREATE TABLE t (x int); INSERT INTO t VALUES (1)")
        with pytest.raises(psycopg.errors.UndefinedTable):
            await server.execute(two, "SELECT * FROM t")
        intruder = Binding("postgresql", (), user=two.user, password=two.password, database=one.database)
        with pytest.raises(psycopg.OperationalError, match="permission denied"):
            await server.execute(intruder, "SELECT 1")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await server.execute(two, f"DROP ROLE {one.user}")
        done = await isolation.run(
            Command(
                ("python3", "-c", REACH, str(one.port)),
                cwd="/tmp",
                env={"PATH": "/usr/bin:/bin"},
                mounts=one.mounts,
                relays=one.relays,
            )
        )
        assert done.output == "N\n"
        await server.release(one)
        with pytest.raises(psycopg.OperationalError):
            await server.execute(one, "SELECT 1")
    finally:
        folder = server._folder
        await server.stop()
    assert folder is not None
    assert not folder.exists()


# An SSL request over TCP, which a PostgreSQL server answers with one byte (protocol-message-formats).
REACH = """
import socket, struct, sys
s = socket.create_connection(("localhost", int(sys.argv[1])))
s.sendall(struct.pack("!ii", 8, 80877103))
print(s.recv(1).decode())
"""


def test_services_are_asked_for_by_name_or_url() -> None:
    wanted = {s.name for s in all_services() if s.wanted("postgresql 16", frozenset())}
    assert wanted == {"postgresql"}
    assert {s.name for s in all_services() if s.wanted("", frozenset({"sqlite"}))} == {"sqlite"}


def test_services_that_are_not_offered_are_named() -> None:
    assert unserved("PostgreSQL and Redis", all_services()) == ("Redis",)
    assert unserved("PostgreSQL", all_services()) == ()
