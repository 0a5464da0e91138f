"""Reads suites from their folders; errors name the file, the line and the mend, as those of task files do."""

import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from evals.probes.script_file import PROBES, load_scripts
from evals.suites.suite import Suite, SuiteFile, SuiteTask, TaskEntry
from prompts.attachments import read_attachments
from prompts.errors import ConfigError
from prompts.problems import validated
from prompts.taskfile import load_task
from prompts.yamltext import Listing, Mapping, Scalar, Value, read_mapping, read_plain

SUITE = "suite.yaml"
TASK = "task.yaml"
HIDDEN_TESTS = "hidden_tests"
_SHIPPED = Path(__file__).parent


def find_suite(named: str) -> Path:
    """The folder of a suite: the one at that path, or the shipped one of that name.

    Raises ConfigError, with the nearest name, where there is none.
    """
    path = Path(named)
    if path.name == SUITE and path.is_file():
        return path.parent
    if (path / SUITE).is_file():
        return path
    if (_SHIPPED / named / SUITE).is_file():
        return _SHIPPED / named
    shipped = sorted(found.parent.name for found in _SHIPPED.glob(f"*/{SUITE}"))
    if path.is_dir():
        raise ConfigError(f"{path}: there is no {SUITE} in this folder", "write one; `suite: NAME` is enough")
    near = difflib.get_close_matches(named, shipped, 1, 0.6)
    hint = (
        f"did you mean {near[0]}?" if near else f"give a folder with {SUITE}, or one of: {', '.join(shipped)}"
    )
    raise ConfigError(f"{named}: there is no such suite", hint)


def load_suite(folder: Path) -> Suite:
    """The suite in ``folder`` with all its tasks. Raises ConfigError with one line for each thing that is wrong."""
    path = folder / SUITE
    root = read_mapping(read_plain(path), str(path), "suite", "suite: its name")
    told = validated(SuiteFile, _plain(root), root, str(path), _words)
    inside = folder.resolve()
    tasks = tuple(
        _task(folder, inside, entry, place, told.probes)
        for entry, place in _entries(folder, told, root, str(path))
    )
    _check_ids(tasks, str(path))
    return Suite(
        name=told.suite,
        folder=folder,
        description=told.description or "",
        tasks=tasks,
        epochs=told.epochs,
        rounds=told.rounds,
        cassette=None if told.cassette is None else folder / told.cassette,
        replay=told.replay,
    )


def _entries(folder: Path, told: SuiteFile, root: Mapping, name: str) -> list[tuple[TaskEntry, str]]:
    """The suite's tasks, each with the place that names it."""
    if told.tasks:
        listed = root.items["tasks"]
        lines = [item.line for item in listed.items] if isinstance(listed, Listing) else []
        return [(entry, f"{name}:{line}") for entry, line in zip(told.tasks, lines, strict=True)]
    found = sorted(path.parent.relative_to(folder) for path in folder.rglob(TASK))
    found = [path for path in found if not any(part.startswith(".") for part in path.parts)]
    if not found:
        raise ConfigError(f"{name}: no folder below this suite has a {TASK}", "add one, or list `tasks:`")
    return [(TaskEntry(task=str(path)), str(folder / path)) for path in found]


def _task(folder: Path, inside: Path, entry: TaskEntry, place: str, probes: bool) -> SuiteTask:
    path = folder / entry.task
    if not path.resolve().is_relative_to(inside):
        raise ConfigError(f"{place}: `{entry.task}` leads out of the suite's folder", "name tasks inside it")
    file = path / TASK if path.is_dir() else path
    if not file.is_file():
        near = difflib.get_close_matches(entry.task, [p.name for p in folder.iterdir() if p.is_dir()], 1, 0.6)
        raise ConfigError(
            f"{place}: `{entry.task}` is neither a folder with {TASK} nor a task file",
            f"did you mean `{near[0]}`?" if near else f"paths are relative to {folder}",
        )
    task = load_task(file)
    name = entry.id or (file.parent.name if file.name == TASK else file.stem)
    hidden: dict[str, str] = {}
    if file.name == TASK and (file.parent / HIDDEN_TESTS).is_dir():
        texts = read_attachments([(HIDDEN_TESTS, str(file.parent))], file.parent)
        hidden = {path.removeprefix(f"{HIDDEN_TESTS}/"): text for path, text in texts.items()}
    probed = probes if entry.probes is None else entry.probes
    own = file.parent / PROBES if file.name == TASK else file.with_name(f"{file.stem}.{PROBES}")
    scripts = load_scripts(own) if own.is_file() else ()
    return SuiteTask(name, entry.family or name, task, hidden, probed, scripts)


def _check_ids(tasks: tuple[SuiteTask, ...], name: str) -> None:
    seen: set[str] = set()
    looked: dict[str, SuiteTask] = {}
    for task in tasks:
        if task.id in seen:
            raise ConfigError(f"{name}: two tasks are called `{task.id}`", "give one of them another `id`")
        seen.add(task.id)
        like = looked.setdefault(task.judged.digest, task)
        if (like.probes, like.scripts) != (task.probes, task.scripts):
            raise ConfigError(
                f"{name}: `{like.id}` and `{task.id}` are one task, word for word, but are probed differently",
                "give both the same probes",
            )


def _plain(value: Value) -> Any:
    """The tree as pydantic takes it; an empty value is as good as none."""
    if isinstance(value, Scalar):
        return value.text
    if isinstance(value, Listing):
        return [_plain(item) for item in value.items]
    plain = {key: _plain(item) for key, item in value.items.items()}
    return {key: item for key, item in plain.items() if item is not None}


def _words(place: Sequence[str], problem: Any) -> tuple[str, str]:
    field = ": ".join(place)
    known = tuple(TaskEntry.model_fields if len(place) > 1 else SuiteFile.model_fields)
    match problem["type"]:
        case "extra_forbidden":
            near = difflib.get_close_matches(place[-1].lower(), known, 1, 0.6)
            hint = f"did you mean `{near[0]}`?" if near else "known fields: " + ", ".join(known)
            return f"unknown field `{place[-1]}`", hint
        case "missing":
            return f"the field `{field}` is missing", f"add `{place[-1]}: ...`"
        case "string_pattern_mismatch":
            given = str(problem["input"])[:60]
            return f"`{field}` must be of letters, digits, `.`, `_` and `-`, but is `{given}`", ""
        case _:
            return f"`{field}`: {problem['msg']}, but it is `{str(problem.get('input'))[:60]}`", ""
