"""Writes git objects by the batch: one synced pack for many objects, and few packs in the end.

A loose object is a file of its own; for thousands of samples that is most of the time a run takes, and syncing
each is out of the question. All objects are stored whole (no deltas), so that packs can be joined by copying.
"""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from dulwich.objects import ShaFile

_MOST_PACKS = 40
_JOINED = 32
_FAST = 1  # zlib's level: answers are small, and `git gc` compresses better than any level would
_TEMPORARY = "tmp_backsmith_"
_CHECKSUM = 20


@dataclass(frozen=True, slots=True)
class _Pack:
    """A pack of ours: its path without a suffix and its size in bytes."""

    stem: Path
    size: int


class PackFolder:
    """The ``objects/pack`` folder of a repository. Raises OSError where it cannot be written."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._mine: list[_Pack] = []

    def add(self, objects: Sequence["ShaFile"]) -> None:
        """Store objects in one pack; it is on the disk when this returns."""
        from dulwich.object_format import DEFAULT_OBJECT_FORMAT
        from dulwich.pack import full_unpacked_object, write_pack_data

        if not self._mine:
            for left in self._folder.glob(f"{_TEMPORARY}*"):
                shutil.rmtree(left, ignore_errors=True)  # by a process that was killed

        def fill(file: IO[bytes]) -> list[tuple[bytes, int, int]]:
            entries, _ = write_pack_data(
                file.write,
                iter([full_unpacked_object(one) for one in objects]),
                DEFAULT_OBJECT_FORMAT,
                num_records=len(objects),
                compression_level=_FAST,
            )
            return [(sha, offset, crc) for sha, (offset, crc) in entries.items()]

        self._mine.append(self._write(fill))
        if len(self._mine) > _MOST_PACKS:
            self._mine.sort(key=lambda pack: pack.size)
            self._join(_JOINED)

    def tidy(self) -> None:
        """Join all packs of this process into one."""
        self._join(len(self._mine))

    def _join(self, count: int) -> None:
        """Replace the first packs of ours by one with all their objects; a reader finds each object throughout."""
        parts, rest = self._mine[:count], self._mine[count:]
        if len(parts) < 2:
            return
        joined = self._write(lambda file: _joined(parts, file))
        for part in parts:
            if part.stem != joined.stem:
                part.stem.with_suffix(".idx").unlink(missing_ok=True)
                part.stem.with_suffix(".pack").unlink(missing_ok=True)
        self._mine = [*rest, joined]

    def _write(self, fill: Callable[[IO[bytes]], list[tuple[bytes, int, int]]]) -> _Pack:
        """A pack and its index, whole or not at all; git looks at a pack only when its index is there."""
        from dulwich.pack import write_pack_index

        temporary = Path(tempfile.mkdtemp(prefix=_TEMPORARY, dir=self._folder))
        try:
            pack, index = temporary / "pack", temporary / "idx"
            with pack.open("w+b") as file:
                entries = sorted(fill(file))
                file.seek(-_CHECKSUM, os.SEEK_END)
                checksum = file.read()
                size = file.tell()
                _sync(file)
            with index.open("wb") as file:
                write_pack_index(file, entries, checksum)
                _sync(file)
            stem = self._folder / f"pack-{checksum.hex()}"
            pack.rename(stem.with_suffix(".pack"))
            index.rename(stem.with_suffix(".idx"))
            _sync_folder(self._folder)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
        return _Pack(stem, size)


def _joined(parts: Sequence[_Pack], out: IO[bytes]) -> list[tuple[bytes, int, int]]:
    """Write a pack that holds all objects of other packs, each once; returns its index."""
    from dulwich.object_format import DEFAULT_OBJECT_FORMAT
    from dulwich.pack import load_pack_index, write_pack_header

    indexes = []
    for part in parts:
        with closing(load_pack_index(part.stem.with_suffix(".idx"), DEFAULT_OBJECT_FORMAT)) as known_as:
            indexes.append(sorted((offset, sha, crc or 0) for sha, offset, crc in known_as.iterentries()))
    known: set[bytes] = set()
    total = len({sha for index in indexes for _, sha, _ in index})
    checksum = hashlib.sha1(usedforsecurity=False)

    def write(data: bytes) -> int:
        checksum.update(data)
        return out.write(data)

    write_pack_header(write, total)
    entries: list[tuple[bytes, int, int]] = []
    for part, index in zip(parts, indexes, strict=True):
        ends = [offset for offset, _, _ in index[1:]] + [part.size - _CHECKSUM]
        with part.stem.with_suffix(".pack").open("rb") as file:
            for (offset, sha, crc), end in zip(index, ends, strict=True):
                if sha not in known:
                    known.add(sha)
                    file.seek(offset)
                    entries.append((sha, out.tell(), crc))
                    write(file.read(end - offset))
    out.write(checksum.digest())
    return entries


def _sync(file: IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
