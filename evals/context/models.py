"""Data models in code: classes of SQLAlchemy, Django and Pydantic, Prisma, GORM, JPA, TypeORM, Mongoose, SQL tables.

Only what a model's data is: fields and constraints, no methods. Found file by file, by what stands in the text.
"""

import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

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
    """The data models of one file, in order."""
    if len(text) > _LARGEST:
        return
    yield from islice(_in_file(path, text), _MOST)


def _in_file(path: str, text: str) -> Iterator[DataModel]:
    match path.rpartition(".")[2].lower():
        case "py" if "class " in text:
            yield from _python(text)
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
_PYDANTIC = frozenset({"BaseModel", "SQLModel", "Schema", "BaseSchema", "RootModel"})


def _python(text: str) -> Iterator[DataModel]:
    import ast

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    lines = text.split("\n")
    for node in tree.body:
        if not isinstance(node, ast.ClassDef):
            continue
        kept = [n for n in node.body if isinstance(n, ast.Assign | ast.AnnAssign | ast.ClassDef)]
        if not kept:
            continue
        body = [line for n in kept for line in lines[n.lineno - 1 : n.end_lineno]]
        said = "\n".join(body)
        bases = {base.id if isinstance(base, ast.Name) else getattr(base, "attr", "") for base in node.bases}
        kind = (
            "django" if _DJANGO.search(said)
            else "sqlalchemy" if _SQLALCHEMY.search(said)
            else "pydantic" if bases & _PYDANTIC
            else ""
        )  # fmt: skip
        if kind:
            head = lines[node.lineno - 1].rstrip()
            yield DataModel(kind, node.name, node.lineno, _bounded("\n".join([head, *body])))


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1


def _bounded(text: str) -> str:
    lines = text.split("\n")
    return "\n".join(lines if len(lines) <= _MOST_LINES else [*lines[:_MOST_LINES], "..."])
