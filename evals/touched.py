"""Which endpoints a change touches: where it changes what registers them, what they reach, or what is named there."""

from collections.abc import Iterator, Mapping

from evals.code import nodes as n
from evals.code.project import Found, Project
from evals.code.reach import reached
from evals.code.routes import Route, shape
from evals.code.view import CodeView

Endpoint = tuple[str, str]
"""A method, and a path with every parameter as ``{}``."""
Lines = Mapping[str, frozenset[int]]
"""The changed lines of each changed file, from 1."""


def touched_endpoints(view: CodeView, lines: Lines) -> frozenset[Endpoint]:
    """The endpoints of the code that ``lines`` touch, and those that the task names by method and path.

    A route whose handler is not known is touched by any change of its file.
    """
    named = view.task.endpoints if view.task else ()
    asked = {(endpoint.method, shape(endpoint.path)) for endpoint in named}
    return frozenset(
        asked | {(r.method, r.shape) for r in view.routes if _is_touched(view.project, r, lines)}
    )


def _is_touched(project: Project, route: Route, lines: Lines) -> bool:
    if route.handler is None:
        return bool(lines.get(route.file))
    if route.line in lines.get(route.file, ()):
        return True
    if any(guard.line in lines.get(guard.path, ()) for guard in route.guards):
        return True
    return any(
        part.module.path in lines and _stands_on(part.node, lines[part.module.path])
        for part in _parts(project, route.handler)
    )


def _parts(project: Project, handler: Found) -> Iterator[Found]:
    """The functions that a handler reaches, and the types and values that each of them names."""
    for function in reached(project, handler):
        yield function
        for node in _nodes(function.node):
            if isinstance(node, n.Name):
                named = project.lookup(function.module, node.id)
                if named is not None and isinstance(named.node, (n.Class, n.Assign)):
                    yield named


def _stands_on(node: n.Node | None, lines: frozenset[int]) -> bool:
    """Whether one of the lines is within a node: from its first line to the last on which something of it begins."""
    there = [line for one in _nodes(node) if (line := getattr(one, "line", 0))]
    return bool(there) and any(min(there) <= line <= max(there) for line in lines)


def _nodes(node: n.Node | None) -> Iterator[n.Node]:
    return n.walk(node) if node is not None else iter(())
