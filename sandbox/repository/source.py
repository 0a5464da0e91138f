"""The user's repository: its base commit, a clone to work in, and the one branch that it is handed."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from prompts.errors import ConfigError, StoreError
from sandbox.repository.git import Git, GitError, find_git_dir
from sandbox.repository.uncommitted import Uncommitted, find_uncommitted

PREFIX = "backsmith/"
_MOST_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Handover:
    """What the user's repository was given."""

    branch: str
    commit: str
    base: str


class SourceRepository:
    """A repository that work starts from. Nothing in it is changed but the one branch that ``hand_over`` makes.

    ``within`` is the path in it of the folder that was named.
    """

    def __init__(self, folder: Path) -> None:
        """Find it. Raises ConfigError where ``folder`` is in no repository, or it has no commit."""
        if not folder.is_dir():
            raise ConfigError(f"{folder} is no folder", "name the folder of a repository with --into")
        self.git_dir, self.work_tree = find_git_dir(folder)
        self.git = Git(self.git_dir)
        self.name = (self.work_tree or self.git_dir).name
        self.within = self._within(folder)
        if self.git.ask("rev-parse", "--verify", "--quiet", "HEAD^{commit}") is None:
            raise ConfigError(
                f"{folder} has no commit yet", "commit something first, so that there is a base"
            )

    def _within(self, folder: Path) -> str:
        """Where in the work tree ``folder`` lies; empty for its top."""
        top = self.work_tree.resolve() if self.work_tree else folder.resolve()
        inside = folder.resolve()
        return inside.relative_to(top).as_posix().lstrip(".") if inside.is_relative_to(top) else ""

    def resolve(self, base: str) -> str:
        """The id of the commit that ``base`` names. Raises ConfigError where it names none."""
        if base.startswith("-"):
            raise ConfigError(f"--base {base!r} names no commit")
        found = self.git.ask("rev-parse", "--verify", "--quiet", "--end-of-options", f"{base}^{{commit}}")
        if not found:
            raise ConfigError(f"--base {base!r} names no commit", "give a branch, a tag or a commit's id")
        return found.split("\n")[-1]

    def branch_of(self, commit: str) -> str:
        """The branch that is checked out, if it stands on ``commit``; else empty."""
        name = self.git.ask("symbolic-ref", "--quiet", "--short", "HEAD") or ""
        return name if self.git.ask("rev-parse", "--verify", "--quiet", "HEAD^{commit}") == commit else ""

    def uncommitted(self) -> Uncommitted:
        """What the work tree holds beside its last commit; nothing where there is no work tree."""
        return Uncommitted(()) if self.work_tree is None else find_uncommitted(self.git, self.work_tree)

    def objects(self) -> Path:
        """The folder of its objects (of a linked work tree: the main repository's)."""
        common = Path(self.git.text("rev-parse", "--git-common-dir"))
        return (common if common.is_absolute() else self.git_dir / common).resolve() / "objects"

    def check_room(self) -> None:
        """Raise ConfigError where no branch can be named ``backsmith/...``, since one is named ``backsmith``."""
        name = PREFIX.rstrip("/")
        if self.git.ask("rev-parse", "--verify", "--quiet", f"refs/heads/{name}"):
            raise ConfigError(
                f"the branch {name!r} stands in the way of branches {PREFIX}...",
                f"rename it: git branch -m {name} another-name",
            )

    def free_branch(self, wanted: str, ours: str = "") -> str:
        """The first of ``backsmith/WANTED``, ``...-2``, ... that is free, or stands on our own commit ``ours``.

        Raises StoreError where none of a thousand is.
        """
        for number in range(1, 1000):
            name = PREFIX + wanted + (f"-{number}" if number > 1 else "")
            there = self.git.ask("rev-parse", "--verify", "--quiet", f"refs/heads/{name}")
            if not there or there == ours:
                return name
        raise StoreError(f"no free branch for {wanted}")

    def hand_over(self, clone: "WorkClone", branch: str, commit: str) -> Handover:
        """Give the repository the clone's new objects and let ``branch`` point to ``commit``.

        Raises StoreError where it cannot be written.
        """
        pack = clone.pack(commit)
        try:
            if pack:
                self.git.run("unpack-objects", "-q", data=pack)
            old = self.git.ask("rev-parse", "--verify", "--quiet", f"refs/heads/{branch}") or ""
            self.git.run("update-ref", "-m", "backsmith: handed over", f"refs/heads/{branch}", commit, old)
        except GitError as error:
            raise StoreError(
                f"{self.git_dir} cannot be written: {error}",
                "the work is kept in the run's folder; use --patch",
            ) from error
        return Handover(branch, commit, clone.base)


