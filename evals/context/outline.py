"""One file's outline: what it defines, with signatures; what it imports; which words it uses. Pure.

Python, JavaScript, TypeScript, Go and Java are read by tree-sitter, as far as their definitions lie; of other
languages the lines that begin a definition are taken.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from evals.code.files import language_of
from evals.code.nodes import Language
from evals.context.models import DataModel, find_models, python_models

if TYPE_CHECKING:
    from tree_sitter import Node

LARGEST = 400_000
_LONGEST_TREE = 200_000
_WORDS_OF = 40_000
_IMPORTS_IN = 20_000
_LONGEST_SIGNATURE = 160
_MOST_ENTRIES = 400
_MOST_WORDS = 300
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]{2,60}")
_PARTS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
_LINE = re.compile(
    r"^(\s{0,8})((?:pub(?:\([a-z]+\))? |public |private |protected |internal |static |abstract |final |open |export "
    r"|async |override |sealed |data |unsafe )*(?:fn|func|def|class|struct|enum|trait|interface|impl|module|object"
    r"|record|function|type)\b[^\n{;]{1,200})"
)
_IMPORT = re.compile(
    r"^[ \t]*(?:from[ \t]+([\w.]+)[ \t]+import|import[ \t]+(?:static[ \t]+)?[\"']?([\w./@-]+)|use[ \t]+([\w:]+)"
    r"|\"([\w./-]+)\"$)|\brequire\([\"']([\w./@-]+)|\bfrom[ \t]+[\"']([\w./@-]+)[\"']",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One definition: its line (from 1), its signature on one line, and how deep it lies (0 or 1)."""

    line: int
    text: str
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Outline:
    """One file. ``words`` are the parts of its identifiers, in lower case, with their counts; ``names`` those of
    its signatures. ``serves``: it may
    define routes."""

    entries: tuple[Entry, ...] = ()
    imports: tuple[str, ...] = ()
    words: Mapping[str, int] = field(default_factory=dict)
    names: Mapping[str, int] = field(default_factory=dict)
    models: tuple[DataModel, ...] = ()
    lines: int = 0
    serves: bool = False


def outline(path: str, text: str) -> Outline:
    """The outline of one file."""
    lines = text.count("\n") + 1
    if len(text) > LARGEST:
        return Outline(lines=lines)
    language = language_of(path)
    entries: list[Entry] = []
    models: list[DataModel] = []
    root = _root(path, text, language) if language else None
    if root is not None:
        data = text.encode("utf-8", "replace")
        entries = list(_definitions(root, data, 0))
        if language == "python":
            models = list(python_models(root, data))
    elif language or path.endswith(_OTHERS):
        entries = list(_by_lines(text))
    return Outline(
        entries=tuple(entries[:_MOST_ENTRIES]),
        imports=tuple(dict.fromkeys(_imports(text))) if language else (),
        names=dict(word_parts(" ".join(entry.text for entry in entries))),
        words=dict(word_parts(text[:_WORDS_OF]).most_common(_MOST_WORDS)),
        models=tuple(models or find_models(path, text)),
        lines=lines,
        serves=bool(language) and any(sign in text for sign in _SERVES),
    )


_SERVES = (
    "@app.", "router.", "@bp.", "blueprint.", "api.", "urlpatterns", "app.get(", "app.post(", "app.use(", "app.put(",
    "app.delete(", ".GET(", ".POST(", ".PUT(", ".DELETE(", ".Group(", "Mapping(", "@Get(", "@Post(", "@Controller(",
    "include_router", "register_blueprint", "HandleFunc(",
)  # fmt: skip
_OTHERS = (".rs", ".rb", ".cs", ".kt", ".kts", ".php", ".scala", ".swift", ".ex", ".exs")


def word_parts(text: str) -> Counter[str]:
    """The parts of all identifiers and words of a text, in lower case, with their counts."""
    counts: Counter[str] = Counter()
    for name, count in Counter(_IDENTIFIER.findall(text)).items():
        for part in _split(name):
            counts[part] += count
    return counts


