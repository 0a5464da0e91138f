"""The lines that can carry structure: headers, delimiters, fences, section names, thinking tags.

Whether one of them really does is decided by what stands around it (``agents.fileblock.walk``). Every line is read
once, by string methods and anchored patterns that cannot backtrack. Rules L1 to L6 of docs/fileblock.md.
"""

import re
from typing import Literal, NamedTuple

from agents.fileblock.paths import looks_like_path

Kind = Literal["header", "delete", "delimiter", "fence", "section", "think", "end-think"]

_SECTION_NAMES = {
    "DEPENDENCIES": "DEPENDENCIES",
    "DEPENDENCY": "DEPENDENCIES",
    "MIGRATIONS": "MIGRATIONS",
    "MIGRATION": "MIGRATIONS",
    "DATABASE MIGRATIONS": "MIGRATIONS",
    "ENV VARS": "ENV_VARS",
    "ENV VAR": "ENV_VARS",
    "ENV VARIABLES": "ENV_VARS",
    "ENVIRONMENT VARIABLES": "ENV_VARS",
}
_LONGEST_TITLE = max(map(len, _SECTION_NAMES)) + 8
_LONGEST_HEADER = 2048

# A first look, which most lines fail.
_STARTS = frozenset(
    ["---", "```", "~~~"]
    + [
        spelled
        for word in ("fil", "edi", "del", "dep", "mig", "dat", "env")
        for spelled in (word, word.title(), word.upper())
    ]
)
_FIRST_CHARACTERS = frozenset("#*>`~-_+=<0123456789fFdDmMeE")
_SIGNS = ("```", "~~~", " FILE:", " EDIT:", " DELETE:", "</think", "</reason", "</thought", "\x1b")
_DECORATED = re.compile(r"[#*>`\-_+= \t\d.)]{1,40}(?:file|edit|dele|dep|mig|dat|env)|<", re.IGNORECASE)

_EXACT = frozenset({"FILE", "EDIT", "DELETE"})
_KEYWORD = re.compile(
    r"(?:file(?:[ _-]?(?:name|path))?|(edit)(?:[ _-]?file)?|(delete)(?:[ _-]?file)?)(?=[*`_ ]{0,4}:)",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\d{1,4}[.)][ \t]+")
_HEADING = re.compile(r"#{1,6} |\*\*|__|> |[-*] (?=\*\*|__)")
_THINK = re.compile(r"<(/?)(?:think|thinking|thought|reasoning)>", re.IGNORECASE)
_ANSI = re.compile(r"\x1b(?:\[[0-?]{0,32}[ -/]{0,4}[@-~]|\][^\x07\x1b\n]{0,1024}(?:\x07|\x1b\\)?|[@-Z\\^_])")
_REMARK = re.compile(r" +(?:[(\[#<→=:–—]|//|-+ )")


class Mark(NamedTuple):
    """One line that can carry structure. A named tuple, because hostile answers hold millions of them.

    ``line`` counts from 0. ``size`` is the number of hyphens or fence characters. ``text`` is a header's path, a
    section's name, or a fence's character followed by its info string; ``rest`` what follows a section's name or a
    closing thinking tag on the same line, or the keyword of a header that is no FILE (``EDIT``). ``exact`` says that
    the line is spelled as the format asks; ``title`` that a section's name at least stands out as one (in capitals or
    decorated).
    """

    line: int
    kind: Kind
    text: str = ""
    size: int = 0
    rest: str = ""
    exact: bool = True
    title: bool = False


def strip_ansi(line: str) -> str:
    """The line without terminal escape sequences."""
    return _ANSI.sub("", line)


def read_marks(lines: list[str], first: int, text: str) -> list[Mark]:
    """The marks among ``lines``, the first of which is line ``first`` of the answer. ``text`` holds all of them."""
    firsts, starts, decorated = _FIRST_CHARACTERS, _STARTS, _DECORATED.match
    signs = [sign for sign in _SIGNS if sign in text]
    found = []
    for number, line in enumerate(lines, first):
        if line[:1] in firsts and (line[:3] in starts or decorated(line)):
            if line == "---":
                found.append(Mark(number, "delimiter", "", 3))
                continue
        elif not signs or not _holds_any(line, signs):
            continue
        mark = read_mark(line, number)
        if mark is not None:
            found.append(mark)
    return found


def _holds_any(line: str, signs: list[str]) -> bool:
    return any(sign in line for sign in signs)


def read_mark(line: str, number: int) -> Mark | None:
    """The mark that a line is, or None."""
    if "\x1b" in line:
        mark = _read_plain(strip_ansi(line), number)
        return mark and mark._replace(exact=False)
    return _read_plain(line, number)


