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
    places = _listed(folder, told, root, str(path)) if told.tasks else _found(folder, str(path))
    tasks = tuple(_task(place, told.probes) for place in places)
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


class _Place(NamedTuple):
    """Where a task stands: its entry, its file, and the names of what may be beside that."""

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
        yield _Place(entry, file, {HIDDEN_TESTS, PROBES, f"{file.stem}.{PROBES}"})


def _found(folder: Path, name: str) -> Iterator[_Place]:
    """The task of every folder below the suite that has a task file, in the order of their paths."""
    none = True
    for path, folders, files in os.walk(folder):
        own = TASK in files
        if own:
            none = False
            entry = TaskEntry(task=os.path.relpath(path, folder))
            yield _Place(entry, Path(path, TASK), {*folders, *files})
        # What the judge knows is no task of its own.
        hidden = {HIDDEN_TESTS} if own else set()
        folders[:] = sorted(inner for inner in folders if not inner.startswith(".") and inner not in hidden)
    if none:
        raise ConfigError(f"{name}: no folder below this suite has a {TASK}", "add one, or list `tasks:`")


def _task(place: _Place, probes: bool) -> SuiteTask:
    entry, file, beside = place.entry, place.file, place.beside
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
