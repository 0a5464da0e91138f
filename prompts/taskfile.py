"""Reads a task file: YAML in, ``Task`` out, and errors that name the line and the mend."""

import difflib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from prompts.access_field import read_access
from prompts.attachments import MAX_FILES, MAX_TOTAL_BYTES, plain_path, read_attachments
from prompts.errors import ConfigError
from prompts.problems import Problem, config_error, validated
from prompts.task import Limits, Task
from prompts.yamltext import Listing, Mapping, Scalar, Value, read_mapping, read_utf8, source, without_bom

_FIELDS = tuple(Task.model_fields)
_LIMITS = tuple(Limits.model_fields)
# What people write for a field, beyond slips of the finger.
_ALIASES = {
    "access": "auth",
    "authentication": "auth",
    "db": "database",
    "databases": "database",
    "description": "task",
    "environment": "env",
    "env_vars": "env",
    "files": "context",
    "frameworks": "framework",
    "models": "data_models",
    "name": "task",
    "schema": "data_models",
    "tests": "hidden_tests",
    "title": "task",
    "timeout": "limits",
}


def load_task(path: Path) -> Task:
    """The task in the file at ``path``; files it names are read from its folder.

    Raises ConfigError (or UnsafePathError) with the file, the line, what is wrong and what was meant.
    """
    try:
        text = read_utf8(path)
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such task file", _nearby(path)) from None
    except IsADirectoryError:
        raise ConfigError(f"{path}: is a folder, not a task file", f"try {path / 'task.yaml'}") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    return parse_task(text, str(path), path.parent)


def parse_task(text: str, name: str, folder: Path | None) -> Task:
    """The task in ``text``. ``name`` stands for the file in errors; ``folder`` is where files it names are.

    With no folder, ``context`` and ``hidden_tests`` can only be given as mappings of path to text.
    Raises ConfigError as ``load_task`` does, with one line for each thing that is wrong.
    """
    if "context" in text or "hidden_tests" in text:
        return _parse(text, name, folder)
    return _parse_alone(text, name)


@lru_cache(maxsize=4096)
def _parse_alone(text: str, name: str) -> Task:
    """A task that names no other files. A suite and its cassette read the same ones."""
    return _parse(text, name, None)


def _parse(text: str, name: str, folder: Path | None) -> Task:
    text = without_bom(text)
    root = read_mapping(text, name)
    reader = _Fields(text, name, folder)
    values = reader.read(root)
    missing = [field for field in ("task", "framework") if values.get(field) is None]
    for field in missing:
        if field not in reader.excused:
            reader.problems.append(Problem(0, f"the field `{field}` is missing", f"add `{field}: ...`"))
    if reader.problems:
        raise config_error(name, reader.problems)
    given = {key: value for key, value in values.items() if value is not None}
    return validated(Task, given, root, name, _plain)


