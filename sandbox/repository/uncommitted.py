"""What a work tree holds that its last commit does not. Content is compared as bytes; no filter is run."""

import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from prompts.errors import ConfigError
from sandbox.repository.git import Git

_LARGEST = 64_000_000
_TOO_LARGE = f"larger than {_LARGEST // 1_000_000} MB"
_LFS = b"version https://git-lfs"
_POINTER = 1024


@dataclass(frozen=True, slots=True)
class Change:
    """One path that differs from the last commit. ``data`` is its content now (None: it is gone)."""

    path: str
    data: bytes | None
    mode: str = "100644"


@dataclass(frozen=True, slots=True)
class Uncommitted:
    """All that differs, and the paths of which that cannot be told or carried, with the reason."""

    changes: tuple[Change, ...]
    unknown: tuple[tuple[str, str], ...] = ()


def find_uncommitted(git: Git, work_tree: Path) -> Uncommitted:
    """Compare work tree, index and last commit: changed, deleted, staged and untracked (not ignored) files.

    Raises ConfigError in the midst of a merge with conflicts.
    """
    tracked = _tracked(git, work_tree)
    head = {path: (mode, blob) for mode, blob, path in _head(git)}
    file_mode = git.ask("config", "--type=bool", "core.fileMode") != "false"
    algorithm = "sha256" if git.ask("rev-parse", "--show-object-format") == "sha256" else "sha1"
    suspects: dict[str, Change] = {}
    unknown: list[tuple[str, str]] = []
    for path, (tag, mode, blob) in tracked.items():
        # What the user told git to take as unchanged (lower case), or not to check out, is no change.
        if mode == "160000" or tag == "S" or tag.islower():
            continue
        if _is_large(work_tree / path):
            if not _is_stored(git, work_tree / path, head.get(path, ("", ""))[1], algorithm):
                unknown.append((path, f"changed, but {_TOO_LARGE}"))
            continue
        now = _look(work_tree, path)
        kept = head.get(path)
        same_mode = now is not None and (now.mode == mode or (not file_mode and now.mode != "120000"))
        if (
            now is not None
            and same_mode
            and _blob_id(now.data or b"", algorithm) == blob
            and kept == (mode, blob)
        ):
            continue
        suspects[path] = now or Change(path, None)
    changes: list[Change] = []
    filtered = _filtered(git, work_tree, suspects)
    stored = dict(git.blobs({blob for path in suspects if (blob := head.get(path, ("", ""))[1])}))
    for path, change in suspects.items():
        mode, blob = head.get(path, ("", ""))
        before = stored.get(blob)
        if change.data is None and path not in head:
            continue
        if change.data is not None and before is not None and (change.mode == mode or not file_mode):
            if _same(before, change.data):
                continue
            if path in filtered:
                unknown.append((path, "a filter converts it, so that changes cannot be told"))
                continue
        changes.append(change)
    changes += [Change(path, None) for path in head if path not in tracked and head[path][0] != "160000"]
    others = git_others(git, work_tree)
    changes += [found for path in others if (found := _look(work_tree, path)) is not None]
    unknown += [(path, f"new, but {_TOO_LARGE}") for path in others if _is_large(work_tree / path)]
    return Uncommitted(tuple(sorted(changes, key=lambda change: change.path)), tuple(unknown))


def git_others(git: Git, work_tree: Path) -> list[str]:
    """The paths that are neither tracked nor ignored."""
    there = Git(git.directory, {"GIT_WORK_TREE": str(work_tree)})
    listed = there.run("-C", str(work_tree), "ls-files", "--others", "--exclude-standard", "-z")
    return [os.fsdecode(path) for path in listed.split(b"\0") if path and not path.endswith(b"/")]


def _tracked(git: Git, work_tree: Path) -> dict[str, tuple[str, str, str]]:
    """Tag, mode and blob of every path in the index."""
    found: dict[str, tuple[str, str, str]] = {}
    for entry in _index(git):
        if entry.stage:
            raise ConfigError(
                f"{work_tree} has a merge with conflicts: {entry.path}",
                "resolve and commit them, or say --uncommitted ignore",
            )
        found[entry.path] = (entry.tag, entry.mode, entry.blob)
    return found


