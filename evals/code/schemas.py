"""JavaScript's schema libraries (zod, Joi, yup, express-validator): which fields a schema has, and what it asks."""

from collections.abc import Iterator

from evals.code import nodes as n
from evals.code.fields import Care, Field
from evals.code.project import Found, Project
from evals.code.reach import reached
from evals.code.routes import Route

_PARSES = frozenset(
    {
        "parse",
        "safeParse",
        "parseAsync",
        "safeParseAsync",
        "validate",
        "validateAsync",
        "validateSync",
        "cast",
    }
)
_KINDS = {"string": "text", "number": "number", "bigint": "number"}
_CLOSED = frozenset(
    {"enum", "nativeEnum", "literal", "uuid", "email", "url", "boolean", "date", "datetime", "valid", "guid"}
)
_LIMITS = _CLOSED | frozenset(
    ("min", "max", "length", "regex", "pattern", "refine", "superRefine", "int", "integer", "positive",
     "nonnegative", "gt", "gte", "lt", "lte", "negative", "multipleOf", "less", "greater", "isEmail",
     "isLength", "isInt", "isFloat", "isURL", "isUUID", "isIn", "matches", "isAlphanumeric", "custom",
     "nonempty", "alphanum", "uri", "precision", "oneOf", "cuid", "startsWith", "isISO8601", "isNumeric",
     "isDecimal", "isBoolean", "test")
)  # fmt: skip
_OBJECTS = frozenset({"object", "keys", "strictObject", "looseObject"})


class Schemas:
    """Finds the schemas that routes check their input with."""

    def __init__(self, project: Project) -> None:
        self.project = project

    def of(self, route: Route) -> list[Field]:
        """The fields of the schemas that a route's handler, or a middleware before it, applies."""
        if route.handler is None or route.handler.module.language not in {"javascript", "typescript"}:
            return []
        found: dict[tuple[str, str], Field] = {}
        for current in reached(self.project, route.handler, 2):
            if not isinstance(current.node, n.Function):
                continue
            for item in n.inside(current.node):
                if (
                    isinstance(item, n.Call)
                    and isinstance(item.func, n.Attr)
                    and item.func.name in _PARSES
                    and item.args
                ):
                    place = _place(item.args[0])
                    for field in self._fields(current, item.func.base, place, 8):
                        found.setdefault((field.place, field.name), field)
        for field in self._middleware(route):
            found.setdefault((field.place, field.name), field)
        return list(found.values())

    def _middleware(self, route: Route) -> Iterator[Field]:
        """``router.post("/x", validate(schema), body("email").isEmail(), handler)``."""
        module = self.project.modules.get(route.file)
        if module is None:
            return
        for item in n.inside(module):
            if not (
                isinstance(item, n.Call)
                and item.line == route.line
                and n.last(item.func) == route.method.lower()
            ):
                continue
            flat = [i for a in item.args for i in (a.items if isinstance(a, n.Group) else (a,))]
            for arg in flat:
                names, root = _chain(arg)
                if (
                    isinstance(root, n.Call)
                    and n.last(root.func) in {"body", "check", "query", "param"}
                    and root.args
                ):
                    key = root.args[0]
                    if isinstance(key, n.Const) and isinstance(key.value, str):
                        care = Care.LIMITS if names & _LIMITS else Care.PRESENCE
                        place = {"query": "query", "param": "path"}.get(n.last(root.func), "body")
                        yield Field(key.value, route.file, arg.line, care, "text", place)
                elif isinstance(arg, n.Call):
                    for inner in arg.args:
                        yield from self._fields(Found(module, None), inner, "body", 8)

    def _fields(self, found: Found, expr: n.Expr, place: str, hops: int) -> Iterator[Field]:
        """The fields of the object schema behind an expression."""
        if not hops:
            return
        if isinstance(expr, (n.Name, n.Attr)) and not (
            isinstance(expr, n.Attr) and isinstance(expr.base, n.Call)
        ):
            target = self._resolve(found.module, expr)
            if target is not None and isinstance(target.node, n.Assign) and target.node.value is not None:
                yield from self._fields(target, target.node.value, place, hops - 1)
            return
        current: n.Expr = expr
        for _ in range(16):
            if not isinstance(current, n.Call):
                return
            if n.last(current.func) in _OBJECTS | {"extend", "merge", "shape"} and current.args:
                first = current.args[0]
                if isinstance(first, n.Group) and first.kind == "dict":
                    yield from self._entries(found, first, place)
                else:
                    yield from self._fields(found, first, place, hops - 1)
            if isinstance(current.func, n.Attr):
                if not isinstance(current.func.base, n.Call):
                    if n.last(current.func) not in _OBJECTS:
                        yield from self._fields(found, current.func.base, place, hops - 1)
                    return
                current = current.func.base
            else:
                return

    def _entries(self, found: Found, group: n.Group, place: str) -> Iterator[Field]:
        for key, value in zip(group.keys, group.items, strict=False):
            if isinstance(key, n.Const) and isinstance(key.value, str):
                names = self._names(found, value, 5)
                kind = next((k for word, k in _KINDS.items() if word in names), "other")
                care = Care.LIMITS if names & _LIMITS else Care.NONE if "any" in names else Care.TYPE
                yield Field(key.value, found.module.path, key.line, care, kind, place)

    def _names(self, found: Found, expr: n.Expr, hops: int) -> set[str]:
        """All names that are called on the way to a field's schema, through the project's own constants."""
        names: set[str] = set()
        for item in n.walk(expr):
            if isinstance(item, n.Attr):
                names.add(item.name)
            if isinstance(item, (n.Name, n.Attr)) and hops:
                target = self._resolve(found.module, item)
                if target is None or target.whole:
                    continue
                if isinstance(target.node, n.Assign) and target.node.value is not None:
                    names |= self._names(target, target.node.value, hops - 1)
                elif isinstance(target.node, n.Function):
                    for inner in target.node.body:
                        if isinstance(inner, n.Return) and inner.value is not None:
                            names |= self._names(target, inner.value, hops - 1)
        return names

    def _resolve(self, module: n.Module, expr: n.Expr) -> Found | None:
        if isinstance(expr, n.Name):
            return self.project.callee(module, expr) if expr.id not in {"z", "Joi", "yup"} else None
        if isinstance(expr, n.Attr) and isinstance(expr.base, n.Name):
            holder = self.project.lookup(module, expr.base.id)
            if holder is not None and holder.whole:
                return self.project.exported(holder.module, expr.name)
        return None


def _chain(expr: n.Expr) -> tuple[set[str], n.Expr]:
    """The methods of ``a(...).b().c()``, and ``a(...)``."""
    names: set[str] = set()
    for _ in range(24):
        if isinstance(expr, n.Call) and isinstance(expr.func, n.Attr) and isinstance(expr.func.base, n.Call):
            names.add(expr.func.name)
            expr = expr.func.base
        else:
            break
    return names, expr


def _place(expr: n.Expr) -> str:
    return {"query": "query", "params": "path"}.get(n.last(expr), "body")
