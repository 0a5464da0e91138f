"""git's packs as bytes: writes one with its index, reads what an index says, copies objects between packs.

Objects stand whole (no deltas), so that packs are joined by copying.
"""

import hashlib
import struct
import sys
import zlib
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO

from sandbox.git_objects import GitObject

ID = CHECKSUM = 20
_FAST = 1  # zlib's level: answers are small, and `git gc` compresses better than any level would
_SMALL = 512  # so short, setting up the compression costs more than it saves
_FAR = 0x8000_0000  # in an index, offsets from here on stand in a table of their own
_HEAD = b"\xfftOc\0\0\0\2"


Entry = tuple[bytes, int, int]
"""An object's id, where it begins in its pack, and the CRC-32 of its packed bytes."""


class PackFile:
    """A pack that is being written to a file, from its start; ``finish`` ends it."""

    def __init__(self, file: IO[bytes], count: int) -> None:
        """Begin a pack of so many objects."""
        self._file = file
        self._sum = hashlib.sha1(usedforsecurity=False)
        self._at = 0
        self._entries: list[Entry] = []
        self._write(b"PACK\0\0\0\2" + count.to_bytes(4, "big"))

    def add(self, one: bytes, kept: GitObject) -> None:
        """Store an object by its id."""
        packed = _header(kept.kind, len(kept.data)) + _zlib(kept.data)
        self.copy(one, packed, zlib.crc32(packed))

    def copy(self, one: bytes, packed: bytes, crc: int) -> None:
        """Store what another pack holds for an id."""
        self._entries.append((one, self._at, crc))
        self._write(packed)

    def finish(self) -> bytes:
        """End the pack. Returns its index."""
        checksum = self._sum.digest()
        self._file.write(checksum)
        return index_bytes(self._entries, checksum)

    def _write(self, data: bytes) -> None:
        self._sum.update(data)
        self._file.write(data)
        self._at += len(data)


class PackIndex:
    """What the index of a pack of ours says, in the order in which the objects stand in the pack."""

    def __init__(self, index: Path) -> None:
        """Read it; its pack is at the same path, and has at least one object."""
        data = index.read_bytes()
        self.count = int.from_bytes(data[len(_HEAD) + 1020 : len(_HEAD) + 1024], "big")
        at = len(_HEAD) + 1024
        self._ids = data[at : at + ID * self.count]
        at += ID * self.count
        self._crcs = _array("I", data, at, self.count)
        at += 4 * self.count
        near = _array("I", data, at, self.count)
        at += 4 * self.count
        far = _array("Q", data, at, (len(data) - at - 2 * CHECKSUM) // 8)
        self._offsets = array("Q", (far[place - _FAR] if place >= _FAR else place for place in near))

    def ids(self) -> Iterator[bytes]:
        """The ids of all objects."""
        return (self._ids[ID * n : ID * n + ID] for n in range(self.count))

    def objects(self, pack: IO[bytes], size: int) -> Iterator[tuple[bytes, bytes, int]]:
        """All objects out of the pack of that size: id, packed bytes, checksum."""
        order = sorted(range(self.count), key=self._offsets.__getitem__)
        ends = [*(self._offsets[n] for n in order[1:]), size - CHECKSUM]
        pack.seek(self._offsets[order[0]])
        for n, end in zip(order, ends, strict=True):
            yield self._ids[ID * n : ID * n + ID], pack.read(end - self._offsets[n]), self._crcs[n]


def index_bytes(entries: Sequence[Entry], checksum: bytes) -> bytes:
    """The index (version 2) of a pack with that checksum."""
    ordered = sorted(entries)
    ids = [one for one, _, _ in ordered]
    starts = [bisect_left(ids, bytes([first])) for first in range(1, 256)] + [len(ids)]
    far = [offset for _, offset, _ in ordered if offset >= _FAR]
    places = iter(range(_FAR, _FAR + len(far)))
    body = b"".join(
        (
            _HEAD,
            struct.pack(">256I", *starts),
            *ids,
            _numbers("I", (crc for _, _, crc in ordered)),
            _numbers("I", (offset if offset < _FAR else next(places) for _, offset, _ in ordered)),
            _numbers("Q", far),
            checksum,
        )
    )
    return body + hashlib.sha1(body, usedforsecurity=False).digest()


def checksum_in(index: bytes) -> bytes:
    """The checksum of the pack that an index is of."""
    return index[-2 * CHECKSUM : -CHECKSUM]


def distinct(indexes: Sequence[PackIndex]) -> int:
    """How many objects there are in several packs together, each counted once."""
    return len({one for index in indexes for one in index.ids()})


def _header(kind: int, size: int) -> bytes:
    """Kind and size as they stand before an object in a pack: four bits of the size, then seven a byte."""
    byte, size = kind << 4 | size & 0x0F, size >> 4
    head = bytearray()
    while size:
        head.append(byte | 0x80)
        byte, size = size & 0x7F, size >> 7
    head.append(byte)
    return bytes(head)


def _zlib(data: bytes) -> bytes:
    """The bytes as a zlib stream (RFC 1950); short ones in one stored block (RFC 1951, 3.2.4)."""
    if len(data) > _SMALL:
        return zlib.compress(data, _FAST)
    size = len(data)
    check = zlib.adler32(data).to_bytes(4, "big")
    return b"x\x01\x01" + struct.pack("<HH", size, size ^ 0xFFFF) + data + check


def _numbers(kind: str, values: Iterable[int]) -> bytes:
    found = array(kind, values)
    if sys.byteorder == "little":
        found.byteswap()
    return found.tobytes()


def _array(kind: str, data: bytes, at: int, count: int) -> "array[int]":
    found = array(kind)
    found.frombytes(data[at : at + count * found.itemsize])
    if sys.byteorder == "little":
        found.byteswap()
    return found
