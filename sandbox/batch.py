"""What is to be written into a run's repository together. Ids are known at once, before anything is on disk."""

import time
from collections.abc import Mapping

from prompts.errors import UnsafePathError
from sandbox.git_objects import FILE, FOLDER, GitObject, blob, commit, tree

_Tree = dict[str, "str | _Tree"]


class Batch:
    """Objects and references."""

    def __init__(self) -> None:
        self.objects: dict[bytes, GitObject] = {}
        self.references: dict[str, str] = {}

    def folder(self, files: Mapping[str, GitObject]) -> str:
        """A tree of blobs by their names, which are plain; returns its id."""
        return self._add(tree((name.encode(), FILE, self._add(one)) for name, one in files.items())).hex()

    def commit(self, files: Mapping[str, str], message: str, parent: str | None = None) -> str:
        """A commit of exactly these files (path to text); returns its id.

        Raises UnsafePathError for a path that is not plain and relative.
        """
        root = self._tree(_folders(files))
        return self._add(commit(root, parent, int(time.time()), message)).hex()

    def point(self, reference: str, target: str) -> None:
        """Let a reference (``refs/...``) point to an object."""
        self.references[reference] = target

    def _tree(self, folder: _Tree) -> bytes:
        entries = [
            (_bytes(name), FOLDER, self._tree(content))
            if isinstance(content, dict)
            else (_bytes(name), FILE, self._add(blob(_bytes(content))))
            for name, content in folder.items()
        ]
        return self._add(tree(entries))

    def _add(self, one: GitObject) -> bytes:
        self.objects[one.id] = one
        return one.id


def _folders(files: Mapping[str, str]) -> _Tree:
    root: _Tree = {}
    for path, text in files.items():
        parts = path.split("/")
        if any(part in {"", ".", ".."} or part.lower() == ".git" for part in parts) or "\0" in path:
            raise UnsafePathError(f"{path!r} cannot be committed: not a plain relative path")
        folder = root
        for part in parts[:-1]:
            inner = folder.setdefault(part, {})
            if not isinstance(inner, dict):
                raise UnsafePathError(f"{path!r} cannot be committed: {part!r} is a file as well")
            folder = inner
        if isinstance(folder.get(parts[-1]), dict):
            raise UnsafePathError(f"{path!r} cannot be committed: it is a folder as well")
        folder[parts[-1]] = text
    return root


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
