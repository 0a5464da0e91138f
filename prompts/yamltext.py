"""YAML as people write task files: plain trees of text with the line each came from.

Values stay the text that the person wrote (``framework: No`` is not ``False``, ``1.10`` is not ``1.1``);
pydantic reads numbers from text where a field is a number. Every error names file and line.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from prompts.errors import ConfigError

MAX_CHARS = 262_144
MAX_DEPTH = 16
MAX_NODES = 20_000

# libyaml's parser where the wheel has it: the same results, much faster.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value; ``text`` is ``None`` where the file says nothing (an empty value, ``~`` or ``null``).

    ``quoted``: it stands in quotes or as a block, so that it is text whatever it looks like.
    """

    text: str | None
    line: int
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Listing:
    """A list; ``span`` is for ``source``."""

    items: "tuple[Value, ...]"
    line: int
    span: "Span"


@dataclass(frozen=True, slots=True)
class Mapping:
    """A mapping with unique text keys; ``lines`` has the line of each key, ``span`` is for ``source``."""

    items: "dict[str, Value]"
    lines: dict[str, int]
    line: int
    span: "Span"


@dataclass(frozen=True, slots=True)
class Span:
    """Where a value stands in the text: offsets of its start and end, and the column it starts in."""

    start: int
    end: int
    column: int


Value = Scalar | Listing | Mapping


def read_mapping(
    text: str, name: str, what: str = "task file", begin: str = "task: what to build"
) -> Mapping:
    """The document in ``text`` (without a byte order mark), which has to be one mapping.

    ``name`` stands for the file in errors, ``what`` is its kind and ``begin`` a line that it may begin with. Raises
    ConfigError for a file over 256 KiB, more than 16 levels or 20,000 values (aliases counted as often as they are
    used), broken YAML, duplicate keys, several documents, and anything but a mapping.
    """
    if len(text) > MAX_CHARS:
        raise ConfigError(
            f"{name}: the {what} has {len(text):,} characters, the limit is {MAX_CHARS:,}",
            "keep long texts in files of their own, and name those",
        )
    root = _compose(text, name)
    if root is None:
        raise ConfigError(f"{name}: the {what} is empty", f"begin it with `{begin}`")
    value = _Reader(name).value(root, 0)
    if not isinstance(value, Mapping):
        kind = "a list" if isinstance(value, Listing) else "plain text"
        raise ConfigError(
            f"{name}:{value.line}: the {what} is {kind}, but must be a mapping of fields",
            f"begin it with `{begin}`",
        )
    return value


def line_at(root: Mapping, place: list[str]) -> int:
    """The line of the innermost value at ``place`` that the file shows."""
    value: Value = root
    line = 0
    for part in place:
        if isinstance(value, Mapping) and part in value.items:
            line, value = value.lines[part], value.items[part]
        elif isinstance(value, Listing) and part.isdigit() and int(part) < len(value.items):
            value = value.items[int(part)]
            line = value.line
        else:
            break
    return line


def source(text: str, span: Span) -> str:
    """What stands at ``span``, unindented, without the blank lines and comments that follow it."""
    lines = text[span.start : span.end].rstrip().split("\n")
    while len(lines) > 1 and lines[-1].lstrip().startswith("#"):
        lines.pop()
    return "\n".join(line.removeprefix(" " * span.column) for line in lines).rstrip()


def read_utf8(path: Path) -> str:
    """The text of a file, as far as ``read_mapping`` could take it.

    Raises OSError as opening does, and ConfigError with the line where the file is not UTF-8.
    """
    with path.open("rb") as file:
        data = file.read(4 * MAX_CHARS + 1)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path}:{line}: not UTF-8 text", "save the file as UTF-8") from None


def read_plain(path: Path) -> str:
    """As ``read_utf8``, without a byte order mark; raises ConfigError also where the file cannot be read."""
    try:
        return without_bom(read_utf8(path))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None


def without_bom(text: str) -> str:
    """``text`` without the byte order mark that some editors write."""
    return text.removeprefix("\ufeff")


