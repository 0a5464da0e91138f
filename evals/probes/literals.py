"""The bodies that the submission's own tests send: examples of what its endpoints take."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from evals.code import nodes as n
from evals.code.routes import shape

_MOST = 400
_DEEPEST = 6
_LARGEST = 20_000
_PATH_LIMIT = 300


@dataclass(frozen=True, slots=True)
class Example:
    """A body as a test writes it, and the paths that stand in the same call (parameters as ``{}``)."""

    body: dict[str, object]
    paths: frozenset[str]


def examples(modules: Iterable[n.Module]) -> tuple[Example, ...]:
    """All mappings of constants, and JSON texts of objects, in these modules."""
    found: list[Example] = []
    for module in modules:
        for node in n.inside(module):
            if isinstance(node, n.Call):
                bodies = list(_bodies(node))
                paths = _paths(node) if bodies else frozenset()
                found += [Example(body, paths) for body in bodies]
            elif (isinstance(node, n.Assign) and node.value is not None) or (
                isinstance(node, n.Return) and node.value is not None
            ):
                found += [Example(body, frozenset()) for body in _plain(node.value)]
            if len(found) >= _MOST:
                return tuple(found)
    return tuple(found)


def _bodies(call: n.Call) -> Iterator[dict[str, object]]:
    for argument in (*call.args, *(value for _, value in call.keywords)):
        yield from _plain(argument)


def _plain(value: n.Expr) -> Iterator[dict[str, object]]:
    if isinstance(value, n.Group) and value.kind == "dict":
        body = _value(value, 0)
        if isinstance(body, dict) and body:
            yield body
    elif isinstance(value, n.Const) and isinstance(value.value, str):
        text = value.value.strip()
        if text.startswith("{") and len(text) < _LARGEST:
            try:
                body = json.loads(text)
            except (ValueError, RecursionError):
                return
            if isinstance(body, dict) and body:
                yield body


def _value(expr: n.Expr, depth: int) -> object:
    """A constant value; ``...`` for what is none."""
    if isinstance(expr, n.Const):
        return expr.value if not isinstance(expr.value, bytes) else ...
    if isinstance(expr, n.Group) and depth < _DEEPEST:
        if expr.kind == "dict":
            named = {
                key.value: _value(item, depth + 1)
                for key, item in zip(expr.keys, expr.items, strict=False)
                if isinstance(key, n.Const) and isinstance(key.value, str)
            }
            return {key: value for key, value in named.items() if value is not ...}
        listed = [_value(item, depth + 1) for item in expr.items]
        return ... if ... in listed else listed
    return ...


def _paths(call: n.Call) -> frozenset[str]:
    """The paths among a call's own texts, and those of the calls that it is chained to."""
    found = set()
    current: n.Expr = call
    for _ in range(12):
        if isinstance(current, n.Attr):
            current = current.base
            continue
        if not isinstance(current, n.Call):
            break
        for argument in current.args:
            text = _text(argument)
            if text.startswith("/") and len(text) < _PATH_LIMIT:
                found.add(shape(text))
        current = current.func
    return frozenset(found)


def _text(expr: n.Expr) -> str:
    if isinstance(expr, n.Const) and isinstance(expr.value, str):
        return expr.value
    if isinstance(expr, n.Text):
        return "".join(
            p.value if isinstance(p, n.Const) and isinstance(p.value, str) else "{}" for p in expr.parts
        )
    if (
        isinstance(expr, n.Call)
        and n.last(expr.func) in {"Sprintf", "format", "concat", "join"}
        and expr.args
    ):
        return re.sub(r"%[-+# 0-9.]*[a-z]", "{}", _text(expr.args[0]))
    return ""
