"""MySQL by MariaDB: one real server for the run, a database and a user of its own for each sample."""

import asyncio
import os
import re
import secrets
import shutil
import subprocess
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from prompts.cache_folder import cache_folder
from prompts.errors import SandboxError
from prompts.task import Limits
from sandbox.environments.cache import FolderCache, content_key
from sandbox.isolation.limits import disk_use
from sandbox.isolation.protocol import Isolation, Mount, Relay
from sandbox.scratch import ScratchFolder
from sandbox.services.protocol import Binding, Remark
from sandbox.services.quota import Quota
from sandbox.services.server_process import ServerProcess, free_port, program_version, start_server

if TYPE_CHECKING:
    import pymysql
    from pymysql.cursors import Cursor

_PORT = 3306
_START_SECONDS = 60
_MAX_ROWS = 10_000
_MOST_MB = 1024  # what a sample may keep in its databases
# One process for all samples: single sessions are bounded by the settings below.
_LIMITS = Limits(seconds=7200, memory_mb=4096, disk_mb=8192)
_ALL = _MOST_MB * 1024 * 1024 + 1  # counts no further
_PLAIN = re.compile(r"[\w$-]+", re.ASCII)
# Where clients look for the socket (libmariadb, libmysqlclient).
_SOCKETS = ("/run/mysqld", "/var/run/mysqld")
_LOG_SIZE = "--innodb-log-file-size=4M"
# Nothing on this server outlives the run, so it need not survive a power cut.
_SETTINGS = (
    "--skip-log-bin",
    "--skip-name-resolve",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-doublewrite=0",
    "--innodb-buffer-pool-size=64M",
    _LOG_SIZE,
    "--performance-schema=off",
    "--local-infile=0",
    "--max-connections=1000",
    "--max-user-connections=80",
    "--max-statement-time=120",
    # What a session may raise these to, which it can set by itself.
    "--maximum-sort-buffer-size=16M",
    "--maximum-join-buffer-size=16M",
    "--maximum-read-buffer-size=4M",
    "--maximum-read-rnd-buffer-size=4M",
    "--maximum-bulk-insert-buffer-size=16M",
    "--maximum-max-heap-table-size=64M",
    "--maximum-tmp-memory-table-size=64M",
    "--innodb-temp-data-file-path=ibtmp1:12M:autoextend:max:2G",
    "--character-set-server=utf8mb4",
)


