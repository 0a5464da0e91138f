"""Texts that calls make: formats, builders, and what hands on the text that it is given."""

from dataclasses import replace

from evals.code import nodes as n
from evals.code import sql_knowledge as sql
from evals.code.flow_frame import Frame
from evals.code.values import OBJECT, SAFE, Value, concat, join


def formatted(
    call: n.Call,
    name: str,
    base: n.Expr | None,
    held: Value | None,
    args: list[Value],
    keywords: dict[str, Value],
) -> Value:
    """``"...".format(x)``, ``Sprintf("...", x)`` and their kin: what verbs keep out is safe."""
    if name in {"format", "formatted", "format_map"} and held is not None:
        if isinstance(base, n.Call) and n.last(base.func) == "SQL":
            return OBJECT  # psycopg's composables take nothing but composables
        if isinstance(base, n.Name) and base.id in {"String", "util"}:
            return concat(call.line, args)
        return concat(call.line, [held, *args, *keywords.values()])
    values = args
    first = call.args[0] if call.args else None
    if name == "format" and _quoted_verbs(first):
        return replace(args[0], keys=False)
    if name.endswith("f") and isinstance(first, n.Const) and isinstance(first.value, str):
        kinds = _verbs(first.value)
        rest = args[1:]
        if len(kinds) == len(rest):
            rest = [v if kind in "svqx" else SAFE for v, kind in zip(rest, kinds, strict=True)]
        values = [args[0], *rest]
    if name in {"Fprintf", "Errorf"}:
        return OBJECT
    return concat(call.line, values)


def _quoted_verbs(first: n.Expr | None) -> bool:
    """Whether a template of node-pg-format quotes all that is put into it: ``%I`` and ``%L``, never ``%s``."""
    text = first.value if isinstance(first, n.Const) else None
    return isinstance(text, str) and bool(_verbs(text)) and set(_verbs(text)) <= {"I", "L"}


def _verbs(template: str) -> str:
    """The letters of the verbs in a C-like format."""
    found = []
    position = 0
    while (position := template.find("%", position)) >= 0:
        position += 1
        while position < len(template) and not template[position].isalpha() and template[position] != "%":
            position += 1
        if position < len(template) and template[position] != "%":
            found.append(template[position])
        position += 1
    return "".join(found)


def passed(call: n.Call, held: Value | None, args: list[Value]) -> Value:
    """Calls that hand on the text that they are given."""
    name = n.last(call.func)
    if name == "map" and held is None and call.args:
        first = n.last(call.args[0])
        return SAFE if first in sql.CONVERSIONS or first in sql.QUOTING else args[-1]
    if held is not None and held.unsure:
        extra = [a for a in args if a.unsure]
        return (
            join(held, *extra) if name in {"replace", "concat"} and extra else replace(held, keys=held.keys)
        )
    if held is not None and name in {"replace", "concat", "ReplaceAll", "replaceAll"} and args:
        unsure = [a for a in args if a.unsure]
        return concat(call.line, [held, *unsure]) if unsure else held
    known = [a for a in args if a.unsure]
    if known:
        return replace(join(*known), opaque=False) if name in {"str", "String"} else join(*known)
    if args:
        return replace(args[0], keys=args[0].keys)
    return held if held is not None else OBJECT


def appended(call: n.Call, held: Value, args: list[Value], frame: Frame) -> Value:
    """``builder.append(a).append(b)`` gives back the builder, and the builder holds it all."""
    value = concat(call.line, [held, *args])
    root: n.Expr = call
    for _ in range(200):
        if isinstance(root, n.Call) and isinstance(root.func, n.Attr):
            root = root.func.base
    if isinstance(root, n.Name):
        frame.put(root.id, value)
    return value
