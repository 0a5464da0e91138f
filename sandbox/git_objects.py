"""What git stores, as bytes: blobs, trees and commits, and their ids.

Written by hand: with a library's objects it was a good part of what a sample costs.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

_AUTHOR = b"Backsmith <backsmith@localhost>"
FILE = b"100644"
FOLDER = b"40000"


class Kind(IntEnum):
    """The kinds of objects, by their numbers in packs."""

    COMMIT = 1
    TREE = 2
    BLOB = 3


_NAMES = {Kind.COMMIT: b"commit", Kind.TREE: b"tree", Kind.BLOB: b"blob"}


@dataclass(frozen=True, slots=True)
class GitObject:
    """One object: its kind, its content, and its id (a SHA-1, 20 bytes)."""

    kind: Kind
    data: bytes
    id: bytes


def blob(data: bytes) -> GitObject:
    """The content of a file."""
    return _object(Kind.BLOB, data)


def tree(entries: Iterable[tuple[bytes, bytes, bytes]]) -> GitObject:
    """A tree of entries: the name, ``FILE`` or ``FOLDER``, and the id."""
    # git sorts folders as if their names ended in a slash.
    ordered = sorted(
        (name + b"/" if mode == FOLDER else name, mode, name, one) for name, mode, one in entries
    )
    return _object(Kind.TREE, b"".join(b"%b %b\0%b" % (mode, name, one) for _, mode, name, one in ordered))


def commit(root: bytes, parent: str | None, seconds: int, message: str) -> GitObject:
    """A commit of a tree, made by Backsmith at a time (seconds since 1970, in UTC)."""
    lines = [b"tree " + root.hex().encode("ascii")]
    if parent is not None:
        lines.append(b"parent " + parent.encode("ascii"))
    lines += [b"%b %b %d +0000" % (who, _AUTHOR, seconds) for who in (b"author", b"committer")]
    text = message.encode("utf-8", "replace")
    return _object(Kind.COMMIT, b"\n".join(lines) + b"\n\n" + text)


def _object(kind: Kind, data: bytes) -> GitObject:
    total = hashlib.sha1(b"%b %d\0" % (_NAMES[kind], len(data)), usedforsecurity=False)
    total.update(data)
    return GitObject(kind, data, total.digest())