@dataclass(frozen=True, slots=True)
class _Entry:
    """One entry of the index; ``stage`` is not 0 where a merge left a conflict."""

    tag: str
    mode: str
    blob: str
    stage: int
    path: str


def _index(git: Git) -> Iterator[_Entry]:
    for record in git.run("ls-files", "--stage", "-v", "-z").split(b"\0"):
        about, _, path = record.partition(b"\t")
        if path:
            tag, mode, blob, stage = about.decode("ascii").split()
            yield _Entry(tag, mode, blob, int(stage), os.fsdecode(path))


def _is_large(place: Path) -> bool:
    """Whether a path is a regular file that is too large to be held in memory."""
    try:
        about = place.lstat()
    except OSError:
        return False
    return stat.S_ISREG(about.st_mode) and about.st_size > _LARGEST


def _is_stored(git: Git, place: Path, blob: str, algorithm: str) -> bool:
    """Whether a large file is as a blob has it, or as the pointer of Git LFS in that blob says."""
    known = hashlib.new(algorithm, b"blob %d\0" % place.stat().st_size, usedforsecurity=False)
    plain = hashlib.sha256()
    try:
        with place.open("rb") as file:
            while part := file.read(1 << 20):
                known.update(part)
                plain.update(part)
    except OSError:
        return False
    if known.hexdigest() == blob:
        return True
    if int(git.ask("cat-file", "-s", blob) or _POINTER) >= _POINTER:
        return False
    stored = next((data for _, data in git.blobs([blob])), b"")
    return stored.startswith(_LFS) and plain.hexdigest().encode("ascii") in stored


def _head(git: Git) -> Iterator[tuple[str, str, str]]:
    for record in git.run("ls-tree", "-r", "-z", "HEAD").split(b"\0"):
        about, _, path = record.partition(b"\t")
        if path:
            mode, _, blob = about.decode("ascii").split()
            yield mode, blob, os.fsdecode(path)


def _look(work_tree: Path, path: str) -> Change | None:
    """A path as it is now, through no symbolic link; None where it is no file that git would keep."""
    place = work_tree / path
    if any(
        parent.is_symlink() for parent in place.parents if parent != work_tree and work_tree in parent.parents
    ):
        return None
    try:
        about = place.lstat()
        if stat.S_ISLNK(about.st_mode):
            return Change(path, os.fsencode(place.readlink()), "120000")
        if not stat.S_ISREG(about.st_mode) or about.st_size > _LARGEST:
            return None
        mode = "100755" if about.st_mode & stat.S_IXUSR else "100644"
        return Change(path, place.read_bytes(), mode)
    except OSError:
        return None


def _blob_id(data: bytes, algorithm: str) -> str:
    return hashlib.new(algorithm, b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def _same(before: bytes, now: bytes) -> bool:
    """Whether content differs only by what git itself converts: line breaks, or a pointer of Git LFS."""
    if before == now or before.replace(b"\r\n", b"\n") == now.replace(b"\r\n", b"\n"):
        return True
    oid = b"oid sha256:" + hashlib.sha256(now).hexdigest().encode("ascii")
    return before.startswith(_LFS) and oid in before


def _filtered(git: Git, work_tree: Path, paths: dict[str, Change]) -> frozenset[str]:
    """Those of the paths that a filter converts; asking does not run it."""
    if not paths:
        return frozenset()
    there = Git(git.directory, {"GIT_WORK_TREE": str(work_tree)})
    listed = b"\0".join(os.fsencode(path) for path in paths) + b"\0"
    said = there.run("-C", str(work_tree), "check-attr", "-z", "--stdin", "filter", data=listed).split(b"\0")
    found = zip(said[0::3], said[2::3], strict=False)
    return frozenset(os.fsdecode(path) for path, value in found if value not in {b"unspecified", b"unset"})