class WorkClone:
    """A bare repository of the run's own that borrows the user's objects. Commits are made here."""

    def __init__(self, folder: Path, source: SourceRepository, base: str) -> None:
        """Open the clone at ``folder``, made where it is not there yet; work starts at the commit ``base``."""
        self.base = base
        self.tip = base
        fresh = not (folder / "HEAD").is_file()
        self.git = Git(folder, {"GIT_INDEX_FILE": str(folder / "backsmith-index")})
        if fresh:
            folder.mkdir(parents=True, exist_ok=True)
            form = source.git.ask("rev-parse", "--show-object-format") or "sha1"
            self.git.run("init", "--quiet", "--bare", "--template=", f"--object-format={form}")
        info = folder / "objects" / "info"
        info.mkdir(parents=True, exist_ok=True)
        with (info / "alternates").open("wb") as file:
            file.write(os.fsencode(source.objects()) + b"\n")

    def commit(self, changes: Mapping[str, bytes | None], modes: Mapping[str, str], message: str) -> str:
        """Commit ``changes`` (path to content; None: it goes) over the base; its parent is the commit before.

        ``changes`` tell all that differs from the base, not from the parent.
        """
        self.git.run("read-tree", self.base)
        listed = bytearray()
        for path, data in changes.items():
            name = os.fsencode(path)
            if data is None:
                listed += b"0 " + b"0" * len(self.base) + b"\t" + name + b"\0"
            else:
                blob = self.git.run("hash-object", "-w", "--stdin", "--no-filters", data=data).strip()
                listed += modes.get(path, "100644").encode("ascii") + b" " + blob + b"\t" + name + b"\0"
        self.git.run("update-index", "-z", "--index-info", data=bytes(listed))
        tree = self.git.text("write-tree", "--missing-ok")
        data = message.encode("utf-8", "replace")
        self.tip = self.git.run("commit-tree", tree, "-p", self.tip, data=data).decode("ascii").strip()
        return self.tip

    def start_over(self, base: str) -> None:
        """Let the next commit stand on ``base``."""
        self.base = self.tip = base

    def pack(self, commit: str) -> bytes:
        """The objects that the source lacks, as a pack; empty where there are none."""
        listed = self.git.run("rev-list", "--objects", commit, f"^{self.origin}")
        if not listed:
            return b""
        ids = b"".join(line.split(b" ", 1)[0] + b"\n" for line in listed.split(b"\n") if line)
        return self.git.run("pack-objects", "--stdout", "-q", data=ids)

    @property
    def origin(self) -> str:
        """The source's own commit that everything stands on."""
        return self.git.ask("config", "backsmith.origin") or self.base

    def keep_origin(self, commit: str) -> None:
        """Remember the source's own commit."""
        self.git.run("config", "backsmith.origin", commit)

    def patch(self, commit: str) -> bytes:
        """All that was done, as one patch over the origin, for ``git apply``."""
        argv = ("diff-tree", "-p", "--binary", "--full-index", "--no-ext-diff", "--no-textconv", "-M")
        return self.git.run(*argv, self.origin, commit)


def shown_paths(paths: Iterable[str]) -> str:
    """A few of the paths, for a message."""
    listed = [os.fsencode(path).decode("utf-8", "backslashreplace") for path in paths]
    more = f" and {len(listed) - _MOST_SHOWN} more" if len(listed) > _MOST_SHOWN else ""
    return ", ".join(listed[:_MOST_SHOWN]) + more