class _Fields:
    """Turns the YAML tree into the values that ``Task`` is made from, and collects what is wrong with it."""

    def __init__(self, text: str, name: str, folder: Path | None) -> None:
        self.text = text
        self.name = name
        self.folder = folder
        self.problems: list[Problem] = []
        self.excused: set[str] = set()

    def read(self, root: Mapping) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for field, value in root.items.items():
            line = root.lines[field]
            if field not in _FIELDS:
                self.unknown(field, _FIELDS, line)
            elif not (isinstance(value, Scalar) and value.text is None):
                values[field] = self.field(field, value, line)
            elif field in {"task", "framework"}:
                self.problems.append(Problem(line, f"`{field}` is empty", f"write text after `{field}:`"))
                self.excused.add(field)
        return values

    def unknown(self, field: str, known: tuple[str, ...], line: int) -> None:
        meant = _ALIASES.get(field.lower()) if known is _FIELDS else None
        near = [meant] if meant else difflib.get_close_matches(field.lower(), known, 1, 0.6)
        if near:
            self.excused.add(near[0])
        hint = f"did you mean `{near[0]}`?" if near else "known fields: " + ", ".join(known)
        self.problems.append(Problem(line, f"unknown field `{field}`", hint))

    def field(self, field: str, value: Value, line: int) -> Any:
        match field:
            case "requirements":
                return self.requirements(value)
            case "data_models":
                return value.text if isinstance(value, Scalar) else source(self.text, value.span)
            case "context" | "hidden_tests":
                return self.attachments(field, value, line)
            case "env":
                return self.env(value, line)
            case "limits":
                return self.limits(value, line)
            case "settings":
                return self.settings(value, line)
            case "auth":
                entries, problems = read_access(value, line)
                self.problems += problems
                return entries
            case _:
                return self.one_text(field, value, line)

    def one_text(self, field: str, value: Value, line: int) -> str | None:
        """Text; for ``framework`` and ``database`` also a list of names, which is joined."""
        if isinstance(value, Scalar):
            return value.text
        if field in {"framework", "database"} and isinstance(value, Listing):
            names = [item.text for item in value.items if isinstance(item, Scalar) and item.text]
            if len(names) == len(value.items) and names:
                return ", ".join(names)
        self.wrong_kind(field, value, "text", line)
        return None

    def requirements(self, value: Value) -> tuple[str, ...]:
        """A list of text; a block of lines counts as one. What YAML took for a mapping is text again."""
        if isinstance(value, Scalar):
            lines = (line.strip() for line in (value.text or "").split("\n"))
            return tuple(filter(None, (line.removeprefix("- ").strip() for line in lines)))
        if isinstance(value, Mapping):
            return tuple(self.pair(key, item) for key, item in value.items.items())
        texts: list[str] = []
        for item in value.items:
            if isinstance(item, Scalar):
                if item.text is None:
                    self.problems.append(
                        Problem(item.line, "a requirement is empty", "write its text or remove it")
                    )
                else:
                    texts.append(item.text)
            elif isinstance(item, Mapping):
                texts.append("; ".join(self.pair(key, inner) for key, inner in item.items.items()))
            else:
                texts.append(" ".join(source(self.text, item.span).split()))
        return tuple(texts)

    def pair(self, key: str, value: Value) -> str:
        if isinstance(value, Scalar):
            return f"{key}: {value.text}" if value.text else f"{key}:"
        return f"{key}: " + " ".join(source(self.text, value.span).split())

    def attachments(self, field: str, value: Value, line: int) -> dict[str, str]:
        if isinstance(value, Mapping):
            return self.inline(field, value)
        items = value.items if isinstance(value, Listing) else (value,)
        named: list[tuple[str, str]] = []
        for item in items:
            if not isinstance(item, Scalar) or not item.text:
                self.wrong_kind(f"each item of {field}", item, "the name of a file", item.line)
            else:
                named.append((item.text, f"{self.name}:{item.line}"))
        if not named:
            return {}
        if self.folder is None:
            what = f"`{field}` names files, but this task has no folder"
            self.problems.append(Problem(line, what, "give a mapping of path to text"))
            return {}
        return read_attachments(named, self.folder)

    def inline(self, field: str, value: Mapping) -> dict[str, str]:
        texts: dict[str, str] = {}
        for key, item in value.items.items():
            line = value.lines[key]
            if not isinstance(item, Scalar):
                self.wrong_kind(f"{field}: {key}", item, "the file's text", line)
                continue
            texts[plain_path(key, f"{self.name}:{line}")] = item.text or ""
        if len(texts) > MAX_FILES or sum(map(len, texts.values())) > MAX_TOTAL_BYTES:
            self.problems.append(Problem(value.line, f"`{field}` holds too much", "name only what is needed"))
        return texts

    def env(self, value: Value, line: int) -> dict[str, str]:
        """A mapping of name to value, or a list of ``NAME=value``."""
        pairs: list[tuple[str, str, int]] = []
        if isinstance(value, Mapping):
            for key, item in value.items.items():
                if isinstance(item, Scalar):
                    pairs.append((key, item.text or "", value.lines[key]))
                else:
                    self.wrong_kind(f"env: {key}", item, "text", value.lines[key])
        elif isinstance(value, Listing) and all(isinstance(item, Scalar) for item in value.items):
            for item in value.items:
                name, _, text = str(getattr(item, "text", "") or "").partition("=")
                pairs.append((name, text, item.line))
        else:
            self.wrong_kind("env", value, "a mapping of name to value", line)
        for name, text, place in pairs:
            if not (name.isascii() and name.replace("_", "a").isalnum() and not name[0].isdigit()):
                self.problems.append(
                    Problem(
                        place, f"`{name}` cannot be an environment variable's name", "letters, digits and `_`"
                    )
                )
            if "\0" in text:
                self.problems.append(
                    Problem(place, f"the value of `{name}` holds a NUL character", "remove it")
                )
        return {name: text for name, text, _ in pairs}

    def limits(self, value: Value, line: int) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            self.wrong_kind("limits", value, "a mapping such as `seconds: 60`", line)
            return {}
        values: dict[str, Any] = {}
        for key, item in value.items.items():
            if key not in _LIMITS:
                self.unknown(key, _LIMITS, value.lines[key])
            elif not isinstance(item, Scalar) or item.text is None:
                self.wrong_kind(f"limits: {key}", item, "a number", value.lines[key])
            else:
                values[key] = item.text.replace("_", "")
        return values

    def settings(self, value: Value, line: int) -> dict[str, str | tuple[str, ...]]:
        """Model settings as text; which there are, and what they may be, the model's provider knows."""
        if not isinstance(value, Mapping):
            self.wrong_kind("settings", value, "a mapping such as `temperature: 0.2`", line)
            return {}
        values: dict[str, str | tuple[str, ...]] = {}
        for key, item in value.items.items():
            if isinstance(item, Scalar) and item.text is not None:
                values[key] = item.text
            elif isinstance(item, Listing) and all(
                isinstance(one, Scalar) and one.text for one in item.items
            ):
                values[key] = tuple(str(getattr(one, "text", "")) for one in item.items)
            else:
                self.wrong_kind(
                    f"settings: {key}", item, "text, a number or a list of text", value.lines[key]
                )
        return values

    def wrong_kind(self, field: str, value: Value, wanted: str, line: int) -> None:
        kinds = {Scalar: "text", Listing: "a list", Mapping: "a mapping"}
        given = "nothing" if isinstance(value, Scalar) and value.text is None else kinds[type(value)]
        self.problems.append(Problem(line, f"`{field}` must be {wanted}, but is {given}"))
        self.excused.add(field)


