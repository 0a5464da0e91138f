"""The git repository of a run: every byte that a model wrote, every sample a branch, every round a commit."""

import contextlib
import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from prompts.errors import StoreError
from sandbox.batch import Batch
from sandbox.packs import PackFolder

if TYPE_CHECKING:
    from dulwich.objects import ObjectID

UNFINISHED = ".unfinished"
"""What the name of a repository ends in while it is made."""

# References are written again as a whole, now and then: at most each so many seconds and for this share of the time.
_REFERENCES_SECONDS = 10.0
_REFERENCES_SHARE = 50
# So many ids are remembered, lest what samples share is written anew for each: bounded, however long a run is.
_REMEMBERED = 20_000
# Stands while references are written: tells our lock, left by a killed process, from that of another git.
_MARK = "backsmith-writes-references"


class Workspace:
    """A bare repository. Content is stored once however often it occurs; nothing in it is ever executed.

    Raises StoreError where the repository cannot be read or written. Writing is for one thread at a time. A
    context manager.
    """

    def __init__(self, folder: Path) -> None:
        """Open the repository at ``folder``; made when it is not there yet."""
        from dulwich.errors import NotGitRepository
        from dulwich.repo import Repo

        self.folder = folder
        try:
            if not folder.exists():
                _make(folder)
            self._repo = Repo(str(folder))
            (folder / "objects" / "pack").mkdir(parents=True, exist_ok=True)
        except (NotGitRepository, OSError, ValueError) as error:
            raise StoreError(f"{folder} is no git repository that can be used: {error}") from error
        self._packs = PackFolder(folder / "objects" / "pack")
        self._written: set[bytes] = set()
        self._written_before: set[bytes] = set()
        self._references: dict[str, str] = {}
        self._references_after = 0.0

    def __enter__(self) -> "Workspace":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def write(self, batches: Sequence[Batch]) -> None:
        """Store batches; their objects are on the disk when this returns.

        Their references follow soon, at the latest with ``close``: after a crash, whoever knows what they
        pointed to (a run's journal) sets them again.
        """
        objects = {key: one for batch in batches for key, one in batch.objects.items()}
        fresh = {
            key: one
            for key, one in objects.items()
            if key not in self._written and key not in self._written_before
        }
        for batch in batches:
            self._references.update(batch.references)
        try:
            if fresh:
                self._packs.add(fresh)
            self._written.update(objects)
            if len(self._written) > _REMEMBERED // 2:
                self._written_before, self._written = self._written, set()
            if time.monotonic() >= self._references_after:
                self._write_references()
        except OSError as error:
            raise StoreError(f"{self.folder} cannot be written: {error.strerror or error}") from error

    def read(self, blob: str) -> bytes:
        """The content of a blob. Raises StoreError where it is not there, or damaged."""
        import zlib

        from dulwich.errors import ChecksumMismatch

        with contextlib.suppress(KeyError, ValueError, AssertionError, OSError, ChecksumMismatch, zlib.error):
            return self._repo.object_store[_id(blob)].as_raw_string()
        # Raised out here: the error's own frames would hold on to the file of a damaged pack.
        raise StoreError(f"the object {blob} is missing in {self.folder}, or damaged")

    def files(self, commit: str) -> dict[str, str]:
        """The files of a commit, path to text."""
        from dulwich.object_store import iter_tree_contents
        from dulwich.objects import Commit

        found = {}
        try:
            head = self._repo.object_store[_id(commit)]
            if not isinstance(head, Commit):
                raise StoreError(f"the object {commit} in {self.folder} is no commit")
            for entry in iter_tree_contents(self._repo.object_store, head.tree):
                assert entry.path is not None and entry.sha is not None  # noqa: S101 - true of all files
                data = self._repo.object_store[entry.sha].as_raw_string()
                found[entry.path.decode("utf-8", "surrogateescape")] = data.decode("utf-8", "surrogatepass")
        except (KeyError, ValueError, AssertionError, OSError) as error:
            raise StoreError(f"the commit {commit} is missing in {self.folder}") from error
        return found

    def branch(self, name: str) -> str | None:
        """The commit at the tip of a branch; None where there is no such branch."""
        from dulwich.refs import Ref

        waiting = self._references.get(f"refs/heads/{name}")
        if waiting is not None:
            return waiting
        try:
            return self._repo.refs[Ref(f"refs/heads/{name}".encode())].decode("ascii")
        except KeyError:
            return None

    def missing(self, references: Mapping[str, str]) -> dict[str, str]:
        """Those of the references that are not there, or point elsewhere."""
        known = self._repo.refs.as_dict()
        return {
            name: target
            for name, target in references.items()
            if known.get(name.encode(), b"") != target.encode()  # type: ignore[call-overload]  # a NewType of bytes
        }

    def close(self) -> None:
        """Write what waits, join this process's packs, and let go of files."""
        try:
            self._write_references()
            self._packs.tidy()
        except OSError as error:
            raise StoreError(f"{self.folder} cannot be written: {error.strerror or error}") from error
        finally:
            self._repo.close()

    def _write_references(self) -> None:
        from dulwich.file import FileLocked
        from dulwich.refs import Ref

        if not self._references:
            return
        start = time.monotonic()
        mark = self.folder / _MARK
        if mark.exists():
            (self.folder / "packed-refs.lock").unlink(missing_ok=True)
        mark.touch()
        try:
            self._repo.refs.add_packed_refs(
                {Ref(name.encode()): _id(target) for name, target in self._references.items()}
            )
            self._references = {}
        except FileLocked:
            pass  # another git works on them: they come with the next batch
        finally:
            mark.unlink()
        now = time.monotonic()
        self._references_after = now + max(_REFERENCES_SECONDS, _REFERENCES_SHARE * (now - start))


def _make(folder: Path) -> None:
    """A new repository, there as a whole or not at all: who makes it may be killed."""
    from dulwich.repo import Repo

    unfinished = folder.with_name(f"{folder.name}{UNFINISHED}")
    shutil.rmtree(unfinished, ignore_errors=True)
    Repo.init_bare(str(unfinished), mkdir=True, default_branch=b"main").close()
    unfinished.rename(folder)


def _id(text: str) -> "ObjectID":
    from dulwich.objects import ObjectID

    return ObjectID(text.encode("ascii"))
