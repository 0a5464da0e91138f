"""The fields that handlers take from requests by themselves: ``data["x"]``, ``body.x``, ``c.Query("x")``, structs."""

import re
from collections.abc import Iterator

from evals.code import nodes as n
from evals.code.field_tests import FieldTests
from evals.code.fields import Care, Field, is_text
from evals.code.project import Found, Project
from evals.code.reach import reached
from evals.code.sql_knowledge import GIN_READS, is_request

_SCHEMAS = re.compile(
    r"^(parse|safeParse|parseAsync|safeParseAsync|validate|validateSync|validateAsync|validated|load|loads|model_validate|parse_obj"
    r"|validate_python|validate_json|model_validate_json|is_valid|check|assert|validateOrReject|Struct|validate_on_submit|celebrate"
    r"|validationResult|matchedData|checkSchema|ShouldBindAndValidate|compile|convert|from_dict|structure|cast)$"
)
_FILLS = re.compile(r"bind|decode|unmarshal|bodyparser|readjson|parsebody", re.IGNORECASE)
_READ_CALLS = frozenset({"get_json", "json", "form", "getJSON"})


class FieldReads:
    """Reads handlers that parse their requests."""

    def __init__(self, project: Project, tests: FieldTests) -> None:
        self.project = project
        self._tests = tests

    def of(self, found: Found) -> tuple[list[Field], bool]:
        """The fields that a handler and what it reaches read, and whether a schema checks the whole."""
        functions = [f for f in reached(self.project, found, 3) if isinstance(f.node, n.Function)]
        fields: dict[str, Field] = {}
        schema = False
        passed: dict[int, dict[str, str]] = {}
        for current in functions:
            function = current.node
            if not isinstance(function, n.Function):
                continue
            calls = n.only(function, n.Call)
            schema |= any(_is_schema_call(call) for call in calls)
            bodies = self._bodies(current, function, calls, passed)
            for name, line, place in _reads(function, current.module.language, bodies):
                care = max((self._tests.care(f, name) for f in functions), default=Care.NONE)
                old = fields.get(name)
                if old is None or old.care < care:
                    fields[name] = Field(name, current.module.path, line, care, "other", place)
            for struct in self._bound(current, function, calls):
                for field in self._struct(struct, functions):
                    fields.setdefault(field.name, field)
        return list(fields.values()), schema

    def _bodies(
        self, found: Found, function: n.Function, calls: tuple[n.Call, ...], passed: dict[int, dict[str, str]]
    ) -> dict[str, str]:
        """The variables that hold parts of the request; what is passed on is noted for the functions called."""
        bodies = dict(passed.get(id(function), {}))
        for item in n.only(function, n.Assign):
            if item.value is not None and isinstance(item.targets[0], n.Name):
                source = _source(item.value) or self._fetched(found, item.value)
                if source:
                    bodies[item.targets[0].id] = source
        for call in calls:
            if not any(isinstance(arg, n.Name) and arg.id in bodies for arg in call.args):
                continue
            inner = self.project.callee(found.module, call.func, function.owner, function.receiver)
            if inner is not None and isinstance(inner.node, n.Function):
                pairs = zip(inner.node.params, call.args, strict=False)
                taken = {p.name: bodies[a.id] for p, a in pairs if isinstance(a, n.Name) and a.id in bodies}
                passed.setdefault(id(inner.node), {}).update(taken)
        return bodies

    def _fetched(self, found: Found, value: n.Expr) -> str:
        """A helper of the project that gives the request's body."""
        if not isinstance(value, n.Call) or value.args:
            return ""
        inner = self.project.callee(found.module, value.func)
        if inner is None or not isinstance(inner.node, n.Function):
            return ""
        sources = (_source(i) for i in n.only(inner.node, n.Call))
        return "body" if any(sources) else ""

    def _bound(self, found: Found, function: n.Function, calls: tuple[n.Call, ...]) -> Iterator[Found]:
        """The structs that a Go handler has the request's body put in."""
        if found.module.language != "go":
            return
        filled = {n.last(arg) for call in calls if _FILLS.search(n.last(call.func)) for arg in call.args}
        for item in n.inside(function):
            if (
                isinstance(item, n.Assign)
                and item.annotation is not None
                and n.last(item.targets[0]) in filled
            ):
                struct = self.project.lookup(found.module, n.last(item.annotation).lstrip("*[]"))
                if struct is not None and isinstance(struct.node, n.Class):
                    yield struct

    def _struct(self, found: Found, functions: list[Found]) -> Iterator[Field]:
        struct = found.node
        for stmt in struct.body if isinstance(struct, n.Class) else ():
            if not isinstance(stmt, n.Assign):
                continue
            tag = str(stmt.value.value) if isinstance(stmt.value, n.Const) else ""
            if 'json:"-"' in tag or ("json:" not in tag and "form:" not in tag):
                continue
            rules = re.findall(r'(?:binding|validate):"([^"]*)"', tag)
            words = {w.partition("=")[0] for r in rules for w in r.split(",")} - {"omitempty", "dive"}
            name = n.last(stmt.targets[0])
            care = Care.LIMITS if words - {"required"} else Care.TYPE if words else Care.NONE
            care = max([care, *(self._tests.care(function, name) for function in functions)])
            kind = "text" if is_text(stmt.annotation) else "number"
            yield Field(name, found.module.path, stmt.line, care, kind)


