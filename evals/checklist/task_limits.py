"""The numbers that a task's requirements set as limits, looked for in the code."""

import re
from collections.abc import Iterator

from evals.checklist.auth_reading import same
from evals.checklist.findings import shown
from evals.code import nodes as n
from evals.code.routes import Route, shape
from evals.code.view import CodeView
from evals.verdict import Evidence

_LIMIT = re.compile(
    r"(\d[\d_,]*)\s*(?:-|–|to|and)\s*(\d[\d_,]*)\s*(chars?|characters?|digits?|letters?|bytes?|\))?"
    r"|(?:up to|at most|max(?:imum)?(?: of| is)?|no more than|not more than|at least|min(?:imum)?(?: of| is)?)"
    r"\s*:?\s*(\d[\d_,]*)",
    re.IGNORECASE,
)
_ENDPOINT = re.compile(r"\b(GET|POST|PUT|PATCH|DELETE)\s+(/[^\s?,;()]*)")
_MOST = 1 << 60


def missing_limits(view: CodeView) -> Iterator[Evidence]:
    """The limits of the task that no number and no pattern of the code holds."""
    task = view.task
    if task is None:
        return
    known = _numbers(view)
    for text in task.requirements:
        if not _served(text, view.routes):
            continue
        for number in limits(text):
            if not known & {number, number + 1, number - 1}:
                yield Evidence(f"the task's limit of {number} is nowhere in the code ({shown(text, 60)})")


def limits(text: str) -> list[int]:
    """The numbers above 2 that a sentence sets as limits: "1-200 chars", "up to 10000", "(max 100)"."""
    found = []
    for match in _LIMIT.finditer(text):
        if match[1] and not match[3] and "(" not in text:
            continue  # "2 and 3" alone is no range
        found += [
            int(re.sub(r"[_,]", "", group)) for group in match.group(1, 2, 4) if group and len(group) < 19
        ]
    return [number for number in found if 2 < number < _MOST]


def _served(text: str, routes: tuple[Route, ...]) -> bool:
    """Whether the code has an endpoint that a sentence names; a sentence that names none is about all."""
    named = [(method, shape(path)) for method, path in _ENDPOINT.findall(text)]
    return not named or any(m == r.method and same(p, r.path) for m, p in named for r in routes)


def _numbers(view: CodeView) -> set[int]:
    known: set[int] = set()
    for module in view.modules_of("source", "migration"):
        for item in n.inside(module):
            if isinstance(item, n.Other) and item.kind in {"mult", "*", "pow", "<<", "**"}:
                known.add(_product(item))
            elif isinstance(item, n.Const) and isinstance(item.value, str):
                known |= {int(text) for text in re.findall(r"\d+", item.value[:2000]) if len(text) < 19}
            elif (
                isinstance(item, n.Const) and isinstance(item.value, (int, float)) and abs(item.value) < _MOST
            ):
                known.add(int(item.value))
    return known


def _product(item: n.Other) -> int:
    """The value of ``365 * 24 * 3600``, ``10 ** 4``, ``64 << 10``; 0 where it is not constant or too large."""
    total = 1
    for position, part in enumerate(item.parts):
        value = part.value if isinstance(part, n.Const) else None
        if not isinstance(value, int) or not 0 <= value < _MOST or total > _MOST:
            return 0
        if position and item.kind in {"pow", "**"}:
            total = total**value if value < 64 and total < 64 else 0
        elif position and item.kind == "<<":
            total = total << value if value < 60 else 0
        else:
            total *= value
    return total
