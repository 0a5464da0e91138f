"""One sample cannot starve another: what a server's user may use, take along or leave behind."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from typing import Any

import psycopg
import pymysql
import pytest

from sandbox.isolation.bubblewrap import Bubblewrap
from sandbox.isolation.protocol import Command, Isolation
from sandbox.services.mariadb import MariaDB
from sandbox.services.postgresql import PostgreSQL
from sandbox.services.protocol import Binding
from sandbox.services.redis import Redis
from sandbox.trial import Laboratory, Project
from tests.isolations import working_bubblewrap

SMALL_MB = 24


@pytest.fixture
def isolation() -> Isolation:
    """Servers are the same for all that isolate."""
    return working_bubblewrap()


class TestPostgreSQL:
    @pytest.fixture
    async def server(self, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[PostgreSQL]:
        monkeypatch.setattr("sandbox.services.postgresql._MOST_MB", SMALL_MB)
        server = PostgreSQL()
        if problem := server.problem():
            pytest.skip(problem)
        yield server
        await server.stop()

    @staticmethod
    async def connect(binding: Binding, database: str = "") -> psycopg.AsyncConnection[Any]:
        return await psycopg.AsyncConnection.connect(
            host=str(binding.mounts[0].source),
            user=binding.user,
            password=binding.password,
            dbname=database or binding.database,
            autocommit=True,
        )

    async def test_limits_are_set_and_cannot_be_lifted(
        self, server: PostgreSQL, isolation: Isolation
    ) -> None:
        binding = await server.bind(isolation)
        async with await self.connect(binding) as connection:
            for name, value in (("statement_timeout", "2min"), ("temp_file_limit", "1GB")):
                shown = await (await connection.execute(f"SHOW {name}".encode())).fetchone()
                assert shown == (value,)
            for lifted in (
                "SET temp_file_limit = -1",
                f"ALTER ROLE {binding.user} CONNECTION LIMIT -1",
                "ALTER SYSTEM SET max_connections = 5",
                "COPY (SELECT 1) TO '/tmp/x'",
                "CREATE ROLE another LOGIN",
            ):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    await connection.execute(lifted.encode())

    @pytest.mark.slow
    async def test_connections_of_one_leave_room_for_another(
        self, server: PostgreSQL, isolation: Isolation
    ) -> None:
        one, two = await server.bind(isolation), await server.bind(isolation)
        async with contextlib.AsyncExitStack() as stack:
            for _ in range(80):
                await stack.enter_async_context(await self.connect(one))
            with pytest.raises(psycopg.OperationalError, match="too many connections for role"):
                await self.connect(one)
            await server.execute(two, "SELECT 1")

    async def test_memory_of_a_query_is_bounded(self, server: PostgreSQL, isolation: Isolation) -> None:
        one, two = await server.bind(isolation), await server.bind(isolation)
        with pytest.raises(psycopg.errors.OutOfMemory):
            await server.execute(one, "SELECT length(repeat('x', 900000000))")
        await server.execute(two, "SELECT 1")

    async def test_who_keeps_too_much_is_shut_out(self, server: PostgreSQL, isolation: Isolation) -> None:
        one, two = await server.bind(isolation), await server.bind(isolation)
        fill = "CREATE TABLE t AS SELECT md5(n::text) AS x FROM generate_series(1, 400000) n"
        async with await self.connect(one) as connection:
            with pytest.raises(psycopg.errors.AdminShutdown):
                for name in "abcdefghijkl":
                    await connection.execute(fill.replace(" t ", f" {name} ").encode())
                    await asyncio.sleep(0.5)
        with pytest.raises(psycopg.OperationalError, match="not permitted to log in"):
            await server.execute(one, "SELECT 1")
        [remark] = server.remarks(one)
        assert remark.text.startswith(f"the sample's databases grew past {SMALL_MB} MiB")
        assert not remark.ours
        assert server.remarks(two) == ()
        await server.execute(two, "SELECT 1")
        await server.release(one)
        assert server.remarks(one) == ()

    async def test_nothing_of_a_sample_goes_on_in_another_database(
        self, server: PostgreSQL, isolation: Isolation
    ) -> None:
        binding = await server.bind(isolation)
        running = await self.connect(binding, "postgres")
        asked = asyncio.create_task(running.execute("SELECT pg_sleep(600)"))
        await asyncio.sleep(0.2)
        await server.release(binding)
        with pytest.raises(psycopg.errors.AdminShutdown):
            await asyncio.wait_for(asked, 10)
        await running.close()

    async def test_a_server_that_ended_is_started_anew(
        self, server: PostgreSQL, isolation: Isolation
    ) -> None:
        one = await server.bind(isolation)
        assert server._process is not None
        await server._process.kill()
        [remark] = server.remarks(one)
        assert remark.ours
        await server.release(one)
        two = await server.bind(isolation)
        await server.execute(two, "SELECT 1")
        assert server.remarks(two) == ()

    async def test_it_is_reached_by_socket_and_port_from_inside(
        self, server: PostgreSQL, isolation: Isolation
    ) -> None:
        binding = await server.bind(isolation)
        reach = (
            "import socket\n"
            "s = socket.socket(socket.AF_UNIX)\n"
            "s.connect('/var/run/postgresql/.s.PGSQL.5432')\n"
            "socket.create_connection(('localhost', 5432))\n"
            "print('both')\n"
        )
        command = Command(
            ("python3", "-c", reach),
            cwd="/tmp",
            env={"PATH": "/usr/bin:/bin"},
            mounts=binding.mounts,
            relays=binding.relays,
        )
        assert (await isolation.run(command)).output == "both\n"


class TestMariaDB:
    @pytest.fixture
    async def server(self, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[MariaDB]:
        monkeypatch.setattr("sandbox.services.mariadb._MOST_MB", SMALL_MB)
        server = MariaDB()
        if problem := server.problem():
            pytest.skip(problem)
        yield server
        await server.stop()

    @staticmethod
    def connect(binding: Binding) -> "pymysql.Connection[Any]":
        return pymysql.connect(
            unix_socket=str(binding.mounts[0].source / "mysqld.sock"),
            user=binding.user,
            password=binding.password,
            database=binding.database,
            autocommit=True,
        )

    @pytest.mark.slow
    async def test_connections_of_one_leave_room_for_another(
        self, server: MariaDB, isolation: Isolation
    ) -> None:
        one, two = await server.bind(isolation), await server.bind(isolation)
        with contextlib.ExitStack() as stack:
            for _ in range(80):
                stack.enter_context(self.connect(one))
            with pytest.raises(pymysql.err.OperationalError, match="max_user_connections"):
                self.connect(one)
            self.connect(two).close()

    async def test_memory_and_time_of_a_query_are_bounded(
        self, server: MariaDB, isolation: Isolation
    ) -> None:
        binding = await server.bind(isolation)
        with self.connect(binding) as connection, connection.cursor() as cursor:
            cursor.execute("SET SESSION sort_buffer_size = 4000000000, max_heap_table_size = 4000000000")
            cursor.execute("SELECT @@sort_buffer_size, @@max_heap_table_size, @@max_statement_time")
            assert cursor.fetchone() == (16 * 1024**2, 64 * 1024**2, 120.0)

    async def test_who_keeps_too_much_is_shut_out(self, server: MariaDB, isolation: Isolation) -> None:
        one, two = await server.bind(isolation), await server.bind(isolation)

        def fill() -> None:
            with self.connect(one) as connection, connection.cursor() as cursor:
                cursor.execute("CREATE TABLE t (x longtext)")
                for _ in range(20_000):
                    cursor.execute("INSERT INTO t VALUES (repeat('x', 500000))")

        with pytest.raises((pymysql.err.OperationalError, pymysql.err.InterfaceError)):
            await asyncio.to_thread(fill)
        with pytest.raises(pymysql.err.OperationalError, match="account is locked"):
            self.connect(one)
        assert "grew past" in server.remarks(one)[0].text
        self.connect(two).close()
        assert server.remarks(two) == ()
        await server.release(one)

    async def test_a_server_that_ended_is_started_anew(self, server: MariaDB, isolation: Isolation) -> None:
        one = await server.bind(isolation)
        assert server._process is not None
        await server._process.kill()
        assert server.remarks(one)[0].ours
        await server.release(one)
        self.connect(await server.bind(isolation)).close()


class TestRedis:
    @pytest.fixture
    async def server(self) -> AsyncIterator[Redis]:
        server = Redis()
        if problem := server.problem():
            pytest.skip(problem)
        yield server
        await server.stop()

    @staticmethod
    def say(binding: Binding, *lines: str) -> list[str]:
        with socket.socket(socket.AF_UNIX) as spoken:
            spoken.settimeout(30)
            spoken.connect(str(binding.mounts[0].source / "redis.sock"))
            file = spoken.makefile("rw", newline="\r\n")
            said = []
            for line in lines:
                file.write(line + "\r\n")
                file.flush()
                said.append(file.readline().strip())
            return said

    async def test_memory_is_bounded_for_one_alone(self, server: Redis, isolation: Isolation) -> None:
        one, two = await server.bind(isolation), await server.bind(isolation)
        refused = self.say(one, "SETRANGE a 268435455 x", "SET b 1")
        assert refused[1].startswith("-OOM command not allowed"), refused
        assert server.remarks(one) == ()
        with pytest.raises(OSError, match=r"reset|Broken pipe|^$"):
            said = self.say(
                one, "CONFIG SET maxmemory 0", *(f"SETRANGE {name} 268435455 x" for name in "bcdef")
            )
            assert "" in said, "it ended"
            raise OSError
        for _ in range(100):
            if server.remarks(one):
                break
            await asyncio.sleep(0.05)
        assert "ended before its tests did" in server.remarks(one)[0].text
        assert self.say(two, "PING") == ["+PONG"]
        assert server.remarks(two) == ()


@pytest.mark.network
async def test_what_a_server_has_to_say_is_told_with_the_trial() -> None:
    if problem := Redis().problem() or Bubblewrap().problem():
        pytest.skip(problem)
    test = (
        "import socket, time\n"
        "def test_shutdown():\n"
        "    s = socket.create_connection(('localhost', 6379))\n"
        "    s.sendall(b'SHUTDOWN NOSAVE\\r\\n')\n"
        "    time.sleep(0.3)\n"
    )
    async with Laboratory(Bubblewrap()) as laboratory:
        trial = await laboratory.run(Project({"test_it.py": test}, database="Redis"))
    assert trial.report.passed, trial.report
    assert any("Redis ended before its tests did" in note for note in trial.notes)


@pytest.mark.network
async def test_a_server_that_dies_is_no_fault_of_the_answer() -> None:
    if problem := PostgreSQL().problem() or Bubblewrap().problem():
        pytest.skip(problem)
    test = (
        "import socket, time\n"
        "def test_it_answers():\n"
        "    socket.create_connection(('localhost', 5432))\n"
        "    time.sleep(4)\n"
        "    raise AssertionError('gone')\n"
    )
    async with Laboratory(Bubblewrap()) as laboratory:
        [server] = [s for s in laboratory._services if isinstance(s, PostgreSQL)]
        running = asyncio.create_task(laboratory.run(Project({"test_it.py": test}, database="PostgreSQL")))
        while server._process is None or not server._quota._names:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        await server._process.kill()
        trial = await running
        again = await laboratory.run(Project({"test_ok.py": "def test_it(): pass\n"}, database="PostgreSQL"))
    assert trial.report.ours
    assert "PostgreSQL server ended" in trial.report.problem
    assert again.report.passed, "a fresh server took its place"