def is_schema_name(name: str) -> bool:
    """Whether a function goes by a name under which schemas check what they are given."""
    return bool(_SCHEMAS.match(name))


def _is_schema_call(call: n.Call) -> bool:
    """Whether a call has a schema look at what it is given."""
    name = n.last(call.func)
    return (
        is_schema_name(name)
        and n.dotted(call.func) not in {"JSON.parse", "re.compile", "Date.parse"}
        and bool(call.args or name in {"is_valid", "validate_on_submit", "validationResult"})
    )


def _reads(function: n.Function, language: str, bodies: dict[str, str]) -> Iterator[tuple[str, int, str]]:
    """The fields that a function takes from a request, by name: ``data["x"]``, ``body.x``, ``c.Query("x")``."""
    for item in n.inside(function):
        if isinstance(item, n.Index) and isinstance(item.key, n.Const) and isinstance(item.key.value, str):
            place = bodies.get(n.dotted(item.base)) if isinstance(item.base, n.Name) else _source(item.base)
            if place:
                yield item.key.value, item.line, place
        elif isinstance(item, n.Call) and len(item.args) > 1 and isinstance(item.args[0], n.Name):
            key = item.args[1].value if isinstance(item.args[1], n.Const) else None
            if item.args[0].id in bodies and isinstance(key, str):  # text_field(data, "title", 1, 200)
                yield key, item.line, bodies[item.args[0].id]
        elif isinstance(item, n.Call) and item.args and isinstance(item.args[0], n.Const):
            key = item.args[0].value
            base = item.func.base if isinstance(item.func, n.Attr) else None
            if not isinstance(key, str) or base is None:
                continue
            name = n.last(item.func)
            place = bodies.get(n.dotted(base)) if isinstance(base, n.Name) else _source(base)
            if name in {"get", "pop", "getlist"} and place:
                yield key, item.line, place
            elif (
                language == "go"
                and name in GIN_READS - {"GetHeader", "Cookie"}
                and n.dotted(base) in {"c", "ctx", "r", "req"}
            ):
                yield key, item.line, "path" if name in {"Param", "PathValue"} else "query"
        elif isinstance(item, n.Attr) and language in {"javascript", "typescript"}:
            place = bodies.get(n.dotted(item.base)) if isinstance(item.base, n.Name) else _source(item.base)
            if place and item.name not in {"length", "map", "forEach", "filter"}:
                yield item.name, item.line, place


def _source(expr: n.Expr) -> str:
    """Which part of a request an expression is, or empty."""
    if isinstance(expr, n.Choice) and expr.options:
        return _source(expr.options[0])
    if isinstance(expr, n.Call):
        if isinstance(expr.func, n.Attr) and expr.func.name in _READ_CALLS and is_request(expr.func.base):
            return "body"
        return ""
    if isinstance(expr, n.Attr) and is_request(expr.base):
        return {"json": "body", "form": "body", "body": "body", "data": "body", "POST": "body", "args": "query",
                "query": "query", "GET": "query", "params": "path", "values": "query"}.get(expr.name, "")  # fmt: skip
    return ""
