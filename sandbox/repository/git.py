"""git as a reader and writer of objects: nothing that a repository configures is ever run.

Hooks, filters, fsmonitor, external diffs, credential helpers and remote helpers are switched off for every call, the
configuration of user and system is not read, the index is never refreshed, and no object is fetched. Only plumbing is
called, none of which converts content.
"""

import os
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path

from prompts.errors import ConfigError, StoreError

_SETTINGS = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.attributesFile=/dev/null",
    "core.excludesFile=/dev/null",
    "core.sshCommand=false",
    "core.gitProxy=false",
    "core.alternateRefsCommand=true",
    "core.pager=cat",
    "core.editor=false",
    "core.quotePath=false",
    "credential.helper=",
    "diff.external=",
    "gc.auto=0",
    "maintenance.auto=false",
    "protocol.allow=never",
    "safe.directory=*",
    "submodule.recurse=false",
    "log.showSignature=false",
    "commit.gpgSign=false",
)
_BATCH = 1000
_IDENTITY = ("Backsmith", "backsmith@localhost")


def _environment() -> dict[str, str]:
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": "/nonexistent",
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ALLOW_PROTOCOL": "none",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_AUTHOR_NAME": _IDENTITY[0],
        "GIT_AUTHOR_EMAIL": _IDENTITY[1],
        "GIT_COMMITTER_NAME": _IDENTITY[0],
        "GIT_COMMITTER_EMAIL": _IDENTITY[1],
    }


class GitError(StoreError):
    """A call of git failed; ``str`` is what it said."""


class Git:
    """One repository, by its git directory. ``index`` and ``work_tree`` are given where a call needs them."""

    def __init__(self, directory: Path, env: Mapping[str, str] | None = None) -> None:
        self.directory = directory
        self._env = {**_environment(), **(env or {})}

    def run(self, *argv: str, data: bytes = b"") -> bytes:
        """What a call prints. Raises GitError where it fails."""
        done = subprocess.run(
            self._argv(argv), input=data, env=self._env, capture_output=True, check=False, cwd="/"
        )
        if done.returncode:
            said = done.stderr.decode("utf-8", "replace").strip()
            raise GitError(f"git {argv[0]}: {said or f'exit code {done.returncode}'}")
        return done.stdout

    def text(self, *argv: str) -> str:
        """What a call prints, without the last line break."""
        return self.run(*argv).decode("utf-8", "surrogateescape").rstrip("\n")

    def ask(self, *argv: str) -> str | None:
        """What a call prints, or None where it fails."""
        try:
            return self.text(*argv)
        except GitError:
            return None

    def blobs(self, ids: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """The content of blobs, in order; those that are not there (a partial clone) are left out."""
        pending = iter(ids)
        while batch := list(islice(pending, _BATCH)):
            said = self.run(
                "cat-file", "--batch", "--buffer", data="".join(f"{one}\n" for one in batch).encode()
            )
            at = 0
            for blob in batch:
                end = said.index(b"\n", at)
                _, _, about = said[at:end].partition(b" ")
                kind, _, size = about.partition(b" ")
                at = end + 1
                if size:
                    content = said[at : at + int(size)]
                    at += int(size) + 1
                    if kind == b"blob":
                        yield blob, content

    def _argv(self, argv: tuple[str, ...]) -> list[str]:
        settings = [part for setting in _SETTINGS for part in ("-c", setting)]
        return ["git", f"--git-dir={self.directory}", *settings, *argv]


def find_git_dir(folder: Path) -> tuple[Path, Path | None]:
    """The git directory of the repository that ``folder`` lies in, and its work tree (None: it is bare).

    Raises ConfigError where there is none.
    """
    argv = ["git", *[part for setting in _SETTINGS for part in ("-c", setting)], "-C", str(folder)]
    try:
        done = subprocess.run(
            [*argv, "rev-parse", "--is-bare-repository", "--absolute-git-dir"],
            env=_environment(),
            capture_output=True,
            check=False,
        )
    except FileNotFoundError as error:
        raise ConfigError("git is not installed", "install it, for instance: apt install git") from error
    if done.returncode:
        raise ConfigError(f"{folder} is in no git repository", "name the folder of a repository with --into")
    bare, directory = done.stdout.decode("utf-8", "surrogateescape").rstrip("\n").split("\n", 1)
    if bare == "true":
        return Path(directory), None
    top = subprocess.run(
        [*argv, "rev-parse", "--show-toplevel"], env=_environment(), capture_output=True, check=False
    )
    root = top.stdout.decode("utf-8", "surrogateescape").rstrip("\n")
    return Path(directory), Path(root) if root else None
