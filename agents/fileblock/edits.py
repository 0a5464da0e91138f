"""What stands in an EDIT block: its pieces, or a unified diff read as pieces. Rules X4 to X8 of docs/fileblock.md."""

import re

from agents.fileblock.content import elided_line, without_fence
from agents.fileblock.diagnosis import diagnose, quote
from agents.fileblock.walk import Block
from agents.submission import Diagnostic, Edit, Piece

_HUNK = re.compile(r"@@(?: -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@)?")
_PREAMBLE = ("--- ", "+++ ", "diff ", "index ", "new file mode", "old mode", "new mode")


def read_edit(block: Block, path: str, lines: list[str]) -> tuple[Edit | None, list[Diagnostic]]:
    """The edit that an EDIT block holds, or None where it cannot be used."""
    number = block.header.line + 1
    told = list(block.diagnostics)
    if block.pieces:
        pieces = [
            Piece(
                _text(lines[place.open + 1 : place.divide]),
                _text(lines[place.divide + 1 : place.close]),
                place.open + 1,
            )
            for place in block.pieces
        ]
        if not all(place.exact for place in block.pieces):
            told.append(diagnose("edit-style", block.pieces[0].open + 1, path))
    else:
        content, fenced = without_fence(lines[slice(*block.content)], path)
        first = block.content[0] + fenced
        if fenced:
            told.append(diagnose("fenced-content", first, path))
        if not _is_diff(content):
            return None, [
                *told,
                diagnose("edit-unreadable", number, path, reason=block.flaw or "holds no piece"),
            ]
        read = _read_diff(content, first)
        if isinstance(read, str):
            return None, [*told, diagnose("edit-unreadable", number, path, reason=read)]
        pieces = read
        told.append(diagnose("edit-diff", first + 1, path))
    for piece in pieces:
        flaw = _flaw(piece, path)
        if flaw is not None:
            return None, [*told, flaw]
    return Edit(path, tuple(pieces), (number, block.last + 1)), told


def _text(lines: list[str]) -> str:
    return "\n".join(lines) + "\n" if lines else ""


def _flaw(piece: Piece, path: str) -> Diagnostic | None:
    if not piece.search:
        return diagnose("edit-unreadable/empty", piece.line, path)
    known = set(piece.search.split("\n"))
    left_out = elided_line(piece.replace, path, known)
    if left_out is not None:
        return diagnose("elided", piece.line, path, text=quote(left_out))
    return None


def _is_diff(lines: list[str]) -> bool:
    """Whether there is a hunk, and nothing but a diff's own lines before it."""
    for line in lines:
        if line.startswith("@@"):
            return True
        if line.strip() and not line.startswith(_PREAMBLE):
            return False
    return False


def _read_diff(lines: list[str], first: int) -> list[Piece] | str:
    """The hunks as pieces; or why they cannot be read. Line numbers are ignored, counts must not contradict."""
    pieces: list[Piece] = []
    at = next(number for number, line in enumerate(lines) if line.startswith("@@"))
    while at < len(lines):
        start = at
        header = _HUNK.match(lines[at])
        if header is None:
            return "holds a hunk that cannot be read"
        at += 1
        before: list[str] = []
        after: list[str] = []
        while at < len(lines) and not lines[at].startswith("@@"):
            line = lines[at]
            if line[:1] in {" ", "-", ""}:
                before.append(line[1:])
            if line[:1] in {" ", "+", ""}:
                after.append(line[1:])
            if line[:1] not in {" ", "-", "+", "\\", ""}:
                return f"holds the line {quote(line)}, which is none of a unified diff"
            at += 1
        if at == len(lines) or not lines[at - 1]:
            _drop_blank_ends(before, after, header)
        counts = [int(count) for count in header.groups() if count is not None]
        if counts and counts[0] > len(before):
            return "holds a hunk that ends before its lines are complete"
        pieces.append(Piece(_text(before), _text(after), first + start + 1))
    return pieces


def _drop_blank_ends(before: list[str], after: list[str], header: re.Match[str]) -> None:
    """Blank lines behind the last line of a hunk part blocks, unless its counts say that they belong to it."""
    wanted = int(header[1]) if header[1] is not None else 0
    while before and after and not before[-1] and not after[-1] and len(before) > wanted:
        before.pop()
        after.pop()
