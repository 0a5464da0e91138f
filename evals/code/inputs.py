"""What each route takes from its caller, field by field, and whether the code looks at it before using it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from evals.code import nodes as n
from evals.code.project import Found, Project
from evals.code.reach import reached
from evals.code.routes import Route
from evals.code.sql_knowledge import GIN_READS, is_request


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
_LOOKS = frozenset(
    ("match", "fullmatch", "search", "test", "MatchString", "isdigit", "isalpha", "isalnum", "isEmail", "isLength",
     "startswith", "endswith", "startsWith", "includes", "len", "int", "float", "Decimal", "UUID", "fromisoformat",
     "strptime", "Number", "parseInt", "parseFloat", "isInteger", "isFinite", "Atoi", "ParseInt", "ParseFloat",
     "urlparse",
     "urlsplit", "validate_email", "isinstance", "RuneCountInString", "has", "Contains", "isNaN", "Parse",
     "ParseAddress",
     "url", "URL", "isURL", "min", "max", "clamp", "issubset", "ParseBool", "ParseUint", "isArray", "ip_address")
)  # fmt: skip
_TYPED_ONLY = frozenset(
    {"isinstance", "int", "float", "Number", "parseInt", "parseFloat", "Atoi", "ParseInt", "isArray"}
)
_SCHEMAS = re.compile(
    r"^(parse|safeParse|parseAsync|safeParseAsync|validate|validateSync|validateAsync|validated|load|loads|model_validate|parse_obj"
    r"|validate_python|validate_json|model_validate_json|is_valid|check|assert|validateOrReject|Struct|validate_on_submit|celebrate"
    r"|validationResult|matchedData|checkSchema|ShouldBindAndValidate|compile|convert|from_dict|structure|cast)$"
)
_FILLS = re.compile(r"bind|decode|unmarshal|bodyparser|readjson|parsebody", re.IGNORECASE)
_READ_CALLS = frozenset({"get_json", "json", "form", "getJSON"})


class Inputs:
    """Reads what routes take."""

    def __init__(self, project: Project) -> None:
        self.project = project

    def of(self, route: Route) -> tuple[list[Field], bool]:
        """The fields of a route, and whether a schema checks the whole of what is read in one piece."""
        function = route.function
        if function is None or route.handler is None:
            return [], False
        if route.framework == "fastapi":
            return list(self._declared(route, route.handler, function)), False
        return self._read(route, route.handler)

    # --- FastAPI: the signature says it -----------------------------------------------------------------------------

    def _declared(self, route: Route, found: Found, function: n.Function) -> Iterator[Field]:
        for param in function.params:
            if self._injected(found.module, param):
                continue
            annotation = param.annotation
            name = n.last(annotation) if annotation is not None else ""
            if name in {
                "Request",
                "Response",
                "BackgroundTasks",
                "WebSocket",
                "HTTPConnection",
                "SecurityScopes",
            }:
                continue
            line = annotation.line if annotation is not None else function.line
            model = self._model(found.module, annotation)
            if model is not None:
                yield from self.model_fields(model)
            elif annotation is None and "{" + param.name not in route.path:
                yield Field(param.name, found.module.path, line, Care.NONE, "other", "query")
            elif annotation is not None and _opens(annotation) and route.method in {"POST", "PUT", "PATCH"}:
                yield Field(param.name, found.module.path, line, Care.NONE, "other", "body")
            elif annotation is not None:
                place = "path" if "{" + param.name in route.path else "query"
                care, kind = self.care(found.module, annotation, param.default)
                care = self._looked(found, param.name, care)
                yield Field(param.name, found.module.path, line, care, kind, place)
        yield from self._raw(found, function)

    def _raw(self, found: Found, function: n.Function) -> Iterator[Field]:
        """``await request.json()`` in a handler, unless a schema takes it."""
        whole = [i for i in n.inside(function) if isinstance(i, n.Call)]
        if any(_SCHEMAS.match(n.last(c.func)) or self._is_model(found.module, c.func) for c in whole):
            return
        for call in whole:
            if (
                n.last(call.func) in {"json", "body", "form"}
                and isinstance(call.func, n.Attr)
                and is_request(call.func.base)
            ):
                looked = _tests(function, "", self.project, found)
                yield Field(
                    "the whole body", found.module.path, call.line, Care.TYPE if looked else Care.NONE
                )

    def _injected(self, module: n.Module, param: n.Param) -> bool:
        for option in (param.default, param.annotation):
            for item in n.walk(option) if option is not None else ():
                if isinstance(item, n.Call) and n.last(item.func) in {"Depends", "Security"}:
                    return True
                if isinstance(item, n.Name) and option is param.annotation:
                    alias = self.project.lookup(module, item.id)
                    value = (
                        alias.node.value if alias is not None and isinstance(alias.node, n.Assign) else None
                    )
                    inner = n.walk(value) if value is not None else ()
                    if any(
                        isinstance(i, n.Call) and n.last(i.func) in {"Depends", "Security"} for i in inner
                    ):
                        return True
        return False

    def _model(self, module: n.Module, annotation: n.Expr | None) -> Found | None:
        """The model that a parameter's type names, lists and options looked through."""
        for item in n.walk(annotation) if annotation is not None else ():
            if isinstance(item, n.Name):
                found = self.project.lookup(module, item.id)
                if found is not None and isinstance(found.node, n.Class) and self.is_model(found):
                    return found
        return None

    def _is_model(self, module: n.Module, func: n.Expr) -> bool:
        found = self.project.callee(module, func)
        return found is not None and isinstance(found.node, n.Class) and self.is_model(found)

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
            nested = self._model(found.module, stmt.annotation)
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

    def _looked(self, found: Found, name: str, care: Care) -> Care:
        """A handler that tests a parameter itself checks it too."""
        if care >= Care.LIMITS or not isinstance(found.node, n.Function):
            return care
        return max(care, _tests(found.node, name, self.project, found))

    # --- all others: the code reads it -------------------------------------------------------------------------------

    def _read(self, route: Route, found: Found) -> tuple[list[Field], bool]:
        functions = [f for f in reached(self.project, found, 3) if isinstance(f.node, n.Function)]
        fields: dict[str, Field] = {}
        schema = False
        passed: dict[int, dict[str, str]] = {}
        for current in functions:
            function = current.node
            if not isinstance(function, n.Function):
                continue
            calls = [i for i in n.inside(function) if isinstance(i, n.Call)]
            schema |= any(_schema_call(call) for call in calls)
            bodies = self._bodies(current, function, calls, passed)
            for name, line, place in _reads(function, current.module.language, bodies):
                care = max(
                    (
                        _tests(f.node, name, self.project, f)
                        for f in functions
                        if isinstance(f.node, n.Function)
                    ),
                    default=Care.NONE,
                )
                old = fields.get(name)
                if old is None or old.care < care:
                    fields[name] = Field(name, current.module.path, line, care, "other", place)
            for struct in self._bound(current, function, calls):
                for field in self._struct(struct, functions):
                    fields.setdefault(field.name, field)
        return list(fields.values()), schema

    def _bodies(
        self, found: Found, function: n.Function, calls: list[n.Call], passed: dict[int, dict[str, str]]
    ) -> dict[str, str]:
        """The variables that hold parts of the request; what is passed on is noted for the functions called."""
        bodies = dict(passed.get(id(function), {}))
        for item in n.inside(function):
            if isinstance(item, n.Assign) and item.value is not None and isinstance(item.targets[0], n.Name):
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
        sources = (_source(i) for i in n.inside(inner.node) if isinstance(i, n.Call))
        return "body" if any(sources) else ""

    def _bound(self, found: Found, function: n.Function, calls: list[n.Call]) -> Iterator[Found]:
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
            for function in functions:
                if isinstance(function.node, n.Function):
                    care = max(care, _tests(function.node, name, self.project, function))
            kind = "text" if n.last(stmt.annotation).lstrip("*") in _TEXTS else "number"
            yield Field(name, found.module.path, stmt.line, care, kind)


