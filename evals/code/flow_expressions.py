"""What an expression's value is known to be: names, attributes, choices, containers."""

import builtins
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from evals.code import nodes as n
from evals.code import sql_knowledge as sql
from evals.code.flow_bindings import bind, bind_each
from evals.code.flow_calls import call_value
from evals.code.flow_frame import Frame, clear, part_of
from evals.code.values import OBJECT, SAFE, UNKNOWN, Trust, Value, concat, join, outside, text_of

if TYPE_CHECKING:
    from evals.code.flow import Flow

_CONFIG = re.compile(
    r"(^|\.)(os\.environ|process\.env|settings|config|conf|current_app|cfg|environ|env)(\.|$)", re.IGNORECASE
)
_CLASS_NAME = re.compile(r"[A-Z][A-Za-z0-9]*[a-z][A-Za-z0-9]*")
_COUNTS = frozenset({"length", "rowCount", "rowcount", "lastrowid", "lastID", "changes"})
_ARITHMETIC = frozenset(
    {"sub", "div", "floordiv", "pow", "-", "/", "<<", ">>", "unary", "instanceof", "%", "mod"}
)


def evaluate(flow: "Flow", expr: n.Expr, frame: Frame) -> Value:  # noqa: C901, PLR0911, PLR0912 - one case a kind
    """What is known of an expression's value; what it calls is recorded on the way."""
    if not flow.step():
        return OBJECT
    match expr:
        case n.Const(value=value):
            return text_of(value) if isinstance(value, str) else SAFE
        case n.Name():
            return _name(flow, expr, frame)
        case n.Attr():
            return attribute(flow, expr, frame)
        case n.Call():
            return call_value(flow, expr, frame)
        case n.Index():
            flow.eval(expr.key, frame)
            if sql.is_request(expr.base) and frame.get(n.dotted(expr.base)) is None:
                return outside(n.dotted(expr.base))
            known = frame.get(n.dotted(expr)) if isinstance(expr.base, n.Attr) else None
            return known if known is not None else part_of(flow.eval(expr.base, frame))
        case n.Text():
            return concat(expr.line, [flow.eval(part, frame) for part in expr.parts])
        case n.Choice():
            return _choice(flow, expr, frame)
        case n.Compare():
            flow.eval(expr.left, frame)
            flow.eval(expr.right, frame)
            return OBJECT
        case n.Not():
            flow.eval(expr.operand, frame)
            return OBJECT
        case n.Group():
            return _group(flow, expr, frame)
        case n.Each():
            return _each(flow, expr, frame)
        case n.Closure():
            flow.closure(expr.function, frame, {})
            return OBJECT
        case n.Other():
            return _other(flow, expr, frame)


def _name(flow: "Flow", expr: n.Name, frame: Frame) -> Value:
    known = frame.get(expr.id)
    if known is not None:
        return known
    if expr.id in frame.requests or expr.id in sql.REQUESTS:
        return OBJECT
    bound = flow.project.scope(frame.module).get(expr.id)
    found = flow.project.lookup(frame.module, expr.id)
    if found is not None and isinstance(found.node, n.Assign):
        return flow.global_value(found.module, found.name)
    if bound is not None or found is not None or expr.id in frame.local or hasattr(builtins, expr.id):
        return OBJECT
    if (
        expr.id.isupper()
        or expr.id in sql.GLOBALS
        or expr.id.startswith("{}@")
        or flow.project.stars(frame.module)
        or _CLASS_NAME.fullmatch(expr.id)
    ):
        return OBJECT
    return Value(Trust.OUTSIDE, source=f"{expr.id}, whose origin is not shown")


