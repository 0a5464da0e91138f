"""From structural lines to blocks and sections, in one pass. Rules B1 to B12 of docs/fileblock.md."""

import re
from dataclasses import dataclass, field, replace
from typing import Literal

from agents.fileblock.choice import reads_as_prose
from agents.fileblock.content import PROSE_EXTENSIONS, extension, names_language
from agents.fileblock.diagnosis import diagnose, quote
from agents.fileblock.edit_ends import EditSearch
from agents.fileblock.ends import Ending, EndSearch
from agents.fileblock.lexing import grammar_of
from agents.fileblock.marks import Mark
from agents.fileblock.paths import looks_like_path, plain_or_none
from agents.fileblock.pieces import PiecePlace
from agents.fileblock.source import Source, Steps, closes
from agents.submission import Diagnostic

BlockEnd = Literal["closed", "next", "end"]

_MOST_REMARKS = 3
_LABEL = re.compile(r"[A-Z][A-Za-z ]{0,30}: [^=({\[;]{1,200}$")


@dataclass(frozen=True, slots=True)
class Block:
    """The place of one block. Lines count from 0; ``content`` is a half-open range, ``last`` is inclusive.

    ``path`` is plain, or as the header spells it where it is not safe.

    ``end`` says what ended it: its closing line, the next block or section, or the end of the answer. ``verbatim``
    says that longer delimiters enclose it. ``certain`` is False where a longer answer could have moved the end.
    ``pieces`` are those of an EDIT block; where it has none, ``flaw`` may tell why.
    """

    header: Mark
    path: str
    content: tuple[int, int]
    last: int
    end: BlockEnd
    verbatim: bool
    certain: bool
    size: int
    diagnostics: tuple[Diagnostic, ...]
    pieces: tuple[PiecePlace, ...] = ()
    flaw: str = ""


@dataclass(frozen=True, slots=True)
class Removal:
    """A line that asks for a file to be deleted."""

    mark: Mark


@dataclass(frozen=True, slots=True)
class Section:
    """The place of one section: its name's mark, and the half-open range of lines below it."""

    mark: Mark
    content: tuple[int, int]


@dataclass(frozen=True, slots=True)
class LoneHeader:
    """A header that begins no block. ``follows`` is the first line of text closely below it, or ""."""

    mark: Mark
    follows: str


Found = Block | Section | LoneHeader | Removal


