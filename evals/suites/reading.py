"""Reads suites from their folders; errors name the file, the line and the mend, as those of task files do."""

import difflib
import os
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any, NamedTuple

from evals.probes.script_file import PROBES, load_scripts
from evals.suites.suite import Suite, SuiteFile, SuiteTask, TaskEntry
from prompts.attachments import read_attachments
from prompts.errors import ConfigError
from prompts.problems import validated
from prompts.task import slug
from prompts.taskfile import load_task
from prompts.yamltext import Listing, Mapping, Scalar, Value, read_mapping, read_plain

SUITE = "suite.yaml"
TASK = "task.yaml"
HIDDEN_TESTS = "hidden_tests"
_SHIPPED = Path(__file__).parent
# What a value must be, by what pydantic finds wrong with it.
_MUST = {
    "bool_parsing": "true or false",
    "greater_than_equal": "at least {ge}",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "less_than_equal": "at most {le}",
    "literal_error": "{expected}",
    "model_type": "the name of a task's folder, or a mapping with `task`",
    "string_type": "a text",
    "tuple_type": "a list (`- NAME` on a line for each)",
}


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
    places = tuple(_listed(folder, told, root, str(path)) if told.tasks else _found(folder, str(path)))
    inside = folder.resolve()
    tasks = tuple(_task(place, told.probes, inside) for place in places)
    _check_ids(tasks, [place.named for place in places])
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


class _Place(NamedTuple):
    """Where a task stands: what names it, its entry, its file, and the names of what may be beside that."""

    named: str
    entry: TaskEntry
    file: Path
    beside: AbstractSet[str]


def _listed(folder: Path, told: SuiteFile, root: Mapping, name: str) -> Iterator[_Place]:
    """The tasks that ``suite.yaml`` names, each with its file."""
    listed = root.items["tasks"]
    lines = [item.line for item in listed.items] if isinstance(listed, Listing) else []
    inside = folder.resolve()
    for entry, line in zip(told.tasks, lines, strict=True):
        place, path = f"{name}:{line}", folder / entry.task
        if not path.resolve().is_relative_to(inside):
            raise ConfigError(
                f"{place}: `{entry.task}` leads out of the suite's folder", "name tasks inside it"
            )
        file = path / TASK if path.is_dir() else path
        if not file.is_file():
            folders = [beside.name for beside in folder.iterdir() if beside.is_dir()]
            near = difflib.get_close_matches(entry.task, folders, 1, 0.6)
            raise ConfigError(
                f"{place}: `{entry.task}` is neither a folder with {TASK} nor a task file",
                f"did you mean `{near[0]}`?" if near else f"paths are relative to {folder}",
            )
        yield _Place(place, entry, file, {HIDDEN_TESTS, PROBES, f"{file.stem}.{PROBES}"})


def _found(folder: Path, name: str) -> Iterator[_Place]:
    """The task of every folder below the suite that has a task file, in the order of their paths."""
    none = True
    for path, folders, files in os.walk(folder):
        own = TASK in files
        if own:
            none = False
            entry = TaskEntry(task=os.path.relpath(path, folder))
            file = Path(path, TASK)
            yield _Place(str(file), entry, file, {*folders, *files})
        # What the judge knows is no task of its own.
        hidden = {HIDDEN_TESTS} if own else set()
        folders[:] = sorted(inner for inner in folders if not inner.startswith(".") and inner not in hidden)
    if none:
        raise ConfigError(f"{name}: no folder below this suite has a {TASK}", "add one, or list `tasks:`")


def _task(place: _Place, probes: bool, inside: Path) -> SuiteTask:
    _, entry, file, beside = place
    if file.is_symlink() and not file.resolve().is_relative_to(inside):
        raise ConfigError(
            f"{place.named}: {file} leads out of the suite's folder by a symbolic link",
            "copy the file into the suite",
        )
    task = load_task(file)
    folder = file.parent
    name = entry.id or (folder.name if file.name == TASK else file.stem)
    hidden: dict[str, str] = {}
    if file.name == TASK and HIDDEN_TESTS in beside and (folder / HIDDEN_TESTS).is_dir():
        texts = read_attachments([(HIDDEN_TESTS, str(folder))], folder)
        hidden = {path.removeprefix(f"{HIDDEN_TESTS}/"): text for path, text in texts.items()}
    probed = probes if entry.probes is None else entry.probes
    own = PROBES if file.name == TASK else f"{file.stem}.{PROBES}"
    scripts = load_scripts(folder / own) if own in beside and (folder / own).is_file() else ()
    return SuiteTask(name, entry.family or name, task, hidden, probed, scripts)


def _check_ids(tasks: Sequence[SuiteTask], places: Sequence[str]) -> None:
    seen: dict[str, str] = {}
    names: dict[tuple[str, str], SuiteTask] = {}
    looked: dict[str, SuiteTask] = {}
    for task, name in zip(tasks, places, strict=True):
        if task.id in seen:
            raise ConfigError(
                f"{name}: the task is called `{task.id}`, as that of {seen[task.id]} is",
                "list `tasks:` in suite.yaml, and give one of them another `id`",
            )
        seen[task.id] = name
        same = names.setdefault((slug(task.id), task.task.digest), task)
        if same is not task:
            raise ConfigError(
                f"{name}: `{same.id}` and `{task.id}` are one task, word for word, and too much alike as names",
                "give one of them another `id`",
            )
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
        case kind if kind in _MUST:
            must = _MUST[kind].format_map(problem.get("ctx", {}))
            return f"`{field}` must be {must}, but is `{str(problem['input'])[:60]}`", ""
        case _:
            return f"`{field}`: {problem['msg']}, but it is `{str(problem.get('input'))[:60]}`", ""
