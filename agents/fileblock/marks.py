"""The lines that can carry structure: headers, delimiters, fences, section names, thinking tags.

Whether one of them really does is decided by what stands around it (``agents.fileblock.walk``). Every line is read
once, by string methods and anchored patterns that cannot backtrack.
"""

import re
from dataclasses import dataclass
from typing import Literal

from agents.fileblock.paths import looks_like_path

Kind = Literal["header", "delimiter", "fence", "section", "think", "end-think"]
SectionName = Literal["DEPENDENCIES", "MIGRATIONS", "ENV_VARS"]

_SECTION_NAMES: dict[str, SectionName] = {
    "DEPENDENCIES": "DEPENDENCIES",
    "DEPENDENCY": "DEPENDENCIES",
    "MIGRATIONS": "MIGRATIONS",
    "MIGRATION": "MIGRATIONS",
    "DATABASE MIGRATIONS": "MIGRATIONS",
    "ENV VARS": "ENV_VARS",
    "ENV VAR": "ENV_VARS",
    "ENV VARIABLES": "ENV_VARS",
    "ENVIRONMENT VARIABLES": "ENV_VARS",
    "ENVIRONMENT": "ENV_VARS",
    "ENV": "ENV_VARS",
}
_LONGEST_SECTION_NAME = max(map(len, _SECTION_NAMES))
_FIRST_CHARACTERS = frozenset("-`~#*>FfDdMmEe0123456789<\ufeff")
_KEYWORD = re.compile(r"file(?:[ _-]?(?:name|path))?(?=[*`_ ]{0,4}:)", re.IGNORECASE)
_NUMBER = re.compile(r"\d{1,4}[.)][ \t]+")
_THINK = re.compile(r"<(/?)(?:think|thinking|thought|reasoning)>", re.IGNORECASE)
_ANSI = re.compile(r"\x1b(?:\[[0-?]{0,32}[ -/]{0,4}[@-~]|\][^\x07\x1b\n]{0,1024}(?:\x07|\x1b\\)?|[@-Z\\^_])")
_ANNOTATION = re.compile(
    r" (?:\((?:a )?(?:new|updated|modified|changed|unchanged|rewritten|edited|full|complete|created?|new file|"
    r"updated file|full file|complete file|continued)\)|(?:<-|#|//) .{0,80})$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Mark:
    """One line that can carry structure.

    ``line`` counts from 0. ``size`` is the number of hyphens or fence characters. ``text`` is a header's path, a
    section's name, or a fence's character followed by its info string; ``rest`` what follows a section's name or a
    closing thinking tag on the same line. ``exact`` says that the line is spelled as the format asks.
    """

    line: int
    kind: Kind
    text: str = ""
    size: int = 0
    rest: str = ""
    exact: bool = True


def strip_ansi(line: str) -> str:
    """The line without terminal escape sequences."""
    return _ANSI.sub("", line)


def read_marks(lines: list[str], first: int) -> list[Mark]:
    """The marks among ``lines``, the first of which is line ``first`` of the answer."""
    starts = _FIRST_CHARACTERS
    found = []
    for number, line in enumerate(lines, first):
        if line[:1] in starts or "```" in line or "FILE:" in line or "think" in line or "\x1b" in line:
            mark = read_mark(line, number)
            if mark is not None:
                found.append(mark)
    return found


def read_mark(line: str, number: int) -> Mark | None:
    """The mark that a line is, or None."""
    escaped = "\x1b" in line
    if escaped:
        line = strip_ansi(line)
    if line[:1] == "\ufeff" and number == 0:
        line = line[1:]
    mark = _delimiter(line, number) or _fence(line, number)
    if mark is None and len(line) <= 2048:
        mark = _header(line, number) or _section(line, number)
    if mark is None and "<" in line:
        mark = _thinking(line, number)
    if mark is not None and escaped:
        mark = Mark(mark.line, mark.kind, mark.text, mark.size, mark.rest, exact=False)
    return mark


def _delimiter(line: str, number: int) -> Mark | None:
    if not line.startswith("---"):
        return None
    hyphens = line.rstrip(" \t")
    size = len(hyphens)
    return Mark(number, "delimiter", size=size) if hyphens.count("-") == size else None


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
    return Mark(number, "fence", text=character + info, size=size, exact=len(line) == len(bare))


def _header(line: str, number: int) -> Mark | None:
    if line.startswith("FILE: ") and not line.startswith(("FILE:  ", "FILE: `", "FILE: *")):
        path = line[6:].rstrip(" \t")
        plain = _without_annotation(path)
        return Mark(number, "header", text=plain, exact=plain == path) if path else None
    decorated = line.lstrip(" ")
    if len(line) - len(decorated) > 3:
        return None
    bare = decorated.lstrip("#*>`-+ \t")
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
    if keyword[0] != "FILE" and bare == line and line[4:5] == ":" and not rest.startswith((" ", "\t")):
        return None
    return Mark(number, "header", text=path, exact=False)


def _undecorated(text: str) -> str:
    path = text.strip(" \t*")
    if path.startswith("`"):
        inner = path.strip("`").split("`", 1)[0]
        return inner.strip()
    path = path.strip("`\"'").rstrip(" \t*")
    path = _without_annotation(path)
    return path.removesuffix(":").rstrip("`* ")


def _without_annotation(path: str) -> str:
    if path[-1:] == ")" or " <- " in path or " # " in path or " // " in path:
        return _ANNOTATION.sub("", path).rstrip(" ")
    return path


def _section(line: str, number: int) -> Mark | None:
    if line in {"DEPENDENCIES:", "MIGRATIONS:", "ENV_VARS:"}:
        return Mark(number, "section", text=line[:-1])
    bare = line.lstrip("#*> \t")
    decorated = len(bare) != len(line)
    if line[:1] in {" ", "\t"}:
        return None
    title = bare[: _LONGEST_SECTION_NAME + 8]
    name, colon, _ = title.partition(":")
    if not colon and not decorated:
        return None
    words = name.strip("*` \t").replace("_", " ")
    section = _SECTION_NAMES.get(words.upper())
    if section is None:
        return None
    rest = bare.partition(":")[2].strip("* \t") if colon else ""
    if rest and not decorated and words != words.upper():
        return None
    if words.upper() in {"ENV", "ENVIRONMENT"} and (rest or not (decorated or words.isupper())):
        return None
    exact = not decorated and name == section and bool(colon)
    return Mark(number, "section", text=section, rest=rest, exact=exact)


def _thinking(line: str, number: int) -> Mark | None:
    last = None
    for tag in _THINK.finditer(line):
        last = tag
    if last is None:
        return None
    if last[1]:
        return Mark(number, "end-think", rest=line[last.end() :].strip(), exact=False)
    if line[: last.start()].strip():
        return None
    return Mark(number, "think", exact=False)
