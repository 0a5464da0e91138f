"""Runs an answer's migrations before its tests: SQL on the sample's database, commands in the sandbox.

Many answers list as SQL what their code does by itself at start-up, so a step that fails is told and decides
nothing: the tests do.
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from sandbox.isolation.protocol import Finished
from sandbox.services.mariadb import MariaDB
from sandbox.services.postgresql import PostgreSQL
from sandbox.services.protocol import Binding

MigrationKind = Literal["sql", "command", "note"]
RunInSandbox = Callable[[tuple[str, ...]], Awaitable[Finished]]

_SQLITE = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).executescript(sys.argv[2])"


@dataclass(frozen=True, slots=True)
class MigrationStep:
    """One step that was tried. ``message`` says what went wrong; empty where nothing did."""

    kind: MigrationKind
    text: str
    message: str = ""

    @property
    def ok(self) -> bool:
        """Whether it went through."""
        return not self.message


async def migrate(
    steps: Iterable[tuple[MigrationKind, str]],
    servers: Iterable[tuple[object, Binding]],
    sqlite_file: str | None,
    run: RunInSandbox,
) -> tuple[MigrationStep, ...]:
    """Try the steps in order. Notes are for people and are left out; SQL without a database too."""
    server = next(((s, b) for s, b in servers if isinstance(s, PostgreSQL | MariaDB)), None)
    done: list[MigrationStep] = []
    for kind, text in steps:
        if kind == "command":
            finished = await run(("/bin/sh", "-c", text))
            done.append(MigrationStep(kind, text, "" if finished.ok else _why(finished)))
        elif kind == "sql" and server is not None:
            done.append(MigrationStep(kind, text, await _execute(*server, text)))
        elif kind == "sql" and sqlite_file is not None:
            finished = await run(("python3", "-c", _SQLITE, sqlite_file, text))
            done.append(MigrationStep(kind, text, "" if finished.ok else _why(finished)))
    return tuple(done)


async def _execute(server: PostgreSQL | MariaDB, binding: Binding, text: str) -> str:
    try:
        await server.execute(binding, text)
    except server.refusals() as error:
        return str(error).strip()[:2000] or type(error).__name__
    return ""


def _why(finished: Finished) -> str:
    if finished.limit:
        return f"{finished.limit} limit: {finished.detail}"
    return f"exit code {finished.exit_code}\n{finished.output.strip()[-2000:]}"


def sqlite_path(url: str, work: str) -> str | None:
    """The file of a SQLite URL as an inside path, or None where it names none (``sqlite:///x.db``)."""
    scheme, separator, rest = url.partition(":///")
    if not separator or scheme.split("+", 1)[0] != "sqlite":
        return None
    path = rest.split("?", 1)[0]
    if not path or path == ":memory:":
        return None
    return path if path.startswith("/") else f"{work}/{path}"