def attribute(flow: "Flow", expr: n.Attr, frame: Frame) -> Value:  # noqa: C901, PLR0911 - one case an origin
    """``base.name``: a part of a request, a field, a setting, another module's name."""
    name = n.dotted(expr)
    known = frame.get(name)
    if known is not None:
        return known
    base = expr.base
    whole = n.dotted(base)
    bound = frame.get(whole)
    shadowed = whole in frame.shadowed
    asked = sql.is_request(base) and not shadowed and (bound is None or not bound.kind)
    if asked or whole in frame.requests:
        return OBJECT if expr.name in sql.REQUEST_OWN else outside(name)
    if name in sql.READS:
        return outside(name)
    if _CONFIG.search(name) or expr.name.isupper() or expr.name.startswith("__") or "._meta" in name:
        return OBJECT
    if frame.owner and whole in {frame.receiver, "self", "this", "cls"}:
        return _field(flow, frame.owner, expr.name)
    found = flow.project.lookup(frame.module, base.id) if isinstance(base, n.Name) else None
    if found is not None and found.whole and (frame.get(whole) is None):
        inner = flow.project.exported(found.module, expr.name)
        if inner is not None and isinstance(inner.node, n.Assign):
            return flow.global_value(inner.module, inner.name)
        return OBJECT
    if found is not None and isinstance(found.node, n.Class) and frame.get(whole) is None:
        return flow.fields.get((found.node.name, expr.name), OBJECT)
    if expr.name in _COUNTS:
        return SAFE
    value = flow.eval(base, frame)
    if value.kind and expr.name in {"data", "value"} and flow.types.schema(frame.module, value.kind):
        return value  # schema.safeParse(input).data
    if value.kind and flow.types.safe_field(value.kind, expr.name, frame.module):
        return SAFE
    if value.source.endswith("not shown"):
        return UNKNOWN
    return replace(value, text="", built=0, kind="", keys=expr.name == "__dict__")


def _field(flow: "Flow", owner: str, name: str) -> Value:
    if (owner, name) in flow.fields:
        return flow.fields[owner, name]
    return UNKNOWN if not name.startswith(("db", "conn", "session", "pool", "engine")) else OBJECT


def _choice(flow: "Flow", expr: n.Choice, frame: Frame) -> Value:
    if expr.test is None:
        values = [flow.eval(option, frame) for option in expr.options]
        return join(*values)
    flow.eval(expr.test, frame)
    found = []
    for option, cleared in zip(expr.options, flow.allow.when(expr.test, frame), strict=False):
        frame.layers.append({})
        clear(cleared, frame)
        found.append(flow.eval(option, frame))
        frame.layers.pop()
    return join(*found)


def _group(flow: "Flow", expr: n.Group, frame: Frame) -> Value:
    values = [flow.eval(item, frame) for item in expr.items]
    if expr.kind != "dict":
        joined = join(*values) if values else OBJECT
        return joined if joined.built else replace(joined, opaque=True, keys=False)
    keys = [flow.eval(key, frame) for key in expr.keys if key is not None]
    spread = [v for k, v in zip(expr.keys, values, strict=False) if k is None]
    safe = not any(k.unsure for k in keys) and all(v.keys or not v.unsure for v in spread)
    joined = join(*values) if values else OBJECT
    return replace(joined, opaque=True, keys=safe, kind="", text="", built=0)


def _each(flow: "Flow", expr: n.Each, frame: Frame) -> Value:
    source = flow.eval(expr.source, frame)
    frame.layers.append({})
    bind_each(flow, expr.target, source, expr.source, frame)
    for test in expr.tests:
        flow.eval(test, frame)
        clear(flow.allow.when(test, frame)[0], frame)
    value = flow.eval(expr.element, frame)
    pair = expr.element
    if isinstance(pair, n.Group) and len(pair.items) == 2:
        value = replace(value, keys=not flow.eval(pair.items[0], frame).unsure)
    else:
        value = replace(value, keys=False)
    frame.layers.pop()
    return value


def _other(flow: "Flow", expr: n.Other, frame: Frame) -> Value:
    if expr.kind == "walrus":
        value = flow.eval(expr.parts[1], frame)
        bind(flow, expr.parts[0], value, expr.parts[1], frame)
        return value
    if expr.kind in {"assignment_expression", "augmented_assignment_expression"} and len(expr.parts) == 2:
        value = flow.eval(expr.parts[1], frame)
        if expr.kind.startswith("augmented"):
            value = concat(expr.line, [flow.eval(expr.parts[0], frame), value])
        bind(flow, expr.parts[0], value, expr.parts[1], frame)
        return value
    values = [flow.eval(part, frame) for part in expr.parts]
    if expr.kind in _ARITHMETIC:
        return OBJECT
    return join(*values) if values else OBJECT
