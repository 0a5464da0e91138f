"""Where the lines of a piece stand in a file. Rules Y1 to Y5 of docs/fileblock.md.

Lines are looked up by the rarest of them, and comparing is bounded, so that time grows with the length of file and
pieces alone, whatever they hold.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

Level = Literal["exact", "blanks", "indentation"]

LEVELS: tuple[Level, ...] = ("exact", "blanks", "indentation")
MOST_PLACES = 5
_SHORTEST_MOVED = 16
_MOST_COMPARED = 2_000_000
_MOST_VOTES = 50


def _plain(line: str) -> str:
    return line.removesuffix("\r")


def _without_blanks(line: str) -> str:
    return line.rstrip(" \t\r")


def _unindented(line: str) -> str:
    return line.strip(" \t\r")


_KEYS: dict[Level, Callable[[str], str]] = {
    "exact": _plain,
    "blanks": _without_blanks,
    "indentation": _unindented,
}


@dataclass(frozen=True, slots=True)
class Match:
    """Where the lines stand: the first line (from 0) of each place, and by which tolerance they were found.

    ``added`` and ``removed`` are what a line's indentation has too little or too much, for the one place.
    """

    places: tuple[int, ...] = ()
    level: Level = "exact"
    added: str = ""
    removed: str = ""

    def moved(self, lines: Sequence[str]) -> list[str] | None:
        """The lines with the place's indentation; None where they cannot have it."""
        if not self.added and not self.removed:
            return list(lines)
        found = []
        for line in lines:
            if not line.strip():
                found.append(line)
            elif not line.startswith(self.removed):
                return None
            else:
                found.append(self.added + line[len(self.removed) :])
        return found


@dataclass(slots=True)
class LineIndex:
    """The lines of a file (without line breaks), to be searched for pieces."""

    lines: list[str]
    compared: int = 0
    _places: dict[Level, dict[str, list[int]]] = field(default_factory=dict)

    def find(self, wanted: Sequence[str]) -> Match:
        """The places of these lines: where they stand exactly, else but for blanks at their ends, else but for an
        indentation that differs by the same for all of them."""
        for level in LEVELS:
            match = self._find(wanted, level)
            if match.places:
                return match
        return Match()

    def nearest(self, wanted: Sequence[str]) -> tuple[int, int] | None:
        """The place (first line, number of equal lines) that has most of the lines at their distance."""
        places = self._index("indentation")
        votes: dict[int, int] = {}
        for offset, line in enumerate(wanted[:_MOST_VOTES]):
            key = _unindented(line)
            for at in places.get(key, ())[:_MOST_VOTES] if key else ():
                votes[at - offset] = votes.get(at - offset, 0) + 1
        if not votes:
            return None
        best = max(votes, key=lambda first: (votes[first], -first))
        return max(0, best), votes[best]

    def _find(self, wanted: Sequence[str], level: Level) -> Match:
        key = _KEYS[level]
        index, keys = self._index(level), [key(line) for line in wanted]
        if level == "indentation" and not _can_move(keys):
            return Match()
        counts = [len(index.get(line, ())) for line in keys]
        rarest = min(range(len(keys)), key=lambda at: (counts[at], not keys[at]))
        found: list[int] = []
        shift = ("", "")
        for at in index.get(keys[rarest], ()):
            first = at - rarest
            moved = self._stands(keys, wanted, first, level)
            if moved is not None:
                found.append(first)
                shift = moved
                if len(found) == MOST_PLACES:
                    break
            if self.compared > _MOST_COMPARED:
                return Match()
        return Match(tuple(found), level, *shift)

    def _stands(
        self, keys: Sequence[str], wanted: Sequence[str], first: int, level: Level
    ) -> tuple[str, str] | None:
        """The shift of the lines if they stand at ``first``, else None."""
        if first < 0 or first + len(keys) > len(self.lines):
            return None
        key = _KEYS[level]
        shift = ("", "")
        known = False
        for offset, line in enumerate(keys):
            self.compared += 1
            there = self.lines[first + offset]
            if key(there) != line:
                return None
            if level == "indentation" and line:
                here = _shift(there, wanted[offset])
                if here is None or (known and here != shift):
                    return None
                shift, known = here, True
        return shift

    def _index(self, level: Level) -> dict[str, list[int]]:
        if level not in self._places:
            places: dict[str, list[int]] = {}
            key = _KEYS[level]
            for number, line in enumerate(self.lines):
                places.setdefault(key(line), []).append(number)
            self._places[level] = places
        return self._places[level]


def _can_move(keys: Sequence[str]) -> bool:
    """Whether lines say enough to be found by their text alone: two of them, or a long one."""
    said = [key for key in keys if key]
    return len(said) > 1 or (len(said) == 1 and len(said[0]) >= _SHORTEST_MOVED)


def _shift(there: str, wanted: str) -> tuple[str, str] | None:
    """What has to be added to the indentation of ``wanted``, or removed from it, to be as it is ``there``."""
    ours, theirs = _indent(wanted), _indent(there)
    if theirs.endswith(ours):
        return theirs[: len(theirs) - len(ours)], ""
    if ours.endswith(theirs):
        return "", ours[: len(ours) - len(theirs)]
    return None


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip(" \t"))]
