"""The lines of a section, cleared of what only surrounds them. Rules S1 to S6 of docs/fileblock.md."""

import re

from agents.fileblock.marks import read_mark, strip_ansi

Body = list[tuple[int, str]]
"""Lines with their numbers in the answer (from 0)."""

_BULLET = re.compile(r"(?:[-*+•]|\d{1,3}[.)])[ \t]+")
_NOTHING = frozenset(
    {
        *(
            "none",
            "n/a",
            "na",
            "nothing",
            "no",
            "none needed",
            "none required",
            "not needed",
            "not required",
            "empty",
        ),
        *(
            "no dependencies",
            "no migrations",
            "no new dependencies",
            "no environment variables",
            "no new packages",
        ),
    }
)


def says_none(body: Body) -> bool:
    """Whether the first paragraph of a section only says that there is nothing in it."""
    said = [line.strip(" \t`*-_.()[]!").lower() for _, line in body]
    said = [line for line in said if line]
    return not said or said[0] in _NOTHING


def plain_lines(body: Body) -> tuple[Body, int | None]:
    """The lines without fences and escape sequences, up to a rule behind which the answer goes on with prose.

    Also the line of the first delimiter, if there is one: lines of hyphens do not belong into a section. Where the
    section begins with one, the next one ends it.
    """
    kept: Body = []
    delimiter: int | None = None
    begun = False
    for number, line in body:
        if line[:1] in {"-", "`", "~", " ", "\x1b"}:
            mark = read_mark(line, number)
            if mark is not None and mark.kind == "delimiter":
                delimiter = number if delimiter is None else delimiter
                if begun:
                    break
                continue
            if mark is not None and mark.kind == "fence":
                continue
        begun = begun or bool(line.strip())
        kept.append((number, strip_ansi(line) if "\x1b" in line else line))
    return kept, delimiter


def unbulleted(line: str) -> tuple[str, bool]:
    """A line without bullet, tick box and prompt, and whether it had a bullet."""
    text = line.strip()
    bullet = _BULLET.match(text)
    if bullet:
        text = text[bullet.end() :].lstrip()
        text = text.removeprefix("[ ] ").removeprefix("[x] ")
    for prompt in ("$ ", "> ", "% "):
        text = text.removeprefix(prompt)
    return text.strip(), bullet is not None


def bare_item(line: str) -> tuple[str, bool]:
    """A line without bullet, prompt and emphasis; of one that begins with code in backticks, that code."""
    text, bulleted = unbulleted(line)
    if text.startswith("**") and text.endswith("**"):
        text = text.strip("*")
    if text.startswith("`"):
        end = text.find("`", 1)
        if end > 0 and (bulleted or not text[end + 1 :].strip()):
            text = text[1:end]
    return text.strip(), bulleted
