"""Files of an answer on disk: all of them or none, never outside the folder, through no symbolic link.

Rules W1 to W5 of docs/fileblock.md. Every folder on the way is opened relative to the one before, without following
links, so that nothing that changes meanwhile can lead elsewhere.
"""

import contextlib
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from agents.fileblock.paths import BadPathError, collisions, plain_path
from agents.submission import SourceFile
from prompts.errors import ConfigError, UnsafePathError

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def write(files: Iterable[SourceFile], folder: Path, *, replace: bool = False) -> tuple[Path, ...]:
    """Write the files below ``folder``, which is made if need be. Returns their paths, in order.

    Raises ConfigError where a file exists with other content and ``replace`` is not set, or where the system
    refuses; UnsafePathError where a path is unsafe or leads through a symbolic link. Then nothing has changed.
    """
    chosen = _checked(files)
    made = _make_root(folder)
    undo = _Undo()
    try:
        root = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            for path, text in chosen.items():
                _look(root, path, text, replace)
            for path, text in chosen.items():
                _put(root, path, text, undo)
        except BaseException:
            undo.run(root)
            raise
        else:
            undo.forget(root)
        finally:
            os.close(root)
    except BaseException as error:
        for made_folder in reversed(made):
            with contextlib.suppress(OSError):
                made_folder.rmdir()
        if isinstance(error, OSError):
            raise ConfigError(
                f"{folder}: {error.strerror}: {error.filename}", "nothing was written"
            ) from error
        raise
    return tuple(folder / path for path in chosen)


def read(paths: Iterable[str], folder: Path) -> dict[str, str]:
    """The texts of those of the files that stand below ``folder`` and are UTF-8, read through no symbolic link."""
    found: dict[str, str] = {}
    root = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for path in paths:
            with contextlib.suppress(OSError, UnicodeDecodeError), _parent(root, path) as (parent, name):
                flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
                handle = os.open(name, flags, dir_fd=parent)
                with os.fdopen(handle, "rb") as file:
                    found[path] = file.read().decode("utf-8")
    finally:
        os.close(root)
    return found


@dataclass(slots=True)
class _Undo:
    """What was done, to take it back: folders made, files written, and where the files before them were moved."""

    folders: list[str] = field(default_factory=list)
    written: list[str] = field(default_factory=list)
    moved: list[tuple[str, str]] = field(default_factory=list)

    def run(self, root: int) -> None:
        """Take everything back, as far as the system allows."""
        for path in reversed(self.written):
            with contextlib.suppress(OSError), _parent(root, path) as (parent, name):
                os.unlink(name, dir_fd=parent)
        for path, aside in reversed(self.moved):
            with contextlib.suppress(OSError), _parent(root, path) as (parent, name):
                os.rename(aside, name, src_dir_fd=parent, dst_dir_fd=parent)
        for path in reversed(self.folders):
            with contextlib.suppress(OSError), _parent(root, path) as (parent, name):
                os.rmdir(name, dir_fd=parent)

    def forget(self, root: int) -> None:
        """Everything went well: drop the files that were moved aside."""
        for path, aside in self.moved:
            with contextlib.suppress(OSError), _parent(root, path) as (parent, _):
                os.unlink(aside, dir_fd=parent)


def _checked(files: Iterable[SourceFile]) -> dict[str, bytes]:
    chosen: dict[str, bytes] = {}
    for file in files:
        try:
            safe = plain_path(file.path) == file.path
        except BadPathError as error:
            raise UnsafePathError(f"the path {file.path!a} {error}", "nothing was written") from error
        if not safe or file.path in chosen:
            raise UnsafePathError(
                f"the path {file.path!a} is not plain or stands twice", "nothing was written"
            )
        chosen[file.path] = file.text.encode("utf-8", "surrogatepass")
    for path, other in collisions(chosen).items():
        raise UnsafePathError(f"{path} and {other} cannot stand side by side", "nothing was written")
    return chosen


def _make_root(folder: Path) -> list[Path]:
    missing = []
    place = folder
    while not place.exists():
        missing.append(place)
        place = place.parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"{folder}: {error.strerror}", "name a folder that can be written to") from error
    return missing[::-1]


@contextlib.contextmanager
def _parent(root: int, path: str) -> Iterator[tuple[int, str]]:
    """The open folder that a path's last part stands in, and that part. Raises OSError where there is none."""
    *folders, name = path.split("/")
    place = os.dup(root)
    try:
        for part in folders:
            inner = os.open(part, _FOLDER, dir_fd=place)
            os.close(place)
            place = inner
        yield place, name
    finally:
        os.close(place)


def _look(root: int, path: str, text: bytes, replace: bool) -> None:
    """Find out whether the file can be written, and change nothing."""
    place = os.dup(root)
    try:
        *folders, name = path.split("/")
        for part in folders:
            kind = _kind(place, part)
            if kind is None:
                return
            if not stat.S_ISDIR(kind):
                raise UnsafePathError(
                    f"{path}: {part} is {_named(kind)}, not a folder", "nothing was written"
                )
            inner = os.open(part, _FOLDER, dir_fd=place)
            os.close(place)
            place = inner
        kind = _kind(place, name)
        if kind is None:
            return
        if not stat.S_ISREG(kind):
            raise UnsafePathError(f"{path} exists and is {_named(kind)}", "nothing was written")
        if not replace and not _holds(place, name, text):
            raise ConfigError(
                f"{path} exists with other content; nothing was written", "use --replace to replace files"
            )
    finally:
        os.close(place)


def _kind(place: int, name: str) -> int | None:
    try:
        return os.lstat(name, dir_fd=place).st_mode
    except FileNotFoundError:
        return None


def _named(kind: int) -> str:
    if stat.S_ISLNK(kind):
        return "a symbolic link"
    return "a folder" if stat.S_ISDIR(kind) else "a file" if stat.S_ISREG(kind) else "a special file"


def _holds(place: int, name: str, text: bytes) -> bool:
    handle = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=place)
    with os.fdopen(handle, "rb") as file:
        return file.read(len(text) + 1) == text


def _put(root: int, path: str, text: bytes, undo: _Undo) -> None:
    *folders, name = path.split("/")
    for depth in range(1, len(folders) + 1):
        inner = "/".join(folders[:depth])
        with _parent(root, inner) as (parent, last), contextlib.suppress(FileExistsError):
            os.mkdir(last, dir_fd=parent)
            undo.folders.append(inner)
    with _parent(root, path) as (parent, _):
        if _kind(parent, name) is not None:
            aside = f".{os.urandom(8).hex()}.before"
            os.rename(name, aside, src_dir_fd=parent, dst_dir_fd=parent)
            undo.moved.append((path, aside))
        handle = os.open(name, _NEW_FILE, 0o666, dir_fd=parent)
        undo.written.append(path)
        with os.fdopen(handle, "wb") as file:
            file.write(text)
