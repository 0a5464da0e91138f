"""Routes of Rust's axum, actix-web and Rocket: built by chains of calls, and by attributes on handlers."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

from evals.code import nodes as n
from evals.code.bindings import functions
from evals.code.guards import Guards
from evals.code.project import Found, Project
from evals.code.routes import METHODS, Guard, Route

_VERBS = {verb.lower(): verb for verb in METHODS}
_GUARD = re.compile(r"auth(?!or)|jwt|bearer|api_?key|require|guard|session|token", re.IGNORECASE)
_EXTRACTOR = re.compile(
    r"\w*Claims|\w*Auth\w*|CurrentUser|\w*Principal|Bearer\w*|ApiKey\w*|Identity|\w*Session|AdminUser|LoggedIn\w*"
)
_LINKS = frozenset(
    {"route", "nest", "merge", "service", "configure", "nest_service", "layer", "route_layer", "wrap", "mount",
     "with_state", "fallback", "app_data", "default_service", "attach", "manage", "register", "data"}
)  # fmt: skip
_LAYERS = frozenset({"layer", "route_layer", "wrap"})
_MOUNTS = frozenset({"nest", "merge", "service", "configure", "nest_service"})
_EXTRACTS = frozenset({"from_request", "from_request_parts"})
_HOPS = 8
_MOST_STEPS = 5_000
_MOST_NODES = 2_000


@dataclass(frozen=True, slots=True)
class _Found:
    """A route as one router has it."""

    verb: str
    path: str
    handler: n.Expr | None
    line: int
    framework: str
    module: n.Module
    guards: tuple[Guard, ...] = ()


@dataclass(frozen=True, slots=True)
class _Mount:
    """Another router's routes below a prefix."""

    router: str
    prefix: str
    guards: tuple[Guard, ...] = ()


