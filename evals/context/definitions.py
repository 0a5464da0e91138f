"""What one file defines: signatures and data models. Pure.

Python, JavaScript, TypeScript, Go and Java are read by tree-sitter, as far as their definitions lie; of other
languages the lines that begin a definition are taken. Only files that are to be shown are read so: of all others
their outline tells enough.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evals.code.files import language_of
from evals.code.nodes import Language
from evals.context.models import DataModel, find_models, python_models
from evals.context.outline import OTHER_CODE

if TYPE_CHECKING:
    from tree_sitter import Node

_LARGEST = 400_000
_LONGEST_TREE = 200_000
_LONGEST_SIGNATURE = 160
_MOST_ENTRIES = 400
_LINE = re.compile(
    r"^(\s{0,8})((?:pub(?:\([a-z]+\))? |public |private |protected |internal |static |abstract |final |open |export "
    r"|async |override |sealed |data |unsafe )*(?:fn|func|def|class|struct|enum|trait|interface|impl|module|object"
    r"|record|function|type)\b[^\n{;]{1,200})"
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One definition: its line (from 1), its signature on one line, and how deep it lies (0 or 1)."""

    line: int
    text: str
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Definitions:
    """All of one file."""

    entries: tuple[Entry, ...] = ()
    models: tuple[DataModel, ...] = ()


def definitions(path: str, text: str) -> Definitions:
    """What one file defines; nothing of one that no one wrote by hand."""
    if len(text) > _LARGEST:
        return Definitions()
    language = language_of(path)
    entries: list[Entry] = []
    models: list[DataModel] = []
    root = _root(path, text, language) if language else None
    if root is not None:
        data = text.encode("utf-8", "replace")
        entries = list(_definitions(root, data, 0))
        if language == "python":
            models = list(python_models(root, data))
    elif language or path.endswith(OTHER_CODE):
        entries = list(_by_lines(text))
    return Definitions(tuple(entries[:_MOST_ENTRIES]), tuple(models or find_models(path, text)))


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
        "function_definition", "class_definition", "function_item", "struct_item", "enum_item", "union_item",
        "trait_item", "impl_item", "mod_item", "type_item", "function_signature_item",
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
_BODIES = frozenset({"class_body", "interface_body", "enum_body", "block", "declaration_list"})
_FUNCTIONS = frozenset(
    {"arrow_function", "function_expression", "function", "function_definition", "method_declaration",
     "function_declaration", "method_definition", "constructor_declaration", "generator_function_declaration",
     "function_item"}
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
