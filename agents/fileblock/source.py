"""The lines of an answer as they arrive, and the questions about what lies ahead.

A question is a generator: it yields while its answer depends on lines that have not arrived, and returns the same
whatever the pieces were. Looking ahead is bounded or goes through an index, so that an answer takes time in
proportion to its length.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Generator
from dataclasses import dataclass, field
from operator import attrgetter
from typing import TypeVar

from agents.fileblock.marks import Kind, Mark, read_marks
from agents.fileblock.pieces import PiecePlace, Sign, SignLines

T = TypeVar("T")
Steps = Generator[None, None, T]

_LARGEST_GAP = 2
_FURTHEST_FENCE = 1000
_BOUNDARIES: frozenset[Kind] = frozenset({"header", "section", "delete"})
_line_of_mark = attrgetter("line")


@dataclass(slots=True)
class Source:
    """An answer's lines (without line breaks) and marks so far; ``final`` once no more come.

    ``escaped`` are the lines that hold terminal escape sequences, ``signs`` those that can mark an edit's pieces.
    """

    lines: list[str] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    escaped: list[int] = field(default_factory=list)
    signs: SignLines = field(default_factory=SignLines)
    final: bool = False
    _sized: dict[int, list[int]] = field(default_factory=dict)
    _think_ends: list[int] = field(default_factory=list)
    _unfenced: dict[str, tuple[int, int, int]] = field(default_factory=dict)

    def add(self, text: str) -> None:
        """Take in the next whole lines. CRLF ends a line as LF does; a CR within a line is content."""
        text = _without_surrogates(text)
        lines = text.split("\n")
        if "\r" in text:
            lines = [line.rstrip("\r") for line in lines]
        if "\x1b" in text:
            self.escaped += [number for number, line in enumerate(lines, len(self.lines)) if "\x1b" in line]
        self.signs.add(lines, len(self.lines), text)
        marks = read_marks(lines, len(self.lines), text)
        self.lines += lines
        for index, mark in enumerate(marks, len(self.marks)):
            # Only longer delimiters are ever looked up by their size.
            if mark.kind == "delimiter" and mark.size > 3:
                self._sized.setdefault(mark.size, []).append(index)
            elif mark.kind == "end-think":
                self._think_ends.append(index)
        self.marks += marks

    def text(self, first: int, stop: int) -> str:
        """The lines from ``first`` to before ``stop``, each with its line break."""
        return "\n".join(self.lines[first:stop]) + "\n" if stop > first else ""

    def blank(self, first: int, stop: int) -> bool:
        """Whether all lines from ``first`` to before ``stop`` are blank."""
        return not any(self.lines[number].strip() for number in range(first, stop))

    def line_of(self, index: int) -> int:
        """The line of mark ``index``; behind the last mark, the number of lines."""
        return self.marks[index].line if index < len(self.marks) else len(self.lines)

    def mark(self, index: int) -> Steps[Mark | None]:
        """Mark ``index``, or None where the answer holds no so many."""
        while index >= len(self.marks):
            if self.final:
                return None
            yield
        return self.marks[index]

    def line(self, number: int) -> Steps[str | None]:
        """Line ``number``, or None behind the end."""
        while number >= len(self.lines):
            if self.final:
                return None
            yield
        return self.lines[number]

    def opening(self, header: int) -> Steps[int | None]:
        """The delimiter or fence below the header at this mark, with nothing but a few blank lines between."""
        number = self.marks[header].line + 1
        for _ in range(_LARGEST_GAP + 1):
            line = yield from self.line(number)
            if line is None or line.strip():
                break
            number += 1
        else:
            return None
        index = header + 1
        if index < len(self.marks):
            mark = self.marks[index]
            if mark.line == number and mark.kind in {"delimiter", "fence"}:
                return index
        return None

    def opens(self, header: int) -> Steps[int | None]:
        """Like ``opening``; an EDIT header also opens a block by a piece below it (then it is the header itself)."""
        opened = yield from self.opening(header)
        if opened is None and self.marks[header].rest:
            first = yield from self.text_below(header)
            sign = None if first is None else self.signs.at(first)
            opened = header if sign is not None and sign.role == "open" else None
        return opened

    def text_below(self, header: int) -> Steps[int | None]:
        """The first line of text closely below the header at this mark; None where that line carries structure."""
        number = self.marks[header].line + 1
        for _ in range(_LARGEST_GAP + 1):
            line = yield from self.line(number)
            if line is None:
                return None
            if line.strip():
                index = header + 1
                marked = index < len(self.marks) and self.marks[index].line == number
                return None if marked else number
            number += 1
        return None

    def index_from(self, line: int) -> int:
        """The first mark that stands on line ``line`` or below."""
        return bisect_left(self.marks, line, key=_line_of_mark)

    def piece(self, line: int, opener: Sign) -> Steps[PiecePlace]:
        """The piece that ``opener`` begins on line ``line``."""
        while self.signs.ends_before(line, opener.family) and not self.final:
            yield
        return self.signs.piece(line, opener)

    def before_header(self, index: int, kinds: Collection[Kind]) -> Steps[int | None]:
        """The first mark of these kinds from mark ``index`` on, if no header or section comes before it."""
        while (mark := (yield from self.mark(index))) is not None and mark.kind not in _BOUNDARIES:
            if mark.kind in kinds:
                return index
            index += 1
        return None

    def end_of_thinking(self, index: int) -> Steps[int | None]:
        """The first closing thinking tag behind mark ``index``."""
        while not self._think_ends or self._think_ends[-1] <= index:
            if self.final:
                return None
            yield
        return self._think_ends[bisect_right(self._think_ends, index)]

    def first_of_size(self, index: int, size: int) -> Steps[int | None]:
        """The first delimiter of this size from mark ``index`` on; None where it opens another block.

        It does if a header stands above it and text right below it: below a block's end stands a blank line.
        """
        while not (indices := self._sized.get(size)) or indices[-1] < index:
            if self.final:
                return None
            yield
        found = indices[bisect_left(indices, index)]
        if found > index and self.marks[found - 1].kind == "header":
            opened = yield from self.opening(found - 1)
            below = yield from self.line(self.marks[found].line + 1)
            return None if opened == found and below is not None and below.strip() else found
        return found

    def end_of_fence(self, index: int, opener: Mark) -> Steps[int | None]:
        """The mark behind ``index`` that closes the fence, looking a bounded number of marks ahead."""
        first = index + 1
        limit = first + _FURTHEST_FENCE
        # What an earlier search for a fence no longer than this one passed over holds no end for this one either.
        size, since, until = self._unfenced.get(opener.text[0], (0, 0, 0))
        known = size and opener.size >= size and since <= first <= until
        at = until if known else first
        while at < limit and (mark := (yield from self.mark(at))) is not None:
            if closes(opener, mark):
                return at
            at += 1
        self._unfenced[opener.text[0]] = (opener.size, since if known else first, at)
        return None


def _without_surrogates(text: str) -> str:
    """The text with the halves of a character joined that arrived apart, and lone halves replaced."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def closes(opener: Mark, mark: Mark) -> bool:
    """Whether a mark is the fence that closes the opening one."""
    return mark.kind == "fence" and mark.text == opener.text[0] and mark.size >= opener.size
