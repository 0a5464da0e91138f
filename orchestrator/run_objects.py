"""Reads what a run's repository holds, and changes nothing in it: a run may still be under way."""

import contextlib
from pathlib import Path
from types import TracebackType

from prompts.errors import StoreError


class RunObjects:
    """The blobs and trees of one repository. A context manager; raises StoreError for what is not there."""

    def __init__(self, repository: Path) -> None:
        from dulwich.errors import NotGitRepository
        from dulwich.repo import Repo

        try:
            self._repo = Repo(str(repository))
        except (NotGitRepository, OSError) as error:
            raise StoreError(f"{repository} is no repository of a run: {error}") from error
        self._where = repository

    def __enter__(self) -> "RunObjects":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._repo.close()

    def text(self, blob: str) -> str:
        """A blob as text; bytes that are no UTF-8 become marks."""
        return self._raw(blob).decode("utf-8", "replace")

    def tree(self, commit: str) -> dict[str, str]:
        """The files of a commit: path to blob, sorted by path."""
        from dulwich.object_store import iter_tree_contents
        from dulwich.objects import Commit, ObjectID

        found: dict[str, str] = {}
        with contextlib.suppress(KeyError, ValueError, AssertionError, OSError):
            head = self._repo.object_store[ObjectID(commit.encode("ascii"))]
            if isinstance(head, Commit):
                for entry in iter_tree_contents(self._repo.object_store, head.tree):
                    if entry.path is not None and entry.sha is not None:
                        found[entry.path.decode("utf-8", "replace")] = entry.sha.decode("ascii")
                return dict(sorted(found.items()))
        raise StoreError(f"the commit {commit} is missing in {self._where}, or damaged")

    def _raw(self, blob: str) -> bytes:
        import zlib

        from dulwich.errors import ChecksumMismatch
        from dulwich.objects import ObjectID

        with contextlib.suppress(KeyError, ValueError, AssertionError, OSError, ChecksumMismatch, zlib.error):
            return self._repo.object_store[ObjectID(blob.encode("ascii"))].as_raw_string()
        raise StoreError(f"the object {blob} is missing in {self._where}, or damaged")
