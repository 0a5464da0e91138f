"""The journal of a run: append-only, one checksummed JSON object a line.

A torn tail or a flipped bit costs the record that it hits, never the run. Readable with jq.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from types import TracebackType

from prompts.errors import ConfigError, StoreError

Record = Mapping[str, object]

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_NAMED = 5
_END = re.compile(rb',"sum":"[0-9a-f]{16}"\}')


@dataclass(frozen=True, slots=True)
class Raw:
    """A value of a record that is JSON already, on one line."""

    text: str


@dataclass(frozen=True, slots=True)
class Journal:
    """What a journal file holds: the readable records in order, and the numbers of the lines that are not."""

    records: tuple[Record, ...]
    damaged: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a journal: its number, where it begins (in bytes), and its record; None where it is damaged."""

    number: int
    offset: int
    record: Record | None


def scan_journal(path: Path) -> Iterator[Line]:
    """The lines of a journal one by one, however long it is; an absent file has none.

    Raises StoreError where it cannot be read.
    """
    offset = 0
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    yield from _lines(number, offset, line.removesuffix(b"\n"))
                offset += len(line)
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise StoreError(f"the journal {path} cannot be read: {error.strerror}") from error


def _lines(number: int, offset: int, line: bytes) -> Iterator[Line]:
    """A physical line; where its record cannot be read, the two that a damaged line end may have joined."""
    record = _open_line(line)
    if record is None:
        for end in _END.finditer(line, 0, len(line) - 1):
            first, second = _open_line(line[: end.end()]), _open_line(line[end.end() + 1 :])
            if first is not None and second is not None:
                yield Line(number, offset, first)
                yield Line(number, offset, None)
                yield Line(number, offset + end.end() + 1, second)
                return
    yield Line(number, offset, record)


def read_journal(path: Path) -> Journal:
    """A whole journal; an absent file is an empty one. Raises StoreError where it cannot be read."""
    records: list[Record] = []
    damaged: list[int] = []
    for line in scan_journal(path):
        if line.record is None:
            damaged.append(line.number)
        else:
            records.append(line.record)
    return Journal(tuple(records), tuple(damaged))


def told_damage(lines: Sequence[int]) -> str:
    """What is to be said of a journal's damaged lines; empty where there are none."""
    if not lines:
        return ""
    if len(lines) == 1:
        return f"line {lines[0]} of the journal is damaged and is left out"
    named = ", ".join(map(str, lines[:_NAMED])) + (" and more" if len(lines) > _NAMED else "")
    return f"{len(lines)} lines of the journal are damaged and are left out: {named}"


def read_record(path: Path, offset: int) -> Record:
    """The record of the line that begins at ``offset``. Raises StoreError where there is none (any more)."""
    try:
        with path.open("rb") as file:
            file.seek(offset)
            line = file.readline().removesuffix(b"\n")
            record = next(_lines(0, offset, line)).record
    except OSError as error:
        raise StoreError(f"the journal {path} cannot be read: {error.strerror}") from error
    if record is None:
        raise StoreError(f"the journal {path} is damaged at byte {offset}")
    return record


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
        self._size = os.fstat(self._file).st_size
        if self._size and os.pread(self._file, 1, self._size - 1) != b"\n":
            self._size += os.write(self._file, b"\n")  # a torn tail must not swallow the next record

    def __enter__(self) -> "JournalWriter":
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        os.close(self._file)

    def append(self, records: Sequence[Record]) -> list[int]:
        """Write records in one step; they are on the disk when this returns. Returns where each begins.

        Raises StoreError where they are not; then none of them is in the journal.
        """
        lines = [_close_line(record) for record in records]
        offsets = list(accumulate(map(len, lines), initial=self._size))
        data = memoryview(b"".join(lines))
        try:
            written = 0
            while written < len(data):
                written += os.write(self._file, data[written:])
            os.fsync(self._file)
        except OSError as error:
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, self._size)
            raise StoreError(f"the journal {self._path} cannot be written: {error.strerror}") from error
        self._size = offsets.pop()
        return offsets


def _close_line(record: Record) -> bytes:
    raw = [(key, value.text) for key, value in record.items() if isinstance(value, Raw)]
    plain = {key: value for key, value in record.items() if not isinstance(value, Raw)}
    body = ",".join([_encode(plain)[1:-1], *(f"{_encode(key)}:{text}" for key, text in raw)])
    data = f"{{{body}}}".encode("utf-8", "surrogatepass")
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
