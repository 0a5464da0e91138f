"""Errors that Java's and Rust's handlers let through by ways of their own, and what they hand to code not shown."""

import re
from collections.abc import Iterator
from itertools import islice

from evals.code import nodes as n
from evals.code.project import Found, Project
from evals.verdict import Evidence

_ABORTS = frozenset({"panic", "todo", "unimplemented"})
_TAKES = frozenset({"unwrap", "expect"})
_SURE = frozenset(
    ("lock", "read", "write", "from_static", "build", "and_hms_opt", "from_ymd_opt", "with_ymd_and_hms", "body",
     "borrow", "from_timestamp", "and_time", "single", "to_string", "to_value", "checked_add_signed")
)  # fmt: skip
"""Calls that fail only where the code itself is wrong, or a lock was broken by a panic before."""

_RUNS = frozenset(
    {"execute", "fetch_one", "fetch_all", "fetch_optional", "commit", "save", "insert", "update", "delete"}
)
_ERROR = re.compile(r"^_?(e|err|error)$")
_SERVICES = re.compile(
    r"(service|facade|use_?case|handler|command_?bus|query_?bus|interactor)s?$", re.IGNORECASE
)
_SERVER_ERRORS = frozenset({"INTERNAL_SERVER_ERROR", "InternalServerError", "ErrorInternalServerError"})
_MOST = 400

_NAMED_BY_CASE = frozenset({"python", "javascript", "typescript"})
"""Languages in which a call by a capitalized name makes an object."""
_SHAPES = frozenset(
    ("str", "len", "dict", "list", "tuple", "strip", "lower", "upper", "title", "format", "join", "replace", "round",
     "jsonify", "json", "send", "trim", "toLowerCase", "toUpperCase", "toString", "escape")
)  # fmt: skip
"""Calls that make a value of what there is, and miss nothing."""


def java_faults(found: Found) -> Iterator[Evidence]:
    """``repository.findById(id).get()``: what was looked up is taken though it may not be there."""
    for call in _calls(found):
        inner = call.func.base if isinstance(call.func, n.Attr) and not call.args else None
        taken = n.last(call.func) in {"get", "getFirst"} and isinstance(inner, n.Call)
        if (
            taken
            and isinstance(inner, n.Call)
            and inner.args
            and re.match(r"find(One|By|First)", n.last(inner.func))
        ):
            yield Evidence(
                f"what {n.last(inner.func)} finds may not be there, and is taken without a check",
                found.module.path,
                call.line,
            )


def rust_faults(found: Found) -> Iterator[Evidence]:
    """Panics, errors that nobody looks at, and errors whose text goes to the caller."""
    path = found.module.path
    for call in _calls(found):
        name = n.last(call.func)
        if name in _ABORTS and isinstance(call.func, n.Name):
            yield Evidence("a handler panics", path, call.line)
        elif name in _TAKES and isinstance(call.func, n.Attr) and not _sure(call.func.base):
            yield Evidence(f"{name}() panics where there is an error", path, call.line)
    nodes = n.inside(found.node) if isinstance(found.node, n.Function) else ()
    for item in nodes:
        value = _dropped(item)
        if value is not None and _runs(value):
            yield Evidence("the error of a query is ignored", path, value.line)
        if isinstance(item, (n.Group, n.Call)) and _gives_away(item):
            yield Evidence("the text of an internal error goes into the answer", path, item.line)


def ways_out(function: n.Function) -> bool:
    """Whether a Rust function hands errors on: ``?``, ``Err(...)``, ``ok_or``; or gives an ``Option``, which Rocket
    answers with 404."""
    if isinstance(function.returns, n.Index) and n.last(function.returns.base) == "Option":
        return True
    for item in n.inside(function):
        if isinstance(item, n.Other) and item.kind == "try":
            return True
        if isinstance(item, n.Call) and n.last(item.func) in {
            "Err",
            "ok_or",
            "ok_or_else",
            "map_err",
            "NotFound",
        }:
            return True
    return False


