"""Whether the keys of an answer stand in the code, or it is a row or an object as it happens to be."""

import re

from evals.checklist.leaking_fields import leaking_field
from evals.code import nodes as n
from evals.code.project import Found, Project
from evals.code.reach import own_nodes

_BARE = frozenset({"dict", "Dict", "Any", "object", "list", "List", "Mapping", "JSONResponse", "None"})
RESPONSES = frozenset(
    {"Response", "RedirectResponse", "StreamingResponse", "FileResponse", "HTMLResponse", "PlainTextResponse",
     "EventSourceResponse"}
)  # fmt: skip
"""Types that say themselves what is sent."""

_SHAPERS = re.compile(
    r"as_?dict|to_?dict|to_?json|serial|dump|schema|present|_out$|response|view|asdict|represent|format|public|dto|marshal|map",
    re.IGNORECASE,
)
_STAR = re.compile(r"\bselect\s+(\w+\.)?\*|\breturning\s+\*", re.IGNORECASE)


def is_model(expr: n.Expr) -> bool:
    """Whether a type says more than ``dict``."""
    if isinstance(expr, n.Const):
        return isinstance(expr.value, str) and expr.value not in _BARE
    names = [i for i in n.walk(expr) if isinstance(i, (n.Name, n.Attr))]
    good = [
        i
        for i in names
        if n.last(i) not in _BARE | RESPONSES | {"Optional", "Union", "str", "int", "Annotated"}
    ]
    if isinstance(expr, n.Index) and n.last(expr.base) in {"dict", "Dict"}:
        return bool([i for i in n.walk(expr.key) if isinstance(i, n.Name) and i.id not in _BARE | {"str"}])
    return bool(good) or n.last(expr) in {"str", "int", "bool", "float"}


def shape_of(project: Project, found: Found, expr: n.Expr, hops: int) -> bool | None:  # noqa: PLR0911 - a case each
    """True: its keys stand in the code; False: it is a raw row or object; None: not known."""
    if not hops:
        return None
    match expr:
        case n.Const() | n.Text() | n.Compare():
            return True
        case n.Group(kind="dict"):
            spread = [v for k, v in zip(expr.keys, expr.items, strict=False) if k is None]
            inner = [shape_of(project, found, v, hops - 1) for v in spread]
            return False if False in inner else None if None in inner else True
        case n.Group():
            inner = [shape_of(project, found, v, hops - 1) for v in expr.items]
            return False if False in inner else None if None in inner else True
        case n.Each():
            return shape_of(project, found, expr.element, hops - 1)
        case n.Choice():
            inner = [shape_of(project, found, v, hops - 1) for v in expr.options]
            return False if False in inner else None if None in inner else True
        case n.Attr():
            if expr.name == "__dict__":
                return False
            return (
                shape_of(project, found, expr.base, hops - 1)
                if expr.name in {"rows", "recordset"}
                else _held(project, found, expr, hops)
            )
        case n.Index():
            return shape_of(project, found, expr.base, hops - 1)
        case n.Name():
            return _held(project, found, expr, hops)
        case n.Call():
            return _called(project, found, expr, hops)
    return None


def _called(project: Project, found: Found, call: n.Call, hops: int) -> bool | None:  # noqa: PLR0911 - one return a kind
    name = n.last(call.func)
    if name in {
        "jsonify",
        "make_response",
        "JsonResponse",
        "Response",
        "success",
        "ok",
        "list",
        "dict",
        "JSONResponse",
    }:
        if call.keywords and name != "Response":
            return True
        return shape_of(project, found, call.args[0], hops - 1) if call.args else True
    if name in {
        "redirect",
        "send_file",
        "render_template",
        "abort",
        "url_for",
        "Response",
        "HttpResponse",
        "no_content",
    }:
        return True
    if name == "vars":
        return False
    if name in {"map", "flatMap"} and call.args:
        arg = call.args[0]
        if isinstance(arg, n.Closure):
            returns = [i.value for i in n.only(arg.function, n.Return) if i.value]
            return _all(project, found, returns, hops)
        inner = project.callee(found.module, arg)
        return True if inner is not None else None
    function = found.node if isinstance(found.node, n.Function) else None
    inner = project.callee(
        found.module, call.func, function.owner if function else "", function.receiver if function else ""
    )
    if inner is not None and isinstance(inner.node, n.Class):
        return True
    if inner is not None and isinstance(inner.node, n.Function):
        if inner.module.language == "go" and inner.node.returns is not None:
            return _go_type(project, inner.module, inner.node.returns)
        returns = [i.value for i in own_nodes(inner.node) if isinstance(i, n.Return) and i.value]
        known = _all(project, inner, returns, hops) if returns else None
        return True if known is None and _SHAPERS.search(name) else known
    if name in {"query", "execute", "fetchone", "fetchall", "all", "get", "first", "one"}:
        return _rows(call)
    return True if _SHAPERS.search(name) else None


def _all(project: Project, found: Found, values: list[n.Expr], hops: int) -> bool | None:
    answers = [shape_of(project, found, value, hops - 1) for value in values]
    return False if False in answers else None if None in answers or not answers else True


def _rows(call: n.Call) -> bool | None:
    """Rows of a query: their columns stand in the code, or are whatever the table has."""
    texts = [i.value for i in n.walk(call) if isinstance(i, n.Const) and isinstance(i.value, str)]
    whole = " ".join(texts)
    if not re.search(r"\b(select|returning)\b", whole, re.IGNORECASE):
        return None
    outer = whole
    for _ in range(6):  # what a subquery or a CTE selects is not what the statement answers
        outer = re.sub(r"\([^()]*\)", " ", outer)
    return not _STAR.search(outer)


def _go_type(project: Project, module: n.Module, kind: n.Expr) -> bool | None:
    if leaking_field(project, module, kind):
        return False
    plain = n.last(kind).strip("()").split(",")[0].strip().lstrip("[]*")
    return None if plain in {"interface{}", "any", "error", ""} or plain.startswith("map[") else True


def _held(project: Project, found: Found, expr: n.Name | n.Attr, hops: int) -> bool | None:  # noqa: C901
    """What a variable holds, by its last assignments in the function, its parameters and its type."""
    function = found.node if isinstance(found.node, n.Function) else None
    name = n.dotted(expr)
    if function is not None:
        for param in function.params:
            if param.name == name and param.annotation is not None:
                if found.module.language == "go":
                    return _go_type(project, found.module, param.annotation)
                return True if is_model(param.annotation) else None
        values: list[n.Expr] = []
        kind: n.Expr | None = None
        for item in n.inside(function):
            if not isinstance(item, n.Assign):
                continue
            for target in item.targets:
                parts = target.items if isinstance(target, n.Group) else (target,)
                if any(n.dotted(p) == name for p in parts):
                    kind = kind or item.annotation
                    if item.value is not None and not item.augmented:
                        values.append(item.value)
        if kind is not None and (found.module.language == "go" or is_model(kind)):
            return _go_type(project, found.module, kind) if found.module.language == "go" else True
        if values:
            known = [shape_of(project, found, v, hops - 1) for v in values]
            return False if False in known else None if None in known else True
    if isinstance(expr, n.Attr):
        return (
            _held(project, found, expr.base, hops)
            if isinstance(expr.base, (n.Name, n.Attr)) and hops
            else None
        )
    known_type = project.types(found.module).get(name)
    return True if known_type else None
