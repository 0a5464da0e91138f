"""Passwords inside connection strings, also where the string is put together from pieces."""

import re

from evals.checklist.secret_shapes import dsn_password, url_password
from evals.code import nodes as n

HOLE = "\x01"
"""Stands for what is not a literal."""

_FORMATS = frozenset({"format", "Sprintf", "format_map", "sprintf", "formatted"})
_PERCENT = re.compile(r"%[svdq]")
_BRACES = re.compile(r"\{[^{}]{0,80}\}")
_LONGEST = 4000


def connection_password(expr: n.Expr) -> str:
    """The password that an expression writes into a connection string, or empty."""
    text = _text(expr)
    if len(text) < 8 or not any(mark in text for mark in ("://", "=", "@tcp(", "@unix(")):
        return ""
    return url_password(text) or dsn_password(text)


def _text(expr: n.Expr) -> str:
    """What a literal, a concatenation or a format says, with holes for all that is not known."""
    if isinstance(expr, n.Const):
        value = expr.value.decode("latin-1") if isinstance(expr.value, bytes) else expr.value
        return value[:_LONGEST] if isinstance(value, str) else ""
    if isinstance(expr, n.Text):
        first = expr.parts[0] if expr.parts else None
        if isinstance(first, n.Const) and len(_PERCENT.findall(_text(first))) == len(expr.parts) - 1 > 0:
            return _filled(first, _PERCENT, expr.parts[1:])
        return "".join(_piece(part) for part in expr.parts[:60])[:_LONGEST]
    if isinstance(expr, n.Call) and n.last(expr.func) in _FORMATS:
        base = expr.func.base if isinstance(expr.func, n.Attr) else None
        if isinstance(base, n.Const):
            return _filled(base, _BRACES if n.last(expr.func) != "formatted" else _PERCENT, expr.args)
        if expr.args:
            return _filled(expr.args[0], _PERCENT, expr.args[1:])
    return ""


def _piece(expr: n.Expr) -> str:
    return _text(expr) or HOLE if isinstance(expr, n.Const) else HOLE


def _filled(template: n.Expr, verb: re.Pattern[str], args: tuple[n.Expr, ...]) -> str:
    """The template with its verbs replaced by the arguments in order."""
    given = iter([_piece(arg) for arg in args[:60]])
    return verb.sub(lambda _: next(given, HOLE), _text(template))[:_LONGEST]