def looks_up(found: Found) -> bool:
    """Whether a function does what can miss something or fail: all that is not known to only shape its values."""
    if found.module.language not in _NAMED_BY_CASE or not isinstance(found.node, n.Function):
        return True
    for item in n.inside(found.node):
        if isinstance(item, n.Index):
            return True
        if isinstance(item, n.Call):
            name = n.last(item.func)
            if name not in _SHAPES and not name[:1].isupper():
                return True
    return False


def elsewhere(project: Project, found: Found) -> str:
    """The service that a handler leaves its work to and that is not in the code, or empty."""
    function = found.node
    if not isinstance(function, n.Function):
        return ""
    for call in _calls(found):
        base = n.last(call.func.base) if isinstance(call.func, n.Attr) else ""
        known = project.callee(found.module, call.func, function.owner, function.receiver)
        kind = _declared_kind(found.module, base) if base and known is None else ""
        if known is None and (_SERVICES.search(base) or _SERVICES.search(kind)):
            return kind or base
    return ""


def _declared_kind(module: n.Module, name: str) -> str:
    """The type that a field or parameter of this name is declared with."""
    declared: list[tuple[str, n.Expr | None]] = [(p.name, p.annotation) for p in n.only(module, n.Param)]
    declared += [(n.last(a.targets[0]), a.annotation) for a in n.only(module, n.Assign)]
    return next((n.last(kind) for held, kind in declared if held == name and kind is not None), "")


def _dropped(item: n.Node) -> n.Expr | None:
    """What ``let _ = x;`` and ``x.ok();`` throw away."""
    if isinstance(item, n.Assign) and isinstance(item.targets[0], n.Group) and not item.targets[0].items:
        return item.value
    dropped = isinstance(item, n.Do) and isinstance(item.value, n.Call) and n.last(item.value.func) == "ok"
    return item.value if dropped and isinstance(item, n.Do) else None


def _calls(found: Found) -> tuple[n.Call, ...]:
    return n.only(found.node, n.Call) if isinstance(found.node, n.Function) else ()


def _sure(base: n.Expr) -> bool:
    """Whether an ``unwrap`` can fail only through a mistake in the code: locks, constants."""
    if isinstance(base, n.Call):
        plain = bool(base.args) and all(
            isinstance(arg, (n.Const, n.Name)) and _constant(arg) for arg in base.args
        )
        return n.last(base.func) in _SURE or plain
    return isinstance(base, n.Const)


def _constant(arg: n.Expr) -> bool:
    return isinstance(arg, n.Const) or (isinstance(arg, n.Name) and arg.id.isupper())


def _runs(value: n.Expr) -> bool:
    return any(isinstance(i, n.Call) and n.last(i.func) in _RUNS for i in islice(n.walk(value), _MOST))


def _gives_away(item: n.Group | n.Call) -> bool:
    """``(StatusCode::INTERNAL_SERVER_ERROR, e.to_string())`` and its kin."""
    parts = item.items if isinstance(item, n.Group) else (item.func, *item.args)
    if isinstance(item, n.Call) and n.last(item.func) not in {"json", "body", "ErrorInternalServerError"}:
        return False
    inner = list(islice(n.walk(*parts), _MOST))
    if not any(isinstance(i, (n.Attr, n.Name)) and n.last(i) in _SERVER_ERRORS for i in inner):
        return False
    return any(_tells(i) for i in inner)


def _tells(item: n.Node) -> bool:
    if isinstance(item, n.Call) and n.last(item.func) == "to_string" and isinstance(item.func, n.Attr):
        return isinstance(item.func.base, n.Name) and bool(_ERROR.match(item.func.base.id))
    return isinstance(item, n.Text) and any(isinstance(p, n.Name) and _ERROR.match(p.id) for p in item.parts)