class RustRoutes:
    """Collects the routes of all Rust modules."""

    def __init__(self, project: Project, guards: Guards) -> None:
        self._project = project
        self._guards = guards
        self._own: dict[str, list[_Found]] = {}
        self._mounts: dict[str, list[_Mount]] = {}
        self._mounted: set[str] = set()
        self._steps = 0
        modules = [m for m in project.modules.values() if m.language == "rust"]
        self._attributed = "rocket" if any(_uses(m, "rocket") for m in modules) else "actix"
        self._refusing = frozenset(self._refusing_types(modules))
        for self._module in modules:
            for function in functions(self._module):
                self._function(function)

    def routes(self) -> Iterator[Route]:
        """All routes with the prefixes and guards of the routers that they hang on."""
        for router in (*self._own, *self._mounts):
            if router in self._mounted:
                continue
            for route in self._below(router, _HOPS):
                yield self._whole(route)

    def _whole(self, route: _Found) -> Route:
        found = self._handler(route)
        extracted = self._extracted(found) if found is not None else None
        guards = (*route.guards, extracted) if extracted else route.guards
        inside = found is not None and self._guards.checks_inside(found)
        path = "/" + "/".join(part for part in route.path.split("/") if part)
        return Route(
            route.verb, path, route.module.path, route.line, route.framework, found, guards, inside
        )  # fmt: skip

    def _handler(self, route: _Found) -> Found | None:
        if isinstance(route.handler, n.Closure):
            return Found(route.module, route.handler.function)
        name = n.last(route.handler)
        found = self._project.lookup(route.module, name) if name else None
        if found is None and name and isinstance(route.handler, n.Attr):
            found = self._project.only_method(name)  # Users::list
        if found is None and name:
            found = self._by_path(route, name)
        return found if found is not None and isinstance(found.node, n.Function) else None

    def _by_path(self, route: _Found, name: str) -> Found | None:
        """``users::list`` in a file or folder of that name, or a function of that name in the same file."""
        place = n.last(route.handler.base) if isinstance(route.handler, n.Attr) else ""
        hits = [
            Found(module, function, name)
            for module in self._project.modules.values()
            if module.language == "rust"
            for function in functions(module)
            if function.name == name and not function.owner
        ]
        near = [f for f in hits if place and re.search(rf"(^|/){re.escape(place)}(/|\.rs$)", f.module.path)]
        same = [f for f in hits if f.module is route.module]
        return next(iter([*near, *([] if place else same)]), hits[0] if len(hits) == 1 else None)

    def _below(self, router: str, hops: int) -> Iterator[_Found]:
        self._steps += 1
        if self._steps > _MOST_STEPS:
            return
        yield from self._own.get(router, ())
        for mount in self._mounts.get(router, ()) if hops else ():
            for route in self._below(mount.router, hops - 1):
                path, guards = f"{mount.prefix}/{route.path}", (*mount.guards, *route.guards)
                yield replace(route, path=path, guards=guards)

    # --- one function -----------------------------------------------------------------------------------------------

    def _function(self, function: n.Function) -> None:
        for mark in function.decorators:
            verb = n.last(mark)
            said = mark.args[0] if isinstance(mark, n.Call) and mark.args else None
            if verb in _VERBS and isinstance(said, n.Const) and isinstance(said.value, str):
                path = said.value.partition("?")[0] if self._attributed == "rocket" else said.value
                name = n.Name(mark.line, function.name)
                route = _Found(_VERBS[verb], path, name, mark.line, self._attributed, self._module)
                self._own.setdefault(f"fn {function.name}", []).append(route)
        for stmt in function.body:
            self._calls(stmt, function.name, "", (), function.name)

    def _calls(
        self, node: n.Node, router: str, prefix: str, guards: tuple[Guard, ...], function: str
    ) -> None:
        """Routes and mounts in an expression or statement; ``prefix`` and ``guards`` are those around it."""
        if isinstance(node, n.Assign):
            target = n.dotted(node.targets[0])
            if node.value is not None:
                self._calls(node.value, f"{function}.{target}", "", (), function)
            return
        links, root = _chain(node)
        if not links:
            for child in n.children(node):
                self._calls(child, router, prefix, guards, function)
            return
        self._calls(root, router, prefix, guards, function)
        if isinstance(root, n.Name):  # let app = app.route(...): what it held before
            self._mounts.setdefault(router, []).append(_Mount(f"{function}.{root.id}", prefix, guards))
            if router != f"{function}.{root.id}":
                self._mounted.add(f"{function}.{root.id}")
        scope = _scope(root)
        self._links(links, router, f"{prefix}/{scope}" if scope else prefix, guards, function)

    def _links(
        self, links: list[n.Call], router: str, prefix: str, guards: tuple[Guard, ...], function: str
    ) -> None:
        """What the calls of a chain add, the last one first."""
        layers = [self._layer(link) for link in links]
        # actix's wrap stands before all of its scope; axum's layers before what was added until then.
        wraps = [g for link, g in zip(links, layers, strict=True) if g and n.last(link.func) == "wrap"]
        standing = (*guards, *wraps)
        for link, layer in zip(links, layers, strict=True):
            name = n.last(link.func)
            if layer and name != "wrap":
                standing = (*standing, layer)
            elif name == "route" and link.args:
                self._route(link, router, prefix, standing)
            elif name == "mount" and len(link.args) == 2:
                self._rocket(link, router, standing)
            elif name in _MOUNTS and link.args:
                first = _text(link.args[0]) if len(link.args) > 1 else ""
                self._mount(link.args[-1], router, f"{prefix}/{first}", standing, function)
            else:
                for argument in link.args:
                    self._calls(argument, router, prefix, standing, function)

    def _layer(self, link: n.Call) -> Guard | None:
        """The guard that a layer is: by its name, or because a function in it answers 401 or 403."""
        if n.last(link.func) not in _LAYERS or not link.args:
            return None
        names = [i for i in islice(n.walk(link.args[0]), _MOST_NODES) if isinstance(i, (n.Name, n.Attr))]
        bases = {id(i.base) for i in names if isinstance(i, n.Attr) and _GUARD.search(i.name)}
        told = [i for i in names if _GUARD.search(n.last(i)) and id(i) not in bases]
        found = ((i, self._project.lookup(self._module, i.id)) for i in names if isinstance(i, n.Name))
        denying = [
            i for i, f in found if f is not None and isinstance(f.node, n.Function) and self._guards.denies(f)
        ]
        guard = next(iter([*denying, *reversed(told)]), None)
        return Guard(n.last(guard), self._module.path, link.line) if guard is not None else None

    def _mount(
        self, node: n.Expr, router: str, prefix: str, guards: tuple[Guard, ...], function: str
    ) -> None:
        """What is mounted: another function's router, a variable's, an attributed handler, or one built here."""
        links, root = _chain(node)
        if links or _scope(root):
            self._calls(node, router, prefix, guards, function)
            return
        if not isinstance(root, (n.Call, n.Name, n.Attr)):
            self._calls(node, router, prefix, guards, function)
            return
        name = n.last(root)
        targets = [name] if isinstance(root, n.Call) else [f"{function}.{name}", f"fn {name}", name]
        for target in targets:
            self._mounts.setdefault(router, []).append(_Mount(target, prefix, guards))
            self._mounted.add(target)

    def _rocket(self, link: n.Call, router: str, guards: tuple[Guard, ...]) -> None:
        """``.mount("/api", routes![list, create])``."""
        listed = link.args[1]
        for item in listed.args if isinstance(listed, n.Call) and n.last(listed.func) == "routes" else ():
            target = f"fn {n.last(item)}"
            self._mounts.setdefault(router, []).append(_Mount(target, _text(link.args[0]), guards))
            self._mounted.add(target)

    def _route(self, link: n.Call, router: str, prefix: str, guards: tuple[Guard, ...]) -> None:
        """``.route("/x", get(a).post(b))``, and actix's ``.route("/x", web::get().to(a))``, with or without a path."""
        path, line = _text(link.args[0]), link.args[0].line
        verb, own = "", guards
        chain: list[n.Call] = []
        node: n.Expr = link.args[-1]
        while isinstance(node, n.Call) and len(chain) < 100:
            chain.append(node)
            node = node.func.base if isinstance(node.func, n.Attr) else node.func
        layers = [g for call in chain if (g := self._layer(call))]
        for call in reversed(chain):
            name = n.last(call.func)
            verb = name if name in _VERBS else verb
            handler = call.args[0] if call.args and (name in _VERBS or name == "to") else None
            if handler is None or not verb:
                continue
            kind = "actix" if name == "to" else "axum"
            route = _Found(
                _VERBS[verb], f"{prefix}/{path}", handler, line, kind, self._module, (*own, *layers)
            )
            self._own.setdefault(router, []).append(route)

    # --- extractors -------------------------------------------------------------------------------------------------

    def _extracted(self, found: Found) -> Guard | None:
        """The parameter of a handler that keeps strangers out: by the name of its type, or by how that is made."""
        function = found.node
        for param in function.params if isinstance(function, n.Function) else ():
            kinds = [i for i in n.walk(param.annotation) if isinstance(i, n.Name)] if param.annotation else []
            if any(kind.id in {"Option", "MaybeUser"} for kind in kinds):
                continue
            for kind in kinds:
                if kind.id in self._refusing or _EXTRACTOR.fullmatch(kind.id):
                    return Guard(kind.id, found.module.path, kind.line)
        return None

    def _refusing_types(self, modules: list[n.Module]) -> Iterator[str]:
        """Types whose ``from_request`` answers 401 or 403."""
        for module in modules:
            for function in functions(module):
                if function.name in _EXTRACTS and self._guards.denies(Found(module, function, function.name)):
                    yield function.owner


def _chain(node: n.Node) -> tuple[list[n.Call], n.Node]:
    """``root.a(..).b(..)`` as its calls, the last one first, and the root."""
    links: list[n.Call] = []
    while isinstance(node, n.Other) and node.kind == "try" and node.parts:
        node = node.parts[0]
    while isinstance(node, n.Call) and isinstance(node.func, n.Attr):
        base = node.func.base
        if not isinstance(base, n.Call) and node.func.name not in _LINKS:
            break
        links.append(node)
        node = base
    return links, node


def _scope(root: n.Node) -> str:
    """The path of the ``web::scope("/x")`` or ``web::resource("/x")`` that a chain begins with."""
    if isinstance(root, n.Call) and n.last(root.func) in {"scope", "resource"} and root.args:
        return _text(root.args[0])
    return ""


def _text(expr: n.Expr) -> str:
    return expr.value if isinstance(expr, n.Const) and isinstance(expr.value, str) else ""


def _uses(module: n.Module, crate: str) -> bool:
    return any(isinstance(i, n.Import) and i.module.partition(".")[0] == crate for i in module.body)