class MariaDB:
    """Starts with the first sample that asks for MySQL or MariaDB."""

    name = "mariadb"

    def __init__(self) -> None:
        self._scratch: ScratchFolder | None = None
        self._process: ServerProcess | None = None
        self._password = secrets.token_hex(16)
        self._starting = asyncio.Lock()
        self._tcp_port = 0
        self._root: pymysql.Connection[Cursor] | None = None
        self._one_at_a_time = asyncio.Lock()
        self._quota = Quota(_MOST_MB, self._sizes, self._shut_out)

    def wanted(self, database: str, schemes: frozenset[str]) -> bool:
        """By name or URL."""
        return "mysql" in database or "mariadb" in database or bool(schemes & {"mysql", "mysql2", "mariadb"})

    def problem(self) -> str:
        """Whether server programs are there."""
        missing = [name for name in ("mariadbd", "mariadb-install-db") if not _find(name)]
        if missing:
            return f"no MariaDB server found ({', '.join(missing)} missing); install Debian's mariadb-server"
        return ""

    def version(self) -> str:
        """The server's program."""
        return program_version(_find("mariadbd"))

    async def bind(self, isolation: Isolation) -> Binding:
        """A fresh database on which its own user may do everything, and so on those with its name in theirs."""
        async with self._starting:
            if self._process is not None and self._process.ended():
                await self.stop()  # whatever ended it took its databases along
            if self._process is None:
                await self._start(isolation)
        assert self._scratch is not None  # noqa: S101 - set by _start
        name, password = f"s_{secrets.token_hex(6)}", secrets.token_hex(12)
        pattern = "%" + name.replace("_", "\\_") + "%"  # test_s_1 is Django's, s_1_test Rails'
        await self._execute(
            f"CREATE DATABASE `{name}`; CREATE USER '{name}'@'%' IDENTIFIED BY '{password}' "
            f"WITH MAX_USER_CONNECTIONS 80; GRANT ALL ON `{pattern}`.* TO '{name}'@'%';"
        )
        self._quota.watch(name)
        host, port = ("127.0.0.1", self._tcp_port) if self._tcp_port else ("localhost", _PORT)
        sockets = self._scratch.path / "run"
        return Binding(
            service=self.name,
            schemes=("mariadb", "mysql2", "mysql"),
            host=host,
            port=port,
            user=name,
            password=password,
            database=name,
            env={
                "MYSQL_HOST": host,
                "MYSQL_PORT": str(port),
                "MYSQL_TCP_PORT": str(port),
                "MYSQL_USER": name,
                "MYSQL_PASSWORD": password,
                "MYSQL_PWD": password,
                "MYSQL_DATABASE": name,
            },
            mounts=tuple(Mount(sockets, place) for place in _SOCKETS),
            relays=() if self._tcp_port else (Relay(_PORT, f"{_SOCKETS[0]}/mysqld.sock"),),
            names=("MYSQL", "MARIADB"),
            primary=True,
        )

    def remarks(self, binding: Binding) -> tuple[Remark, ...]:
        """That the sample kept too much, or that the server is gone."""
        if self._process is None or self._process.ended():
            return (Remark("the MariaDB server ended while the sample used it", ours=True),)
        return self._quota.remarks(binding.user)

    async def release(self, binding: Binding) -> None:
        """End the user's connections, drop every database with its name in theirs, then the user."""
        name = binding.database
        self._quota.forget(name)
        if self._process is None or self._process.ended():
            return
        listed = await self._execute(
            f"DROP USER '{name}'@'%'; KILL USER '{name}'; SHOW DATABASES LIKE '%{name}%';"
        )
        # A name that a sample has made up may hold anything; odd ones go with the server.
        plain = (database for database in listed if _PLAIN.fullmatch(database))
        for database in plain:
            await self._execute(f"DROP DATABASE `{database}`")

    async def stop(self) -> None:
        """Stop the server at once; nothing on it is kept."""
        await self._quota.stop()
        if self._root is not None and self._root.open:
            self._root.close()
        self._root = None
        if self._process is not None:
            await self._process.kill()
            self._process = None
        if self._scratch is not None:
            self._scratch.remove()
            self._scratch = None

    async def _start(self, isolation: Isolation) -> None:
        programs = {name: _find(name) for name in ("mariadbd", "mariadb-install-db")}
        if not all(programs.values()):
            raise SandboxError(self.problem(), "see: backsmith doctor")
        self._tcp_port = free_port() if isolation.name == "host" else 0
        self._scratch = ScratchFolder("my", sockets=True)
        folder = self._scratch.path
        for name in ("run", "tmp"):
            (folder / name).mkdir()
        (folder / "init.sql").write_text(
            f"ALTER USER 'root'@'localhost' IDENTIFIED BY '{self._password}';\n", encoding="utf-8"
        )
        network = (
            ("--bind-address=127.0.0.1", f"--port={self._tcp_port}")
            if self._tcp_port
            else ("--skip-networking",)
        )
        shutil.copytree(await _fresh_data(programs["mariadb-install-db"]), folder / "data")
        process = start_server(
            "MariaDB",
            folder,
            lambda site: (
                *(str(programs["mariadbd"]), "--no-defaults", f"--datadir={site.folder}/data"),
                *(f"--tmpdir={site.folder}/tmp", f"--secure-file-priv={site.folder}/tmp"),
                *(f"--pid-file={site.folder}/pid", f"--socket={site.folder}/run/mysqld.sock"),
                f"--init-file={site.folder}/init.sql",
                *(*_SETTINGS, *network),
            ),
            limits=_LIMITS,
            network=bool(self._tcp_port),
        )
        self._process = process
        try:
            # Its socket is there before the root user has a password; this line comes after that.
            await process.wait_for(lambda: "ready for connections" in process.log(), _START_SECONDS)
        except SandboxError:
            await self.stop()
            raise
        (folder / "init.sql").unlink()

    @staticmethod
    def refusals() -> type[Exception]:
        """What ``execute`` raises for a script that the server refuses."""
        import pymysql

        return pymysql.MySQLError

    async def execute(self, binding: Binding, statements: str) -> None:
        """Run a script as the sample's user on its database. Raises pymysql.MySQLError for what is refused."""

        def run() -> None:
            with self._connect(binding.user, binding.password, binding.database) as connection:
                _run(connection, statements)

        await asyncio.to_thread(run)

    async def _sizes(self, names: Collection[str]) -> Mapping[str, int]:
        """What is kept in the folders of each user's databases, whose names hold the user's."""
        assert self._scratch is not None  # noqa: S101 - there is a server
        data = self._scratch.path / "data"
        folders = await asyncio.to_thread(lambda: [place for place in data.iterdir() if place.is_dir()])
        return {
            name: await asyncio.to_thread(disk_use, [place for place in folders if name in place.name], _ALL)
            for name in names
        }

    async def _shut_out(self, name: str) -> None:
        """Let a user in no more, and close what it has open."""
        await self._execute(f"ALTER USER '{name}'@'%' ACCOUNT LOCK; KILL USER '{name}'")

    async def _execute(self, statements: str) -> list[str]:
        """Run statements of ours as root; returns the first column of all rows. Raises SandboxError."""
        import pymysql

        def run() -> list[str]:
            if self._root is None or not self._root.open:
                self._root = self._connect("root", self._password)
            return _run(self._root, statements)

        async with self._one_at_a_time:
            try:
                return await asyncio.to_thread(run)
            except pymysql.MySQLError as error:
                raise SandboxError(f"MariaDB refused a statement: {error}") from error

    def _connect(self, user: str, password: str, database: str | None = None) -> "pymysql.Connection[Cursor]":
        import pymysql
        from pymysql.constants import CLIENT

        assert self._scratch is not None  # noqa: S101 - there is a server
        return pymysql.connect(
            unix_socket=str(self._scratch.path / "run/mysqld.sock"),
            user=user,
            password=password,
            database=database,
            charset="utf8mb4",
            autocommit=True,
            connect_timeout=10,
            client_flag=CLIENT.MULTI_STATEMENTS,
        )


