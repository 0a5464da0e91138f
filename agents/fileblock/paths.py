"""Which paths an answer may name, and their plain spelling. Rules P1 to P9 of docs/fileblock.md."""

import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from itertools import pairwise

MAX_SEGMENT_BYTES = 255
MAX_PATH_BYTES = 1024

_FORBIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_FORBIDDEN_CHARACTERS = frozenset('<>:"|?*')
_RESERVED = frozenset(
    ["con", "prn", "aux", "nul", "conin$", "conout$"]
    + [f"{device}{digit}" for device in ("com", "lpt") for digit in "0123456789¹²³"]
)
# Names that are whole without an extension; used only to tell a path from prose.
_BARE_NAMES = frozenset(
    {
        *(
            "makefile",
            "dockerfile",
            "containerfile",
            "procfile",
            "gemfile",
            "rakefile",
            "jenkinsfile",
            "vagrantfile",
        ),
        *(
            "brewfile",
            "justfile",
            "caddyfile",
            "license",
            "licence",
            "notice",
            "readme",
            "changelog",
            "authors",
        ),
        *("contributors", "copying", "codeowners", "owners", "version", "todo"),
    }
)


class BadPathError(ValueError):
    """A path that may not be written. ``str(error)`` completes the sentence ``the path ...``."""


@lru_cache(maxsize=1024)
def plain_path(raw: str) -> str:
    """The plain relative POSIX spelling of ``raw``. Raises BadPathError where it is not safe everywhere.

    Backslashes become slashes; empty and ``.`` segments go. Nothing else is changed: what is unsafe is refused,
    never mended, because a mended path is a file that nobody asked for.
    """
    if not raw.isprintable():  # no forbidden character is
        for character in raw:
            if character < " " or unicodedata.category(character) in _FORBIDDEN_CATEGORIES:
                raise BadPathError(f"holds the invisible character U+{ord(character):04X}")
    path = raw.replace("\\", "/")
    if not path:
        raise BadPathError("is empty")
    if path.startswith(("/", "~/")) or path[1:2] == ":" or path == "~":
        raise BadPathError("is absolute; write it relative to the project's root")
    if path.endswith(("/", "/.")):
        raise BadPathError("names a folder, not a file")
    segments = [segment for segment in path.split("/") if segment not in {"", "."}]
    if not segments:
        raise BadPathError("names no file")
    for segment in segments:
        _check_segment(segment)
    plain = "/".join(segments)
    if len(plain.encode("utf-8")) > MAX_PATH_BYTES:
        raise BadPathError(f"is longer than {MAX_PATH_BYTES} bytes")
    return plain


def plain_or_none(raw: str) -> str | None:
    """The plain spelling of ``raw``, or None where ``plain_path`` refuses it."""
    try:
        return plain_path(raw)
    except BadPathError:
        return None


def _check_segment(segment: str) -> None:
    if segment == "..":
        raise BadPathError("holds '..'; a file stays inside the project")
    if not _FORBIDDEN_CHARACTERS.isdisjoint(segment):
        character = next(character for character in segment if character in _FORBIDDEN_CHARACTERS)
        raise BadPathError(f"holds {character!r}, which not every system allows in a file name")
    if segment[-1] in ". " or segment[0] == " ":
        raise BadPathError("has a part that begins with a space or ends with a space or a dot")
    if len(segment.encode("utf-8")) > MAX_SEGMENT_BYTES:
        raise BadPathError(f"has a part longer than {MAX_SEGMENT_BYTES} bytes")
    folded = unicodedata.normalize("NFKC", segment).casefold()
    if folded == ".git" or folded.startswith("git~"):
        raise BadPathError("reaches into git's own folder")
    if folded.split(".", 1)[0].rstrip() in _RESERVED:
        raise BadPathError(f"holds {segment!r}, a name that Windows reserves")


def looks_like_path(raw: str) -> bool:
    """Whether ``raw`` reads as a path rather than as prose."""
    if not raw or len(raw) > MAX_PATH_BYTES:
        return False
    last = raw.replace("\\", "/").rsplit("/", 1)[-1]
    stem, dot, extension = last.rpartition(".")
    has_extension = bool(dot) and 0 < len(extension) <= 12 and extension.replace("_", "").isalnum()
    if " " in raw:
        whole = has_extension or " " not in last
        return whole and raw.count(" ") <= 4 and not stem.endswith((",", ";")) and ". " not in raw
    if raw.endswith((",", ";", "!", "?", ".")):
        return False
    return has_extension or "/" in raw or "\\" in raw or last.casefold() in _BARE_NAMES


def collisions(paths: Iterable[str]) -> dict[str, str]:
    """For each of the (distinct) plain paths that cannot stand beside another: that other one.

    Two paths collide when they differ only in case or Unicode normal form, or when one is a file where the other
    needs a folder.
    """
    found: dict[str, str] = {}
    by_key: dict[str, str] = {}
    for path in paths:
        key = unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())
        other = by_key.setdefault(key, path)
        if other != path:
            found[path] = other
            found.setdefault(other, path)
    # "/" sorted before every other character puts a folder's files right behind the file of the same name.
    ordered = sorted(by_key, key=lambda key: key.replace("/", "\x00"))
    last_file = ""
    for before, after in pairwise(ordered):
        if not last_file or not before.startswith(last_file + "/"):
            last_file = before
        if after.startswith(last_file + "/"):
            found.setdefault(by_key[after], by_key[last_file])
            found.setdefault(by_key[last_file], by_key[after])
    return found
