"""Redis, MariaDB and what cannot be had: real servers, reached from inside the sandbox."""

from pathlib import Path

import pytest

from prompts.errors import SandboxError
from sandbox.isolation.bubblewrap import Bubblewrap
from sandbox.isolation.protocol import Command, Isolation
from sandbox.services.choose import all_services, unserved
from sandbox.services.mariadb import MariaDB
from sandbox.services.protocol import Binding
from sandbox.services.redis import Redis
from sandbox.trial import Laboratory, Project

SPEAK = """
import socket, sys
kind, words = sys.argv[1], sys.argv[3:]
s = socket.socket(socket.AF_UNIX) if kind == "unix" else socket.socket()
s.connect(sys.argv[2] if kind == "unix" else ("localhost", int(sys.argv[2])))
s.sendall((" ".join(words) + "\\r\\n").encode())
print(s.recv(1000).decode().strip())
"""


async def speak(isolation: Isolation, binding: Binding, kind: str, where: str, *words: str) -> str:
    """One command in Redis's inline protocol, from inside the sandbox."""
    done = await isolation.run(
        Command(
            ("python3", "-c", SPEAK, kind, where, *words),
            cwd="/tmp",
            env={"PATH": "/usr/local/bin:/usr/bin:/bin"},
            mounts=binding.mounts,
            relays=binding.relays,
        )
    )
    assert done.exit_code == 0, done
    return done.output.strip()


async def test_each_sample_has_a_redis_of_its_own(isolation: Isolation) -> None:
    service = Redis()
    if problem := service.problem():
        pytest.skip(problem)
    one, two = await service.bind(isolation), await service.bind(isolation)
    try:
        assert one.env["REDIS_URL"] == "redis://localhost:6379/0"
        assert await speak(isolation, one, "tcp", "6379", "SET", "a", "1") == "+OK"
        assert (await speak(isolation, one, "unix", "/var/run/redis/redis.sock", "GET", "a")).endswith("1")
        assert await speak(isolation, two, "tcp", "6379", "FLUSHALL") == "+OK"
        assert (await speak(isolation, one, "tcp", "6379", "GET", "a")).endswith("1")
        await service.release(one)
        assert not one.mounts[0].source.exists()
        assert await speak(isolation, two, "tcp", "6379", "PING") == "+PONG"
    finally:
        await service.stop()
    assert not two.mounts[0].source.exists()


async def test_redis_on_the_bare_host_asks_for_its_password() -> None:
    from sandbox.isolation.host import Host

    service = Redis()
    if problem := service.problem():
        pytest.skip(problem)
    host = Host()
    binding = await service.bind(host)
    try:
        port = str(binding.port)
        assert "NOAUTH" in await speak(host, binding, "tcp", port, "GET", "a")
        assert await speak(host, binding, "tcp", port, "AUTH", binding.password) == "+OK"
    finally:
        await service.stop()


MYSQL_TEST = """
import os
from urllib.parse import urlsplit
import pymysql

url = urlsplit(os.environ["DATABASE_URL"])
LOGIN = dict(user=url.username, password=url.password)

def test_tcp_and_migration():
    with pymysql.connect(host=url.hostname, port=url.port, database=url.path[1:], **LOGIN) as connection:
        with connection.cursor() as cursor:
            cursor.execute("SELECT name FROM users")
            assert cursor.fetchall() == (("ada",),)

def test_socket_and_test_database():
    with pymysql.connect(unix_socket="/run/mysqld/mysqld.sock", **LOGIN) as connection:
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE test_{url.path[1:]}")
            cursor.execute("SHOW DATABASES")
            names = {row[0] for row in cursor.fetchall()}
            assert names == {"information_schema", url.path[1:], "test_" + url.path[1:]}

def test_nothing_else():
    with pymysql.connect(host="localhost", **LOGIN) as connection:
        with connection.cursor() as cursor:
            for refused in ("CREATE DATABASE other", "CREATE USER x", "SELECT * FROM mysql.user",
                            "SELECT 1 INTO OUTFILE '/tmp/x'", "SET GLOBAL max_connections = 1"):
                try:
                    cursor.execute(refused)
                except pymysql.err.OperationalError:
                    continue
                raise AssertionError(refused)

def test_root_has_a_password():
    try:
        pymysql.connect(host="localhost", user="root")
    except pymysql.err.OperationalError:
        return
    raise AssertionError("root came in")
"""


@pytest.mark.network
async def test_mysql_by_tcp_and_socket(isolation: Isolation) -> None:
    if problem := MariaDB().problem():
        pytest.skip(problem)
    project = Project(
        {"test_db.py": MYSQL_TEST},
        dependencies=(("python", "pymysql"),),
        migrations=(
            ("sql", "CREATE TABLE users (name text); INSERT INTO users VALUES ('ada');"),
            ("sql", "NO SQL"),
        ),
        env_vars=(("DATABASE_URL", "mysql+pymysql://u:p@db/x"),),
        database="MySQL 8",
    )
    async with Laboratory(isolation) as laboratory:
        trial = await laboratory.run(project)
        again = await laboratory.run(project)
    assert trial.report.passed, trial.report
    assert again.report.passed, again.report
    assert [step.ok for step in trial.migrations] == [True, False]
    assert "error in your SQL syntax" in trial.migrations[1].message


async def test_mysql_drops_everything_of_a_sample(isolation: Isolation) -> None:
    service = MariaDB()
    if problem := service.problem():
        pytest.skip(problem)
    try:
        binding = await service.bind(isolation)
        await service._execute(f"CREATE DATABASE `test_{binding.database}`")
        await service.release(binding)
        assert binding.database not in await service._execute("SHOW DATABASES; SELECT user FROM mysql.user")
    finally:
        await service.stop()


@pytest.mark.parametrize("database", ["MongoDB", "PostgreSQL and Elasticsearch", "Cassandra"])
async def test_servers_that_cannot_be_had_are_named(
    database: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    services = all_services()
    told = unserved(database, services)
    assert database.rpartition(" ")[2] in told
    assert "install" in told
    [service] = [s for s in services if s.wanted(database.lower(), frozenset()) and s.problem()]
    with pytest.raises(SandboxError):
        await service.bind(Bubblewrap())


def test_what_is_served_leaves_nothing_to_tell() -> None:
    assert unserved("SQLite", all_services()) == ""
    assert unserved("", all_services()) == ""
