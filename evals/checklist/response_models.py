"""Whether each endpoint says what it answers with: a declared model, or a shape that the code spells out."""

import re

from evals.checklist.declared_answers import FRAMEWORKS, declared, spelled
from evals.checklist.findings import Findings, shown, unread, unread_routes
from evals.checklist.leaking_fields import leaking_field
from evals.code import nodes as n
from evals.code.project import Found, Project
from evals.code.reach import own_nodes
from evals.code.routes import Route
from evals.code.view import CodeView
from evals.verdict import CheckResult, Evidence

ITEM = "response-models"

_BARE = frozenset({"dict", "Dict", "Any", "object", "list", "List", "Mapping", "JSONResponse", "None"})
_RESPONSES = frozenset(
    {"Response", "RedirectResponse", "StreamingResponse", "FileResponse", "HTMLResponse", "PlainTextResponse",
     "EventSourceResponse"}
)  # fmt: skip
_SENDS = frozenset({"json", "jsonp", "JSON", "IndentedJSON", "PureJSON", "SecureJSON"})
_ENCODES = frozenset({"Encode", "Marshal"})
_SHAPERS = re.compile(
    r"as_?dict|to_?dict|to_?json|serial|dump|schema|present|_out$|response|view|asdict|represent|format|public|dto|marshal|map",
    re.IGNORECASE,
)
_STAR = re.compile(r"\bselect\s+(\w+\.)?\*|\breturning\s+\*", re.IGNORECASE)


def check(view: CodeView) -> CheckResult:
    """Fails where an endpoint answers with whatever it happens to hold."""
    findings = Findings(ITEM)
    tests = {f.path for f in view.files if f.part in {"test", "example"}}
    routes = [r for r in view.routes if r.file not in tests]
    for route in routes:
        if route.framework == "fastapi":
            _fastapi(findings, view.project, route)
        elif route.framework in FRAMEWORKS and route.function is not None:
            _declared(findings, view.project, route)
        else:
            _shaped(findings, view.project, route)
    if not routes:
        findings.unknown.extend((*unread(view, view.modules_of("source")), *unread_routes(view)))
    return findings.verdict(
        failed="{count} endpoints declare no shape of what they answer",
        passed="every endpoint declares or spells out what it answers",
        unsure="{count} endpoints answer in a way that could not be followed",
        absent="no route in the code",
    )


def _fastapi(findings: Findings, project: Project, route: Route) -> None:
    options = dict(route.options)
    function = route.function
    place = (route.file, route.line)
    status = options.get("status_code")
    if status is not None and (
        n.last(status) == "HTTP_204_NO_CONTENT" or (isinstance(status, n.Const) and status.value == 204)
    ):
        findings.fine.append(Evidence(f"{route.name} answers without a body", *place))
        return
    declared = options.get("response_model")
    if isinstance(declared, n.Const) and declared.value is None:
        declared = None
    kind = options.get("response_class")
    if kind is not None and n.last(kind) in _RESPONSES:
        findings.fine.append(Evidence(f"{route.name} answers with a {n.last(kind)}", *place))
        return
    returns = function.returns if function else None
    for option in (declared, returns):
        if option is not None and _is_model(option):
            leak = leaking_field(project, route.handler.module, option) if route.handler else ""
            if leak and not any(
                key.startswith("response_model_") and key.endswith("clude") for key in options
            ):
                message = (
                    f"{route.name} answers with {shown(leak, 40)}, a field of {shown(_written(option), 40)}"
                )
                findings.against.append(Evidence(message, *place))
                return
            findings.fine.append(Evidence(f"{route.name} answers with {shown(_written(option), 40)}", *place))
            return
    if function is None:
        findings.unknown.append(Evidence(f"the handler of {route.name} was not found", *place))
        return
    if returns is not None and n.last(returns) in _RESPONSES:
        findings.fine.append(Evidence(f"{route.name} answers with a {n.last(returns)}", *place))
        return
    values = [s.value for s in own_nodes(function) if isinstance(s, n.Return) and s.value is not None]
    plain = [v for v in values if isinstance(v, n.Call) and n.last(v.func) in _RESPONSES]
    if values and len(plain) == len(values):
        findings.fine.append(Evidence(f"{route.name} answers with a {n.last(plain[0].func)}", *place))
        return
    if not values:
        findings.fine.append(Evidence(f"{route.name} answers without a body", *place))
        return
    if all(_health(v) for v in values):
        findings.fine.append(Evidence(f"{route.name} answers with constants", *place))
        return
    findings.against.append(Evidence(f"{route.name} has no response model", *place))


def _health(value: n.Expr) -> bool:
    """A constant answer (``{"status": "ok"}``) needs no model."""
    return all(isinstance(i, (n.Const, n.Group)) for i in n.walk(value))


def _is_model(expr: n.Expr) -> bool:
    """Whether a type says more than ``dict``."""
    if isinstance(expr, n.Const):
        return isinstance(expr.value, str) and expr.value not in _BARE
    names = [i for i in n.walk(expr) if isinstance(i, (n.Name, n.Attr))]
    good = [
        i
        for i in names
        if n.last(i) not in _BARE | _RESPONSES | {"Optional", "Union", "str", "int", "Annotated"}
    ]
    if isinstance(expr, n.Index) and n.last(expr.base) in {"dict", "Dict"}:
        return bool([i for i in n.walk(expr.key) if isinstance(i, n.Name) and i.id not in _BARE | {"str"}])
    return bool(good) or n.last(expr) in {"str", "int", "bool", "float"}


