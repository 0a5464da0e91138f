"""The files of one commit, as values: text, what is no text, links, and what was left out."""

import base64
import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from sandbox.repository.git import Git
from sandbox.repository.layout import Carried

LARGEST_FILE = 8_000_000
LARGEST_TOTAL = 256_000_000
MOST_FILES = 50_000
_SURROGATE = re.compile("[\ud800-\udfff]")
_LFS = b"version https://git-lfs.github.com/spec/"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a tree: ``mode`` is git's, ``blob`` the id of its content (of a submodule: its commit)."""

    path: str
    mode: str
    blob: str
    size: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The files of a commit.

    ``files`` are those that are UTF-8 text, by path; ``carried`` the others and the links, which tests may need.
    ``blobs`` holds the id of every file's content. ``left_out`` tells what is missing and why.
    """

    commit: str
    files: Mapping[str, str]
    carried: tuple[Carried, ...] = ()
    executable: frozenset[str] = frozenset()
    blobs: Mapping[str, str] = field(default_factory=dict)
    links: frozenset[str] = frozenset()
    submodules: frozenset[str] = frozenset()
    left_out: tuple[tuple[str, str], ...] = ()

    def read(self, paths: Iterable[str]) -> dict[str, str]:
        """The texts of those of the files that are text."""
        return {path: self.files[path] for path in paths if path in self.files}


def snapshot_of(files: Mapping[str, str]) -> Snapshot:
    """Texts by path as a snapshot of no commit, such as of a folder that is no repository."""
    blobs = {
        path: hashlib.sha256(text.encode("utf-8", "replace")).hexdigest() for path, text in files.items()
    }
    return Snapshot("", files, blobs=blobs)


@dataclass(frozen=True, slots=True)
class Listing:
    """What a commit holds, by its tree alone: the entries to read, and what stands beside them."""

    wanted: tuple[Entry, ...]
    links: frozenset[str]
    submodules: frozenset[str]
    left_out: tuple[tuple[str, str], ...]


class CommitFiles:
    """The files of a commit, each read from git when it is asked for."""

    def __init__(self, git: Git, commit: str) -> None:
        self.commit = commit
        self._git = git
        listing = list_commit(git, commit)
        self.blobs = {entry.path: entry.blob for entry in listing.wanted if entry.path not in listing.links}

    def read(self, paths: Iterable[str]) -> dict[str, str]:
        """The texts of those of the files that are text."""
        wanted = {path: self.blobs[path] for path in paths if path in self.blobs}
        contents = dict(self._git.blobs(dict.fromkeys(wanted.values())))
        texts = ((path, _text(contents.get(blob))) for path, blob in wanted.items())
        return {path: text for path, text in texts if text is not None}


def read_snapshot(git: Git, commit: str) -> Snapshot:
    """Read all files of ``commit``, as they are stored: nothing is converted, no large file fetched."""
    listing = list_commit(git, commit)
    left_out = list(listing.left_out)
    wanted = listing.wanted
    contents = dict(git.blobs(dict.fromkeys(entry.blob for entry in wanted)))
    files: dict[str, str] = {}
    carried: list[Carried] = []
    for entry in wanted:
        data = contents.get(entry.blob)
        if data is None:
            left_out.append((entry.path, "its content is not in this clone"))
            continue
        if data.startswith(_LFS) and len(data) < 1024:
            left_out.append((entry.path, "kept by Git LFS; the pointer stands in its place"))
        text = None if entry.mode == "120000" else _text(data)
        if text is not None:
            files[entry.path] = text
        elif entry.mode == "120000":
            carried.append(Carried(entry.path, link=data.decode("utf-8", "surrogateescape")))
        else:
            carried.append(Carried(entry.path, base64.b64encode(data).decode("ascii")))
    return Snapshot(
        commit=commit,
        files=files,
        carried=tuple(carried),
        executable=frozenset(entry.path for entry in wanted if entry.mode == "100755"),
        blobs={entry.path: entry.blob for entry in wanted},
        links=listing.links,
        submodules=listing.submodules,
        left_out=tuple(left_out),
    )


def list_commit(git: Git, commit: str) -> Listing:
    """The entries of a commit that are to be read, and what is left out because of its kind or size."""
    left_out: list[tuple[str, str]] = []
    wanted: list[Entry] = []
    links: set[str] = set()
    submodules: set[str] = set()
    total = 0
    for entry in entries_of(git, commit):
        total += entry.size
        reason = _reason(entry, total, len(wanted))
        if entry.mode == "160000":
            submodules.add(entry.path)
        if entry.mode == "120000":
            links.add(entry.path)
        if reason:
            total -= entry.size
            left_out.append((os.fsencode(entry.path).decode("utf-8", "backslashreplace"), reason))
        else:
            wanted.append(entry)
    return Listing(tuple(wanted), frozenset(links), frozenset(submodules), tuple(left_out))


def entries_of(git: Git, commit: str) -> Iterator[Entry]:
    """All entries of a commit's tree, by path, but for those that no file system should hold."""
    for record in git.run("ls-tree", "-r", "-z", "-l", commit).split(b"\0"):
        about, _, path = record.partition(b"\t")
        if not path:
            continue
        mode, _, blob, size = about.decode("ascii").split()
        plain = os.fsdecode(path)
        if any(part in {"", ".", ".."} or part.lower() == ".git" for part in plain.split("/")):
            continue
        yield Entry(plain, mode, blob, int(size) if size.isdigit() else 0)


def _reason(entry: Entry, total: int, count: int) -> str:
    if _SURROGATE.search(entry.path):
        return "its name is not UTF-8"
    if entry.mode == "160000":
        return "a submodule, which is not fetched"
    if entry.size > LARGEST_FILE:
        return f"larger than {LARGEST_FILE // 1_000_000} MB"
    if total > LARGEST_TOTAL:
        return f"the repository is larger than {LARGEST_TOTAL // 1_000_000} MB"
    return f"more than {MOST_FILES:,} files" if count >= MOST_FILES else ""


def _text(data: bytes | None) -> str | None:
    if data is None or b"\0" in data[:8192]:
        return None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None
