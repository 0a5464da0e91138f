"""Data models in code: classes of SQLAlchemy, Django and Pydantic, Prisma, GORM, JPA, TypeORM, Mongoose, SQL tables.

Only what a model's data is: fields and constraints, no methods. Found file by file, by what stands in the text.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node

_LARGEST = 400_000
_MOST = 60
_MOST_LINES = 60


@dataclass(frozen=True, slots=True)
class DataModel:
    """One model: its kind (``sqlalchemy``, ...), name, place and text."""

    kind: str
    name: str
    line: int
    text: str


def find_models(path: str, text: str) -> Iterator[DataModel]:
    """The data models of one file, in order; of Python see ``python_models``."""
    if len(text) > _LARGEST:
        return
    yield from islice(_in_file(path, text), _MOST)


def _in_file(path: str, text: str) -> Iterator[DataModel]:
    match path.rpartition(".")[2].lower():
        case "prisma":
            yield from _braced(text, _PRISMA, "prisma")
        case "go":
            yield from (model for model in _braced(text, _STRUCT, "gorm") if "gorm" in model.text)
        case "java" | "kt":
            yield from _entities(text)
        case "ts" | "js" | "mts" | "mjs" | "cjs":
            yield from _entities(text)
            if "mongoose" in text:
                yield from _braced(text, _MONGOOSE, "mongoose")
            if "sequelize" in text.lower():
                yield from _braced(text, _SEQUELIZE, "sequelize")
        case "sql":
            yield from _tables(text)


_PRISMA = re.compile(r"^(?:model|enum)\s+(\w+)\s*\{", re.MULTILINE)
_STRUCT = re.compile(r"^type\s+(\w+)\s+struct\s*\{", re.MULTILINE)
_MONGOOSE = re.compile(r"^.{0,80}?\b(\w+)\s*=\s*new\s+(?:mongoose\.)?Schema\(\s*\{", re.MULTILINE)
_SEQUELIZE = re.compile(r"\.define\(\s*[\"'](\w+)[\"']\s*,\s*\{")
_TABLE = re.compile(
    r"^\s{0,8}CREATE\s+(?:UNLOGGED\s+|TEMP(?:ORARY)?\s+)?TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?([\w.\"`\[\]]{1,120})\s*\(",
    re.IGNORECASE | re.MULTILINE,
)


def _tables(text: str) -> Iterator[DataModel]:
    for match in _TABLE.finditer(text):
        end = text.find(";", match.end())
        body = text[match.start() : end + 1 if end >= 0 else match.end() + 2000]
        name = match[1].strip('"`[]')
        yield DataModel("sql", name, _line(text, match.start()), _bounded(body.strip("\n")))


def _braced(text: str, pattern: re.Pattern[str], kind: str) -> Iterator[DataModel]:
    """Blocks that a pattern begins and the brace that closes its last one ends."""
    for match in pattern.finditer(text):
        end = _closing(text, match.end())
        body = text[match.start() : end + 1]
        yield DataModel(kind, match[1], _line(text, match.start()), _bounded(body))


def _closing(text: str, at: int) -> int:
    """The brace that closes the one before ``at``, looking a bounded way ahead."""
    depth = 1
    for brace in re.compile(r"[{}]").finditer(text, at, at + 20_000):
        depth += 1 if brace[0] == "{" else -1
        if not depth:
            return brace.start()
    return min(len(text), at + 2000)


_ENTITY = re.compile(
    r"^@Entity\b[^\n]{0,200}\n(?:[ \t]*@[^\n]{0,200}\n)*[^\n]{0,200}?\bclass\s+(\w+)", re.MULTILINE
)
_FIELD = re.compile(
    r"^[ \t]+(?:@|(?:private|protected|public|readonly|val|var|lateinit)\b[^(\n]*[;=\n,]|\w+[?!]?:\s*[^({\n]+;)"
)


def _entities(text: str) -> Iterator[DataModel]:
    for match in _ENTITY.finditer(text):
        opening = text.find("{", match.end())
        if opening < 0:
            continue
        end = _closing(text, opening + 1)
        fields = [line for line in text[opening + 1 : end].split("\n") if _FIELD.match(line + "\n")]
        head = text[match.start() : match.end()]
        body = "\n".join([head + " {", *fields, "}"])
        yield DataModel("entity", match[1], _line(text, match.start()), _bounded(body))


_SQLALCHEMY = re.compile(r"\b(?:mapped_column|Column|relationship|Mapped)\b")
_DJANGO = re.compile(r"\bmodels\.\w+(?:Field|Key)\(")
_NAME = re.compile(r"[\w.]+")
_PYDANTIC = frozenset({"BaseModel", "SQLModel", "Schema", "BaseSchema", "RootModel"})


def python_models(root: "Node", data: bytes) -> Iterator[DataModel]:
    """The data models among the classes at the top of a Python file, from its tree."""
    for child in root.named_children:
        node = child.child_by_field_name("definition") if child.type == "decorated_definition" else child
        if node is not None and node.type == "class_definition":
            model = _python_class(node, data)
            if model is not None:
                yield model


def _python_class(node: "Node", data: bytes) -> DataModel | None:
    body = node.child_by_field_name("body")
    kept = [inner for inner in (body.named_children if body else []) if _is_field(inner)]
    if not kept or body is None:
        return None
    lines = [" " * inner.start_point[1] + _text(inner, data) for inner in kept]
    said = "\n".join(lines)
    bases = {
        name.rpartition(".")[2]
        for name in _NAME.findall(_text(node.child_by_field_name("superclasses"), data))
    }
    kind = (
        "django" if _DJANGO.search(said)
        else "sqlalchemy" if _SQLALCHEMY.search(said)
        else "pydantic" if bases & _PYDANTIC
        else ""
    )  # fmt: skip
    if not kind:
        return None
    head = data[node.start_byte : body.start_byte].decode("utf-8", "replace").rstrip()
    name = _text(node.child_by_field_name("name"), data)
    return DataModel(kind, name, node.start_point[0] + 1, _bounded("\n".join([head, *lines])))


def _is_field(node: "Node") -> bool:
    if node.type == "expression_statement":
        first = node.named_children[0] if node.named_children else None
        return first is not None and first.type == "assignment"
    return node.type == "class_definition"


def _text(node: "Node | None", data: bytes) -> str:
    return "" if node is None else data[node.start_byte : node.end_byte].decode("utf-8", "replace")


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1


def _bounded(text: str) -> str:
    lines = text.split("\n")
    return "\n".join(lines if len(lines) <= _MOST_LINES else [*lines[:_MOST_LINES], "..."])
