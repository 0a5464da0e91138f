"""Reads the text files of a folder: what is worth judging, and what was left out and why."""

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from evals.code.files import LARGEST

MOST_FILES = 5000

_LEFT_OUT = frozenset(
    (".git", ".hg", ".svn", "node_modules", "__pycache__", ".tox", ".nox", ".mypy_cache", ".ruff_cache",
     ".pytest_cache", ".gradle", ".idea", ".vscode", "site-packages", ".next", ".nuxt", "bower_components",
     ".terraform", ".eggs", ".hypothesis", ".cargo", "htmlcov")
)  # fmt: skip
_BUILT = frozenset({"dist", "build", "target", "out", "bin", "obj", "vendor", "coverage"})
_MANIFESTS = frozenset(
    {"package.json", "Cargo.toml", "pom.xml", "go.mod", "pyproject.toml", "setup.py", "build.gradle"}
)
_BINARY = frozenset(
    (".png", ".jpg", ".jpeg", ".gif", ".ico", ".webp", ".pdf", ".zip", ".gz", ".tar", ".whl", ".jar", ".class",
     ".so", ".dll", ".exe", ".pyc", ".db", ".sqlite", ".sqlite3", ".woff", ".woff2", ".ttf", ".mp3", ".mp4",
     ".wasm", ".o", ".a", ".bin")
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file or folder that was not read. ``path`` is relative to the folder."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Folder:
    """The texts of a folder by relative POSIX path, and what was left out."""

    files: dict[str, str]
    skipped: tuple[Skipped, ...]


def read_folder(root: Path) -> Folder:
    """Read every text file below ``root``. Symbolic links are followed nowhere, and special files are not opened.

    Raises OSError where ``root`` itself cannot be read.
    """
    files: dict[str, str] = {}
    skipped: list[Skipped] = []
    pending = [root]
    while pending:
        folder = pending.pop()
        try:
            entries = sorted(os.scandir(folder), key=lambda e: e.name)
        except OSError as error:
            if folder == root:
                raise
            skipped.append(Skipped(_relative(root, folder), error.strerror or "cannot be read"))
            continue
        built = any(entry.name in _MANIFESTS for entry in entries)
        for entry in entries:
            path = Path(entry.path)
            reason = _reason(entry, built=built)
            if reason:
                skipped.append(Skipped(_relative(root, path), reason))
            elif entry.is_dir(follow_symlinks=False):
                pending.append(path)
            elif len(files) >= MOST_FILES:
                skipped.append(Skipped(_relative(root, path), f"more than {MOST_FILES} files"))
            else:
                text = _text(path)
                if isinstance(text, str):
                    files[_relative(root, path)] = text
                else:
                    skipped.append(Skipped(_relative(root, path), text.reason))
    return Folder(dict(sorted(files.items())), tuple(skipped))


def _relative(root: Path, path: Path) -> str:
    """The path below ``root``; bytes that are no UTF-8 are shown, not kept."""
    return path.relative_to(root).as_posix().encode("utf-8", "backslashreplace").decode("utf-8")


def _reason(entry: "os.DirEntry[str]", *, built: bool) -> str:
    """Why an entry is left out, or empty."""
    if entry.is_symlink():
        return "symbolic link"
    if entry.is_dir(follow_symlinks=False):
        if entry.name in _LEFT_OUT or entry.name.endswith(".egg-info"):
            return "not the project's own code"
        if (Path(entry.path) / "pyvenv.cfg").is_file():
            return "virtual environment"
        return "build output" if built and entry.name in _BUILT else ""
    try:
        known = entry.stat(follow_symlinks=False)
    except OSError as error:
        return error.strerror or "cannot be read"
    if not stat.S_ISREG(known.st_mode):
        return "not a regular file"
    if Path(entry.name).suffix.lower() in _BINARY:
        return "binary"
    return f"larger than {LARGEST:,} bytes" if known.st_size > LARGEST else ""


@dataclass(frozen=True, slots=True)
class _Unreadable:
    reason: str


def _text(path: Path) -> str | _Unreadable:
    try:
        data = path.read_bytes()
    except OSError as error:
        return _Unreadable(error.strerror or "cannot be read")
    if b"\0" in data[:8192]:
        return _Unreadable("binary")
    return data.decode("utf-8-sig", "replace").replace("\r\n", "\n")
