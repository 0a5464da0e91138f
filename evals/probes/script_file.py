"""Reads ``probes.yaml``; every error names the line and the mend."""

import difflib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from evals.probes.script import UNIQUE, Script, ScriptFile, Step, references
from prompts.errors import ConfigError
from prompts.problems import validated
from prompts.yamltext import Listing, Mapping, Scalar, Value, line_at, read_mapping, read_plain

PROBES = "probes.yaml"
_NUMBER = re.compile(r"-?(0|[1-9]\d{0,30})(\.\d{1,30})?([eE][+-]?\d{1,3})?\Z")
_WORDS = {"true": True, "false": False}


def load_scripts(path: Path) -> tuple[Script, ...]:
    """The probes in a file. Raises ConfigError with one line for each thing that is wrong."""
    return read_scripts(read_plain(path), str(path))


def read_scripts(text: str, name: str) -> tuple[Script, ...]:
    """The probes in a text; ``name`` stands for the file in errors."""
    root = read_mapping(text, name, "file of probes", "probes:")
    told = validated(ScriptFile, _typed(root), root, name, _words)
    for number, script in enumerate(told.probes):
        _check(script, root, ["probes", str(number)], name)
    return told.probes


def _check(script: Script, root: Mapping, place: list[str], name: str) -> None:
    """Every ``${name}`` was saved by an earlier step, and a step has one body."""
    known = {UNIQUE}
    for number, step in enumerate(script.steps):
        line = line_at(root, [*place, "steps", str(number)])
        if step.body is not None and "payload" in step.model_fields_set:
            raise ConfigError(f"{name}:{line}: the step has a `json` and a `body`", "remove one of the two")
        for used in references(_said(step)):
            if used not in known:
                near = difflib.get_close_matches(used, known, 1, 0.6)
                hint = (
                    f"did you mean ${{{near[0]}}}?"
                    if near
                    else "save it in an earlier step: `save: {name: path}`"
                )
                raise ConfigError(f"{name}:{line}: no earlier step saves `{used}`", hint)
        known |= set(step.save)


def _said(step: Step) -> Any:
    return step.model_dump(exclude={"save"})


def _typed(value: Value) -> Any:
    """The tree with JSON's types: what is written without quotes and is a number, true, false or null, is that."""
    if isinstance(value, Scalar):
        if value.text is None or value.quoted:
            return value.text
        if value.text in _WORDS:
            return _WORDS[value.text]
        found = _NUMBER.match(value.text)
        if found is None:
            return value.text
        return float(value.text) if found[2] or found[3] else int(value.text)
    if isinstance(value, Listing):
        return [_typed(item) for item in value.items]
    return {key: _typed(item) for key, item in value.items.items()}


def _words(place: Sequence[str], problem: Any) -> tuple[str, str]:
    given = str(problem.get("input"))[:60]
    match problem["type"]:
        case "extra_forbidden":
            return f"unknown field `{place[-1]}`", ""
        case "missing":
            return f"the field `{place[-1]}` is missing in {': '.join(place[:-1]) or 'the file'}", ""
        case "string_pattern_mismatch" if place[-1] == "request":
            return f"`request` must be a method and a path (`GET /books`), but is `{given}`", ""
        case _:
            return f"`{': '.join(place) or 'the file'}`: {problem['msg']}, but it is `{given}`", ""
