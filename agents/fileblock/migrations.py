"""The MIGRATIONS section: SQL, commands and notes told apart. Nothing is run. Rules M1 to M5 of docs/fileblock.md."""

import re
from collections.abc import Iterable

from agents.submission import Migration, MigrationKind

_SQL = re.compile(
    r"(?:--|/\*|(?:CREATE|ALTER|DROP|INSERT INTO|UPDATE|DELETE FROM|TRUNCATE|BEGIN|COMMIT|GRANT|REVOKE|COMMENT ON|"
    r"SET|SELECT|WITH|PRAGMA|DO|USE|RENAME|REPLACE INTO|EXECUTE|ROLLBACK|START TRANSACTION)\b)"
)
_COMMAND = re.compile(
    r"(?:\$ |(?:sudo |npx |python3? |poetry run |uv run |bundle exec |docker(?:-compose)? |make |alembic |flask |"
    r"django-admin |rails |rake |psql |mysql |sqlite3 |mongosh? |npm |yarn |pnpm |bun |node |go |goose |migrate |"
    r"dotnet |mvn |\./|gradle |sqlx |diesel |prisma |knex |sequelize |typeorm |liquibase |flyway |export |cargo )\S)"
)
_SQL_INFO = frozenset({"sql", "postgres", "postgresql", "psql", "mysql", "sqlite", "plpgsql"})
_COMMAND_INFO = frozenset({"sh", "bash", "shell", "console", "zsh", "shell-session"})


def read_migrations(lines: Iterable[str]) -> tuple[Migration, ...]:
    """The steps under MIGRATIONS, in order."""
    found: list[Migration] = []
    kind: MigrationKind | None = None
    fenced: MigrationKind | None = None
    fence = ""
    pieces: list[str] = []

    def close() -> None:
        nonlocal pieces, kind
        text = "\n".join(pieces).strip("\n")
        if text.strip() and kind is not None:
            found.append(Migration(kind, text))
        pieces, kind = [], None

    for line in lines:
        stripped = line.strip()
        if fence:
            if stripped.startswith(fence) and not stripped.strip(fence[0]):
                fence = ""
                close()
            elif fenced is None:
                fenced = kind = _kind(stripped)
                pieces.append(line)
            else:
                pieces.append(line)
            continue
        if stripped.startswith(("```", "~~~")):
            close()
            fence = stripped[: len(stripped) - len(stripped.lstrip(stripped[0]))]
            info = stripped[len(fence) :].strip().lower()
            fenced = "sql" if info in _SQL_INFO else "command" if info in _COMMAND_INFO else None
            fenced = "note" if info in {"text", "txt"} else fenced
            kind = fenced
            continue
        if kind == "sql":
            pieces.append(line)
            if stripped.endswith(";"):
                close()
            continue
        if not stripped:
            close()
            continue
        now = _kind(stripped)
        if now != kind or now == "command":
            close()
        kind = now
        pieces.append(stripped.removeprefix("$ ") if now == "command" else line)
        if now == "sql" and stripped.endswith(";"):
            close()
    close()
    return tuple(found)


def _kind(line: str) -> MigrationKind:
    if _SQL.match(line):
        return "sql"
    return "command" if _COMMAND.match(line.strip("`")) else "note"
