"""What a route's handler reaches: itself, what it depends on, and the functions of the project that these call."""

from collections.abc import Iterator

from evals.code import nodes as n
from evals.code.guards import dependencies
from evals.code.project import Found, Project

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
            depended = (
                project.callee(current.module, d) for d in dependencies(project, current.module, node)
            )
            targets = (*(inner for _, inner in project.called(current)), *depended)
            following.extend(t for t in targets if t is not None and isinstance(t.node, n.Function))
        level = following


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
