"""Remembers on disk which request was submitted in which batch, so that a restart pays for nothing twice."""

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from prompts.errors import StoreError

FILE = "batches.jsonl"


@dataclass(frozen=True, slots=True)
class Intent:
    """A submission that was begun: its mark, the keys of its requests and when (seconds since the epoch)."""

    token: str
    keys: tuple[str, ...]
    at: float


class Ledger:
    """One line before each submission and one after it, appended and synced. A torn last line is left out."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._batch_of: dict[str, str] = {}
        self._open: dict[str, Intent] = {}
        self._torn = False
        for line in self._lines():
            self._take(line)

    def batch_of(self, key: str) -> str | None:
        """The batch in which a request was submitted last."""
        return self._batch_of.get(key)

    @property
    def batches(self) -> frozenset[str]:
        """The batches of all requests."""
        return frozenset(self._batch_of.values())

    @property
    def unfinished(self) -> tuple[Intent, ...]:
        """Submissions that were begun and of which it is not known whether the provider took them."""
        return tuple(self._open.values())

    def intend(self, intent: Intent) -> None:
        """Keep that a submission begins."""
        self._append({"token": intent.token, "keys": list(intent.keys), "at": intent.at})

    def submitted(self, token: str, batch: str | None) -> None:
        """Keep the id that the provider gave; None where it never got the submission."""
        self._append({"token": token, "batch": batch})

    def _take(self, line: dict[str, object]) -> None:
        token, keys = str(line.get("token", "")), line.get("keys")
        if isinstance(keys, list):
            at = line.get("at")
            self._open[token] = Intent(token, tuple(map(str, keys)), at if isinstance(at, float) else 0.0)
            return
        intent = self._open.pop(token, None)
        if intent is not None and isinstance(batch := line.get("batch"), str):
            self._batch_of.update(dict.fromkeys(intent.keys, batch))

    def _append(self, line: dict[str, object]) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("ab") as file:
                file.write((b"\n" if self._torn else b"") + json.dumps(line).encode("ascii") + b"\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise StoreError(f"{self._path}: cannot be written: {error.strerror}") from error
        self._torn = False
        self._take(line)

    def _lines(self) -> Iterable[dict[str, object]]:
        try:
            content = self._path.read_bytes()
        except FileNotFoundError:
            return
        except OSError as error:
            raise StoreError(f"{self._path}: cannot be read: {error.strerror}") from error
        self._torn = bool(content) and not content.endswith(b"\n")
        for line in content.split(b"\n"):
            try:
                value = json.loads(line) if line else None
            except ValueError:
                continue
            if isinstance(value, dict):
                yield value
