"""Where an EDIT block ends, and the places of its pieces. Rules X1 to X6 of docs/fileblock.md.

What stands inside a piece is passed over as a whole, whatever it looks like.
"""

from dataclasses import dataclass, field

from agents.fileblock.diagnosis import diagnose
from agents.fileblock.ends import Ending, EndSearch
from agents.fileblock.marks import Mark
from agents.fileblock.pieces import PiecePlace
from agents.fileblock.source import Source, Steps, closes
from agents.submission import Diagnostic


@dataclass(slots=True)
class EditSearch:
    """The search for the end of an EDIT block whose content begins at line ``first``.

    ``opener`` is the delimiter or fence that opened it; None where the first piece stands right below the header.
    ``pieces``, ``told`` and ``flaw`` are filled by ``run``. Without pieces the content is what stands up to the end.
    """

    source: Source
    path: str
    first: int
    opener: Mark | None
    pieces: list[PiecePlace] = field(default_factory=list)
    told: list[Diagnostic] = field(default_factory=list)
    flaw: str = ""
    _loose: bool = False
    _fenced: bool = False
    _given_up: bool = False

    def run(self, at: int) -> Steps[Ending]:
        """The end, from mark ``at`` on."""
        ending = yield from self._behind_pieces()
        if ending is not None:
            return ending
        self.pieces = []
        search = EndSearch(self.source, "", self.first)
        if self.opener is not None and self.opener.kind == "fence":
            return (yield from search.closing_fence(at, self.opener))
        return (yield from search.delimiter(at, self.opener.size if self.opener else 3))

    def _behind_pieces(self) -> Steps[Ending | None]:
        """The end behind the last piece; None where the content does not consist of whole pieces."""
        number = self.first
        while (line := (yield from self.source.line(number))) is not None:
            sign = self.source.signs.at(number)
            if sign is not None and sign.role == "open":
                piece = yield from self.source.piece(number, sign)
                self.pieces.append(piece)
                if piece.flaw:
                    self.flaw = f"holds a piece that {piece.flaw} (line {number + 1})"
                    return None
                number = piece.close + 1
                continue
            if line.strip():
                ending = yield from self._at_text(number)
                if ending is not None or self._given_up:
                    return ending
            number += 1
        if not self.pieces:
            return None
        if self.opener is None:
            return self._behind_last()
        return Ending(len(self.source.lines), len(self.source.marks), closed=False, certain=False)

    def _at_text(self, number: int) -> Steps[Ending | None]:
        """The end, if the line that is not blank and belongs to no piece is it or begins what comes next."""
        source = self.source
        index = source.index_from(number)
        mark = source.marks[index] if source.line_of(index) == number else None
        if mark is not None and mark.kind in {"delimiter", "fence"}:
            if self._closed_by(mark):
                return Ending(number, index + 1, closed=True, certain=True)
            if mark.kind == "fence":
                self._tell_fence(number)
                return None
        if not self.pieces:
            self._given_up = True
            return None
        if self.opener is None:
            return self._behind_last()
        if mark is not None and (yield from self._begins_next(index, mark)):
            return Ending(number, index, closed=False, certain=False)
        if not self._loose:
            self._loose = True
            self.told.append(diagnose("edit-text", number + 1, self.path))
        return None

    def _closed_by(self, mark: Mark) -> bool:
        if self.opener is None:
            return bool(self.pieces)
        if self.opener.kind == "fence":
            return closes(self.opener, mark) or (mark.kind == "delimiter" and bool(self.pieces))
        return mark.kind == "delimiter" and (mark.size == self.opener.size or bool(self.pieces))

    def _tell_fence(self, number: int) -> None:
        if not self._fenced:
            self._fenced = True
            self.told.append(diagnose("fenced-content", number + 1, self.path))

    def _begins_next(self, index: int, mark: Mark) -> Steps[bool]:
        if mark.kind == "header":
            return (yield from self.source.opens(index)) is not None
        return mark.kind == "delete" or (mark.kind == "section" and mark.title)

    def _behind_last(self) -> Ending:
        """Right behind the last piece, where nothing opened the block."""
        line = self.pieces[-1].close
        return Ending(line, self.source.index_from(line + 1), closed=True, certain=True)
