"""The journal of a run: append-only, one checksummed JSON object a line.

A torn tail or a flipped bit costs the record that it hits, never the run. Readable with jq.
"""

import fcntl
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from prompts.errors import ConfigError, StoreError

Record = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Journal:
    """What a journal file holds: the readable records in order, and the numbers of the lines that are not."""

    records: tuple[Record, ...]
    damaged: tuple[int, ...]


def read_journal(path: Path) -> Journal:
    """Read a journal; an absent file is an empty one. Raises StoreError where it cannot be read."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return Journal((), ())
    except OSError as error:
        raise StoreError(f"the journal {path} cannot be read: {error.strerror}") from error
    records: list[Record] = []
    damaged: list[int] = []
    for number, line in enumerate(data.split(b"\n"), start=1):
        if not line.strip():
            continue
        record = _open_line(line)
        if record is None:
            damaged.append(number)
        else:
            records.append(record)
    return Journal(tuple(records), tuple(damaged))


class JournalWriter:
    """Appends records; the only writer of its file (a second one is refused). Use as a context manager."""

    def __init__(self, path: Path) -> None:
        """Open for appending. Raises ConfigError while another process writes the same journal."""
        self._path = path
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        except OSError as error:
            raise StoreError(f"the journal {path} cannot be written: {error.strerror}") from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._file)
            hint = "wait for it to end, or give another folder with --run"
            raise ConfigError(f"another process works on the run {path.parent}", hint) from error
        size = os.fstat(self._file).st_size
        if size and os.pread(self._file, 1, size - 1) != b"\n":
            os.write(self._file, b"\n")  # a torn tail must not swallow the next record

    def __enter__(self) -> "JournalWriter":
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        os.close(self._file)

    def append(self, record: Record) -> None:
        """Write a record; it is on the disk when this returns. Raises StoreError where it is not."""
        line = _close_line(record)
        try:
            written = 0
            while written < len(line):
                written += os.write(self._file, line[written:])
            os.fsync(self._file)
        except OSError as error:
            raise StoreError(f"the journal {self._path} cannot be written: {error.strerror}") from error


def _close_line(record: Record) -> bytes:
    body = json.dumps(record, ensure_ascii=False, separators=(",", ":"), sort_keys=False)
    data = body.encode("utf-8", "surrogatepass")
    return data[:-1] + b',"sum":"' + _checksum(data).encode() + b'"}\n'


def _open_line(line: bytes) -> Record | None:
    head, separator, tail = line.rpartition(b',"sum":"')
    if not separator or tail[-2:] != b'"}' or tail[:-2].decode("ascii", "replace") != _checksum(head + b"}"):
        return None
    try:
        record = json.loads((head + b"}").decode("utf-8", "surrogatepass"))
    except ValueError:
        return None
    return record if isinstance(record, dict) else None


def _checksum(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]
