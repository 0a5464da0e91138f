"""Routes that are registered by calls: Express, Fastify, Koa's router, Gin, Echo, Chi, net/http."""

import re

from evals.code import nodes as n
from evals.code.guards import Guards
from evals.code.project import Found, Project
from evals.code.routes import METHODS, Guard, Key, Mount, Registration, Route, Router

_MAKERS = {
    "express": "express", "Router": "express", "fastify": "fastify", "Fastify": "fastify",
    "Default": "gin", "New": "gin", "NewRouter": "chi", "NewServeMux": "net/http", "Hono": "hono",
}  # fmt: skip
_GO_ROUTER = re.compile(
    r"^\*?(gin\.(Engine|RouterGroup|IRoutes|IRouter)|echo\.(Echo|Group)|chi\.Router|http\.ServeMux)$"
)
_PATTERN = re.compile(r"^(?:([A-Z]+)\s+)?(?:[\w.-]+)?(/.*)$")
_LANGUAGES = {"javascript", "typescript", "go"}


class CallRoutes:
    """Collects routers, mounts and routes in one pass over all JavaScript and Go modules."""

    def __init__(self, project: Project, guards: Guards) -> None:
        self.project = project
        self.guards = guards
        self.routers: dict[Key, Router] = {}
        self.kinds: dict[Key, str] = {}
        self.owners: dict[int, tuple[str, str]] = {}
        self.registrations: list[Registration] = []
        modules = [m for m in project.modules.values() if m.language in _LANGUAGES]
        walked = [(module, list(n.inside(module))) for module in modules]
        for module, items in walked:
            for item in items:
                self.scan(module, item)
        for module, items in walked:
            for item in items:
                if isinstance(item, n.Assign) and isinstance(item.value, n.Call):
                    self.group(module, item, item.value)
        for module, items in walked:
            for item in items:
                if isinstance(item, n.Call):
                    self.call(module, item)

    def group(self, module: n.Module, stmt: n.Assign, call: n.Call) -> None:
        """``writes := router.Group("/x", guard)``."""
        if not (isinstance(call.func, n.Attr) and call.func.name in {"Group", "basePath"} and call.args):
            return
        parent = self.key(module, call.func.base)
        key = (module.path, n.dotted(stmt.targets[0]))
        first = call.args[0]
        if parent is None or key == parent or not isinstance(first, n.Const):
            return
        guards = tuple(_guard(module, g) for g in call.args[1:] if self.guards.refuses(module, g))
        self.make(key, self.kinds[parent])
        self.routers[key].parents.append(Mount(parent, str(first.value), module.path, call.line, guards))

    def scan(self, module: n.Module, item: n.Node) -> None:
        """Finds routers, and remembers in which class each call stands."""
        if isinstance(item, n.Assign) and item.value is not None:
            value = item.value
            for target in item.targets:
                name = target if not isinstance(target, n.Group) else (target.items or (target,))[0]
                kind = self.kind(value)
                if kind:
                    self.make((module.path, n.dotted(name)), kind)
        elif isinstance(item, n.Function):
            for inner in n.inside(item) if item.owner else ():
                if isinstance(inner, n.Call):
                    self.owners[id(inner)] = (item.owner, item.receiver)
            for param in item.params:
                annotated = n.dotted(param.annotation)
                if _GO_ROUTER.match(annotated):
                    self.make((module.path, param.name), annotated.lstrip("*").partition(".")[0])
                elif not annotated and module.language != "go" and param.name in {"app", "router", "fastify"}:
                    self.make((module.path, param.name), "fastify" if param.name == "fastify" else "express")

    def make(self, key: Key, kind: str) -> None:
        if key not in self.routers:
            self.routers[key] = Router(ordered=True)
            self.kinds[key] = kind

    def kind(self, value: n.Expr) -> str:
        """The framework of a call that makes a router, or empty."""
        if not isinstance(value, n.Call):
            return ""
        name = n.dotted(value.func)
        first, _, rest = name.partition(".")
        if first in {"gin", "echo", "chi", "fiber", "mux", "http"} and rest in _MAKERS:
            return "net/http" if first == "http" else first
        return (
            _MAKERS.get(name.rpartition(".")[2], "")
            if name not in {"Default", "New"} and first != "errors"
            else ""
        )

    def key(self, module: n.Module, expr: n.Expr) -> Key | None:
        here = (module.path, n.dotted(expr))
        if here in self.routers and not isinstance(expr, n.Call):
            return here
        found: Found | None = None
        if isinstance(expr, n.Name):
            found = self.project.lookup(module, expr.id)
        elif isinstance(expr, n.Attr) and isinstance(expr.base, n.Name):
            holder = self.project.lookup(module, expr.base.id)
            found = self.project.exported(holder.module, expr.name) if holder and holder.whole else None
        elif isinstance(expr, n.Call) and n.dotted(expr.func) == "require" and expr.args:
            source = expr.args[0]
            if isinstance(source, n.Const):
                stmt = n.Import(expr.line, str(source.value), alias="required")
                target = self.project.target(module, stmt)
                found = self.project.exported(target, "default") if target else None
        if found is None or not isinstance(found.node, n.Assign):
            return None
        there = (found.module.path, n.dotted(found.node.targets[0]))
        if (
            there not in self.routers
            and found.node.value is not None
            and not isinstance(found.node.value, n.Call)
        ):
            return self.key(found.module, found.node.value) if found.module is not module else None
        return there if there in self.routers else None

    def call(self, module: n.Module, call: n.Call) -> None:
        func = call.func
        if not isinstance(func, n.Attr):
            return
        verb = func.name.upper()
        if func.name in {"use", "Use", "register"}:
            self.use(module, call, func)
        elif func.name in {"HandleFunc", "Handle"} and call.args:
            self.pattern(module, call, func)
        elif verb in METHODS and call.args and isinstance(func.base, n.Call):
            self.chained(module, call, func, verb)
        elif verb in METHODS and len(call.args) >= 2 and func.name in {verb, verb.lower(), verb.title()}:
            self.route(module, call, func, verb)

    def route(self, module: n.Module, call: n.Call, func: n.Attr, verb: str) -> None:
        key = self.key(module, func.base)
        path = call.args[0]
        if key is None or not (isinstance(path, n.Const) and isinstance(path.value, str)):
            return
        self.add(module, call, key, verb, path.value, call.args[1:])

    def chained(self, module: n.Module, call: n.Call, func: n.Attr, verb: str) -> None:
        """``router.route("/x").get(handler)``."""
        base: n.Expr = func.base
        for _ in range(12):
            if not (isinstance(base, n.Call) and isinstance(base.func, n.Attr)):
                return
            if base.func.name == "route" and base.args:
                key, path = self.key(module, base.func.base), base.args[0]
                if key is not None and isinstance(path, n.Const) and isinstance(path.value, str):
                    self.add(module, call, key, verb, path.value, call.args)
                return
            base = base.func.base

    def pattern(self, module: n.Module, call: n.Call, func: n.Attr) -> None:
        """``mux.HandleFunc("GET /x", handler)``; without a method it takes them all and is listed as GET."""
        first = call.args[0]
        match = (
            _PATTERN.match(first.value)
            if isinstance(first, n.Const) and isinstance(first.value, str)
            else None
        )
        if match is None or len(call.args) < 2:
            return
        key = self.key(module, func.base) or (module.path, n.dotted(func.base))
        self.add(module, call, key, match[1] or "GET", match[2], call.args[1:])

    def add(
        self, module: n.Module, call: n.Call, key: Key, verb: str, path: str, rest: tuple[n.Expr, ...]
    ) -> None:
        flat = [i for a in rest for i in (a.items if isinstance(a, n.Group) and a.kind == "list" else (a,))]
        if not flat:
            return
        *before, last = flat
        owner, receiver = self.owners.get(id(call), ("", ""))
        handler = self.handler(module, last, owner, receiver)
        guards = [_guard(module, g) for g in before if self.guards.refuses(module, g)]
        if handler is None and isinstance(last, n.Call) and self.guards.refuses(module, last.func):
            guards.append(_guard(module, last.func))
        kind = self.kinds.get(key, "net/http")
        route = Route(verb, path, module.path, call.line, kind, handler, tuple(guards))
        self.registrations.append(Registration(key, route))

    def handler(self, module: n.Module, expr: n.Expr, owner: str = "", receiver: str = "") -> Found | None:
        """The function that answers: named, written in place, wrapped, or made by a factory."""
        if isinstance(expr, n.Closure):
            return Found(module, expr.function)
        if isinstance(expr, n.Call):
            for arg in reversed(expr.args):  # asyncHandler(async (req, res) => ...)
                inner = self.handler(module, arg, owner, receiver) if not isinstance(arg, n.Call) else None
                if inner is not None and isinstance(inner.node, n.Function):
                    return inner
            maker = self.project.callee(module, expr.func, owner, receiver)
            if maker is not None and isinstance(maker.node, n.Function):
                for item in n.inside(maker.node):
                    if isinstance(item, n.Closure):
                        return Found(maker.module, item.function, maker.name)
            return maker
        found = self.project.callee(module, expr, owner, receiver)
        return found if found is not None and isinstance(found.node, n.Function) else None

    def use(self, module: n.Module, call: n.Call, func: n.Attr) -> None:
        parent = self.key(module, func.base)
        if parent is None or not call.args:
            return
        prefix, rest = "", list(call.args)
        if isinstance(rest[0], n.Const):
            prefix, rest = str(rest[0].value), rest[1:]
        guards = [
            _guard(module, g) for g in rest if self.key(module, g) is None and self.guards.refuses(module, g)
        ]
        children = [k for k in (self.key(module, g) for g in rest) if k is not None and k != parent]
        for child in children:
            self.routers[child].parents.append(Mount(parent, prefix, module.path, call.line, tuple(guards)))
        if not children and not prefix:
            self.routers[parent].guards.extend(guards)


def _guard(module: n.Module, expr: n.Expr) -> Guard:
    return Guard(n.dotted(expr) or "middleware", module.path, expr.line)
