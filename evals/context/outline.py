"""One file's outline: what it defines, with signatures; what it imports; which words it uses. Pure.

Python is read by its own parser, JavaScript, TypeScript, Go and Java by tree-sitter; of other languages the lines
that begin a definition are taken. Code that cannot be parsed has the outline that its lines give.
"""

import re
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from evals.code.files import language_of
from evals.code.nodes import Language
from evals.context.models import DataModel, find_models

if TYPE_CHECKING:
    import ast

    from tree_sitter import Node

LARGEST = 400_000
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
    r"^\s*(?:from\s+([\w.]+)\s+import|import\s+(?:static\s+)?[\"']?([\w./@-]+)|.{0,200}?\b(?:require\(|from\s+)[\"']([\w./@-]+)"
    r"|use\s+([\w:]+)|\"([\w./-]+)\"$)"
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One definition: its line (from 1), its signature on one line, and how deep it lies (0 or 1)."""

    line: int
    text: str
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Outline:
    """One file. ``words`` are the parts of its identifiers, in lower case, with their counts."""

    entries: tuple[Entry, ...] = ()
    imports: tuple[str, ...] = ()
    words: tuple[tuple[str, int], ...] = ()
    models: tuple[DataModel, ...] = ()
    lines: int = 0


def outline(path: str, text: str) -> Outline:
    """The outline of one file."""
    lines = text.count("\n") + 1
    if len(text) > LARGEST:
        return Outline(lines=lines)
    language = language_of(path)
    entries: list[Entry] | None = None
    if language == "python":
        entries = _python(text)
    elif language is not None:
        entries = _by_grammar(path, text, language)
    if entries is None:
        entries = list(_by_lines(text)) if language or path.endswith(_OTHERS) else []
    return Outline(
        entries=tuple(entries[:_MOST_ENTRIES]),
        imports=tuple(dict.fromkeys(_imports(text))) if language else (),
        words=tuple(_words(text)),
        models=tuple(find_models(path, text)),
        lines=lines,
    )


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


def _words(text: str) -> list[tuple[str, int]]:
    return word_parts(text).most_common(_MOST_WORDS)


def _imports(text: str) -> Iterator[str]:
    for line in text.split("\n")[:400]:
        if len(line) < 300 and (match := _IMPORT.match(line)):
            yield next(group for group in match.groups() if group)


def _python(text: str) -> list[Entry] | None:
    import ast

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    lines = text.split("\n")
    entries: list[Entry] = []
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            entries.append(_python_entry(node, lines, 0))
        if isinstance(node, ast.ClassDef):
            inner = (n for n in node.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))
            entries += [_python_entry(n, lines, 1) for n in inner]
    return entries


def _python_entry(
    node: "ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef", lines: list[str], depth: int
) -> Entry:
    stop = max(node.lineno, node.body[0].lineno - 1)
    head = " ".join(line.strip() for line in lines[node.lineno - 1 : min(stop, node.lineno + 12)])
    # A body on the same line, a comment or a docstring's line is none of the signature.
    end = re.search(r":\s*(?:#.*|\"\"\".*|\.\.\.|pass)?$", head)
    return Entry(node.lineno, _short(head[: end.start()] if end else head.rstrip(":")), depth)


def _short(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= _LONGEST_SIGNATURE else plain[: _LONGEST_SIGNATURE - 1] + "…"


_DEFINITIONS = frozenset(
    {
        "function_declaration", "generator_function_declaration", "class_declaration", "method_definition",
        "abstract_class_declaration", "interface_declaration", "type_alias_declaration", "enum_declaration",
        "method_declaration", "constructor_declaration", "record_declaration", "type_declaration",
        "lexical_declaration", "expression_statement",
    }
)  # fmt: skip
_WRAPPERS = frozenset(
    {"export_statement", "program", "source_file", "ambient_declaration", "internal_module"}
)
_BODIES = frozenset({"class_body", "interface_body", "enum_body"})
_FUNCTIONS = frozenset({"arrow_function", "function_expression", "function"})


def _by_grammar(path: str, text: str, language: Language) -> list[Entry] | None:
    from evals.code.grammars import parser_for

    data = text.encode("utf-8", "replace")
    try:
        root = parser_for(path, language).parse(data).root_node
    except ModuleNotFoundError:
        return None
    return list(_definitions(root, data, 0))


def _definitions(node: "Node", data: bytes, depth: int) -> Iterator[Entry]:
    for child in node.named_children:
        if child.type in _WRAPPERS:
            yield from _definitions(child, data, depth)
        elif child.type in {"lexical_declaration", "variable_declaration"}:
            yield from _assigned_functions(child, data, depth)
        elif child.type == "expression_statement":
            continue
        elif child.type in _DEFINITIONS:
            yield Entry(child.start_point[0] + 1, _signature(child, data), depth)
            if depth == 0:
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
    return _short(head.rstrip(" {=>\n"))


def _by_lines(text: str) -> Iterator[Entry]:
    for number, line in enumerate(text.split("\n"), 1):
        if len(line) < 400 and (match := _LINE.match(line)):
            yield Entry(number, _short(match[2]), 1 if match[1] else 0)
