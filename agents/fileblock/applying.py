"""Edits and deletions over the files that they are meant for. Rules Y1 to Y9 of docs/fileblock.md.

Pure, as reading is: files in, files out. An edit that cannot be applied as it was meant is refused, never guessed.
"""

import difflib
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from agents.fileblock.diagnosis import diagnose, quote
from agents.fileblock.matching import MOST_PLACES, LineIndex, Match
from agents.submission import Diagnostic, Edit, Piece, SourceFile, Submission

_MOST_NAMES = 20_000
_MOST_HINTS = 5


@dataclass(frozen=True, slots=True)
class Applied:
    """A submission whose edits have become files, and what is to be told about them."""

    submission: Submission
    diagnostics: tuple[Diagnostic, ...] = ()


@dataclass(frozen=True, slots=True)
class _Change:
    """Lines of a file that become others. ``first`` and ``stop`` are what really changes."""

    first: int
    stop: int
    lines: tuple[str, ...]
    piece: Piece


def apply_edits(submission: Submission, base: Mapping[str, str], others: Container[str] = ()) -> Applied:
    """The submission with each edit applied to its file in ``base`` (path to text).

    A file of which one piece cannot be applied is left as it was and not among the result's files. Deletions of files
    that are not there go; ``others`` are files that are there and are no text.
    """
    told: list[Diagnostic] = []
    files = list(submission.files)
    by_path: dict[str, list[Edit]] = {}
    for edit in submission.edits:
        by_path.setdefault(edit.path, []).append(edit)
    for path, edits in by_path.items():
        text = base.get(path)
        if text is None:
            near = _near_name(path, base) if len(told) < _MOST_HINTS else ""
            told.append(diagnose("edit-unknown-file", edits[0].span[0], path, near=near))
            continue
        edited, more = _edit(path, text, [piece for edit in edits for piece in edit.pieces])
        told += more
        if edited is not None:
            files.append(SourceFile(path, edited, edits[0].span))
    deletions = []
    for deletion in submission.deletions:
        if deletion.path in base or deletion.path in others:
            deletions.append(deletion)
        else:
            told.append(diagnose("delete-unknown", deletion.line, deletion.path))
    files.sort(key=lambda file: file.span)
    done = replace(submission, files=tuple(files), edits=(), deletions=tuple(deletions))
    return Applied(done, tuple(sorted(told, key=lambda diagnostic: diagnostic.line)))


def _edit(path: str, text: str, pieces: Sequence[Piece]) -> tuple[str | None, list[Diagnostic]]:
    """The text with all pieces applied, each looked up in the text as it was; None where one is refused."""
    told: list[Diagnostic] = []
    index = LineIndex(text.removesuffix("\n").split("\n") if text else [])
    changes: list[_Change] = []
    for piece in pieces:
        wanted, wished = _lines(piece.search), _lines(piece.replace)
        if wanted == wished:
            told.append(diagnose("edit-nothing", piece.line, path))
            continue
        match = index.find(wanted)
        moved = match.moved(wished)
        if len(match.places) != 1 or moved is None:
            told.append(_refused(path, piece, index, match if moved is not None else Match()))
            continue
        first = match.places[0]
        if match.level != "exact":
            place = f"{first + 1}-{first + len(wanted)}"
            told.append(diagnose(f"edit-{match.level}", piece.line, path, place=place))
        changes.append(_change(first, match.moved(wanted) or wanted, moved, piece))
    told += _overlaps(path, changes)
    if any(diagnostic.severity == "error" for diagnostic in told):
        return None, told
    return _spliced(text, index.lines, changes), told


def _lines(text: str) -> list[str]:
    return text.removesuffix("\n").split("\n") if text else []


def _change(first: int, wanted: list[str], wished: list[str], piece: Piece) -> _Change:
    """The change without the lines that stay at its beginning and end."""
    start, shortest = 0, min(len(wanted), len(wished))
    while start < shortest and wanted[start] == wished[start]:
        start += 1
    end = 0
    while end < shortest - start and wanted[-1 - end] == wished[-1 - end]:
        end += 1
    stop = first + len(wanted) - end
    return _Change(first + start, stop, tuple(wished[start : len(wished) - end]), piece)


def _overlaps(path: str, changes: list[_Change]) -> Iterable[Diagnostic]:
    changes.sort(key=lambda change: (change.first, change.stop))
    furthest: _Change | None = None
    for change in changes:
        if furthest is not None and change.first < furthest.stop:
            yield diagnose("edit-overlap", change.piece.line, path, other=furthest.piece.line)
        if furthest is None or change.stop > furthest.stop:
            furthest = change


def _spliced(text: str, lines: list[str], changes: Iterable[_Change]) -> str:
    """The text with the changes made, with the line breaks that the file has."""
    returns = sum(line.endswith("\r") for line in lines)
    ending = "\r" if returns * 2 > len(lines) else ""
    parts: list[str] = []
    at = 0
    for change in changes:
        parts += lines[at : change.first]
        parts += [line + ending for line in change.lines]
        at = max(at, change.stop)
    parts += lines[at:]
    if not parts:
        return ""
    return "\n".join(parts) + ("\n" if text.endswith("\n") else "")


def _refused(path: str, piece: Piece, index: LineIndex, match: Match) -> Diagnostic:
    if len(match.places) > 1:
        count = (
            f"{MOST_PLACES} times or more"
            if len(match.places) == MOST_PLACES
            else f"{len(match.places)} times"
        )
        places = ", ".join(str(place + 1) for place in match.places)
        return diagnose("edit-ambiguous", piece.line, path, count=count, places=places)
    return diagnose("edit-no-match", piece.line, path, near=_near_lines(piece, index))


def _near_lines(piece: Piece, index: LineIndex) -> str:
    """Where the file comes nearest to the piece, and the first line there that differs."""
    wanted = _lines(piece.search)
    wished = _lines(piece.replace)
    if any(line.strip() for line in wished) and len(index.find(wished).places) == 1:
        return "; its REPLACE lines are there already"
    nearest = index.nearest(wanted)
    if nearest is None:
        return ""
    first, _ = nearest
    said = f"; lines {first + 1}-{min(first + len(wanted), len(index.lines))} come nearest"
    for offset, line in enumerate(wanted):
        there = index.lines[first + offset] if first + offset < len(index.lines) else None
        if there is None:
            return f"{said}, where the file ends before {quote(line)}"
        if there.strip() != line.strip():
            return f"{said}, where line {first + offset + 1} is {quote(there)}, not {quote(line)}"
    return f"{said}, with another indentation"


def _near_name(path: str, base: Mapping[str, str]) -> str:
    name = path.rsplit("/", 1)[-1]
    same = [other for other in base if other.rsplit("/", 1)[-1] == name][:3]
    if not same and len(base) <= _MOST_NAMES:
        same = difflib.get_close_matches(path, base, 1, 0.8)
    return f" (did you mean {' or '.join(same)}?)" if same else ""
