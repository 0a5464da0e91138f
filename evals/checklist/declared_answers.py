"""What handlers of Spring, NestJS and Rust declare that they answer with: the type that they give back."""

from itertools import islice

from evals.checklist.leaking_fields import leaking_field
from evals.code import nodes as n
from evals.code.project import Found, Project
from evals.code.reach import own_nodes
from evals.code.routes import Route

FRAMEWORKS = frozenset({"spring", "nestjs", "axum", "actix", "rocket"})

_NOTHING = frozenset(
    {"void", "Void", "unit", "StatusCode", "NoContent", "Status", "Redirect", "never", "undefined"}
)
_PLAIN = frozenset(
    ("String", "str", "string", "number", "boolean", "bool", "int", "long", "Integer", "Long", "Boolean", "Resource",
     "byte", "StreamingResponseBody", "SseEmitter", "StreamableFile", "Html", "InputStreamResource", "Bytes", "Buffer",
     "i32", "i64", "u32", "u64", "f64", "usize")
)  # fmt: skip
_DOCUMENTED = frozenset(
    {"ApiOkResponse", "ApiCreatedResponse", "ApiResponse", "SerializeOptions", "ApiAcceptedResponse"}
)
_MOST = 200


def declared(project: Project, route: Route) -> tuple[str, str]:
    """The type that a route declares, and a field of it that no caller should get; empty where it declares none.

    ``-`` stands for an answer without a body, or of one plain value.
    """
    found, function = route.handler, route.function
    if found is None or function is None:
        return "", ""
    kind = documented(function)
    kind = kind if kind is not None else answered(function.returns)
    if kind is None:
        empty = route.framework == "nestjs" and not _gives(function)
        return ("-" if empty or (route.framework != "nestjs" and function.returns is None) else ""), ""
    names = [i for i in islice(n.walk(kind), _MOST) if isinstance(i, (n.Name, n.Attr))]
    for item in names:
        hit = _class(project, found, n.last(item))
        if hit is not None:
            return n.last(item), leaking_field(project, hit.module, item)
    if names and all(n.last(i) in _NOTHING | _PLAIN | _AROUND for i in names):
        return "-", ""
    return "", ""


_AROUND = frozenset(
    ("ResponseEntity", "Mono", "Flux", "Optional", "List", "Collection", "Set", "Page", "Slice", "Iterable",
     "CompletableFuture", "Promise", "Observable", "Array", "Result", "Json", "Vec", "Option", "Either", "Created",
     "Accepted", "HttpEntity", "Stream", "PagedModel", "EntityModel", "CollectionModel")
)  # fmt: skip


def documented(function: n.Function) -> n.Expr | None:
    """``@ApiOkResponse({ type: UserDto })``: the type that a decorator names."""
    for mark in function.decorators:
        if n.last(mark) not in _DOCUMENTED or not isinstance(mark, n.Call):
            continue
        for group in (a for a in mark.args if isinstance(a, n.Group)):
            for key, value in zip(group.keys, group.items, strict=False):
                if isinstance(key, n.Const) and key.value == "type":
                    return value
    return None


def answered(returns: n.Expr | None) -> n.Expr | None:
    """The part of a return type that is answered with where nothing went wrong: of a ``Result`` the first."""
    while isinstance(returns, n.Index) and n.last(returns.base).endswith("Result"):
        returns = (
            returns.key.items[0] if isinstance(returns.key, n.Group) and returns.key.items else returns.key
        )
    return returns


def spelled(function: n.Function) -> list[n.Expr]:
    """What a handler gives back, without the wrappers that frameworks put around it."""
    values = [
        item.value for item in own_nodes(function) if isinstance(item, n.Return) and item.value is not None
    ]
    return [inner for value in values if (inner := _unwrapped(value)) is not None]


def _unwrapped(value: n.Expr) -> n.Expr | None:
    """``Ok((StatusCode::CREATED, Json(x)))``, ``HttpResponse::Ok().json(x)``, ``ResponseEntity.ok(x)`` are ``x``."""
    for _ in range(8):
        if isinstance(value, n.Group) and value.kind == "tuple" and value.items:
            value = value.items[-1]
        elif isinstance(value, n.Other) and value.kind == "try" and value.parts:
            value = value.parts[0]
        elif isinstance(value, n.Call) and n.last(value.func) in _REFUSED:
            return None
        elif isinstance(value, n.Call) and n.last(value.func) in _WRAPPERS:
            if not value.args:
                return None
            value = value.args[0]
        elif isinstance(value, (n.Attr, n.Name)) and n.dotted(value).startswith(("StatusCode.", "Status.")):
            return None
        else:
            return value
    return value


_REFUSED = frozenset({"Err", "notFound", "badRequest", "noContent", "finish", "unprocessableEntity", "build"})
_WRAPPERS = frozenset(
    {"Ok", "Json", "json", "body", "ok", "ResponseEntity", "into_response", "HttpEntity", "Some", "just"}
)


def _gives(function: n.Function) -> bool:
    return any(isinstance(item, n.Return) and item.value is not None for item in own_nodes(function))


def _class(project: Project, found: Found, name: str) -> Found | None:
    if name in _AROUND:
        return None
    hit = project.lookup(found.module, name) or project.only_class(name)
    return hit if hit is not None and isinstance(hit.node, n.Class) else None
