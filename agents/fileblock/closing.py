"""Which of several lines ends a block. Rules C1 to C6 of docs/fileblock.md."""

from dataclasses import dataclass

from agents.fileblock.diagnosis import diagnose, quote
from agents.fileblock.marks import Mark
from agents.submission import Diagnostic


@dataclass(frozen=True, slots=True)
class Closing:
    """Where a block ends: at line ``line`` (its closing line, or the boundary where there is none).

    ``resume`` is the mark to go on from. ``certain`` is False where a longer answer could have moved the end.
    """

    line: int
    resume: int
    found: bool
    certain: bool
    diagnostics: tuple[Diagnostic, ...] = ()


def choose_closing(
    lines: list[str],
    marks: list[Mark],
    candidates: list[int],
    passed: list[Mark],
    path: str,
    first: int,
    *,
    certain: bool,
) -> Closing:
    """The closing delimiter among ``candidates`` (mark numbers, at least one).

    The last one, but for lines that stand alone between blank lines behind it: those are rules between blocks.
    ``passed`` holds headers and section names that were taken as content.
    """
    chosen = len(candidates) - 1
    while chosen > 0:
        before, after = marks[candidates[chosen - 1]].line, marks[candidates[chosen]].line
        if after == before + 1 or not only_blank(lines, before, after):
            break
        chosen -= 1
    mark = marks[candidates[chosen]]
    told = []
    if len(candidates) > 1:
        details = {"count": len(candidates), "size": mark.size, "chosen": mark.line + 1}
        told.append(diagnose("several-closings", mark.line + 1, path, **details))
    for other in passed:
        if other.line > mark.line:
            continue
        if other.kind == "header":
            told.append(diagnose("header-in-content", other.line + 1, path))
        else:
            told.append(diagnose("section-in-content", other.line + 1, path, name=quote(lines[other.line])))
    return Closing(mark.line, candidates[-1] + 1, found=True, certain=certain, diagnostics=tuple(told))


def choose_fence(marks: list[Mark], candidates: list[int], path: str, *, certain: bool) -> Closing:
    """The closing fence among ``candidates`` (mark numbers, at least one): the last one."""
    mark = marks[candidates[-1]]
    told = []
    if len(candidates) > 1:
        told.append(
            diagnose("several-fences", mark.line + 1, path, count=len(candidates), chosen=mark.line + 1)
        )
    return Closing(mark.line, candidates[-1] + 1, found=True, certain=certain, diagnostics=tuple(told))


def only_blank(lines: list[str], before: int, after: int) -> bool:
    """Whether all lines between these two are blank."""
    return not any(map(str.strip, lines[before + 1 : after]))
