"""Routes of FastAPI, Flask and what is built like them, and of Django."""

from evals.code import nodes as n
from evals.code.guards import Guards, denial, dependencies, depends_in
from evals.code.project import Found, Project
from evals.code.routes import METHODS, Guard, Key, Mount, Registration, Route, Router

_ROUTERS = {
    "FastAPI": "fastapi", "APIRouter": "fastapi", "Flask": "flask", "Blueprint": "flask", "Quart": "flask",
    "APIFlask": "flask", "APIBlueprint": "flask", "Starlette": "starlette", "Sanic": "sanic",
}  # fmt: skip
_VERBS = {m.lower() for m in METHODS}
_PLAIN_DECORATORS = {"wraps", "staticmethod", "classmethod", "property", "lru_cache", "cache"}


class PythonRoutes:
    """Collects routers, mounts and routes in one pass over all Python modules."""

    def __init__(self, project: Project, guards: Guards) -> None:
        self.project = project
        self.guards = guards
        self.routers: dict[Key, Router] = {}
        self.kinds: dict[Key, str] = {}
        self.registrations: list[Registration] = []
        modules = [m for m in project.modules.values() if m.language == "python"]
        walked = [(module, list(n.inside(module))) for module in modules]
        for module, items in walked:
            for item in items:
                if isinstance(item, n.Assign) and isinstance(item.value, n.Call):
                    self.router(module, item, item.value)
        for module, items in walked:
            for item in items:
                if isinstance(item, n.Call):
                    self.call(module, item)
                elif isinstance(item, n.Function):
                    self.function(module, item)

    def router(self, module: n.Module, stmt: n.Assign, call: n.Call) -> None:
        kind = _ROUTERS.get(n.last(call.func))
        if kind is None:
            return
        options = dict(call.keywords)
        prefix = _string(options.get("prefix")) or _string(options.get("url_prefix"))
        for target in stmt.targets:
            key = (module.path, n.dotted(target))
            self.kinds[key] = kind
            self.routers[key] = Router(prefix, self.listed(module, options.get("dependencies")))

    def listed(self, module: n.Module, listing: n.Expr | None) -> list[Guard]:
        """The guards among ``dependencies=[Depends(f), ...]``."""
        if listing is None:
            return []
        targets = depends_in(self.project, module, listing)
        return [_guard(module, t) for t in targets if self.guards.refuses(module, t)]

    def key(self, module: n.Module, expr: n.Expr) -> Key | None:
        """The router that an expression names."""
        here = (module.path, n.dotted(expr))
        if here in self.routers:
            return here
        if isinstance(expr, n.Name):
            found = self.project.lookup(module, expr.id)
        elif isinstance(expr, n.Attr) and isinstance(expr.base, n.Name):
            holder = self.project.lookup(module, expr.base.id)
            found = self.project.exported(holder.module, expr.name) if holder and holder.whole else None
        else:
            return None
        if found is None:
            return None
        there = (found.module.path, found.name)
        if isinstance(found.node, n.Assign) and there not in self.routers:
            there = (found.module.path, n.dotted(found.node.targets[0]))
        return there if there in self.routers else None

    def call(self, module: n.Module, call: n.Call) -> None:
        if not isinstance(call.func, n.Attr):
            if n.last(call.func) in {"path", "re_path", "url"} and len(call.args) >= 2:
                self.django(module, call)
            return
        name, options = call.func.name, dict(call.keywords)
        if name in {"include_router", "register_blueprint", "mount"} and call.args:
            child = self.key(module, call.args[-1] if name == "mount" else call.args[0])
            parent = self.key(module, call.func.base) or (module.path, n.dotted(call.func.base))
            if child is not None and child != parent:
                prefix = _string(options.get("prefix")) or _string(options.get("url_prefix"))
                if name == "mount":
                    prefix = _string(call.args[0])
                if name == "register_blueprint" and prefix:  # replaces the blueprint's own prefix
                    self.routers[child].prefix = ""
                above = tuple(self.listed(module, options.get("dependencies")))
                self.routers[child].parents.append(Mount(parent, prefix, module.path, call.line, above))
        elif name in {"add_url_rule", "add_api_route", "add_route"} and call.args:
            view = options.get("view_func") or options.get("endpoint") or call.args[-1]
            found = self.project.callee(module, view)
            self.register(module, call, call.func.base, found, ("GET",))

    def function(self, module: n.Module, function: n.Function) -> None:
        for decorator in function.decorators:
            call = decorator if isinstance(decorator, n.Call) else None
            target = call.func if call else decorator
            if not isinstance(target, n.Attr):
                continue
            if target.name in {"before_request", "before_app_request"}:
                self.before(module, function, target.base)
            elif call and (target.name in _VERBS or target.name in {"route", "api_route"}):
                verbs = (target.name.upper(),) if target.name in _VERBS else ("GET",)
                self.register(module, call, target.base, Found(module, function, function.name), verbs)

    def before(self, module: n.Module, function: n.Function, base: n.Expr) -> None:
        key = self.key(module, base)
        if key is not None and any(denial(item) for item in n.inside(function)):
            self.routers[key].guards.append(Guard(function.name, module.path, function.line))

    def register(
        self, module: n.Module, call: n.Call, base: n.Expr, found: Found | None, verbs: tuple[str, ...]
    ) -> None:
        key = self.key(module, base)
        options = dict(call.keywords)
        path = call.args[0] if call.args else options.get("path") or options.get("rule")
        if path is None or not isinstance(path, (n.Const, n.Text)):
            return
        text = _string(path)
        if key is None and not text.startswith("/"):
            return
        listed = options.get("methods")
        if isinstance(listed, n.Group):
            verbs = tuple(_string(item).upper() for item in listed.items)
        guards = self.listed(module, options.get("dependencies"))
        if found is not None and isinstance(found.node, n.Function):
            guards += self.around(found.module, found.node)
        kind = self.kinds.get(key, "") if key else ""
        where = key or (module.path, n.dotted(base))
        for verb in verbs:
            if verb in METHODS:
                route = Route(
                    verb,
                    text,
                    module.path,
                    call.line,
                    kind or "unknown",
                    found,
                    tuple(guards),
                    options=call.keywords,
                )
                self.registrations.append(Registration(where, route))

    def around(self, module: n.Module, function: n.Function) -> list[Guard]:
        """The guards on the handler itself: its dependencies and its decorators."""
        found = [
            _guard(module, d)
            for d in dependencies(self.project, module, function)
            if self.guards.refuses(module, d)
        ]
        for param in function.params:
            name = n.last(param.annotation)
            unknown = name and name[:1].isupper() and self.project.lookup(module, name) is None
            if (
                unknown
                and param.annotation is not None
                and self.guards.refuses(module, n.Name(param.annotation.line, name))
            ):
                found.append(
                    _guard(module, param.annotation)
                )  # CurrentUser, from a module that could not be read
        for decorator in function.decorators:
            target = decorator.func if isinstance(decorator, n.Call) else decorator
            routing = isinstance(target, n.Attr) and (target.name in _VERBS or target.name.endswith("route"))
            if routing or n.last(target) in _PLAIN_DECORATORS:
                continue
            if self.guards.refuses(module, decorator):
                found.append(_guard(module, decorator))
        return found

    def django(self, module: n.Module, call: n.Call) -> None:
        """``path("notes/", views.notes)``: which methods it takes is the view's own business."""
        view, text = call.args[1], _string(call.args[0])
        if isinstance(view, n.Call) and n.last(view.func) == "include":
            return
        target = view.func.base if isinstance(view, n.Call) and isinstance(view.func, n.Attr) else view
        found = self.project.callee(module, target)
        if found is None or found.node is None or isinstance(found.node, n.Assign):
            return
        body = found.node.body
        if isinstance(found.node, n.Class):
            for method in (s for s in body if isinstance(s, n.Function) and s.name in _VERBS):
                guards = self.around(found.module, method) + self.classes(found.module, found.node)
                route = Route(
                    method.name.upper(), text, found.module.path, method.line, "django",
                    Found(found.module, method, method.name), tuple(guards),
                )  # fmt: skip
                self.registrations.append(Registration((module.path, ""), route))
            return
        guards = self.around(found.module, found.node)
        verbs = {
            c.value for c in n.walk(found.node, *found.node.decorators) if isinstance(c, n.Const)
        } & METHODS
        for verb in sorted(str(v) for v in verbs or {"GET"}):
            route = Route(verb, text, found.module.path, found.node.line, "django", found, tuple(guards))
            self.registrations.append(Registration((module.path, ""), route))

    def classes(self, module: n.Module, klass: n.Class) -> list[Guard]:
        found = [_guard(module, base) for base in klass.bases if "Required" in n.last(base)]
        for stmt in klass.body:
            if isinstance(stmt, n.Assign) and n.last(stmt.targets[0]) == "permission_classes" and stmt.value:
                names = [i for i in n.walk(stmt.value) if isinstance(i, (n.Name, n.Attr))]
                found += [_guard(module, i) for i in names if n.last(i) != "AllowAny"][:1]
        return found


def _guard(module: n.Module, expr: n.Expr) -> Guard:
    return Guard(n.dotted(expr), module.path, expr.line)


def _string(expr: n.Expr | None) -> str:
    """A path literal; what stands in an f-string's holes is a parameter."""
    if isinstance(expr, n.Const) and isinstance(expr.value, str):
        return expr.value
    if isinstance(expr, n.Text):
        return "".join(str(p.value) if isinstance(p, n.Const) else "" for p in expr.parts)
    return ""
