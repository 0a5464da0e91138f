"""Where values are put: assignments, patterns, the targets of loops."""

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from evals.code import nodes as n
from evals.code import sql_knowledge as sql
from evals.code.flow_frame import Frame, part_of
from evals.code.values import OBJECT, SAFE, Value, concat, join

if TYPE_CHECKING:
    from evals.code.flow import Flow

_QUERY_NAME = re.compile(r"sql|query|quer(y|ies)|stmt|statement|qry|^(q|cmd|command)$", re.IGNORECASE)


def assign(flow: "Flow", stmt: n.Assign, frame: Frame) -> None:
    """``targets = value``, ``target += value``, or a bare declaration."""
    if stmt.value is None:
        for target in stmt.targets:
            kind = flow.types.class_of(frame.module, stmt.annotation)
            safe = stmt.annotation is not None and flow.types.safe_type(frame.module, stmt.annotation)
            frame.put(n.dotted(target), SAFE if safe or not kind else replace(OBJECT, kind=kind))
        return
    if isinstance(stmt.value, n.Closure) and isinstance(stmt.targets[0], n.Name):
        frame.local[stmt.targets[0].id] = stmt.value.function
    value = flow.eval(stmt.value, frame)
    keep_query(flow, stmt, value, frame)
    for target in stmt.targets:
        if stmt.augmented:
            value = concat(stmt.line, [flow.eval(target, frame), value])
        bind(flow, target, value, stmt.value, frame)


def keep_query(flow: "Flow", stmt: n.Assign | n.Return, value: Value, frame: Frame) -> None:
    """A text of SQL under a name that says so counts as a query, also where nothing is seen to run it."""
    kept = n.last(stmt.targets[0]) if isinstance(stmt, n.Assign) else ""
    name = kept or (frame.function.name if frame.function and isinstance(stmt, n.Return) else "")
    if value.built and value.unsure and _QUERY_NAME.search(name) and sql.looks_like_sql(value.text):
        flow.sink(frame, n.Call(stmt.line, n.Name(value.built, name)), value)


def bind(flow: "Flow", target: n.Expr, value: Value, source: n.Expr, frame: Frame) -> None:
    """``target = value``; a container's parts are as trusted as the container."""
    if isinstance(target, n.Group):
        sources = (
            source.items if isinstance(source, n.Group) and len(source.items) == len(target.items) else ()
        )
        for position, item in enumerate(target.items):
            part = flow.eval(sources[position], frame) if sources else part_of(value)
            bind(flow, item, part, source, frame)
            if isinstance(item, n.Name) and position:
                frame.tests[item.id] = source  # Go: value, ok := allowed[key]
        return
    if isinstance(target, n.Index):
        base = n.dotted(target.base)
        old = frame.get(base) or OBJECT
        key = flow.eval(target.key, frame)
        frame.put(base, replace(join(old, part_of(value)), keys=old.keys and not key.unsure))
        return
    name = n.dotted(target)
    frame.put(name, value)
    if name in sql.REQUESTS and isinstance(source, n.Call) and not value.unsure:
        frame.shadowed.add(name)  # request = pool.request()
    if isinstance(target, n.Name):
        frame.tests.pop(target.id, None)
        if isinstance(source, (n.Compare, n.Not, n.Call, n.Choice, n.Other)):
            frame.tests[target.id] = source
    elif (
        isinstance(target, n.Attr)
        and frame.owner
        and n.dotted(target.base) in {frame.receiver, "self", "this"}
    ):
        keep_field(flow, frame.owner, target.name, value)


def keep_field(flow: "Flow", owner: str, name: str, value: Value) -> None:
    """What an attribute of a class holds, whichever method gave it; who has read it before is read again."""
    old = flow.fields.get((owner, name))
    if old is not None and value.unsure and not old.unsure:
        flow.grown.add(owner)
    flow.fields[owner, name] = join(old, value) if old is not None else value


def bind_each(flow: "Flow", target: n.Expr, source: Value, expr: n.Expr | None, frame: Frame) -> None:
    """Bind a loop's target to the elements of what it runs over."""
    name = n.last(expr.func) if isinstance(expr, n.Call) else ""
    keys = replace(SAFE, source="") if source.keys else part_of(source)
    pairs = isinstance(target, n.Group) and len(target.items) == 2
    if isinstance(target, n.Group) and pairs and (name in {"items", "entries", "enumerate"} or source.keys):
        first = SAFE if name == "enumerate" or (frame.module.language == "go" and not source.unsure) else keys
        bind(flow, target.items[0], first, target, frame)
        bind(flow, target.items[1], part_of(source), target, frame)
        return
    element = keys if source.keys and name not in {"values", "items"} else part_of(source)
    for item in target.items if isinstance(target, n.Group) else (target,):
        bind(flow, item, element, target, frame)
