"""Files that a task file names: read as text, from its own folder alone, within limits."""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from prompts.errors import ConfigError, UnsafePathError

MAX_FILE_BYTES = 262_144
MAX_TOTAL_BYTES = 2_097_152
MAX_FILES = 500
_MAX_ENTRIES = 20_000
_SKIPPED = frozenset({"__pycache__", "node_modules", ".git", ".venv", ".pytest_cache", ".mypy_cache"})


def plain_path(text: str, place: str) -> str:
    """``text`` as a relative POSIX path without ``.`` parts.

    Raises UnsafePathError for any that could lead out of the folder it is relative to.
    """
    path = PurePosixPath(text)
    parts = text.replace("\\", "/").split("/")
    if path.is_absolute() or ".." in parts or ":" in parts[0] or text.startswith(("~", "\\")):
        raise UnsafePathError(
            f"{place}: `{text}` leads out of the task file's folder", "name files inside that folder"
        )
    if not path.parts or any(ord(character) < 32 for character in text):
        raise UnsafePathError(f"{place}: `{text!r}` is not the name of a file")
    if ".git" in (part.lower() for part in path.parts):
        raise UnsafePathError(f"{place}: `{text}` lies in a git repository's own folder")
    return path.as_posix()


def read_attachments(named: list[tuple[str, str]], folder: Path) -> dict[str, str]:
    """Text by relative path of the files (and of all files in the folders) that are named.

    ``named`` holds path and place (``task.yaml:7``) of each. Raises ConfigError for what is missing, not
    UTF-8 or too large, UnsafePathError for what lies outside ``folder``, also by a symbolic link.
    """
    found: dict[str, str] = {}
    total = 0
    for text, place in named:
        for relative in _files(plain_path(text, place), folder, place):
            if relative in found:
                continue
            content = _read(folder / relative, f"{place}: `{relative}`", folder)
            total += len(content.encode("utf-8"))
            if len(found) == MAX_FILES or total > MAX_TOTAL_BYTES:
                raise ConfigError(
                    f"{place}: the named files are more than {MAX_FILES} or hold more than "
                    f"{MAX_TOTAL_BYTES // 1_048_576} MiB",
                    "name only what is needed",
                )
            found[relative] = content
    return found


def _files(relative: str, folder: Path, place: str) -> Iterator[str]:
    path = folder / relative
    _check_inside(path, f"{place}: `{relative}`", folder)
    if path.is_dir():
        yield from _files_in(path, folder, f"{place}: the folder `{relative}`")
    elif path.is_file():
        yield relative
    else:
        what = "is not a plain file" if path.exists() else "does not exist"
        raise ConfigError(f"{place}: `{relative}` {what}", f"paths are relative to {folder}")


def _files_in(path: Path, folder: Path, what: str) -> list[str]:
    names: list[str] = []
    for count, child in enumerate(path.rglob("*")):
        if count > _MAX_ENTRIES:
            raise ConfigError(f"{what} has more than {_MAX_ENTRIES:,} entries", "name only what is needed")
        relative = child.relative_to(folder)
        if not _SKIPPED.intersection(relative.parts) and child.is_file():
            names.append(relative.as_posix())
    if not names:
        raise ConfigError(f"{what} holds no files")
    return sorted(names)


def _check_inside(path: Path, what: str, folder: Path) -> None:
    try:
        inside = path.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError) as error:
        raise ConfigError(f"{what} cannot be read: {error}") from None
    if not inside:
        raise UnsafePathError(
            f"{what} leads out of the task file's folder by a symbolic link", "copy the file into that folder"
        )


def _read(path: Path, what: str, folder: Path) -> str:
    _check_inside(path, what, folder)
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ConfigError(f"{what} is larger than {MAX_FILE_BYTES // 1024} KiB")
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{what} cannot be read: {error.strerror}") from None
    try:
        return data.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{what} is not UTF-8 text (byte {error.start})") from None
