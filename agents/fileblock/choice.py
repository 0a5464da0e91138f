"""Which of several lines ends a block. Rules C1 to C5 of docs/fileblock.md."""

import re

from agents.fileblock.content import PROSE_EXTENSIONS, extension
from agents.fileblock.diagnosis import diagnose, quote
from agents.fileblock.source import Source
from agents.submission import Diagnostic

_CODE = re.compile(r"[={};]|--")
_CODE_OR_DATA = re.compile(r"[=(){}\[\];<>|&$]|^[-#/*]|:\s|:$|--")
_LONGEST_SENTENCE = 400
_MOST_PROSE = 12
_MOST_PROSE_IN_PROSE = 3


def choose_delimiter(
    source: Source, candidates: list[int], passed: list[int], path: str
) -> tuple[int, tuple[Diagnostic, ...]]:
    """The closing delimiter among ``candidates`` (marks, at least one), and what is to be told about it.

    It is the last one that is no rule between blocks. ``passed`` are the headers and section names that were taken
    as content.
    """
    chosen = len(candidates) - 1
    while chosen > 0 and _is_rule(source, candidates[chosen - 1], candidates[chosen], path):
        chosen -= 1
    mark = source.marks[candidates[chosen]]
    told = []
    if len(candidates) > 1:
        details = {"count": len(candidates), "size": mark.size, "chosen": mark.line + 1}
        told.append(diagnose("several-closings", mark.line + 1, path, **details))
    for index in passed:
        other = source.marks[index]
        if other.line < mark.line:
            code = "header-in-content" if other.kind == "header" else "section-in-content"
            told.append(diagnose(code, other.line + 1, path, name=quote(source.lines[other.line])))
    return candidates[chosen], tuple(told)


def choose_fence(source: Source, candidates: list[int], path: str) -> tuple[int, tuple[Diagnostic, ...]]:
    """The closing fence among ``candidates`` (marks, at least one): the last one."""
    line = source.line_of(candidates[-1])
    if len(candidates) == 1:
        return candidates[0], ()
    details = {"count": len(candidates), "chosen": line + 1}
    return candidates[-1], (diagnose("several-fences", line + 1, path, **details),)


def reads_as_prose(line: str) -> bool:
    """Whether a line reads as a sentence rather than as code or data."""
    line = line[:_LONGEST_SENTENCE].strip()
    if line.count(" ") < 2:
        return False
    if line[0].isupper() and line[-1] in ".:!?" and _CODE.search(line) is None:
        return True
    return _CODE_OR_DATA.search(line) is None


def _is_rule(source: Source, before: int, after: int, path: str) -> bool:
    """Whether the later of two candidates is a rule between blocks and no end: a blank line stands above it, and
    nothing, or only prose about what comes next, between the two."""
    first, stop = source.line_of(before) + 1, source.line_of(after)
    if stop == first or source.lines[stop - 1].strip():
        return False
    between = [line for line in source.lines[first:stop] if line.strip()]
    if not between:
        return True
    most = _MOST_PROSE
    if extension(path) in PROSE_EXTENSIONS:
        # Here prose can be content. An end stands right below the last line of the file, as a rule never does.
        most = _MOST_PROSE_IN_PROSE if source.lines[first - 2].strip() else 0
    return len(between) <= most and all(map(reads_as_prose, between))
