from pathlib import Path

import psycopg
import pytest

from sandbox.environments.node import node_problem
from sandbox.isolation.host import Host
from sandbox.isolation.protocol import Command, Isolation
from sandbox.services import pg_programs
from sandbox.services.choose import all_services
from sandbox.services.postgresql import PostgreSQL
from sandbox.services.protocol import Binding
from tests.isolations import working_bubblewrap


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


async def test_without_isolation_it_is_reached_by_its_own_port() -> None:
    server = PostgreSQL()
    if problem := server.problem():
        pytest.skip(problem)
    binding = await server.bind(Host())
    try:
        await server.execute(binding, "CREATE TABLE t (x int); INSERT INTO t VALUES (1)")
        async with await psycopg.AsyncConnection.connect(binding.url("postgresql")) as connection:
            rows = await connection.execute("SELECT x FROM t")
            assert await rows.fetchall() == [(1,)]
    finally:
        await server.stop()


CREATE = "; ".join(f'CREATE EXTENSION IF NOT EXISTS "{name}"' for name in pg_programs.EXTENSIONS)


async def check_extensions(isolation: Isolation) -> None:
    server = PostgreSQL()
    binding = await server.bind(isolation)
    try:
        await server.execute(binding, CREATE)
        await server.execute(binding, "SELECT crypt('x', gen_salt('bf')), uuid_generate_v4()")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await server.execute(binding, "CREATE EXTENSION file_fdw")
        await server.release(binding)
    finally:
        await server.stop()


async def test_samples_create_contrib_extensions(isolation: Isolation) -> None:
    programs = pg_programs.find_programs()
    if programs is None or pg_programs.missing_extensions(programs):
        pytest.skip("no PostgreSQL with its contrib extensions on this machine")
    await check_extensions(isolation)


@pytest.mark.network
@pytest.mark.slow
@pytest.mark.skipif(bool(node_problem()), reason=node_problem() or "npm is there")
async def test_a_server_with_extensions_is_fetched_where_none_is_there(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    isolation = working_bubblewrap()
    monkeypatch.setenv("BACKSMITH_CACHE", str(tmp_path))
    programs = await pg_programs.fetch_programs(isolation)
    assert programs is not None
    assert programs.is_relative_to(tmp_path), "the newest one is taken"
    await check_extensions(isolation)


async def test_databases_are_made_ahead_and_dropped_with_those_that_samples_make(
    isolation: Isolation,
) -> None:
    server = PostgreSQL()
    if problem := server.problem():
        pytest.skip(problem)
    try:
        bindings = [await server.bind(isolation) for _ in range(3)]
        assert len({binding.database for binding in bindings}) == 3
        for binding in bindings:
            await server.execute(binding, "CREATE TABLE t (x int)")
            own = await psycopg.AsyncConnection.connect(
                host=str(binding.mounts[0].source),
                user=binding.user,
                password=binding.password,
                dbname=binding.database,
                autocommit=True,
            )
            async with own:
                await own.execute(f"CREATE DATABASE test_{binding.database}")
            await server.release(binding)
    finally:
        await server.stop()


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
