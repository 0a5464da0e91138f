"""Fields that callers send, and what their declared types check of them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from evals.code import nodes as n
from evals.code.project import Found, Project


class Care(IntEnum):
    """How closely a field is looked at."""

    NONE = 0
    PRESENCE = 1
    """Only that it is there."""
    TYPE = 2
    """Its type alone."""
    LIMITS = 3
    """Its format, length or range too, or its type leaves nothing open."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field, parameter or header. ``kind`` is ``text``, ``number`` or ``other``."""

    name: str
    path: str
    line: int
    care: Care
    kind: str = "other"
    place: str = "body"


_LIMITS = frozenset(
    ("min_length", "max_length", "ge", "gt", "le", "lt", "pattern", "regex", "multiple_of", "max_digits",
     "decimal_places", "min_items", "max_items", "validate", "choices", "strict")
)  # fmt: skip
_CLOSED = frozenset(
    ("EmailStr", "HttpUrl", "AnyUrl", "AnyHttpUrl", "UUID", "UUID4", "datetime", "date", "time", "bool", "Literal",
     "PositiveInt", "NonNegativeInt", "PositiveFloat", "NonNegativeFloat", "conint", "constr", "confloat", "condecimal",
     "conlist", "SecretStr_", "IPvAnyAddress", "NameEmail", "PastDate", "FutureDate", "AwareDatetime", "ObjectId",
     "PydanticObjectId", "PositiveDecimal", "StrictBool", "UploadFile", "timedelta")
)  # fmt: skip
_TEXTS = frozenset({"str", "string", "String", "StrictStr", "SecretStr", "bytes", "Optional_str"})
_NUMBERS = frozenset(
    {"int", "float", "Decimal", "number", "int64", "int32", "float64", "uint", "Integer", "Long", "StrictInt"}
)
_OPEN = frozenset({"dict", "Dict", "Any", "object", "Mapping", "MutableMapping", "any"})
_MODEL_BASES = re.compile(
    r"BaseModel|SQLModel|Schema$|TypedDict|Struct$|RootModel|Base$|Model$|In$|Create$|Request$|Serializer$|Form$"
)


class FieldTypes:
    """Reads models and annotations."""

    def __init__(self, project: Project) -> None:
        self.project = project

    def model(self, module: n.Module, annotation: n.Expr | None) -> Found | None:
        """The model that a parameter's type names, lists and options looked through."""
        for item in n.walk(annotation) if annotation is not None else ():
            if isinstance(item, n.Name):
                found = self.project.lookup(module, item.id)
                if found is not None and isinstance(found.node, n.Class) and self.is_model(found):
                    return found
        return None

    def is_model(self, found: Found, hops: int = 4) -> bool:
        """Whether a class checks what it is made from."""
        if not isinstance(found.node, n.Class) or not hops:
            return False
        for base in found.node.bases:
            parent = self.project.lookup(found.module, n.last(base))
            if parent is not None and isinstance(parent.node, n.Class) and self.is_model(parent, hops - 1):
                return True
            if n.last(base) in {
                "BaseModel",
                "SQLModel",
                "Schema",
                "Struct",
                "RootModel",
                "TypedDict",
                "Serializer",
            }:
                return True
        return False

    def model_fields(self, found: Found, hops: int = 4) -> Iterator[Field]:
        """The fields of a model with those of its bases."""
        if not isinstance(found.node, n.Class) or not hops:
            return
        for base in found.node.bases:
            parent = self.project.lookup(found.module, n.last(base))
            if parent is not None and self.is_model(parent):
                yield from self.model_fields(parent, hops - 1)
        checked, whole = _validators(found.node)
        for stmt in found.node.body:
            if not (isinstance(stmt, n.Assign) and stmt.annotation is not None):
                continue
            name = n.last(stmt.targets[0])
            if name.startswith("_") or name == "model_config" or n.last(stmt.annotation) == "ClassVar":
                continue
            nested = self.model(found.module, stmt.annotation)
            if nested is not None and nested.node is not found.node:
                yield from self.model_fields(nested, hops - 1)
                continue
            care, kind = self.care(found.module, stmt.annotation, stmt.value)
            if name in checked or "*" in checked or name in whole:
                care = Care.LIMITS
            yield Field(name, found.module.path, stmt.line, care, kind)

    def care(
        self, module: n.Module, annotation: n.Expr, default: n.Expr | None, hops: int = 4
    ) -> tuple[Care, str]:
        """What a declared type and its options check."""
        for option in (default, annotation):
            for item in n.walk(option) if option is not None else ():
                if isinstance(item, n.Call) and any(key in _LIMITS for key, _ in item.keywords):
                    return Care.LIMITS, _kind(annotation)
                if isinstance(item, n.Call) and n.last(item.func).endswith("Validator"):
                    return Care.LIMITS, _kind(annotation)
        kinds: list[str] = []
        best = Care.TYPE
        for item in n.walk(annotation):
            name = n.last(item) if isinstance(item, (n.Name, n.Attr)) else ""
            if name in _CLOSED:
                best = Care.LIMITS
            elif name in _OPEN:
                return Care.NONE, "other"
            elif name in _TEXTS | _NUMBERS:
                kinds.append("text" if name in _TEXTS else "number")
            elif isinstance(item, n.Name) and hops:
                found = self.project.lookup(module, item.id)
                if found is not None and isinstance(found.node, n.Class):
                    best = Care.LIMITS  # an enumeration, or a model of its own
                elif found is not None and isinstance(found.node, n.Assign) and found.node.value is not None:
                    care, kind = self.care(found.module, found.node.value, None, hops - 1)
                    best, kinds = max(best, care), [*kinds, kind]
        return best, kinds[0] if kinds else "other"


def opens(annotation: n.Expr) -> bool:
    """Whether a type lets anything through: ``dict``, ``Any``."""
    return any(n.last(i) in _OPEN for i in n.walk(annotation) if isinstance(i, (n.Name, n.Attr)))


def _kind(annotation: n.Expr) -> str:
    names = {n.last(i) for i in n.walk(annotation) if isinstance(i, (n.Name, n.Attr))}
    return "text" if names & _TEXTS else "number" if names & _NUMBERS else "other"


def is_text(annotation: n.Expr | None) -> bool:
    """Whether a type is one of text."""
    return n.last(annotation).lstrip("*") in _TEXTS


def _validators(model: n.Class) -> tuple[set[str], set[str]]:
    """The fields that validators name, and those that a validator of the whole model looks at."""
    named: set[str] = set()
    whole: set[str] = set()
    for method in (s for s in model.body if isinstance(s, n.Function)):
        for decorator in method.decorators:
            if not isinstance(decorator, n.Call):
                continue
            if n.last(decorator.func) in {"field_validator", "validator", "validates"}:
                named |= {str(a.value) for a in decorator.args if isinstance(a, n.Const)}
            elif n.last(decorator.func) in {"model_validator", "root_validator"}:
                whole |= {n.last(i) for i in n.inside(method) if isinstance(i, n.Attr)}
    return named, whole
