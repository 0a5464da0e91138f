"""From structural lines to blocks and sections. Rules B1 to B12 and S1 of docs/fileblock.md.

The walk is one pass written as straight code; wherever it needs lines that have not arrived it yields, so the
same code reads a whole text and a stream. No line is looked at more than a small, fixed number of times.
"""

from bisect import bisect_right
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Literal, TypeVar

from agents.fileblock.closing import Closing, choose_closing, choose_fence, only_blank
from agents.fileblock.diagnosis import diagnose, quote
from agents.fileblock.lexing import Position, grammar_of
from agents.fileblock.marks import Mark, SectionName, read_marks
from agents.submission import Diagnostic

T = TypeVar("T")
Steps = Generator[None, None, T]
BlockEnd = Literal["closed", "boundary", "end"]

_MAX_GAP = 2
_MAX_FENCE_MARKS = 1000
_MAX_HIDDEN_HEADERS = 8


@dataclass(frozen=True, slots=True)
class Block:
    """The place of one block. Lines count from 0; ``content`` is a half-open range, ``last`` is inclusive.

    ``end`` says what ended it: its closing line, the boundary of something else, or the end of the answer.
    ``certain`` is False where a longer answer could have moved the end.
    """

    header: Mark
    content: tuple[int, int]
    last: int
    end: BlockEnd
    size: int
    certain: bool
    diagnostics: tuple[Diagnostic, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """The place of one section: its name's line, and the half-open range of lines below it."""

    name: SectionName
    mark: Mark
    content: tuple[int, int]


@dataclass(frozen=True, slots=True)
class LoneHeader:
    """A header that begins no block. ``follows`` is the first line of text right below it."""

    mark: Mark
    follows: str


@dataclass(slots=True)
class Walk:
    """The lines of an answer as they arrive, and what was found among them so far."""

    lines: list[str] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    found: list[Block | Section | LoneHeader] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    final: bool = False
    _sized: dict[int, list[int]] = field(default_factory=dict)
    _think_ends: list[int] = field(default_factory=list)
    _no_fence: dict[str, tuple[int, int]] = field(default_factory=dict)
    _steps: Steps[None] | None = None

    def add(self, lines: list[str]) -> None:
        """Take in the next whole lines and go as far as they allow."""
        marks = read_marks(lines, len(self.lines))
        self.lines += lines
        for index, mark in enumerate(marks, len(self.marks)):
            if mark.kind == "delimiter":
                self._sized.setdefault(mark.size, []).append(index)
            elif mark.kind == "end-think":
                self._think_ends.append(index)
        self.marks += marks
        self._resume()

    def finish(self) -> None:
        """No more lines come: decide everything that is still open."""
        self.final = True
        self._resume()

    def _resume(self) -> None:
        if self._steps is None:
            self._steps = self._run()
        next(self._steps, None)

    def _run(self) -> Steps[None]:
        at = 0
        section: Mark | None = None
        wrapper: Mark | None = None
        wrapper_told = False
        after: Block | None = None
        while (mark := (yield from self._mark(at))) is not None:
            if mark.kind == "think":
                end = yield from self._end_of_thinking(at)
                self.diagnostics.append(diagnose("thinking", mark.line + 1))
                at = at + 1 if end is None else end + 1
                continue
            if mark.kind == "end-think":
                self.diagnostics.append(diagnose("thinking", mark.line + 1))
            elif mark.kind == "section":
                self._close_section(section, mark.line)
                section, after = mark, None
            elif mark.kind == "fence":
                if wrapper is not None:
                    if _closes(wrapper, mark):
                        wrapper = None
                elif section is None:
                    wrapper, wrapper_told = mark, False
                else:
                    end = yield from self._end_of_fence(at, mark)
                    at = at if end is None else end
            elif mark.kind == "delimiter":
                if after is not None and section is None and mark.size == after.size:
                    path = after.header.text
                    self.diagnostics.append(
                        diagnose("stray-delimiter", mark.line + 1, path, closed=after.last + 1)
                    )
                    after = None
            elif mark.kind == "header":
                block, resume = yield from self._block(at)
                if block is not None:
                    self._close_section(section, mark.line)
                    section = None
                    if wrapper is not None and not wrapper_told:
                        self.diagnostics.append(diagnose("fenced-answer", wrapper.line + 1))
                        wrapper_told = True
                    self.found.append(block)
                    after = block
                    at = resume
                    continue
            at += 1
        self._close_section(section, len(self.lines))

    def _close_section(self, section: Mark | None, end: int) -> None:
        if section is not None:
            name: SectionName = section.text  # type: ignore[assignment]
            self.found.append(Section(name, section, (section.line + 1, end)))

    def _block(self, at: int) -> Steps[tuple[Block | None, int]]:
        """The block that the header at mark ``at`` begins, if it begins one, and the mark to go on from."""
        header = self.marks[at]
        opening = yield from self._opening(at)
        told: list[Diagnostic] = []
        if opening is None:
            size = yield from self._delimiter_before_next_header(at)
            follows = self.lines[header.line + 1] if header.line + 1 < len(self.lines) else ""
            if not follows.strip() or size is None or _begins_diff(follows):
                self.found.append(LoneHeader(header, (yield from self._text_below(header.line))))
                return None, at
            told.append(diagnose("missing-open", header.line + 1, header.text))
            first, at = header.line + 1, at + 1
        else:
            mark = self.marks[opening]
            if mark.line > header.line + 1:
                told.append(diagnose("header-gap", header.line + 1, header.text))
            if mark.kind == "fence" and grammar_of(header.text) is not None:
                # No such language begins with a line of hyphens: the delimiters stand inside the fence.
                inner = yield from self._mark(opening + 1)
                if inner is not None and inner.kind == "delimiter" and inner.line == mark.line + 1:
                    told.append(diagnose("fenced-content", mark.line + 1, header.text))
                    opening, mark = opening + 1, inner
            first, at, size = mark.line + 1, opening + 1, mark.size
            if mark.kind == "fence":
                told.append(diagnose("fence-for-delimiter", mark.line + 1, header.text))
                closing = yield from self._closing_fence(at, mark, header.text)
                return self._placed(header, first, 3, closing, told)
        closing = yield from self._closing(at, first, size, header.text)
        return self._placed(header, first, size, closing, told)

    def _placed(
        self, header: Mark, first: int, size: int, closing: Closing, told: list[Diagnostic]
    ) -> tuple[Block, int]:
        end: BlockEnd = "closed"
        last = closing.line
        stop = closing.line
        if not closing.found:
            end = "end" if closing.line >= len(self.lines) else "boundary"
            last = closing.line - 1
            while last > header.line and not self.lines[last].strip():
                last -= 1
            if end == "boundary":
                following = quote(self.lines[closing.line].strip())
                told.append(diagnose("missing-close", header.line + 1, header.text, next=following))
        told += closing.diagnostics
        block = Block(header, (first, max(first, stop)), last, end, size, closing.certain, tuple(told))
        return block, closing.resume

    def _mark(self, index: int) -> Steps[Mark | None]:
        while index >= len(self.marks):
            if self.final:
                return None
            yield
        return self.marks[index]

    def _text_below(self, line: int) -> Steps[str]:
        line += 1
        while line < len(self.lines) or not self.final:
            if line >= len(self.lines):
                yield
            elif self.lines[line].strip():
                return self.lines[line]
            else:
                return ""
        return ""

    def _opening(self, at: int) -> Steps[int | None]:
        """The mark that opens the content below the header at mark ``at``, blank lines between allowed."""
        line = self.marks[at].line + 1
        for _ in range(_MAX_GAP + 1):
            while line >= len(self.lines):
                if self.final:
                    return None
                yield
            if self.lines[line].strip():
                break
            line += 1
        if at + 1 < len(self.marks):
            mark = self.marks[at + 1]
            if mark.line == line and mark.kind in {"delimiter", "fence"}:
                return at + 1
        return None

    def _delimiter_before_next_header(self, at: int) -> Steps[int | None]:
        at += 1
        while (mark := (yield from self._mark(at))) is not None and mark.kind not in {"header", "section"}:
            if mark.kind == "delimiter":
                return mark.size
            at += 1
        return None

    def _end_of_thinking(self, at: int) -> Steps[int | None]:
        while not self._think_ends or self._think_ends[-1] <= at:
            if self.final:
                return None
            yield
        return self._think_ends[bisect_right(self._think_ends, at)]

    def _end_of_fence(self, at: int, opener: Mark) -> Steps[int | None]:
        """The mark after ``at`` that closes the fence, looking a bounded number of marks ahead."""
        character = opener.text[0]
        index = at + 1
        limit = index + _MAX_FENCE_MARKS
        known_size, known_to = self._no_fence.get(character, (0, 0))
        if known_size and opener.size >= known_size:
            index = max(index, known_to)
        while index < limit and (mark := (yield from self._mark(index))) is not None:
            if _closes(opener, mark):
                return index
            index += 1
        self._no_fence[character] = (opener.size, index)
        return None

    def _first_of_size(self, at: int, size: int) -> Steps[int | None]:
        """The first delimiter of this size from mark ``at`` on that does not open another block."""
        while True:
            indices = self._sized.get(size, [])
            if indices and indices[-1] >= at:
                break
            if self.final:
                return None
            yield
        index = indices[bisect_right(indices, at - 1)]
        before = self.marks[index - 1]
        if index > at and before.kind == "header" and (yield from self._opening(index - 1)) == index:
            return None
        return index

    def _closing(self, at: int, first: int, size: int, path: str) -> Steps[Closing]:
        grammar = grammar_of(path)
        position = Position(grammar) if grammar is not None else None
        read = first
        candidates: list[int] = []
        passed: list[Mark] = []
        section: int | None = None
        fence: Mark | None = None
        if size > 3:
            # Delimiters longer than three were chosen for this content: all before the first of them is verbatim.
            at = (yield from self._first_of_size(at, size)) or at
        while (mark := (yield from self._mark(at))) is not None:
            if position is not None and mark.kind in {"delimiter", "header", "section"}:
                if mark.line > read:
                    position.advance("\n".join(self.lines[read : mark.line]) + "\n")
                    read = mark.line
            if mark.kind == "delimiter" and mark.size == size:
                candidates.append(at)
                fence = None
                if position is not None and not position.inside:
                    return choose_closing(
                        self.lines, self.marks, candidates, passed, path, first, certain=True
                    )
            elif mark.kind == "fence" and position is None:
                if fence is None:
                    fence = mark
                elif _closes(fence, mark):
                    fence = None
            elif mark.kind == "header":
                if fence is not None:
                    end = yield from self._end_of_fence(at, fence)
                    if end is not None:
                        passed.append(mark)
                        fence = None
                        at = end + 1
                        continue
                opening = yield from self._opening(at)
                if opening is not None and (mark.exact or position or self._stands_apart(mark, candidates)):
                    hidden = position is not None and position.inside and not candidates
                    if not hidden or len(passed) >= _MAX_HIDDEN_HEADERS:
                        break
                    passed.append(mark)
                    at = opening
            elif mark.kind == "section" and not (position is not None and position.inside and not candidates):
                if candidates and (
                    mark.exact or only_blank(self.lines, self.marks[candidates[-1]].line, mark.line)
                ):
                    break
                if mark.exact and section is None:
                    section = at
                    if position is not None:
                        break
            at += 1
        return self._settled(at, first, size, path, candidates, passed, section)

    def _settled(
        self,
        at: int,
        first: int,
        size: int,
        path: str,
        candidates: list[int],
        passed: list[Mark],
        section: int | None,
    ) -> Closing:
        """The closing of a block whose boundary is mark ``at`` (or the end)."""
        if candidates:
            if section is not None:
                passed = [*passed, self.marks[section]]
            return choose_closing(
                self.lines, self.marks, candidates, passed, path, first, certain=at < len(self.marks)
            )
        if passed:
            # Nothing closed the string that held these headers: it was broken, and they are headers.
            at = bisect_right([mark.line for mark in self.marks], passed[0].line) - 1
        elif section is not None:
            at = section
        boundary = self.marks[at].line if at < len(self.marks) else len(self.lines)
        previous = self.marks[at - 1]
        if (
            previous.kind == "delimiter"
            and previous.line > first
            and only_blank(self.lines, previous.line, boundary)
        ):
            told = diagnose("delimiter-mismatch", previous.line + 1, path, size=size, other=previous.size)
            return Closing(previous.line, at, found=True, certain=True, diagnostics=(told,))
        return Closing(boundary, at, found=False, certain=False)

    def _closing_fence(self, at: int, opener: Mark, path: str) -> Steps[Closing]:
        grammar = grammar_of(path)
        position = Position(grammar) if grammar is not None else None
        read = first = opener.line + 1
        candidates: list[int] = []
        while (mark := (yield from self._mark(at))) is not None:
            if position is not None and mark.line > read:
                position.advance("\n".join(self.lines[read : mark.line]) + "\n")
                read = mark.line
            if _closes(opener, mark):
                candidates.append(at)
                if position is not None and not position.inside:
                    break
            elif mark.kind == "fence" and position is None:
                end = yield from self._end_of_fence(at, mark)
                at = at if end is None else end
            elif mark.kind == "header":
                opening = yield from self._opening(at)
                if opening is not None and (candidates or mark.exact or self._stands_apart(mark, [])):
                    break
            elif mark.kind == "section" and candidates:
                break
            at += 1
        if candidates:
            return choose_fence(self.marks, candidates, path, certain=at < len(self.marks))
        boundary = self.marks[at].line if at < len(self.marks) else len(self.lines)
        return Closing(max(boundary, first), at, found=False, certain=False)

    def _stands_apart(self, mark: Mark, candidates: list[int]) -> bool:
        before = mark.line - 1
        return not self.lines[before].strip() or bool(
            candidates and self.marks[candidates[-1]].line == before
        )


def _closes(opener: Mark, mark: Mark) -> bool:
    return mark.kind == "fence" and mark.text == opener.text[0] and mark.size >= opener.size


def _begins_diff(line: str) -> bool:
    return line.startswith(("--- a/", "diff --git ", "<<<<<<< ", "@@ -", "*** Begin Patch"))
