"""What was found in files, kept by their content, so that only changed files are read again.

A file of SQLite in the user's cache; can be deleted at any time. A damaged one is a miss.
"""

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing, suppress
from functools import cache
from pathlib import Path

from evals.context.definitions import Definitions, Entry
from evals.context.models import DataModel
from evals.context.outline import Outline

_NAME = "context.sqlite"
_MOST = 200_000
_BATCH = 500
_OWN_CODE = ("outline.py", "definitions.py", "models.py", "cache.py")


class ContextCache:
    """Texts by key. ``folder`` is made if need be; where it cannot be, nothing is kept."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / _NAME

    def find(self, keys: Iterable[str]) -> dict[str, str]:
        """Those of the keys that are kept."""
        found: dict[str, str] = {}
        wanted = list(dict.fromkeys(keys))
        if not wanted:
            return found
        try:
            with closing(self._open()) as database:
                for start in range(0, len(wanted), _BATCH):
                    batch = wanted[start : start + _BATCH]
                    marks = ",".join("?" * len(batch))
                    query = f"SELECT key, data FROM kept WHERE key IN ({marks})"  # noqa: S608 - marks alone
                    found.update(database.execute(query, batch))
        except (sqlite3.Error, OSError):
            self._forget()
        return found

    def keep(self, rows: Mapping[str, str]) -> None:
        """Keep these."""
        if not rows:
            return
        try:
            with closing(self._open()) as database, database:
                database.executemany("INSERT OR REPLACE INTO kept VALUES (?, ?)", list(rows.items()))
                (count,) = database.execute("SELECT count(*) FROM kept").fetchone()
                if count > _MOST:
                    oldest = "SELECT rowid FROM kept ORDER BY rowid LIMIT ?"
                    database.execute(f"DELETE FROM kept WHERE rowid IN ({oldest})", (count - _MOST // 2,))  # noqa: S608
        except (sqlite3.Error, OSError):
            self._forget()

    def _open(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        database = sqlite3.connect(self._path, timeout=5)
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=OFF")
        database.execute("CREATE TABLE IF NOT EXISTS kept (key TEXT PRIMARY KEY, data TEXT)")
        return database

    def _forget(self) -> None:
        for ending in ("", "-wal", "-shm"):
            with suppress(OSError):
                self._path.with_name(_NAME + ending).unlink()


def key_of(kind: str, path: str, blob: str) -> str:
    """The key of what was found in a file: its content, how it is read (by its ending), and the code that reads it."""
    return f"{kind}-{_own_code()}-{path.rpartition('.')[2][:16].lower()}-{blob}"


@cache
def _own_code() -> str:
    total = hashlib.sha256()
    for name in _OWN_CODE:
        total.update((Path(__file__).parent / name).read_bytes())
    return total.hexdigest()[:12]


def write_outline(outline: Outline | None) -> str:
    """An outline as a text; None (the file is no text) as an empty one."""
    if outline is None:
        return ""
    about = f"{outline.lines} {outline.serves:d} {outline.stores:d}"
    return "\n".join((about, " ".join(outline.imports), outline.names, outline.words))


def read_outline(data: str) -> Outline | None:
    """What ``write_outline`` wrote. Raises ValueError for what it cannot have written."""
    if not data:
        return None
    about, imports, names, words = data.split("\n")
    lines, serves, stores = about.split(" ")
    return Outline(words, names, tuple(imports.split()), int(lines), serves == "1", stores == "1")


def write_definitions(found: Definitions) -> str:
    """Definitions as a text."""
    return json.dumps(
        [
            [[e.line, e.text, e.depth] for e in found.entries],
            [[m.kind, m.name, m.line, m.text] for m in found.models],
        ],
        separators=(",", ":"),
    )


def read_definitions(data: str) -> Definitions:
    """What ``write_definitions`` wrote. Raises ValueError or TypeError for what it cannot have written."""
    entries, models = json.loads(data)
    return Definitions(
        entries=tuple(Entry(int(line), str(text), int(depth)) for line, text, depth in entries),
        models=tuple(DataModel(str(k), str(n), int(at), str(text)) for k, n, at, text in models),
    )