def _schema_call(call: n.Call) -> bool:
    name = n.last(call.func)
    return (
        bool(_SCHEMAS.match(name))
        and n.dotted(call.func) not in {"JSON.parse", "re.compile", "Date.parse"}
        and bool(call.args or name in {"is_valid", "validate_on_submit", "validationResult"})
    )


def _opens(annotation: n.Expr) -> bool:
    return any(n.last(i) in _OPEN for i in n.walk(annotation) if isinstance(i, (n.Name, n.Attr)))


def _kind(annotation: n.Expr) -> str:
    names = {n.last(i) for i in n.walk(annotation) if isinstance(i, (n.Name, n.Attr))}
    return "text" if names & _TEXTS else "number" if names & _NUMBERS else "other"


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


def _tests(function: n.Node, name: str, project: Project, found: Found) -> Care:
    """How closely a function looks at a field: by its name in conditions, comparisons and checks."""
    if not isinstance(function, n.Function):
        return Care.NONE
    names = {name}
    for item in n.inside(function):
        if isinstance(item, n.Assign) and item.value is not None and _mentions(item.value, {name}):
            names |= {n.last(t) for t in item.targets if isinstance(t, n.Name)}
    best = Care.NONE
    for item in n.inside(function):
        if isinstance(item, n.Compare) and item.op in {"<", "<=", ">", ">=", "in", "not in"}:
            if _mentions(item.left, names) or (
                item.op not in {"in", "not in"} and _mentions(item.right, names)
            ):
                return Care.LIMITS
        elif (
            isinstance(item, n.Call) and n.last(item.func) in _LOOKS and (not name or _mentions(item, names))
        ):
            best = max(best, Care.TYPE if n.last(item.func) in _TYPED_ONLY else Care.LIMITS)
        elif isinstance(item, n.If) and _mentions(item.test, names):
            best = max(best, Care.PRESENCE)
        elif isinstance(item, n.Call) and any(_names_field(a, name) for a in item.args[:4]):
            inner = project.callee(found.module, item.func)
            if inner is not None and isinstance(inner.node, n.Function) and _refuses(inner.node):
                return Care.LIMITS
    return best


def _names_field(arg: n.Expr, name: str) -> bool:
    return (isinstance(arg, n.Const) and arg.value == name) or n.last(arg) == name


def _refuses(function: n.Function) -> bool:
    """Whether a helper tests something and turns it down."""
    tests = any(isinstance(i, (n.Compare, n.If)) for i in n.inside(function))
    return tests and any(isinstance(i, (n.Raise, n.Return)) for i in n.inside(function))


def _mentions(expr: n.Node, names: set[str]) -> bool:
    for item in n.walk(expr):
        if isinstance(item, n.Name) and item.id in names:
            return True
        if isinstance(item, n.Attr) and item.name in names:
            return True
        if isinstance(item, n.Const) and isinstance(item.value, str) and item.value in names and item.value:
            return True
    return False
