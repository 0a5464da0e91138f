"""Which declared types keep SQL out: numbers, dates, identifiers, enumerations, texts of a limited pattern."""

import re

from evals.code import nodes as n
from evals.code.project import Project

_SAFE_TYPES = frozenset(
    ("int", "float", "bool", "Decimal", "UUID", "date", "datetime", "time", "timedelta", "Literal",
     "PositiveInt", "NonNegativeInt", "conint", "UUID4", "number", "boolean", "int64", "int32", "uint",
     "uint64", "float64", "Long", "Integer", "Double", "Boolean", "i32", "i64", "u32", "u64", "usize", "f64",
     "Uuid", "LocalDate", "Path_", "long", "double", "Session", "AsyncSession", "Connection", "time.Time",
     "uuid.UUID", "ObjectId", "PydanticObjectId")
)  # fmt: skip
_SAFE_SCHEMAS = frozenset(
    ("number", "int", "bigint", "boolean", "date", "uuid", "guid", "cuid", "ulid", "enum", "nativeEnum", "literal",
    "valid", "oneOf", "equal")
)  # fmt: skip
_ENUMS = frozenset({"Enum", "StrEnum", "IntEnum", "TextChoices", "IntegerChoices", "Flag"})


class Types:
    """Reads the annotations of one project."""

    def __init__(self, project: Project) -> None:
        self.project = project

    def safe_type(self, module: n.Module, annotation: n.Expr, hops: int = 3) -> bool:
        """Whether values of a type cannot hold SQL: numbers, dates, identifiers, enumerations, limited texts."""
        if isinstance(annotation, n.Const):
            return annotation.value is None
        if isinstance(annotation, n.Index):
            name = n.last(annotation.base)
            if name == "Literal":
                return True
            inner = annotation.key.items if isinstance(annotation.key, n.Group) else (annotation.key,)
            if name == "Annotated":
                return any(pattern_limits(i) for i in inner[1:]) or self.safe_type(module, inner[0], hops)
            return name in {
                "Optional",
                "list",
                "List",
                "set",
                "tuple",
                "Union",
                "Query",
                "Path",
                "Sequence",
            } and all(self.safe_type(module, i, hops) for i in inner)
        if isinstance(annotation, n.Other) and annotation.kind in {"bitor", "|", "union_type"}:
            return all(self.safe_type(module, part, hops) for part in annotation.parts)
        name = n.last(annotation).lstrip("*[]")
        if name in _SAFE_TYPES:
            return True
        found = self.project.lookup(module, name) if name and hops else None
        if found is None:
            return False
        if isinstance(found.node, n.Class):
            return any(n.last(base) in _ENUMS for base in found.node.bases)
        alias = found.node.value if isinstance(found.node, n.Assign) else None
        return alias is not None and self.safe_type(found.module, alias, hops - 1)

    def class_of(self, module: n.Module, annotation: n.Expr | None) -> str:
        if annotation is None:
            return ""
        for item in n.walk(annotation):
            if isinstance(item, n.Name):
                found = self.project.lookup(module, item.id.lstrip("*[]&"))
                if found is not None and isinstance(found.node, n.Class):
                    return found.node.name
        return ""

    def schema(self, module: n.Module, name: str) -> n.Group | None:
        """The fields of ``const name = z.object({...})`` and its kin."""
        found = self.project.lookup(module, name)
        value = found.node.value if found is not None and isinstance(found.node, n.Assign) else None
        while isinstance(value, n.Call):
            if n.last(value.func) in {"object", "strictObject", "shape"} and value.args:
                return value.args[0] if isinstance(value.args[0], n.Group) else None
            value = value.func.base if isinstance(value.func, n.Attr) else None
        return None

    def safe_field(self, kind: str, name: str, module: n.Module) -> bool:
        """Whether a field of one of the project's classes has a type that cannot hold SQL."""
        schema = self.schema(module, kind)
        if schema is not None:
            fields = zip(schema.keys, schema.items, strict=False)
            return any(isinstance(k, n.Const) and k.value == name and _limited(v) for k, v in fields)
        found = self.project.lookup(module, kind) or self.project.only_class(kind)
        for _ in range(4):
            if found is None or not isinstance(found.node, n.Class):
                return False
            for stmt in found.node.body:
                if (
                    isinstance(stmt, n.Assign)
                    and n.last(stmt.targets[0]) == name
                    and stmt.annotation is not None
                ):
                    return self.safe_type(found.module, stmt.annotation) or pattern_limits(stmt.value)
            base = next((n.last(b) for b in found.node.bases), "")
            found = self.project.lookup(found.module, base) if base else None
        return False


def _limited(field: n.Expr) -> bool:
    """Whether ``z.coerce.number()``, ``Joi.string().valid("a", "b")`` and their kin let no text of SQL through."""
    while isinstance(field, n.Call):
        if n.last(field.func) in _SAFE_SCHEMAS:
            return True
        field = field.func.base if isinstance(field.func, n.Attr) else field.func
    return False


def pattern_limits(expr: n.Expr | None) -> bool:
    """Whether ``Query(pattern="^(asc|desc)$")`` and its kin keep out what SQL is written with."""
    if not isinstance(expr, n.Call):
        return False
    options = dict(expr.keywords)
    pattern = options.get("pattern") or options.get("regex")
    return isinstance(pattern, n.Const) and isinstance(pattern.value, str) and excludes_sql(pattern.value)


def excludes_sql(pattern: str) -> bool:
    """Whether a regular expression, anchored or not, matches nothing that holds a quote, a blank or a semicolon."""
    if len(pattern) > 300 or not pattern.endswith(("$", r"\Z", r"\z")):
        return False
    try:
        known = re.compile(pattern.removesuffix(r"\z"))
    except (re.error, OverflowError, RecursionError):
        return False
    return not any(known.search(probe) for probe in ("'", "a'b", "a b", "1;", 'a"', "a`", "x--", "(a)", "a'"))