def _plain(names: Sequence[str], problem: Any) -> tuple[str, str]:
    return _what(": ".join(names), problem), ""


def _what(place: str, problem: Any) -> str:
    given = str(problem.get("input", ""))[:60]
    context = problem.get("ctx", {})
    match problem["type"]:
        case "string_too_short":
            return f"`{place}` is empty"
        case "int_parsing" | "int_from_float":
            return f"`{place}` must be a whole number, but is `{given}`"
        case "float_parsing":
            return f"`{place}` must be a number, but is `{given}`"
        case "greater_than":
            return f"`{place}` must be more than {context['gt']:g}, but is {given}"
        case "greater_than_equal":
            return f"`{place}` must be at least {context['ge']:g}, but is {given}"
        case "less_than_equal":
            return f"`{place}` must be at most {context['le']:,g}, but is {given}"
        case _:
            return f"`{place}`: {problem['msg']}"


def _nearby(path: Path) -> str:
    try:
        names = [child.name for child in path.parent.iterdir() if child.suffix in {".yaml", ".yml"}]
    except OSError:
        return ""
    near = difflib.get_close_matches(path.name, names, 1, 0.6)
    if near:
        return f"did you mean {path.parent / near[0]}?"
    return f"`backsmith init {path}` writes one to fill in"