def _written(expr: n.Expr) -> str:
    if isinstance(expr, n.Index):
        inner = expr.key.items[0] if isinstance(expr.key, n.Group) and expr.key.items else expr.key
        return f"{n.dotted(expr.base)}[{n.dotted(inner)}]"
    return n.dotted(expr) or "a model"


def _shaped(findings: Findings, project: Project, route: Route) -> None:
    """Frameworks without response models: the answer's keys must stand in the code."""
    place = (route.file, route.line)
    if route.handler is None or route.function is None:
        findings.unknown.append(Evidence(f"the handler of {route.name} was not found", *place))
        return
    bodies = _bodies(route.function, route.handler.module.language)
    loose: list[Evidence] = []
    open_: list[Evidence] = []
    for body in bodies:
        answer = _shape(project, route.handler, body, 10)
        where = Evidence(f"{route.name} answers with {_describe(body)}", route.handler.module.path, body.line)
        if answer is False:
            loose.append(where)
        elif answer is None:
            open_.append(where)
    if loose:
        findings.against.extend(loose)
    elif open_:
        findings.unknown.extend(open_)
    else:
        findings.fine.append(Evidence(f"{route.name} spells out what it answers", *place))


def _declared(findings: Findings, project: Project, route: Route) -> None:
    """Frameworks whose handlers give back what they answer: by the type they declare, else by what they spell out."""
    place = (route.file, route.line)
    kind, leak = declared(project, route)
    if leak:
        message = f"{route.name} answers with {shown(leak, 40)}, a field of {shown(kind, 40)}"
        findings.against.append(Evidence(message, *place))
        return
    if kind:
        what = "without a body of its own" if kind == "-" else f"with {shown(kind, 40)}"
        findings.fine.append(Evidence(f"{route.name} answers {what}", *place))
        return
    if route.handler is None or route.function is None:
        return
    bodies = [b for b in spelled(route.function) if not isinstance(b, n.Const)]
    shapes = [_shape(project, route.handler, body, 10) for body in bodies]
    if shapes and False in shapes:
        findings.against.append(Evidence(f"{route.name} answers with a row or object as it is", *place))
    elif not shapes or None in shapes:
        findings.unknown.append(Evidence(f"what {route.name} answers with is not declared", *place))
    else:
        findings.fine.append(Evidence(f"{route.name} spells out what it answers", *place))


def _describe(expr: n.Expr) -> str:
    return shown(n.dotted(expr), 40) or "a value"


def _bodies(function: n.Function, language: str) -> list[n.Expr]:
    """The expressions that a handler sends as its body."""
    found: list[n.Expr] = []
    for item in n.inside(function):
        if isinstance(item, n.Call):
            name = n.last(item.func)
            if language == "go" and name in _SENDS and len(item.args) == 2:
                found.append(item.args[1])
            elif (language != "python" and name in _SENDS | {"send"} and item.args and language != "go") or (
                language == "go" and name in _ENCODES and item.args and "Encoder" in n.dotted(item.func)
            ):
                found.append(item.args[0])
        elif language == "python" and isinstance(item, n.Return) and item.value is not None:
            value = item.value
            if isinstance(value, n.Group) and value.kind == "tuple" and value.items:
                value = value.items[0]
            found.append(value)
    return [f for f in found if not (isinstance(f, n.Const))]


def _shape(project: Project, found: Found, expr: n.Expr, hops: int) -> bool | None:  # noqa: PLR0911 - a case each
    """True: its keys stand in the code; False: it is a raw row or object; None: not known."""
    if not hops:
        return None
    match expr:
        case n.Const() | n.Text() | n.Compare():
            return True
        case n.Group(kind="dict"):
            spread = [v for k, v in zip(expr.keys, expr.items, strict=False) if k is None]
            inner = [_shape(project, found, v, hops - 1) for v in spread]
            return False if False in inner else None if None in inner else True
        case n.Group():
            inner = [_shape(project, found, v, hops - 1) for v in expr.items]
            return False if False in inner else None if None in inner else True
        case n.Each():
            return _shape(project, found, expr.element, hops - 1)
        case n.Choice():
            inner = [_shape(project, found, v, hops - 1) for v in expr.options]
            return False if False in inner else None if None in inner else True
        case n.Attr():
            if expr.name == "__dict__":
                return False
            return (
                _shape(project, found, expr.base, hops - 1)
                if expr.name in {"rows", "recordset"}
                else _held(project, found, expr, hops)
            )
        case n.Index():
            return _shape(project, found, expr.base, hops - 1)
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
        return _shape(project, found, call.args[0], hops - 1) if call.args else True
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
    answers = [_shape(project, found, value, hops - 1) for value in values]
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
                return True if _is_model(param.annotation) else None
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
        if kind is not None and (found.module.language == "go" or _is_model(kind)):
            return _go_type(project, found.module, kind) if found.module.language == "go" else True
        if values:
            known = [_shape(project, found, v, hops - 1) for v in values]
            return False if False in known else None if None in known else True
    if isinstance(expr, n.Attr):
        return (
            _held(project, found, expr.base, hops)
            if isinstance(expr.base, (n.Name, n.Attr)) and hops
            else None
        )
    known_type = project.types(found.module).get(name)
    return True if known_type else None