def _read_plain(line: str, number: int) -> Mark | None:
    mark = _delimiter(line, number) or _fence(line, number)
    if mark is None and len(line) <= _LONGEST_HEADER:
        mark = _header(line, number) or _section(line, number)
    if mark is None and "<" in line:
        mark = _thinking(line, number)
    return mark


def _delimiter(line: str, number: int) -> Mark | None:
    if not line.startswith("---"):
        return None
    hyphens = line.rstrip(" \t")
    size = len(hyphens)
    return Mark(number, "delimiter", "", size) if hyphens.count("-") == size else None


def _fence(line: str, number: int) -> Mark | None:
    bare = line.lstrip(" ")
    if len(line) - len(bare) > 3 or not bare.startswith(("```", "~~~")):
        return None
    character = bare[0]
    info = bare.lstrip(character)
    size = len(bare) - len(info)
    info = info.strip()
    if character == "`" and "`" in info:
        return None
    return Mark(number, "fence", character + info, size, "", len(line) == len(bare))


def _header(line: str, number: int) -> Mark | None:
    word, colon, _ = line[:8].partition(": ")
    path = line[len(word) + 2 :]
    if colon and word in _EXACT and path[:1] not in {" ", "`", "*", '"', "'", "\t"}:
        path = path.rstrip(" \t")
        plain = _without_remark(path).removesuffix(":")
        return _named(number, word, plain, exact=plain == path) if plain else None
    bare = line.lstrip(" ")
    if len(line) - len(bare) > 3:
        return None
    bare = bare.lstrip("#*>`-+= \t")
    digits = _NUMBER.match(bare)
    if digits:
        bare = bare[digits.end() :].lstrip("*`")
    keyword = _KEYWORD.match(bare)
    if keyword is None:
        return None
    rest = bare[keyword.end() :].lstrip("*`_ ")[1:]
    path = _undecorated(rest)
    if not looks_like_path(path):
        return None
    return _named(number, "EDIT" if keyword[1] else keyword[2] or "FILE", path, exact=False)


def _named(number: int, word: str, path: str, *, exact: bool) -> Mark | None:
    """The mark of a header by its keyword. A DELETE has no content that would tell it from prose about a route, so
    it stands in capitals and names what can only be a file."""
    if word.upper() != "DELETE":
        return Mark(number, "header", path, 0, "" if word == "FILE" else word, exact)
    is_route = any(sign in path for sign in "{<") or (
        path.startswith("/") and "." not in path.rsplit("/", 1)[-1]
    )
    sure = word.isupper() and looks_like_path(path) and not is_route
    return Mark(number, "delete", path, 0, "", exact) if sure else None


def _undecorated(text: str) -> str:
    path = text.strip(" \t*=").split("**", 1)[0].rstrip()
    if path.startswith("`"):
        return path.strip("`").split("`", 1)[0].strip()
    path = path.strip("`\"'").rstrip(" \t*")
    path = path.removesuffix(" ---")
    return _without_remark(path).removesuffix(":").rstrip("`* ")


def _without_remark(text: str) -> str:
    """The path without a remark behind it: ``a.py (new)``, ``a.py - the entry point``."""
    if " " not in text or looks_like_path(text):
        return text
    path = text.split(" ", 1)[0]
    return path if _REMARK.match(text, len(path)) and looks_like_path(path) else text


def _section(line: str, number: int) -> Mark | None:
    if line in {"DEPENDENCIES:", "MIGRATIONS:", "ENV_VARS:"}:
        return Mark(number, "section", line[:-1], 0, "", exact=True, title=True)
    if line[:1] in {" ", "\t"}:
        return None
    decoration = _HEADING.match(line)
    bare = line[decoration.end() :].lstrip("*_ \t") if decoration else line
    name, colon, _ = bare[:_LONGEST_TITLE].partition(":")
    if not colon and not decoration:
        return None
    words = name.strip("*` \t").replace("_", " ")
    section = _SECTION_NAMES.get(words.upper())
    if section is None:
        return None
    rest = bare.partition(":")[2].strip("* \t") if colon else ""
    if rest and not decoration and not words.isupper():
        return None
    exact = not decoration and name == section
    title = words.isupper() or (decoration is not None and words[:1].isupper())
    return Mark(number, "section", section, 0, rest, exact, title)


def _thinking(line: str, number: int) -> Mark | None:
    last = None
    for tag in _THINK.finditer(line):
        last = tag
    if last is None:
        return None
    if last[1]:
        return Mark(number, "end-think", "", 0, line[last.end() :].strip(), exact=False)
    if line[: last.start()].strip():
        return None
    return Mark(number, "think", "", 0, "", exact=False)
