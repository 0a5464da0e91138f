"""In which order functions are read: callees before callers."""

from collections.abc import Callable, Iterable

from evals.code import nodes as n
from evals.code.bindings import functions
from evals.code.project import Found

Callee = Callable[[n.Module, n.Call, str, str], Found | None]


def callees_first(modules: list[n.Module], callee: Callee) -> list[Found]:
    """Top-level functions and methods, callees before callers; in a cycle, the one met first comes last."""
    roots = [Found(m, f, f.name) for m in modules for f in (*_outer(m), *_named_closures(m))]
    known = {id(found.node): found for found in roots}
    roots.sort(key=lambda f: f.name not in {"__init__", "constructor"})
    done: set[int] = set()
    order: list[Found] = []
    for root in roots:
        stack: list[tuple[Found, list[Found] | None]] = [(root, None)]
        while stack:
            found, pending = stack.pop()
            if pending is None:
                if id(found.node) in done:
                    continue
                done.add(id(found.node))
                pending = [c for c in _calls(found, callee) if id(c.node) in known]
            while pending and id(pending[-1].node) in done:
                pending.pop()
            if pending:
                inner = pending.pop()
                stack.append((found, pending))
                stack.append((inner, None))
            else:
                order.append(found)
    return order


def _calls(found: Found, callee: Callee) -> list[Found]:
    node = found.node
    if not isinstance(node, n.Function):
        return []
    hits = []
    for item in n.only(node, n.Call):
        inner = callee(found.module, item, node.owner, node.receiver)
        if inner is not None and isinstance(inner.node, n.Function):
            hits.append(inner)
    return hits


def _outer(module: n.Module) -> Iterable[n.Function]:
    """Functions and methods that no other function holds."""
    held = {
        id(inner)
        for function in functions(module)
        for inner in n.inside(function)
        if isinstance(inner, n.Function)
    }
    closures = {id(c.function) for c in n.only(module, n.Closure)}
    return [f for f in functions(module) if id(f) not in held and id(f) not in closures]


def _named_closures(module: n.Module) -> Iterable[n.Function]:
    """Functions that are the values of top-level names: ``const f = () => ...``."""
    for stmt in module.body:
        if isinstance(stmt, n.Assign) and isinstance(stmt.value, n.Closure):
            yield stmt.value.function