def _run(connection: "pymysql.Connection[Cursor]", script: str) -> list[str]:
    found: list[str] = []
    with connection.cursor() as cursor:
        cursor.execute(script)
        while True:
            found += [str(row[0]) for row in cursor.fetchmany(_MAX_ROWS)]
            if not cursor.nextset():
                return found


async def _fresh_data(install: Path | None) -> Path:
    """A data folder as the installer makes it, kept in the cache: making one takes seconds, a copy does not."""
    key = content_key("mariadb", await asyncio.to_thread(_version), _LOG_SIZE)
    store = FolderCache(cache_folder() / "mariadb")
    folder = store.find(key)
    if folder is None:
        async with store.building(key) as building:
            if (folder := store.find(key)) is None:
                done = start_server(
                    "MariaDB's installer",
                    building,
                    lambda site: (
                        *(str(install), "--no-defaults", f"--datadir={site.folder}/data", "--skip-test-db"),
                        *("--auth-root-authentication-method=normal", "--skip-name-resolve", _LOG_SIZE),
                    ),
                )
                await done.wait_for(lambda: done.succeeded, _START_SECONDS)
                folder = store.keep(building, key)
    return folder / "data"


def _version() -> str:
    said = subprocess.run([str(_find("mariadbd")), "--version"], capture_output=True, text=True, check=True)
    return said.stdout


def _find(name: str) -> Path | None:
    found = shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/usr/bin")
    return Path(found) if found else None