def _compose(text: str, name: str) -> yaml.Node | None:
    try:
        _check_depth(text, name)
        return yaml.compose(text, Loader=_LOADER)  # type: ignore[no-any-return,unused-ignore]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{name}:{mark.line + 1}" if mark else name
        raise ConfigError(f"{place}: {_plain_problem(error, text)}", _yaml_hint(error, text)) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, int(error.position)) + 1
        raise ConfigError(
            f"{name}:{line}: the character U+{_code_point(error.character):04X} may not stand in YAML"
        ) from None
    except yaml.YAMLError as error:
        raise ConfigError(f"{name}: not readable as YAML: {error}") from None


def _check_depth(text: str, name: str) -> None:
    """Composing recurses; so the depth is counted first, on events, which do not."""
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        mark: Any = event.start_mark
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            raise ConfigError(f"{name}:{mark.line + 1}: nested more than {MAX_DEPTH} levels deep")


def _plain_problem(error: yaml.MarkedYAMLError, text: str) -> str:
    problem = error.problem or "not readable as YAML"
    if "\\t" in problem or _line_has_tab(error, text):
        return "a tab stands where YAML wants spaces"
    if "expected a single document" in problem or "expected a single document" in (error.context or ""):
        return "the file holds several YAML documents (`---`), where one is wanted"
    if "undefined alias" in problem:
        return f"{problem} (text that begins with `*` needs quotes)"
    return f"not readable as YAML: {problem}"


def _yaml_hint(error: yaml.MarkedYAMLError, text: str) -> str:
    if _line_has_tab(error, text):
        return "indent with spaces"
    mark = error.problem_mark or error.context_mark
    line = text.split("\n")[mark.line] if mark and mark.line < text.count("\n") + 1 else ""
    if line.lstrip().startswith("- ") or ": " in line:
        return "put the text in double quotes when it holds `: `, `#`, `{`, `[`, `*`, `&` or a quote"
    return ""


def _line_has_tab(error: yaml.MarkedYAMLError, text: str) -> bool:
    mark = error.problem_mark or error.context_mark
    if not mark:
        return False
    lines = text.split("\n")
    line = lines[mark.line] if mark.line < len(lines) else ""
    return "\t" in line[: len(line) - len(line.lstrip())]


def _code_point(character: object) -> int:
    return character if isinstance(character, int) else ord(str(character)[:1])


class _Reader:
    """Turns YAML nodes into values. Aliases are followed, but their nodes count each time."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.nodes = 0

    def value(self, node: yaml.Node, depth: int) -> Value:
        line = node.start_mark.line + 1
        self.nodes += 1
        if self.nodes > MAX_NODES or depth > MAX_DEPTH:
            raise ConfigError(
                f"{self.name}:{line}: too many values (the limit is {MAX_NODES:,} and {MAX_DEPTH} levels, "
                "with every use of an alias counted)"
            )
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, depth)
        if isinstance(node, yaml.SequenceNode):
            items = tuple(self.value(item, depth + 1) for item in node.value)
            return Listing(items, line, _span(node))
        plain = not getattr(node, "style", None)
        text = str(node.value)
        return Scalar(None if plain and text in _NULLS else text, line, not plain)

    def mapping(self, node: yaml.MappingNode, depth: int) -> Mapping:
        items: dict[str, Value] = {}
        lines: dict[str, int] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                raise ConfigError(f"{self.name}:{line}: a list or mapping cannot be the name of a field")
            key = str(key_node.value)
            if key in items:
                raise ConfigError(
                    f"{self.name}:{line}: `{key}` is given twice (first on line {lines[key]})",
                    "remove one of the two",
                )
            items[key] = self.value(value_node, depth + 1)
            lines[key] = line
        return Mapping(items, lines, node.start_mark.line + 1, _span(node))


def _span(node: yaml.Node) -> Span:
    return Span(node.start_mark.index, node.end_mark.index, node.start_mark.column)