@lru_cache(maxsize=200_000)
def _split(name: str) -> tuple[str, ...]:
    parts = [part.lower() for part in _PARTS.findall(name) if len(part) > 2]
    return tuple(_stem(part) for part in parts)


def _stem(word: str) -> str:
    """A word without its plural or past: enough to let ``limits`` meet ``limit`` and ``limiting``."""
    for ending in ("ing", "ies", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) > 3:
            return word.removesuffix(ending) + ("y" if ending == "ies" else "")
    return word


def _imports(text: str) -> Iterator[str]:
    for match in _IMPORT.finditer(text, 0, _IMPORTS_IN):
        yield match[match.lastindex or 0]


def _root(path: str, text: str, language: Language) -> "Node | None":
    """The root of a file's tree; None where its grammar is not installed or it is too long to be read whole."""
    from evals.code.grammars import parser_for

    if len(text) > _LONGEST_TREE:
        return None
    try:
        return parser_for(path, language).parse(text.encode("utf-8", "replace")).root_node
    except ModuleNotFoundError:
        return None


def _short(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= _LONGEST_SIGNATURE else plain[: _LONGEST_SIGNATURE - 1] + "…"


_DEFINITIONS = frozenset(
    {
        "function_declaration", "generator_function_declaration", "class_declaration", "method_definition",
        "abstract_class_declaration", "interface_declaration", "type_alias_declaration", "enum_declaration",
        "method_declaration", "constructor_declaration", "record_declaration", "type_declaration",
        "function_definition", "class_definition",
    }
)  # fmt: skip
_WRAPPERS = frozenset(
    {
        "export_statement",
        "program",
        "source_file",
        "ambient_declaration",
        "internal_module",
        "decorated_definition",
    }
)
_BODIES = frozenset({"class_body", "interface_body", "enum_body", "block"})
_FUNCTIONS = frozenset(
    {"arrow_function", "function_expression", "function", "function_definition", "method_declaration",
     "function_declaration", "method_definition", "constructor_declaration", "generator_function_declaration"}
)  # fmt: skip


def _definitions(node: "Node", data: bytes, depth: int) -> Iterator[Entry]:
    for child in node.named_children:
        if child.type in _WRAPPERS:
            yield from _definitions(child, data, depth)
        elif child.type in {"lexical_declaration", "variable_declaration"}:
            yield from _assigned_functions(child, data, depth)
        elif child.type in _DEFINITIONS:
            yield Entry(child.start_point[0] + 1, _signature(child, data), depth)
            if depth == 0 and child.type not in _FUNCTIONS:
                for body in child.named_children:
                    if body.type in _BODIES:
                        yield from _definitions(body, data, 1)


def _assigned_functions(node: "Node", data: bytes, depth: int) -> Iterator[Entry]:
    """``const name = (...) => ...`` and its kin; other constants are no definitions."""
    for declarator in node.named_children:
        value = declarator.child_by_field_name("value")
        if value is not None and value.type in _FUNCTIONS:
            yield Entry(node.start_point[0] + 1, _signature(declarator, data, value), depth)


def _signature(node: "Node", data: bytes, holder: "Node | None" = None) -> str:
    body = (holder or node).child_by_field_name("body")
    stop = body.start_byte if body is not None else node.end_byte
    head = data[node.start_byte : min(stop, node.start_byte + 600)].decode("utf-8", "replace")
    if body is None:
        head = head.split("{", 1)[0]
    return _short(head.rstrip(" {=>:\n"))


def _by_lines(text: str) -> Iterator[Entry]:
    for number, line in enumerate(text.split("\n"), 1):
        if len(line) < 400 and (match := _LINE.match(line)):
            yield Entry(number, _short(match[2]), 1 if match[1] else 0)
