"""The MIGRATIONS section: SQL, commands and notes told apart. Nothing is run. Rules M1 to M6 of docs/fileblock.md."""

import re

from agents.fileblock.bodies import Body, bare_item
from agents.fileblock.marks import Mark, read_mark, strip_ansi
from agents.fileblock.source import closes
from agents.submission import Migration, MigrationKind

_SQL = re.compile(
    r"--(?:\s|$)|/\*"
    r"|(?:CREATE|ALTER|DROP) (?:TABLE|INDEX|UNIQUE|TYPE|EXTENSION|VIEW|OR|FUNCTION|TRIGGER|SCHEMA|DATABASE|SEQUENCE|"
    r"MATERIALIZED|TEMP|TEMPORARY|VIRTUAL|ROLE|USER|POLICY|PROCEDURE|DOMAIN|COLUMN|CONSTRAINT)\b"
    r"|(?:INSERT INTO|DELETE FROM|REPLACE INTO|TRUNCATE TABLE|COMMENT ON|RENAME TABLE|START TRANSACTION)\s"
    r"|UPDATE \S{1,200} SET\b|(?:GRANT|REVOKE) .{1,200} (?:ON|TO|FROM)\b|PRAGMA \w"
    r"|(?:BEGIN|COMMIT|ROLLBACK)(?: TRANSACTION)? ?;|USE \S{1,200};|DO \$",
    re.IGNORECASE,
)
_SQL_IN_CAPITALS = re.compile(r"(?:SELECT|WITH|SET|EXECUTE|CALL)\s.*;$")
_TOOLS = (
    *(
        "alembic",
        "psql",
        "mysql",
        "sqlite3",
        "mongosh",
        "mongo",
        "goose",
        "migrate",
        "sqlx",
        "diesel",
        "prisma",
        "knex",
    ),
    *(
        "sequelize",
        "typeorm",
        "liquibase",
        "flyway",
        "npx",
        "npm",
        "yarn",
        "pnpm",
        "bun",
        "poetry",
        "pipenv",
        "uv",
    ),
    *(
        "docker",
        "docker-compose",
        "django-admin",
        "rails",
        "rake",
        "bundle",
        "dotnet",
        "mvn",
        "gradle",
        "cargo",
        "sudo",
    ),
    *(
        "createdb",
        "dropdb",
        "createuser",
        "redis-cli",
        "export",
        "cd",
        "atlas",
        "dbmate",
        "drizzle-kit",
        "aerich",
    ),
)
_COMMAND = re.compile(
    rf"(?:{'|'.join(map(re.escape, _TOOLS))}) [\w\-./\"'$]"
    r"|python3? (?:-m|-c|\S{1,200}\.py)\b|flask (?:db|--app|run|\w+-\w+)|node \S{1,200}\.[mc]?[jt]s\b"
    r"|go (?:run|install|generate|tool)\b|make [\w-]{1,64}$|\./\S|bash \S|sh \S"
)
_DOLLAR_QUOTE = re.compile(r"\$(?:[A-Za-z_]\w{0,62})?\$")
_KINDS_BY_INFO: dict[str, MigrationKind] = {
    **dict.fromkeys(
        ["sql", "postgres", "postgresql", "psql", "mysql", "sqlite", "sqlite3", "plpgsql", "tsql"], "sql"
    ),
    **dict.fromkeys(["sh", "bash", "shell", "console", "zsh", "shell-session", "powershell"], "command"),
    **dict.fromkeys(["text", "txt", "plaintext", "md", "markdown"], "note"),
}


def read_migrations(body: Body) -> tuple[Migration, ...]:
    """The steps of the section, in order.

    SQL that follows SQL is one step, blank lines between included; a command is a step of its own, as is a paragraph
    of prose. A fenced part is one step, word for word, if the fence names its kind.
    """
    reader = _Reader()
    for number, line in body:
        reader.read(number, strip_ansi(line) if "\x1b" in line else line)
    reader.close()
    return tuple(reader.found)


class _Reader:
    """The steps found so far, and the one being read."""

    def __init__(self) -> None:
        self.found: list[Migration] = []
        self._kind: MigrationKind | None = None
        self._lines: list[str] = []
        self._fence: Mark | None = None
        self._verbatim = False
        self._quote = ""
        self._open = False
        self._blocks = 0

    def read(self, number: int, line: str) -> None:
        """Take in the next line."""
        mark = read_mark(line, number)
        if self._fence is not None and mark is not None and closes(self._fence, mark):
            self.close()
            self._fence, self._verbatim = None, False
        elif self._verbatim:
            self._lines.append(line)
        elif self._fence is None and mark is not None and mark.kind == "fence":
            self._open_fence(mark)
        elif mark is not None and mark.kind == "delimiter":
            self.close()
        else:
            self._read_bare(line)

    def close(self) -> None:
        """The step being read is complete."""
        lines = self._lines
        while not self._verbatim and lines and not lines[-1].strip():
            lines.pop()
        if self._kind is not None and any(map(str.strip, lines)):
            self.found.append(Migration(self._kind, "\n".join(lines)))
        self._kind, self._lines = None, []
        self._open, self._quote, self._blocks = False, "", 0

    def _open_fence(self, mark: Mark) -> None:
        self.close()
        self._fence = mark
        kind = _KINDS_BY_INFO.get(mark.text[1:].lower())
        self._verbatim = kind is not None
        self._kind = kind

    def _read_bare(self, line: str) -> None:
        bare = line.strip()
        if self._kind == "sql" and (self._open or not bare):
            self._lines.append(line)
            self._follow_sql(bare)
            return
        if not bare:
            self.close()
            return
        text, _ = bare_item(bare)
        kind = _kind(bare, text)
        if kind != self._kind or kind == "command":
            self.close()
        self._kind = kind
        self._lines.append(text if kind == "command" else line.rstrip() if kind == "sql" else bare)
        if kind == "sql":
            self._follow_sql(bare)

    def _follow_sql(self, bare: str) -> None:
        """Keep track of whether a statement is still open: its quotes, its BEGIN and END, its semicolon."""
        for quote in _DOLLAR_QUOTE.findall(bare):
            if not self._quote:
                self._quote = quote
            elif quote == self._quote:
                self._quote = ""
        if bare.startswith("--") and not self._open:
            return
        first = bare.rstrip(";").upper()
        if not self._quote and first == "BEGIN" and not bare.endswith(";"):
            self._blocks += 1
        elif self._blocks and first.split(" ")[0] == "END" and bare.endswith(";"):
            self._blocks -= 1
        if bare:
            ended = bare.endswith(";") or ";--" in bare.replace(" ", "")
            self._open = bool(self._quote) or self._blocks > 0 or not ended


def _kind(bare: str, text: str) -> MigrationKind:
    if _SQL.match(bare) or _SQL_IN_CAPITALS.match(bare):
        return "sql"
    return "command" if _COMMAND.match(text) and not text.endswith(".") else "note"
