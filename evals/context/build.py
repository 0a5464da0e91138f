"""Puts a repository's context together: what a model needs for one task, within a budget of tokens."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from evals.code.files import code_file, part_of
from evals.context.conventions import Conventions, find_conventions
from evals.context.ranking import named_files, rank
from evals.context.reading import Reading
from evals.context.secrets import is_secret_file, without_keys, without_secrets
from prompts.repository import RepositoryContext
from prompts.tokens import count_tokens

BUDGET = 24_000
_SHARES = {"models": 0.15, "routes": 0.06, "map": 0.2}
_MOST_SHOWN = 24
_MOST_ROUTE_FILES = 60
_MOST_ROUTE_TEXT = 250_000
_LEAST_SCORE = 0.12
_LEAST_BLOCK = 12
_MOST_MISFITS = 20
_DOCUMENTS = frozenset({"documentation", "example", "other"})


@dataclass(frozen=True, slots=True)
class Built:
    """The context, the conventions it names, and how many tokens (estimated) each part of it takes."""

    context: RepositoryContext
    conventions: Conventions
    tokens: Mapping[str, int]
    scores: Mapping[str, float] = field(default_factory=dict)


def build_context(
    name: str,
    reading: Reading,
    task: str,
    budget: int = BUDGET,
    folder: str | None = None,
    within: str = "",
) -> Built:
    """The context of a commit for a task. What holds secrets is left out and named.

    Files that the task names come first, then data models, routes, the map, and as many of the best files as fit.
    ``folder`` is the project's where the task says it, ``within`` the one that a person named.
    """
    conventions = find_conventions(reading.source, task, folder, within)
    ranked = rank(reading.outlines, task, conventions.project.path)
    scores = dict(ranked)
    left_out: dict[str, str] = {}
    first = int(budget * 0.6)
    shown, left = _whole(named_files(reading.outlines, task), reading, left_out, first)
    spent = {"named files": first - left}
    parts = {part: int(budget * share) for part, share in _SHARES.items()}
    models = _models(ranked, reading, parts["models"])
    routes = _routes(ranked, reading, parts["routes"])
    left = budget - spent["named files"] - _tokens(models) - _tokens("\n".join(routes)) - parts["map"]
    likely = [path for path, score in ranked if score >= _LEAST_SCORE and part_of(path) not in _DOCUMENTS]
    likely = [path for path in likely if path not in shown][: _MOST_SHOWN - len(shown)]
    more, rest = _whole(likely, reading, left_out, left)
    mapped = _map(ranked, reading, parts["map"], {*shown, *more})
    spent |= {
        "data models": _tokens(models),
        "routes": _tokens("\n".join(routes)),
        "map": _tokens(mapped),
        "files": left - rest,
        "conventions": _tokens("\n".join(conventions.lines)),
    }
    context = RepositoryContext(
        name=name,
        commit=reading.source.commit,
        folder=conventions.project.path,
        conventions=conventions.lines,
        routes=tuple(routes),
        models=models,
        map=mapped,
        files={**shown, **more},
        left_out=tuple(sorted(left_out.items())),
    )
    return Built(context, conventions, spent, scores)


def _whole(
    wanted: list[str], reading: Reading, left_out: dict[str, str], budget: int
) -> tuple[dict[str, str], int]:
    """The texts of files that fit into the budget, and what of it is left."""
    shown: dict[str, str] = {}
    for path, whole in reading.texts(wanted).items():
        if len(whole) // 8 > budget:
            continue
        text, lines = without_secrets(path, whole)
        if text is None:
            left_out[path] = "holds secrets"
            continue
        cost = _tokens(text)
        if cost <= budget:
            budget -= cost
            shown[path] = text
            if lines:
                left_out[path] = f"{lines} lines that hold a secret were taken out"
    return shown, budget


def _models(ranked: list[tuple[str, float]], reading: Reading, budget: int) -> str:
    parts: list[str] = []
    storing = (
        path
        for path, _ in ranked
        if reading.outlines[path].stores and part_of(path) != "test" and not is_secret_file(path)
    )
    for path, found in reading.definitions(storing):
        if budget < _LEAST_BLOCK:
            break
        if not found.models:
            continue
        block = "\n\n".join(f"# {path}:{model.line}\n{model.text}" for model in found.models)
        cost = _tokens(block)
        if cost > budget:
            continue
        text, _ = without_secrets(path, block)
        if text is not None:
            budget -= cost
            parts.append(text)
    return "\n\n".join(parts)


def _routes(ranked: list[tuple[str, float]], reading: Reading, budget: int) -> list[str]:
    """The routes that the code serves, as far as the files that matter most show them."""
    from evals.code.project import Project
    from evals.code.routes import find_routes
    from evals.code.view import read

    serving = [path for path, _ in ranked if reading.outlines[path].serves and part_of(path) == "source"]
    texts: dict[str, str] = {}
    size = 0
    for path, text in reading.texts(serving[:_MOST_ROUTE_FILES]).items():
        size += len(text)
        if size > _MOST_ROUTE_TEXT:
            break
        texts[path] = text
    project = Project((read(code_file(path, text)) for path, text in texts.items()), texts)
    order = {path: number for number, path in enumerate(texts)}
    lines: list[str] = []
    for route in sorted(find_routes(project), key=lambda route: (order.get(route.file, 0), route.line)):
        handler = (
            f" {route.handler.name}" if route.handler is not None and hasattr(route.handler, "name") else ""
        )
        line = f"{route.name}  {route.file}:{route.line}{handler}"
        budget -= _tokens(line) + 2
        if budget < 0:
            break
        lines.append(line)
    return lines


def _map(ranked: list[tuple[str, float]], reading: Reading, budget: int, whole: set[str]) -> str:
    """Files with their signatures, the best first, then the names of as many others as fit."""
    lines: list[str] = []
    mapped: set[str] = set()
    left = budget - budget // 4
    misfits = 0
    telling = [path for path, _ in ranked if path in whole or reading.outlines[path].names]
    for path, found in reading.definitions(path for path in telling if not is_secret_file(path)):
        if left < _LEAST_BLOCK or misfits > _MOST_MISFITS:
            break
        entries = () if path in whole else found.entries
        if not entries and path not in whole:
            continue
        block = [path + (" (whole below)" if path in whole else "")]
        block += ["  " * (entry.depth + 1) + without_keys(entry.text) for entry in entries]
        cost = _tokens("\n".join(block)) + 1
        if cost > left:
            misfits += 1
            continue
        left -= cost
        lines += block
        mapped.add(path)
    names = [path for path, _ in ranked if path not in mapped]
    left = budget // 4
    for number, path in enumerate(names):
        left -= _tokens(path) + 1
        if left < 0:
            return "\n".join([*lines, *names[:number], f"and {len(names) - number} more files"])
    return "\n".join([*lines, *names])


def _tokens(text: str) -> int:
    return count_tokens(text).tokens if text else 0
