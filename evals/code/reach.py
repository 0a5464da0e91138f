"""What a route's handler reaches: itself, and the functions of the project that it calls."""

from collections.abc import Iterator

from evals.code import nodes as n
from evals.code.project import Found, Project
from evals.code.routes import Route

HOPS = 4


def reached(project: Project, found: Found | None, hops: int = HOPS) -> Iterator[Found]:
    """A function and all of the project's functions that it calls, each once, the nearest first."""
    if found is None or not isinstance(found.node, n.Function):
        return
    seen: set[int] = set()
    level = [found]
    for _ in range(hops + 1):
        following: list[Found] = []
        for current in level:
            node = current.node
            if not isinstance(node, n.Function) or id(node) in seen:
                continue
            seen.add(id(node))
            yield current
            for item in n.walk(*node.body):
                if isinstance(item, n.Call):
                    inner = project.callee(current.module, item.func, node.owner, node.receiver)
                    if inner is not None and isinstance(inner.node, n.Function):
                        following.append(inner)
        level = following


def statements(body: tuple[n.Stmt, ...]) -> Iterator[n.Stmt]:
    """All statements below, those of nested functions aside."""
    for item in _own(body):
        if isinstance(item, n.Stmt):
            yield item


def own_nodes(function: n.Function) -> Iterator[n.Node]:
    """The nodes of a function's own body, those of functions inside it aside."""
    yield from _own(function.body)


def _own(body: tuple[n.Stmt, ...]) -> Iterator[n.Node]:
    stack: list[n.Node] = list(reversed(body))
    while stack:
        node = stack.pop()
        yield node
        if not isinstance(node, (n.Function, n.Closure)):
            stack.extend(reversed(tuple(n.children(node))))


def label(route: Route) -> str:
    """How a route is named in evidence."""
    return route.name[:100]
