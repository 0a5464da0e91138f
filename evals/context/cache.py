"""Outlines kept by the content that they were made from, so that only changed files are read again.

A file of SQLite in the user's cache; can be deleted at any time. A damaged one is a miss.
"""

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing, suppress
from functools import cache
from pathlib import Path

from evals.context.models import DataModel
from evals.context.outline import Entry, Outline

_NAME = "outlines.sqlite"
_MOST = 200_000
_BATCH = 500


class OutlineCache:
    """Outlines by key. ``folder`` is made if need be; where it cannot be, nothing is kept."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / _NAME

    def find(self, keys: Iterable[str]) -> dict[str, Outline]:
        """Those of the keys that are kept."""
        found: dict[str, Outline] = {}
        wanted = list(dict.fromkeys(keys))
        try:
            with closing(self._open()) as database:
                for start in range(0, len(wanted), _BATCH):
                    batch = wanted[start : start + _BATCH]
                    marks = ",".join("?" * len(batch))
                    query = f"SELECT key, data FROM outlines WHERE key IN ({marks})"  # noqa: S608 - marks alone
                    for key, data in database.execute(query, batch):
                        outline = _read(data)
                        if outline is not None:
                            found[key] = outline
        except (sqlite3.Error, OSError):
            self._forget()
        return found

    def keep(self, outlines: Mapping[str, Outline]) -> None:
        """Keep these."""
        if not outlines:
            return
        rows = [(key, _write(outline)) for key, outline in outlines.items()]
        try:
            with closing(self._open()) as database, database:
                database.executemany("INSERT OR REPLACE INTO outlines VALUES (?, ?)", rows)
                (count,) = database.execute("SELECT count(*) FROM outlines").fetchone()
                if count > _MOST:
                    oldest = "SELECT rowid FROM outlines ORDER BY rowid LIMIT ?"
                    database.execute(f"DELETE FROM outlines WHERE rowid IN ({oldest})", (count - _MOST // 2,))  # noqa: S608
        except (sqlite3.Error, OSError):
            self._forget()

    def _open(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        database = sqlite3.connect(self._path, timeout=5)
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=OFF")
        database.execute("CREATE TABLE IF NOT EXISTS outlines (key TEXT PRIMARY KEY, data TEXT)")
        return database

    def _forget(self) -> None:
        for ending in ("", "-wal", "-shm"):
            with suppress(OSError):
                self._path.with_name(_NAME + ending).unlink()


def outline_key(path: str, blob: str) -> str:
    """The key of a file's outline: its content, how it is read (by its ending), and the code that reads it."""
    return f"{_own_code()}-{path.rpartition('.')[2][:16].lower()}-{blob}"


@cache
def _own_code() -> str:
    total = hashlib.sha256()
    for name in ("outline.py", "models.py"):
        total.update((Path(__file__).parent / name).read_bytes())
    return total.hexdigest()[:12]


def _write(outline: Outline) -> str:
    return json.dumps(
        [
            [[e.line, e.text, e.depth] for e in outline.entries],
            outline.imports,
            outline.words,
            outline.names,
            [[m.kind, m.name, m.line, m.text] for m in outline.models],
            outline.lines,
            outline.serves,
        ],
        separators=(",", ":"),
    )


def _read(data: object) -> Outline | None:
    try:
        entries, imports, words, names, models, lines, serves = json.loads(str(data))
        return Outline(
            entries=tuple(Entry(int(line), str(text), int(depth)) for line, text, depth in entries),
            imports=tuple(map(str, imports)),
            words=dict(words),
            names=dict(names),
            models=tuple(DataModel(str(k), str(n), int(at), str(text)) for k, n, at, text in models),
            lines=int(lines),
            serves=bool(serves),
        )
    except (ValueError, TypeError):
        return None