@dataclass(slots=True)
class Walk:
    """The blocks and sections found so far in an answer whose lines arrive in pieces."""

    source: Source = field(default_factory=Source)
    found: list[Found] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    _section: Mark | None = None
    _wrapper: Mark | None = None
    _told_wrapper: Mark | None = None
    _after: Block | None = None
    _steps: Steps[None] | None = None

    def add(self, text: str) -> None:
        """Take in the next whole lines (without the last line break) and go as far as they allow."""
        self.source.add(text)
        self._resume()

    def finish(self) -> None:
        """No more lines come: decide everything that is still open."""
        self.source.final = True
        self._resume()

    def _resume(self) -> None:
        if self._steps is None:
            self._steps = self._run()
        next(self._steps, None)

    def _run(self) -> Steps[None]:
        at = 0
        while (mark := (yield from self.source.mark(at))) is not None:
            if mark.kind == "header":
                at = yield from self._read_header(at, mark)
            elif mark.kind == "fence":
                at = yield from self._pass_fence(at, mark)
            elif mark.kind == "section":
                self._close_section(mark.line)
                self._section = mark
            elif mark.kind == "delete":
                self._close_section(mark.line)
                self._tell_wrapper()
                self.found.append(Removal(mark))
            elif mark.kind == "delimiter":
                self._pass_delimiter(mark)
            else:
                self._close_section(mark.line)
                self.diagnostics.append(diagnose("thinking", mark.line + 1))
                if mark.kind == "think":
                    end = yield from self.source.end_of_thinking(at)
                    at = at if end is None else end
            at += 1
        self._close_section(len(self.source.lines))

    def _close_section(self, end: int) -> None:
        if self._section is not None:
            self.found.append(Section(self._section, (self._section.line + 1, end)))
            self._section = None

    def _pass_delimiter(self, mark: Mark) -> None:
        """Tell about a delimiter behind a block that might have been meant to end it."""
        block = self._after
        told = self._section is not None and (block is None or grammar_of(block.path) is not None)
        if block is not None and mark.size == block.size and not told and plain_or_none(block.path):
            details = {"closed": block.last + 1}
            self.diagnostics.append(diagnose("stray-delimiter", mark.line + 1, block.path, **details))
            self._after = None

    def _pass_fence(self, at: int, mark: Mark) -> Steps[int]:
        """The last mark that a fence outside of blocks covers."""
        if self._wrapper is not None:
            if closes(self._wrapper, mark):
                self._wrapper = None
            return at
        if self._section is None:
            self._wrapper = mark
            return at
        end = yield from self.source.end_of_fence(at, mark)
        return at if end is None else end

    def _read_header(self, at: int, header: Mark) -> Steps[int]:
        """Take in the block that a header begins, if it begins one. Returns the last mark of it."""
        if header.rest:
            return (yield from self._read_edit(at, header))
        told: list[Diagnostic] = []
        path = plain_or_none(header.text) or header.text
        opening = yield from self._opening(at, path, told)
        if opening is None:
            first = yield from self.source.text_below(at)
            delimiter = yield from self.source.before_header(at + 1, {"delimiter"})
            if first is None or delimiter is None or not self._begins_content(header, first):
                follows = self.source.lines[first] if first is not None else ""
                self.found.append(LoneHeader(header, follows.strip()))
                return at
            told.append(diagnose("missing-open", header.line + 1, path))
            at, mark = at + 1, self.source.marks[delimiter]
        else:
            mark = self.source.marks[opening]
            at, first = opening + 1, mark.line + 1
        search = EndSearch(self.source, path, first)
        if mark.kind == "fence":
            ending = yield from search.closing_fence(at, mark)
        else:
            ending = yield from search.delimiter(at, mark.size)
        self._keep(self._block(header, path, mark, first, ending, told))
        return ending.resume - 1

    def _read_edit(self, at: int, header: Mark) -> Steps[int]:
        """Take in the EDIT block that a header begins, if it begins one. Returns the last mark of it."""
        source = self.source
        path = plain_or_none(header.text) or header.text
        told: list[Diagnostic] = []
        opening = yield from source.opening(at)
        mark = None if opening is None else source.marks[opening]
        if mark is None:
            first = yield from source.text_below(at)
            sign = None if first is None else source.signs.at(first)
            if first is None or sign is None or sign.role != "open":
                follows = source.lines[first] if first is not None else ""
                self.found.append(LoneHeader(header, follows.strip()))
                return at
            told.append(diagnose("missing-open", header.line + 1, path))
        else:
            at, first = at + 1, mark.line + 1
            if first > header.line + 2:
                told.append(diagnose("header-gap", header.line + 1, path))
            if mark.kind == "fence":
                told.append(diagnose("fence-for-delimiter", mark.line + 1, path))
        search = EditSearch(source, path, first, mark)
        ending = yield from search.run(at + 1)
        block = self._block(header, path, mark, first, ending, told + search.told)
        self._keep(replace(block, pieces=tuple(search.pieces), flaw=search.flaw))
        return ending.resume - 1

    def _keep(self, block: Block) -> None:
        self._close_section(block.header.line)
        self._tell_wrapper()
        self._after = block
        self.found.append(block)

    def _tell_wrapper(self) -> None:
        if self._wrapper is not None and self._wrapper is not self._told_wrapper:
            self.diagnostics.append(diagnose("fenced-answer", self._wrapper.line + 1))
            self._told_wrapper = self._wrapper

    def _begins_content(self, header: Mark, first: int) -> bool:
        """Whether the text that begins at line ``first`` is a file's content rather than prose about it."""
        follows = self.source.lines[first]
        if is_diff_line(follows) or not looks_like_path(header.text):
            return False
        return first == header.line + 1 or not reads_as_prose(follows)

    def _opening(self, at: int, path: str, told: list[Diagnostic]) -> Steps[int | None]:
        """The mark that opens the content of the header at mark ``at``."""
        source, header = self.source, self.source.marks[at]
        opening = yield from source.opening(at)
        if opening is None:
            opening = yield from self._opening_behind_remark(at, path)
            if opening is None:
                return None
        mark = source.marks[opening]
        if mark.line > header.line + 1:
            told.append(diagnose("header-gap", header.line + 1, path))
        if mark.kind == "fence":
            if grammar_of(path) is not None:
                # No such language begins with a line of hyphens: the delimiters stand inside of the fence.
                inner = yield from source.mark(opening + 1)
                if inner is not None and inner.kind == "delimiter" and inner.line == mark.line + 1:
                    told.append(diagnose("fenced-content", mark.line + 1, path))
                    return opening + 1
            told.append(diagnose("fence-for-delimiter", mark.line + 1, path))
        return opening

    def _opening_behind_remark(self, at: int, path: str) -> Steps[int | None]:
        """The delimiter or fence below a header where only a remark of a few lines stands between them.

        To be sure that it opens content, a delimiter needs another one behind it, and a fence the file's language.
        """
        source, header = self.source, self.source.marks[at]
        opening = yield from source.before_header(at + 1, {"delimiter", "fence"})
        if opening is None or source.marks[opening].line > header.line + 2 * _MOST_REMARKS:
            return None
        remarks = [
            line for line in source.lines[header.line + 1 : source.marks[opening].line] if line.strip()
        ]
        labels = _LABEL if grammar_of(path) is not None else None
        if len(remarks) > _MOST_REMARKS or not all(
            reads_as_prose(remark) or (labels and labels.match(remark)) for remark in remarks
        ):
            return None
        mark = source.marks[opening]
        if mark.kind == "fence":
            return opening if names_language(mark.text[1:], path) else None
        if extension(path) in PROSE_EXTENSIONS:
            return None
        closing = yield from source.before_header(opening + 1, {"delimiter"})
        return opening if closing is not None else None

    def _block(
        self, header: Mark, path: str, opener: Mark | None, first: int, ending: Ending, told: list[Diagnostic]
    ) -> Block:
        source = self.source
        end: BlockEnd = "closed"
        last = ending.line
        if not ending.closed:
            last -= 1
            while last > header.line and not source.lines[last].strip():
                last -= 1
            end = "next"
            if ending.line >= len(source.lines):
                end = "end"
            else:
                following = quote(source.lines[ending.line].strip())
                told.append(diagnose("missing-close", header.line + 1, path, next=following))
        told += ending.diagnostics
        size = opener.size if opener is not None and opener.kind == "delimiter" else 3
        return Block(
            header=header,
            path=path,
            content=(first, max(first, ending.line)),
            last=last,
            end=end,
            verbatim=size > 3,
            certain=ending.certain,
            size=size,
            diagnostics=tuple(told),
        )


def is_diff_line(line: str) -> bool:
    """Whether a line begins a diff or a SEARCH/REPLACE block."""
    return line.startswith(("--- a/", "diff --git ", "<<<<<<< ", "@@ -", "*** Begin Patch"))
