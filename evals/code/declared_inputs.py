"""What handlers of Spring, NestJS and Rust declare that they take: parameters, and the fields of request types.

Declarations count for what the framework makes of them: Java's and Rust's types hold at run time, TypeScript's do not;
constraints hold only where something applies them (``@Valid``, a ``ValidationPipe``, ``validate()``).
"""

import re
from collections.abc import Iterator
from itertools import islice

from evals.code import nodes as n
from evals.code.field_tests import FieldTests
from evals.code.fields import Care, Field
from evals.code.project import Found, Project
from evals.code.reach import reached
from evals.code.routes import Route

FRAMEWORKS = frozenset({"spring", "nestjs", "axum", "actix", "rocket"})

_SPRING_PLACES = {
    "RequestBody": "body",
    "ModelAttribute": "body",
    "RequestParam": "query",
    "PathVariable": "path",
}
_NEST_PLACES = {"Body": "body", "Query": "query", "Param": "path"}
_RUST_PLACES = {"Json": "body", "Form": "body", "Query": "query", "Path": "path"}
_APPLIES = frozenset({"Valid", "Validated"})
_LIMITS = frozenset(
    ("Size", "Length", "Min", "Max", "DecimalMin", "DecimalMax", "Digits", "Pattern", "Email", "Positive",
     "PositiveOrZero", "Negative", "NegativeOrZero", "Range", "URL", "UUID", "Past", "PastOrPresent", "Future",
     "FutureOrPresent", "CreditCardNumber", "IsEmail", "MinLength", "MaxLength", "IsPositive", "IsNegative", "IsUrl",
     "IsUUID", "IsEnum", "IsIn", "Matches", "IsDate", "IsDateString", "IsISO8601", "IsBoolean", "IsPhoneNumber",
     "IsMobilePhone", "IsAlphanumeric", "IsAlpha", "ArrayMaxSize", "IsMongoId", "IsCurrency", "IsStrongPassword",
     "IsISO4217CurrencyCode", "IsCreditCard", "IsIP", "IsFQDN", "IsSlug", "Equals", "IsHexColor", "IsPort")
)  # fmt: skip
_RUST_LIMITS = frozenset(
    {
        "length",
        "email",
        "range",
        "url",
        "regex",
        "custom",
        "contains",
        "credit_card",
        "pattern",
        "ascii",
        "alphanumeric",
    }
)
_TYPED = frozenset(
    {"IsString", "IsNumber", "IsInt", "IsArray", "IsObject", "ValidateNested", "IsNumberString"}
)
_CLOSED = frozenset(
    ("UUID", "Uuid", "LocalDate", "LocalDateTime", "Instant", "OffsetDateTime", "ZonedDateTime", "boolean", "Boolean",
     "bool", "DateTime", "NaiveDate", "NaiveDateTime", "Date", "URI", "URL", "Currency", "Locale", "IpAddr")
)  # fmt: skip
_TEXTS = frozenset({"String", "str", "string", "CharSequence"})
_NUMBERS = frozenset(
    ("int", "long", "short", "byte", "double", "float", "Integer", "Long", "Short", "Double", "Float", "BigDecimal",
     "BigInteger", "number", "i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "usize", "f32", "f64", "Decimal")
)  # fmt: skip
_OPEN = frozenset(
    {"Map", "HashMap", "JsonNode", "ObjectNode", "Object", "Value", "any", "unknown", "object", "Record"}
)
_PIPES = re.compile(r"Pipe$")
_OWN_PIPE = re.compile(r"Zod|Joi|Schema|Yup|Valibot|TypeBox", re.IGNORECASE)
_VALIDATING = re.compile(r"valid|garde", re.IGNORECASE)
_MOST = 200
_HOPS = 4


class DeclaredInputs:
    """Reads the signatures of handlers."""

    def __init__(self, project: Project, tests: FieldTests) -> None:
        self._project = project
        self._tests = tests
        self._pipe = any(_global_pipe(m) for m in project.modules.values() if m.language == "typescript")

    def of(self, route: Route) -> tuple[list[Field], bool]:
        """The fields of a route, and whether a schema of another kind checks all that it takes."""
        found, function = route.handler, route.function
        if found is None or function is None:
            return [], False
        functions = list(reached(self._project, found, 3))
        whole = False
        fields: list[Field] = []
        for param in function.params:
            if route.framework == "spring":
                fields += self._spring(found, param)
            elif route.framework == "nestjs":
                named, own = self._nest(found, param, function)
                fields, whole = [*fields, *named], whole or own
            else:
                fields += self._rust(found, param, functions)
        return [self._looked(field, functions) for field in fields], whole

    def _looked(self, field: Field, functions: list[Found]) -> Field:
        """A field that the code tests by hand is looked at too; Java reads it through a getter."""
        getter = f"get{field.name[:1].upper()}{field.name[1:]}"
        care = max(
            (self._tests.care(f, name) for f in functions for name in (field.name, getter)), default=Care.NONE
        )
        if care <= max(field.care, Care.PRESENCE):
            return field
        return Field(field.name, field.path, field.line, care, field.kind, field.place)

    # --- Spring -----------------------------------------------------------------------------------------------------

    def _spring(self, found: Found, param: n.Param) -> Iterator[Field]:
        marks = {n.last(mark): mark for mark in param.decorators}
        place = next((_SPRING_PLACES[name] for name in marks if name in _SPRING_PLACES), "")
        if not place or param.annotation is None:
            return
        line = param.annotation.line
        model = self._model(found, param.annotation) if place == "body" else None
        if model is not None:
            yield from self._fields(model, applied=bool(marks.keys() & _APPLIES), bare=Care.TYPE)
            return
        care, kind = self._type(found, param.annotation)
        if marks.keys() & _LIMITS:
            care = Care.LIMITS
        yield Field(param.name, found.module.path, line, care, kind, place)

    # --- NestJS -----------------------------------------------------------------------------------------------------

    def _nest(self, found: Found, param: n.Param, function: n.Function) -> tuple[list[Field], bool]:
        mark = next((m for m in param.decorators if n.last(m) in _NEST_PLACES), None)
        if mark is None:
            return [], False
        place, args = _NEST_PLACES[n.last(mark)], list(mark.args) if isinstance(mark, n.Call) else []
        used = [a for d in (*self._around(found), *function.decorators) if n.last(d) == "UsePipes"
                for a in (d.args if isinstance(d, n.Call) else ())]  # fmt: skip
        pipes = {n.last(a) for a in (*args, *used) if _PIPES.search(n.last(a))}
        if any(_OWN_PIPE.search(pipe) for pipe in pipes):
            return [], True
        line = param.annotation.line if param.annotation is not None else mark.line
        name = str(args[0].value) if args and isinstance(args[0], n.Const) else ""
        if not name:
            model = self._model(found, param.annotation) if param.annotation is not None else None
            if model is not None and _zod(model):
                return [], True
            if model is not None:
                applied = self._pipe or "ValidationPipe" in pipes
                fields = self._fields(model, applied=applied, bare=Care.NONE)
                return [Field(f.name, f.path, f.line, f.care, f.kind, place) for f in fields], False
            return (
                ([Field("the whole body", found.module.path, line, Care.NONE)], False)
                if place == "body"
                else ([], False)
            )
        kind = "number" if param.annotation is not None and n.last(param.annotation) == "number" else "text"
        care = Care.NONE
        if pipes - {"ValidationPipe", "DefaultValuePipe"}:
            care = Care.LIMITS if pipes & {"ParseUUIDPipe", "ParseEnumPipe", "ParseBoolPipe"} else Care.TYPE
        elif place == "path":
            care = Care.TYPE
        return [Field(name, found.module.path, line, care, kind, place)], False

    def _around(self, found: Found) -> tuple[n.Expr, ...]:
        """What stands on the class of a handler."""
        owner = found.node.owner if isinstance(found.node, n.Function) else ""
        holder = self._project.scope(found.module).get(owner)
        return holder.decorators if isinstance(holder, n.Class) else ()

    # --- Rust -------------------------------------------------------------------------------------------------------

    def _rust(self, found: Found, param: n.Param, functions: list[Found]) -> Iterator[Field]:
        if param.annotation is None:
            return
        kinds = [i.id for i in islice(n.walk(param.annotation), _MOST) if isinstance(i, n.Name)]
        place = next((_RUST_PLACES[k] for k in kinds if k in _RUST_PLACES), "")
        extractor = next((k for k in kinds if _VALIDATING.search(k)), "")
        place = place or ("body" if extractor else "")
        if not place or place == "path":
            return
        model = self._model(found, param.annotation)
        if model is not None:
            applied = bool(extractor) or any(map(_validates, functions))
            for field in self._fields(model, applied=applied, bare=Care.TYPE):
                yield Field(field.name, field.path, field.line, field.care, field.kind, place)
        elif set(kinds) & _OPEN:
            yield Field("the whole body", found.module.path, param.annotation.line, Care.NONE)

    # --- request types ----------------------------------------------------------------------------------------------

    def _model(self, found: Found, annotation: n.Expr, hops: int = _HOPS) -> Found | None:
        """The class of the project that a type names; enumerations are none."""
        for item in islice(n.walk(annotation), _MOST):
            name = item.id if isinstance(item, n.Name) else ""
            hit = self._project.lookup(found.module, name) if name else None
            if hit is not None and isinstance(hit.node, n.Class) and not _is_enum(hit.node):
                return hit
            if hit is not None and isinstance(hit.node, n.Assign) and hit.node.value is not None and hops:
                return self._model(hit, hit.node.value, hops - 1)
        return None

    def _fields(self, model: Found, *, applied: bool, bare: Care, hops: int = _HOPS) -> Iterator[Field]:
        """The fields of a request type with those of its bases; ``bare`` is what a type alone is worth."""
        if not isinstance(model.node, n.Class) or not hops:
            return
        for base in model.node.bases:
            parent = self._model(model, base)
            if parent is not None and parent.node is not model.node:
                yield from self._fields(parent, applied=applied, bare=bare, hops=hops - 1)
        for stmt in model.node.body:
            if not isinstance(stmt, n.Assign) or stmt.annotation is None:
                continue
            plain, marks = _unmarked(stmt.annotation)
            nested = self._model(model, plain)
            if nested is not None and nested.node is not model.node:
                yield from self._fields(nested, applied=applied, bare=bare, hops=hops - 1)
                continue
            care, kind = self._type(model, plain)
            care = min(care, bare) if care < Care.LIMITS or bare is Care.NONE else care
            if applied:
                care = max(care, *map(_worth, marks), Care.NONE)
            yield Field(n.last(stmt.targets[0]), model.module.path, stmt.line, care, kind)

    def _type(self, found: Found, annotation: n.Expr) -> tuple[Care, str]:
        """What a type by itself checks, where it holds at run time."""
        names = [i.id for i in islice(n.walk(annotation), _MOST) if isinstance(i, n.Name)]
        if set(names) & _OPEN:
            return Care.NONE, "other"
        kind = "text" if set(names) & _TEXTS else "number" if set(names) & _NUMBERS else "other"
        found_ = (self._project.lookup(found.module, name) for name in names)
        enums = any(h is not None and isinstance(h.node, n.Class) and _is_enum(h.node) for h in found_)
        return (Care.LIMITS if set(names) & _CLOSED or enums else Care.TYPE), kind


def _unmarked(annotation: n.Expr) -> tuple[n.Expr, list[n.Call]]:
    """The type of a field, and the marks on it."""
    if not (isinstance(annotation, n.Other) and annotation.kind == "decorated" and annotation.parts):
        return annotation, []
    return annotation.parts[-1], [part for part in annotation.parts if isinstance(part, n.Call)]


def _validates(found: Found) -> bool:
    """Whether a function calls ``validate()``, which applies what ``#[validate]`` asks."""
    calls = n.only(found.node, n.Call) if isinstance(found.node, n.Function) else ()
    return any(n.last(call.func) in {"validate", "validate_with_args", "try_validate"} for call in calls)


def _worth(mark: n.Call) -> Care:
    """What one constraint on a field checks, once it is applied."""
    name = n.last(mark.func)
    if name in _LIMITS:
        return Care.LIMITS
    if name in {"validate", "garde"}:
        words = {n.last(a) for a in mark.args} | {key for key, _ in mark.keywords}
        return Care.LIMITS if words & _RUST_LIMITS else Care.TYPE
    return Care.TYPE if name in _TYPED else Care.NONE


def _is_enum(node: n.Class) -> bool:
    return any(n.last(base) == "Enum" for base in node.bases)


def _zod(model: Found) -> bool:
    """``class CreateDto extends createZodDto(schema) {}``."""
    bases = model.node.bases if isinstance(model.node, n.Class) else ()
    return any(_OWN_PIPE.search(n.dotted(base)) for base in bases)


def _global_pipe(module: n.Module) -> bool:
    """``app.useGlobalPipes(new ValidationPipe(...))``, ``{ provide: APP_PIPE, useClass: ValidationPipe }``."""
    if not any(isinstance(i, n.Import) and "nestjs" in i.module for i in module.body):
        return False
    for call in n.only(module, n.Call):
        if n.last(call.func) == "useGlobalPipes":
            return any(
                isinstance(i, n.Name) and i.id == "ValidationPipe" for i in islice(n.walk(*call.args), _MOST)
            )
    for group in n.only(module, n.Group):
        names = {n.last(item) for item in group.items}
        if "APP_PIPE" in names and (
            "ValidationPipe" in names or any(isinstance(i, n.Closure) for i in group.items)
        ):
            return True
    return False
