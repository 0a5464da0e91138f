"""The pieces of an EDIT block: where they begin, part and end. Rules X2 to X6 of docs/fileblock.md.

The lines that mark them are indexed as they arrive, so that a piece is found by looking up, never by reading on.
"""

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

Role = Literal["open", "divide", "close"]

_SIGNS: dict[str, tuple[Role, re.Pattern[str]]] = {
    "<": (
        "open",
        re.compile(r"(<{5,})[ \t]{0,4}(?:SEARCH|ORIGINAL|HEAD|OLD|BEFORE)?>?[ \t]*$", re.IGNORECASE),
    ),
    "=": ("divide", re.compile(r"(={5,})[ \t]*$")),
    ">": ("close", re.compile(r"(>{5,})[ \t]{0,4}(?:REPLACE|UPDATED|NEW|AFTER)?[ \t]*$", re.IGNORECASE)),
}
_FIRST = ("<<<<<", "=====", ">>>>>")
LARGEST_SIGN = 4000
_MOST_DIVIDERS = 16
USUAL = 7


class Sign(NamedTuple):
    """A line that marks a piece. Sizes of 5 to 9 are one family, as models miscount them; longer ones are their own.

    ``exact`` says that it is spelled as the format asks, but for its size.
    """

    role: Role
    size: int
    exact: bool

    @property
    def family(self) -> int:
        """Which signs belong together."""
        return USUAL if self.size <= USUAL + 2 else self.size


class PiecePlace(NamedTuple):
    """The lines of a piece: its three signs. ``flaw`` tells why it cannot be read; then the lines mean nothing."""

    open: int = 0
    divide: int = 0
    close: int = 0
    exact: bool = True
    flaw: str = ""


def read_sign(line: str) -> Sign | None:
    """The sign that a line is, or None."""
    if line[:5] not in _FIRST or len(line) > LARGEST_SIGN + 16:
        return None
    role, pattern = _SIGNS[line[0]]
    match = pattern.match(line)
    if match is None:
        return None
    word = {"open": " SEARCH", "divide": "", "close": " REPLACE"}[role]
    return Sign(role, len(match[1]), line == match[1] + word)


@dataclass(slots=True)
class SignLines:
    """The lines of an answer that are signs, by role and family."""

    _lines: dict[tuple[Role, int], list[int]] = field(default_factory=dict)
    _signs: dict[int, Sign] = field(default_factory=dict)

    def add(self, lines: list[str], first: int, text: str) -> None:
        """Take in lines, the first of which is line ``first`` of the answer; ``text`` holds all of them."""
        if not any(sign in text for sign in _FIRST):
            return
        for number, line in enumerate(lines, first):
            if line[:5] in _FIRST and (sign := read_sign(line)) is not None:
                self._signs[number] = sign
                self._lines.setdefault((sign.role, sign.family), []).append(number)

    def at(self, line: int) -> Sign | None:
        """The sign on a line."""
        return self._signs.get(line)

    def ends_before(self, line: int, family: int) -> bool:
        """Whether no closing sign of a family has arrived behind ``line``."""
        closing = self._lines.get(("close", family))
        return not closing or closing[-1] <= line

    def piece(self, line: int, opener: Sign) -> PiecePlace:
        """The piece that begins on ``line``, by the signs that have arrived."""
        family = opener.family
        if self.ends_before(line, family):
            return PiecePlace(flaw="has no REPLACE line")
        closing = self._lines["close", family]
        close = closing[bisect_right(closing, line)]
        if self._between("open", family, line, close):
            return PiecePlace(flaw="holds another SEARCH line before its REPLACE line")
        dividers = self._between("divide", family, line, close)
        if len(dividers) > 1:
            dividers = [at for at in dividers[:_MOST_DIVIDERS] if self._signs[at].size == opener.size]
            if len(dividers) != 1:
                return PiecePlace(flaw="holds several lines of equals signs")
        if not dividers:
            return PiecePlace(flaw="has no line of equals signs")
        signs = [self._signs[at] for at in (line, dividers[0], close)]
        exact = all(sign.exact and sign.size == opener.size >= USUAL for sign in signs)
        return PiecePlace(line, dividers[0], close, exact)

    def _between(self, role: Role, family: int, first: int, stop: int) -> list[int]:
        lines = self._lines.get((role, family), [])
        start = bisect_right(lines, first)
        return lines[start : min(bisect_left(lines, stop), start + _MOST_DIVIDERS + 1)]
