"""Markdown that says just what a text says, and is never longer than a code host takes a comment.

All text from outside goes through ``inline`` or is indented as code. A code host looks for people to tell, issues to
close and addresses to link in the text that Markdown leaves, whatever was escaped: a space without width stops it.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from prompts.quoting import visible

LONGEST = 60_000
"""Characters of a whole report; code hosts refuse comments above 65,536."""

_SPECIAL = str.maketrans({c: f"\\{c}" for c in "\\`*_[]<>|#&~"})
_APART = "&#8203;"
_MENTION = re.compile(
    r"@(?=[\w-])|[#!$%&](?=\d)|\bGH(?=-\d)|:(?=//)|\bwww(?=\.)|\bmailto(?=:)|\bxmpp(?=:)", re.IGNORECASE
)
_CUT = "and more: the report is longer than a comment can be"


@dataclass(frozen=True, slots=True)
class Folded:
    """Lines behind a summary that unfolds; as many as there is room for, then how many more there are."""

    summary: str
    lines: Sequence[str]

    def text(self, room: int) -> str:
        """At most ``room`` characters; empty where not even one line fits."""
        head, tail = f"<details><summary>{self.summary}</summary>\n\n", "\n\n</details>"
        shown, left = [], room - len(head) - len(tail) - 30
        for line in self.lines:
            left -= len(line) + 1
            if left < 0:
                break
            shown.append(line)
        if not shown:
            return ""
        if len(shown) < len(self.lines):
            shown.append(f"- and {len(self.lines) - len(shown)} more")
        return head + "\n".join(shown) + tail


def fitted(parts: Iterable[str | Folded], limit: int = LONGEST) -> str:
    """The parts, with a blank line between them, cut at the end of a line where they are longer than ``limit``."""
    made: list[str] = []
    room = limit - len(_CUT) - 3
    for part in parts:
        text = part.text(room) if isinstance(part, Folded) else part
        if len(text) > room:
            whole_lines = text[:room].rpartition("\n")[0]
            made += [whole_lines, _CUT] if whole_lines else [_CUT]
            break
        if text:
            made.append(text)
            room -= len(text) + 2
    return "\n\n".join(made) + "\n"


def inline(text: str, limit: int = 400) -> str:
    """Text from outside as one line of Markdown that says just that, and tells nobody."""
    one_line = " ".join(visible(text[: limit * 8]).split())
    if len(one_line) > limit:
        one_line = one_line[: limit - 3] + "..."
    pieces, at = [], 0
    for found in _MENTION.finditer(one_line):
        pieces += [one_line[at : found.end()].translate(_SPECIAL), _APART]
        at = found.end()
    return "".join((*pieces, one_line[at:].translate(_SPECIAL)))


def indented(text: str, limit: int) -> str:
    """Text from outside as a block of code that nothing in it can end; what is cut is said."""
    plain = visible(text[: limit * 4])
    if len(plain) > limit:
        plain = f"{plain[:limit].rstrip()}\n[{len(text) - limit} more characters]"
    return "\n".join("    " + line for line in plain.split("\n"))
