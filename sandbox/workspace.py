"""The git repository of a run: every byte that a model wrote, every sample a branch, every round a commit."""

import io
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from prompts.errors import StoreError, UnsafePathError

if TYPE_CHECKING:
    from git import Repo
    from git.objects import Commit

_FILE_MODE = 0o100644
_TREE_MODE = 0o040000
_Tree = dict[str, "bytes | _Tree"]


@dataclass(frozen=True, slots=True)
class Committed:
    """A commit and the branch that it was put on."""

    commit: str
    branch: str


class Workspace:
    """A bare repository. Content is stored once however often it occurs; nothing in it is ever executed.

    Raises StoreError where the repository cannot be read or written.
    """

    def __init__(self, folder: Path) -> None:
        """Open the repository at ``folder``; made when it is not there yet."""
        import git

        self.folder = folder
        try:
            if (folder / "HEAD").is_file():
                self._repo: Repo = git.Repo(folder)
            else:
                self._repo = git.Repo.init(folder, bare=True, initial_branch="main")
        except (git.GitError, OSError) as error:
            raise StoreError(f"{folder} is no git repository that can be used: {error}") from error

    def save_response(self, sample: str, step: str, data: bytes) -> str:
        """Keep a raw answer as a blob before anything reads it; returns the blob's id.

        It stays reachable as ``refs/backsmith/responses/SAMPLE/STEP``.
        """
        blob = self._store("blob", data)
        self._repo.git.update_ref(f"refs/backsmith/responses/{sample}/{step}", blob.hex())
        return blob.hex()

    def response(self, blob: str) -> bytes:
        """The raw answer that ``save_response`` kept. Raises StoreError where it is not there."""
        try:
            data: bytes = self._repo.odb.stream(bytes.fromhex(blob)).read()
            return data
        except (ValueError, KeyError, OSError) as error:
            raise StoreError(f"the raw answer {blob} is missing in {self.folder}") from error

    def commit(self, branch: str, number: int, files: Mapping[str, str], message: str) -> Committed:
        """Commit exactly these files (path to text) as the ``number``-th state of a branch. All or nothing.

        Committing a state that is there already (a process was killed before it could say so) replaces it.
        """
        import git

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
            folder[parts[-1]] = text.encode("utf-8", "surrogatepass")
        try:
            tree = git.Tree(self._repo, self._store_tree(root))
            parents = self._first_commits(branch, number - 1)
            actor = git.Actor("Backsmith", "backsmith@localhost")
            commit = git.Commit.create_from_tree(
                self._repo, tree, message, parents, head=False, author=actor, committer=actor
            )
            self._repo.git.update_ref(f"refs/heads/{branch}", commit.hexsha)
        except (git.GitError, OSError) as error:
            raise StoreError(f"the answer cannot be committed to {self.folder}: {error}") from error
        return Committed(commit.hexsha, branch)

    def files(self, branch: str) -> dict[str, str]:
        """The files at the tip of a branch, path to text; empty where there is no such branch."""
        head = self._head(branch)
        if head is None:
            return {}
        found = {}
        for item in head.tree.traverse():
            if item.type == "blob":  # type: ignore[union-attr]  # trees of ours hold blobs and trees alone
                data = item.data_stream.read()  # type: ignore[union-attr]
                found[str(item.path)] = data.decode("utf-8", "surrogatepass")  # type: ignore[union-attr]
        return found

    def close(self) -> None:
        """Let go of git's helper processes."""
        self._repo.close()

    def _first_commits(self, branch: str, count: int) -> "list[Commit]":
        """The last of a branch's first ``count`` commits, as a list of parents."""
        head = self._head(branch)
        if head is None or count < 1:
            return []
        line = list(self._repo.iter_commits(head))[::-1][:count]
        return line[-1:]

    def _head(self, branch: str) -> "Commit | None":
        reference = next((head for head in self._repo.heads if head.name == branch), None)
        return reference.commit if reference else None

    def _store(self, kind: str, data: bytes) -> bytes:
        from gitdb import IStream

        stream = IStream(kind.encode(), len(data), io.BytesIO(data))
        stored: bytes = self._repo.odb.store(stream).binsha
        return stored

    def _store_tree(self, tree: _Tree) -> bytes:
        from git.objects.fun import tree_to_stream

        entries = []
        for name, content in tree.items():
            if isinstance(content, dict):
                entries.append((self._store_tree(content), _TREE_MODE, name))
            else:
                entries.append((self._store("blob", content), _FILE_MODE, name))
        # git orders a folder as if its name ended with a slash.
        entries.sort(key=lambda e: os.fsencode(e[2]) + (b"/" if e[1] == _TREE_MODE else b""))
        buffer = io.BytesIO()
        tree_to_stream(entries, buffer.write)
        return self._store("tree", buffer.getvalue())


def lay_out(files: Mapping[str, str], folder: Path) -> None:
    """Write files into a fresh folder of ours. Paths are plain and relative, as the parser gives them."""
    for path, text in files.items():
        target = folder / path
        if not target.resolve().is_relative_to(folder.resolve()):
            raise UnsafePathError(f"{path!r} leads out of the workspace")
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("w", encoding="utf-8", errors="surrogatepass", newline="") as file:
            file.write(text)
