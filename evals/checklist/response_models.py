"""Whether each endpoint says what it answers with: a declared model, or a shape that the code spells out."""

from evals.checklist.answer_shapes import RESPONSES, is_model, shape_of
from evals.checklist.declared_answers import FRAMEWORKS, declared, spelled
from evals.checklist.findings import Findings, shown, unread, unread_routes
from evals.checklist.leaking_fields import leaking_field
from evals.code import nodes as n
from evals.code.project import Project
from evals.code.reach import own_nodes
from evals.code.routes import Route
from evals.code.view import CodeView
from evals.verdict import CheckResult, Evidence

ITEM = "response-models"

_SENDS = frozenset({"json", "jsonp", "JSON", "IndentedJSON", "PureJSON", "SecureJSON"})
_ENCODES = frozenset({"Encode", "Marshal"})


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
        findings.unknown.extend((*unread(view.modules_of("source")), *unread_routes(view)))
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
    if kind is not None and n.last(kind) in RESPONSES:
        findings.fine.append(Evidence(f"{route.name} answers with a {n.last(kind)}", *place))
        return
    returns = function.returns if function else None
    for option in (declared, returns):
        if option is not None and is_model(option):
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
    if returns is not None and n.last(returns) in RESPONSES:
        findings.fine.append(Evidence(f"{route.name} answers with a {n.last(returns)}", *place))
        return
    values = [s.value for s in own_nodes(function) if isinstance(s, n.Return) and s.value is not None]
    plain = [v for v in values if isinstance(v, n.Call) and n.last(v.func) in RESPONSES]
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
        answer = shape_of(project, route.handler, body, 10)
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
    shapes = [shape_of(project, route.handler, body, 10) for body in bodies]
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
