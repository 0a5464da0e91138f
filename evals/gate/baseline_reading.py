"""Reads a baseline's text, which people edit and git merges: what cannot be true of counts is refused."""

import json
from collections import Counter
from functools import cache
from typing import TYPE_CHECKING

from evals.gate.baseline import FORMAT, MOST_SAMPLES, Baseline
from prompts.errors import ConfigError
from prompts.problems import first_problem

if TYPE_CHECKING:
    from pydantic import TypeAdapter


def read_baseline(text: str, name: str) -> Baseline:
    """The baseline that ``write_baseline`` wrote; ``name`` is the file's, for errors (ConfigError).

    What is refused is told with its place.
    """
    hint = "backsmith bless RUN --baseline writes one"
    for number, line in enumerate(text.split("\n"), start=1):
        if line.startswith(("<<<<<<<", ">>>>>>>")):
            raise ConfigError(
                f"{name}:{number} is in the middle of a git merge", "take one side, or bless anew"
            )
    try:
        data = json.loads(text, object_pairs_hook=_once)
        newer = isinstance(data, dict) and isinstance(data.get("format"), int) and data["format"] > FORMAT
        if newer:
            raise ConfigError(
                f"{name} has format {data['format']}; this version reads {FORMAT}",
                "use the version of Backsmith that wrote it, or bless anew with this one",
            )
        found = _adapter().validate_json(text, strict=True)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{name} is no baseline: {_problem(error)}", hint) from error
    wrong = f"format {found.format} is none" if found.format != FORMAT else _impossible(found)
    if wrong:
        raise ConfigError(f"{name} is no baseline: {wrong}", hint)
    return found


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = next(key for key, many in Counter(key for key, _ in pairs).items() if many > 1)
        raise ValueError(f"{twice!r} is there twice")
    return found


def _problem(error: Exception) -> str:
    """What is wrong, in one line."""
    from pydantic import ValidationError

    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    return first_problem(error, "the file") if isinstance(error, ValidationError) else str(error)


def _impossible(baseline: Baseline) -> str:
    """What of the counts cannot be; empty where they can."""
    for name, task in baseline.tasks.items():
        if not 0 <= task.passed <= task.samples <= MOST_SAMPLES:
            return f"task {name!r} has {task.passed} passed of {task.samples} samples"
        for item, counts in task.items.items():
            every = (counts.passed, counts.failed, counts.not_applicable, counts.inconclusive)
            if min(every) < 0 or sum(every) > task.samples:
                return f"item {item!r} of task {name!r} has counts that do not go with {task.samples} samples"
    return ""


@cache
def _adapter() -> "TypeAdapter[Baseline]":
    from pydantic import TypeAdapter

    return TypeAdapter(Baseline)
