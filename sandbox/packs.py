"""Writes git objects by the batch: one synced pack for many objects, and few packs in the end.

A loose object is a file of its own; for thousands of samples that is most of the time a run takes, and syncing
each is out of the question.
"""

import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from sandbox.git_objects import GitObject
from sandbox.pack_file import PackFile, PackIndex, checksum_in, distinct

_MOST_PACKS = 40
_JOINED = 32
# A pack of so many objects is left as it is: joining costs memory for each.
_LARGE = 30_000
_TEMPORARY = "tmp_backsmith_"


@dataclass(frozen=True, slots=True)
class _Pack:
    """A pack of ours: its path without a suffix, its size in bytes, and how many objects it holds."""

    stem: Path
    size: int
    objects: int


class PackFolder:
    """The ``objects/pack`` folder of a repository. Raises OSError where it cannot be written."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._mine: list[_Pack] = []
        self._first = True

    def add(self, objects: Mapping[bytes, GitObject]) -> None:
        """Store objects, by their ids, in one pack; it is on the disk when this returns."""
        if self._first:
            self._first = False
            for left in self._folder.glob(f"{_TEMPORARY}*"):
                left.unlink()  # by a process that was killed

        def fill(pack: PackFile) -> None:
            for one, kept in objects.items():
                pack.add(one, kept)

        self._keep(self._write(len(objects), fill))
        if len(self._mine) > _MOST_PACKS:
            self._mine.sort(key=lambda pack: pack.size)
            self._join(_JOINED)

    def tidy(self) -> None:
        """Join the packs of this process that are not large."""
        self._join(len(self._mine))

    def _join(self, count: int) -> None:
        """Replace the first packs of ours by one with all their objects; a reader finds each object throughout."""
        parts, self._mine = self._mine[:count], self._mine[count:]
        if len(parts) < 2:
            self._mine += parts
            return
        indexes = [PackIndex(part.stem.with_suffix(".idx")) for part in parts]

        def fill(pack: PackFile) -> None:
            known: set[bytes] = set()
            for part, index in zip(parts, indexes, strict=True):
                with part.stem.with_suffix(".pack").open("rb") as file:
                    for one, packed, crc in index.objects(file, part.size):
                        if one not in known:
                            known.add(one)
                            pack.copy(one, packed, crc)

        joined = self._write(distinct(indexes), fill)
        for part in parts:
            if part.stem != joined.stem:
                part.stem.with_suffix(".idx").unlink(missing_ok=True)
                part.stem.with_suffix(".pack").unlink(missing_ok=True)
        self._keep(joined)

    def _keep(self, pack: _Pack) -> None:
        if pack.objects < _LARGE:
            self._mine.append(pack)

    def _write(self, count: int, fill: Callable[[PackFile], None]) -> _Pack:
        """A pack and its index, whole or not at all; git looks at a pack only when its index is there."""
        handle, name = tempfile.mkstemp(prefix=_TEMPORARY, dir=self._folder)
        temporary, index = Path(name), Path(f"{name}.idx")
        try:
            with os.fdopen(handle, "wb") as file:
                pack = PackFile(file, count)
                fill(pack)
                told = pack.finish()
                size = file.tell()
                _sync(file)
            with index.open("wb") as file:
                file.write(told)
                _sync(file)
            stem = self._folder / f"pack-{checksum_in(told).hex()}"
            temporary.chmod(0o444)
            index.chmod(0o444)
            temporary.rename(stem.with_suffix(".pack"))
            index.rename(stem.with_suffix(".idx"))
            _sync_folder(self._folder)
        finally:
            temporary.unlink(missing_ok=True)
            index.unlink(missing_ok=True)
        return _Pack(stem, size, count)


def _sync(file: IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
