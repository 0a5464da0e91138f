"""The routes that the code serves: method, path, handler, and the guards that stand before it."""

import re
from dataclasses import dataclass, field

from evals.code import nodes as n
from evals.code.guards import Guards
from evals.code.project import Found, Project

METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})
_HOLE = re.compile(r"\{[^{}/]*\}|<[^<>/]*>|:[A-Za-z_]\w*(\([^)/]*\))?\??|\*\w*")


@dataclass(frozen=True, slots=True)
class Guard:
    """One thing that refuses callers without credentials."""

    name: str
    path: str
    line: int


@dataclass(frozen=True, slots=True)
class Route:
    """One route. ``handler`` is None where it is not in the code; ``response`` is the declared response type.

    ``path`` starts with ``/`` and is written as the framework writes it. ``inside`` says that the handler
    itself reads credentials and refuses.
    """

    method: str
    path: str
    file: str
    line: int
    framework: str
    handler: Found | None = None
    guards: tuple[Guard, ...] = ()
    inside: bool = False
    options: tuple[tuple[str, n.Expr], ...] = ()

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def guarded(self) -> bool:
        return self.inside or bool(self.guards)

    @property
    def shape(self) -> str:
        """The path with every parameter as ``{}``, so that two spellings of one path are equal."""
        return shape(self.path)

    @property
    def function(self) -> n.Function | None:
        node = self.handler.node if self.handler else None
        return node if isinstance(node, n.Function) else None


@dataclass(slots=True)
class Router:
    """Something that routes hang on: an application, a router, a blueprint, a group."""

    prefix: str = ""
    guards: list[Guard] = field(default_factory=list)
    parents: list["Mount"] = field(default_factory=list)
    ordered: bool = False

    def standing(self, path: str, line: int) -> tuple[Guard, ...]:
        """The guards before a place. Where order counts (Express, Gin), later ones do not stand before it."""
        return tuple(g for g in self.guards if not self.ordered or g.path != path or g.line < line)


@dataclass(frozen=True, slots=True)
class Mount:
    """A router under another: the prefix and the guards that this adds."""

    parent: "Key"
    prefix: str
    path: str
    line: int
    guards: tuple[Guard, ...] = ()


Key = tuple[str, str]
"""The path of the module, and the name of the router in it."""


@dataclass(frozen=True, slots=True)
class Registration:
    """A route before its router's prefix and guards are known."""

    key: Key
    route: Route


def shape(path: str) -> str:
    """A path with every parameter as ``{}``, no query, no trailing slash."""
    plain = _HOLE.sub("{}", path.partition("?")[0])
    return "/" + "/".join(part for part in plain.split("/") if part)


def find_routes(project: Project) -> tuple[Route, ...]:
    """All routes of the project, by file and line."""
    from evals.code.annotated_routes import AnnotatedRoutes
    from evals.code.call_routes import CallRoutes
    from evals.code.python_routes import PythonRoutes
    from evals.code.rust_routes import RustRoutes

    guards = Guards(project)
    found: dict[tuple[str, str, str, int], Route] = {}
    finders = (
        PythonRoutes(project, guards), CallRoutes(project, guards), AnnotatedRoutes(project, guards)
    )  # fmt: skip
    for finder in finders:
        for registration in finder.registrations:
            route = registration.route
            for prefix, above in chains(finder.routers, registration.key, route.file, route.line):
                inside = route.handler is not None and guards.checks_inside(route.handler)
                path = "/" + "/".join(p for p in f"{prefix}/{route.path}".split("/") if p)
                full = Route(
                    route.method, path, route.file, route.line, route.framework, route.handler,
                    (*above, *route.guards), inside, route.options,
                )  # fmt: skip
                found.setdefault((full.method, full.path, full.file, full.line), full)
    for full in RustRoutes(project, guards).routes():
        found.setdefault((full.method, full.path, full.file, full.line), full)
    return tuple(sorted(found.values(), key=lambda r: (r.file, r.line, r.method)))


def chains(
    routers: dict[Key, Router], key: Key, path: str, line: int, hops: int = 6
) -> list[tuple[str, tuple[Guard, ...]]]:
    """Every prefix under which a place of a router is reached, with the guards on the way."""
    router = routers.get(key)
    if router is None or not hops:
        return [("", ())]
    own = router.standing(path, line)
    if not router.parents:
        return [(router.prefix, own)]
    found = []
    for mount in router.parents[:8]:
        for prefix, above in chains(routers, mount.parent, mount.path, mount.line, hops - 1)[:8]:
            found.append((f"{prefix}/{mount.prefix}/{router.prefix}", (*above, *mount.guards, *own)))
    return found
