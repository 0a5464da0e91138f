"""Puts a repository's context together: what a model needs for one task, within a budget of tokens."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from evals.code.files import code_file, language_of, part_of
from evals.context.cache import OutlineCache, outline_key
from evals.context.conventions import Conventions, find_conventions
from evals.context.outline import Outline
from evals.context.outlining import outline_all
from evals.context.ranking import named_files, rank
from evals.context.secrets import is_secret_file, without_secrets
from prompts.repository import RepositoryContext
from prompts.tokens import count_tokens

BUDGET = 24_000
_SHARES = {"models": 0.15, "routes": 0.06, "map": 0.2}
_MOST_SHOWN = 24
_MOST_ROUTE_FILES = 60
_MOST_ROUTE_TEXT = 250_000
_LEAST_SCORE = 0.12
_LEAST_BLOCK = 12
_DOCUMENTS = frozenset({"documentation", "example", "other"})


@dataclass(frozen=True, slots=True)
class Built:
    """The context, the conventions it names, and how many tokens (estimated) each part of it takes."""

    context: RepositoryContext
    conventions: Conventions
    tokens: Mapping[str, int]
    scores: Mapping[str, float] = field(default_factory=dict)


def read_outlines(
    files: Mapping[str, str], blobs: Mapping[str, str], cache: OutlineCache | None
) -> dict[str, Outline]:
    """The outline of every file; from the cache where its content was read before."""
    keys = {path: outline_key(path, blobs[path]) for path in files if path in blobs}
    kept = cache.find(keys.values()) if cache else {}
    found = {path: kept[key] for path, key in keys.items() if key in kept}
    missing = [path for path in files if path not in found]
    fresh = outline_all({path: files[path] for path in missing})
    found |= fresh
    if cache:
        cache.keep({keys[path]: made for path, made in fresh.items() if path in keys})
    return {path: found[path] for path in files}


def build_context(
    name: str,
    commit: str,
    files: Mapping[str, str],
    outlines: Mapping[str, Outline],
    task: str,
    budget: int = BUDGET,
) -> Built:
    """The context of ``files`` (path to text) for a task. What holds secrets is left out and named.

    Files that the task names come first, then data models, routes, the map, and as many of the best files as fit.
    """
    ranked = rank(outlines, task)
    scores = dict(ranked)
    conventions = find_conventions(files)
    left_out: dict[str, str] = {}
    shown, left = _whole(named_files(files, task), files, left_out, int(budget * 0.6))
    spent = {"named files": int(budget * 0.6) - left}
    parts = {part: int(budget * share) for part, share in _SHARES.items()}
    models = _models(ranked, outlines, files, parts["models"])
    routes = _routes(ranked, outlines, files, parts["routes"])
    left = budget - spent["named files"] - _tokens(models) - _tokens("\n".join(routes)) - parts["map"]
    likely = [path for path, score in ranked if score >= _LEAST_SCORE and part_of(path) not in _DOCUMENTS]
    likely = [path for path in likely if path not in shown][: _MOST_SHOWN - len(shown)]
    more, rest = _whole(likely, files, left_out, left)
    mapped = _map(ranked, outlines, parts["map"], {*shown, *more})
    spent |= {
        "data models": _tokens(models),
        "routes": _tokens("\n".join(routes)),
        "map": _tokens(mapped),
        "files": left - rest,
        "conventions": _tokens("\n".join(conventions.lines)),
    }
    context = RepositoryContext(
        name=name,
        commit=commit,
        conventions=conventions.lines,
        routes=tuple(routes),
        models=models,
        map=mapped,
        files={**shown, **more},
        left_out=tuple(sorted(left_out.items())),
    )
    return Built(context, conventions, spent, scores)


def _whole(
    wanted: Iterable[str], files: Mapping[str, str], left_out: dict[str, str], budget: int
) -> tuple[dict[str, str], int]:
    """The texts of files that fit into the budget, and what of it is left."""
    shown: dict[str, str] = {}
    for path in wanted:
        cost = len(files[path]) // 8
        if cost > budget:
            continue
        text, lines = without_secrets(path, files[path])
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


def _models(
    ranked: list[tuple[str, float]], outlines: Mapping[str, Outline], files: Mapping[str, str], budget: int
) -> str:
    parts: list[str] = []
    for path, _ in ranked:
        if budget < _LEAST_BLOCK:
            break
        found = outlines[path].models
        if not found or part_of(path) == "test" or is_secret_file(path):
            continue
        block = "\n\n".join(f"# {path}:{model.line}\n{model.text}" for model in found)
        cost = _tokens(block)
        if cost > budget:
            continue
        text, _ = without_secrets(path, block)
        if text is not None:
            budget -= cost
            parts.append(text)
    return "\n\n".join(parts)


def _routes(
    ranked: list[tuple[str, float]], outlines: Mapping[str, Outline], files: Mapping[str, str], budget: int
) -> list[str]:
    """The routes that the code serves, as far as the files that matter most show them."""
    from evals.code.project import Project
    from evals.code.routes import find_routes
    from evals.code.view import read

    paths = [path for path, _ in ranked if part_of(path) == "source" and language_of(path)]
    chosen: list[str] = []
    size = 0
    for path in paths:
        size += len(files[path]) if outlines[path].serves else 0
        if size > _MOST_ROUTE_TEXT or len(chosen) == _MOST_ROUTE_FILES:
            break
        chosen += [path] if outlines[path].serves else []
    texts = {path: files[path] for path in chosen}
    project = Project((read(code_file(path, text)) for path, text in texts.items()), texts)
    order = {path: number for number, path in enumerate(chosen)}
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


def _map(
    ranked: list[tuple[str, float]], outlines: Mapping[str, Outline], budget: int, whole: set[str]
) -> str:
    """Files with their signatures, the best first, then the names of as many others as fit."""
    lines: list[str] = []
    names: list[str] = []
    left = budget - budget // 4
    for path, _ in ranked:
        entries = [] if path in whole else outlines[path].entries
        if left < _LEAST_BLOCK or is_secret_file(path) or not (entries or path in whole):
            names.append(path)
            continue
        block = [path + (" (whole below)" if path in whole else "")]
        block += ["  " * (entry.depth + 1) + entry.text for entry in entries]
        cost = _tokens("\n".join(block)) + 1
        if cost <= left:
            left -= cost
            lines += block
        else:
            names.append(path)
    left = budget // 4
    for number, path in enumerate(names):
        left -= _tokens(path) + 1
        if left < 0:
            return "\n".join([*lines, *names[:number], f"and {len(names) - number} more files"])
    return "\n".join([*lines, *names])


def _tokens(text: str) -> int:
    return count_tokens(text).tokens if text else 0
