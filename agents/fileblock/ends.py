"""Where a block ends: the search for its closing line. Rules E1 to E9 of docs/fileblock.md."""

from dataclasses import dataclass, field

from agents.fileblock.choice import choose_delimiter, choose_fence
from agents.fileblock.diagnosis import diagnose
from agents.fileblock.lexing import Position, grammar_of
from agents.fileblock.marks import Mark
from agents.fileblock.source import Source, Steps, closes
from agents.submission import Diagnostic

_MOST_HIDDEN_HEADERS = 16


@dataclass(frozen=True, slots=True)
class Ending:
    """Where a block ends: its closing line, or the line of what comes next where it has none.

    ``resume`` is the mark to go on from. ``certain`` is False where a longer answer could have moved the end.
    """

    line: int
    resume: int
    closed: bool
    certain: bool
    diagnostics: tuple[Diagnostic, ...] = ()


@dataclass(slots=True)
class EndSearch:
    """The search for the end of the block whose content begins at line ``first``.

    ``candidates`` are the marks that could close it, ``passed`` the headers and section names that were taken as
    content. In a language that is known to allow no line of hyphens outside of strings and comments, the first
    candidate outside of them is the end; otherwise it is chosen when the next block, section or the end is reached.
    """

    source: Source
    path: str
    first: int
    position: Position | None = None
    candidates: list[int] = field(default_factory=list)
    passed: list[int] = field(default_factory=list)
    fence: Mark | None = None
    section: int | None = None
    _read: int = 0

    def __post_init__(self) -> None:
        grammar = grammar_of(self.path)
        self.position = Position(grammar) if grammar is not None else None
        self._read = self.first

    @property
    def inside(self) -> bool:
        """Whether the lines read so far end inside a string or a comment."""
        return self.position is not None and self.position.inside

    def delimiter(self, at: int, size: int) -> Steps[Ending]:
        """The closing delimiter of ``size`` hyphens, from mark ``at`` on."""
        if size > 3:
            # Longer delimiters were chosen for this content: all before the next of that length is verbatim.
            at = (yield from self.source.first_of_size(at, size)) or at
        while (mark := (yield from self.source.mark(at))) is not None:
            if mark.kind == "delimiter":
                if mark.size == size and self._closes_here(at, mark):
                    break
            elif mark.kind == "fence":
                self._follow_fence(mark)
            elif mark.kind == "section":
                if self._section_ends(at, mark):
                    break
            elif mark.kind == "delete":
                if self._deletion_ends(mark):
                    break
            elif mark.kind == "header":
                skip = yield from self._skip_header(at, mark)
                if skip is None:
                    break
                at = skip
            at += 1
        return self._delimited(at, size)

    def closing_fence(self, at: int, opener: Mark) -> Steps[Ending]:
        """The fence that closes ``opener``, from mark ``at`` on."""
        while (mark := (yield from self.source.mark(at))) is not None:
            if mark.kind == "fence":
                if closes(opener, mark):
                    self._advance(mark.line)
                    self.candidates.append(at)
                    if self.position is not None and not self.inside:
                        break
                elif self.position is None:
                    end = yield from self.source.end_of_fence(at, mark)
                    at = at if end is None else end
            elif mark.kind in {"section", "delete"}:
                if self.candidates:
                    break
            elif mark.kind == "header" and not self.inside:
                opened = yield from self.source.opens(at)
                if opened is not None and (self.candidates or mark.exact or self._stands_apart(mark)):
                    break
            at += 1
        if self.candidates:
            chosen, told = choose_fence(self.source, self.candidates, self.path)
            certain = at < len(self.source.marks)
            return Ending(
                self.source.line_of(chosen), chosen + 1, closed=True, certain=certain, diagnostics=told
            )
        boundary = max(self.first, self.source.line_of(at))
        return Ending(boundary, at, closed=False, certain=False)

    def _advance(self, line: int) -> None:
        if self.position is not None and line > self._read:
            self.position.advance(self.source.text(self._read, line))
            self._read = line

    def _closes_here(self, at: int, mark: Mark) -> bool:
        self._advance(mark.line)
        self.candidates.append(at)
        self.fence = None
        return self.position is not None and not self.inside

    def _follow_fence(self, mark: Mark) -> None:
        if self.position is None:
            if self.fence is None:
                self.fence = mark
            elif closes(self.fence, mark):
                self.fence = None

    def _section_ends(self, at: int, mark: Mark) -> bool:
        """Whether a section's name ends the block; where it could but need not, it is kept in mind."""
        self._advance(mark.line)
        if self._hides():
            return False
        if self.candidates:
            behind = self.source.line_of(self.candidates[-1]) + 1
            return mark.exact or (mark.title and self.source.blank(behind, mark.line))
        if mark.exact and self.section is None:
            self.section = at
            return self.position is not None
        return False

    def _deletion_ends(self, mark: Mark) -> bool:
        """Whether a DELETE line ends the block: behind a candidate, with nothing but blank lines between."""
        self._advance(mark.line)
        if self._hides() or not self.candidates:
            return False
        return self.source.blank(self.source.line_of(self.candidates[-1]) + 1, mark.line)

    def _skip_header(self, at: int, mark: Mark) -> Steps[int | None]:
        """The last mark to pass over where a header is content; None where it begins the next block."""
        if self.fence is not None:
            end = yield from self.source.end_of_fence(at, self.fence)
            if end is not None:
                self.passed.append(at)
                self.fence = None
                return end
        opened = yield from self.source.opens(at)
        if opened is None:
            return at
        self._advance(mark.line)
        if self._hides() and len(self.passed) < _MOST_HIDDEN_HEADERS:
            self.passed.append(at)
            return opened
        if mark.exact or self.position is not None or self._stands_apart(mark):
            return None
        return at

    def _hides(self) -> bool:
        """Whether headers and names here are content: inside of a string that no candidate lies in, but for those
        behind a header that it hides."""
        return self.inside and (bool(self.passed) or not self.candidates)

    def _stands_apart(self, mark: Mark) -> bool:
        """Whether a header that is not spelled exactly stands as a header would: behind a blank line or an end."""
        before = mark.line - 1
        if not self.source.lines[before].strip():
            return True
        return bool(self.candidates) and self.source.line_of(self.candidates[-1]) == before

    def _delimited(self, at: int, size: int) -> Ending:
        source = self.source
        if self.inside and self.passed:
            # Nothing ended the string that held these headers: it was broken, and they are headers.
            at = self.passed[0]
        elif self.candidates:
            if self.section is not None:
                self.passed.append(self.section)
            chosen, told = choose_delimiter(source, self.candidates, self.passed, self.path)
            outside = self.position is not None and not self.inside
            certain = outside or at < len(source.marks)
            resume = self.candidates[-1] + 1
            return Ending(source.line_of(chosen), resume, closed=True, certain=certain, diagnostics=told)
        elif self.section is not None:
            at = self.section
        boundary = source.line_of(at)
        before = source.marks[at - 1]
        if (
            before.kind == "delimiter"
            and before.line >= self.first
            and source.blank(before.line + 1, boundary)
        ):
            told = (diagnose("delimiter-mismatch", before.line + 1, self.path, size=size, other=before.size),)
            certain = at < len(source.marks)
            return Ending(before.line, at, closed=True, certain=certain, diagnostics=told)
        return Ending(boundary, at, closed=False, certain=False)
