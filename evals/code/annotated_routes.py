"""Routes that annotations on classes and methods declare: Spring's controllers and NestJS's."""

import re
from collections.abc import Iterator

from evals.code import nodes as n
from evals.code.guards import Guards
from evals.code.project import Found, Project
from evals.code.routes import METHODS, Guard, Key, Registration, Route, Router
from evals.code.spring_security import SpringSecurity

_SPRING = {f"{verb.title()}Mapping": verb for verb in METHODS}
_NEST = {verb.title(): (verb,) for verb in METHODS} | {"All": ("GET", "POST", "PUT", "PATCH", "DELETE")}
_SPRING_GUARDS = frozenset({"PreAuthorize", "Secured", "RolesAllowed", "PostAuthorize"})
_OPEN = re.compile(r"^(Public|SkipAuth|AllowAnonymous|NoAuth|IsPublic|Unauthenticated)\w*$")
_NO_GUARD = re.compile(r"Throttl|Cache|RateLimit", re.IGNORECASE)


class AnnotatedRoutes:
    """Collects the routes of all controllers."""

    def __init__(self, project: Project, guards: Guards) -> None:
        self.routers: dict[Key, Router] = {}
        self.registrations: list[Registration] = []
        java = [m for m in project.modules.values() if m.language == "java"]
        scripts = [m for m in project.modules.values() if m.language in {"typescript", "javascript"}]
        security = SpringSecurity(java, guards)
        for module in java:
            for holder in _classes(module):
                self._spring(module, holder, security)
        shared = [guard for module in scripts for guard in _global_guards(module)]
        prefix = next(filter(None, map(_global_prefix, scripts)), "")
        for module in scripts:
            for holder in _classes(module):
                self._nest(module, holder, prefix, shared)

    # --- Spring -----------------------------------------------------------------------------------------------------

    def _spring(self, module: n.Module, holder: n.Class, security: SpringSecurity) -> None:
        marks = _marks(holder.decorators)
        if not {"RestController", "Controller"} & marks.keys():
            return
        above = [
            _mark_guard(module, m) for name, m in marks.items() if name in _SPRING_GUARDS and not _permits(m)
        ]
        prefixes = _paths(marks.get("RequestMapping")) or [""]
        for method in _methods(holder):
            own = _marks(method.decorators)
            guards = [
                _mark_guard(module, m)
                for name, m in own.items()
                if name in _SPRING_GUARDS and not _permits(m)
            ]
            for name, mark in own.items():
                verbs = (
                    [_SPRING[name]]
                    if name in _SPRING
                    else _request_methods(mark)
                    if name == "RequestMapping"
                    else []
                )
                for verb in verbs:
                    for prefix in prefixes:
                        for path in _paths(mark) or [""]:
                            full = _joined(prefix, path)
                            standing = [*above, *guards, *security.guards(verb, full)]
                            self._add(module, method, verb, full, "spring", standing)

    # --- NestJS -----------------------------------------------------------------------------------------------------

    def _nest(self, module: n.Module, holder: n.Class, prefix: str, shared: list[Guard]) -> None:
        marks = _marks(holder.decorators)
        controller = marks.get("Controller")
        if controller is None:
            return
        above = (
            [] if any(_OPEN.match(name) for name in marks) else [*shared, *_used(module, holder.decorators)]
        )
        for method in _methods(holder):
            own = _marks(method.decorators)
            opened = any(_OPEN.match(name) for name in own)
            guards = [*([] if opened else above), *_used(module, method.decorators)]
            for name, mark in own.items():
                for verb in _NEST.get(name, ()):
                    for base in _paths(controller) or [""]:
                        for path in _paths(mark) or [""]:
                            full = _joined(prefix, _joined(base, path))
                            self._add(module, method, verb, full, "nestjs", guards)

    def _add(
        self, module: n.Module, method: n.Function, verb: str, path: str, framework: str, guards: list[Guard]
    ) -> None:
        line = min((d.line for d in method.decorators), default=method.line)
        unique = tuple(dict.fromkeys(guards))
        handler = Found(module, method, method.name)
        route = Route(verb, path, module.path, line, framework, handler, unique)
        self.registrations.append(Registration((module.path, ""), route))


def _classes(module: n.Module) -> Iterator[n.Class]:
    return (item for item in n.inside(module) if isinstance(item, n.Class) and item.decorators)


def _methods(holder: n.Class) -> Iterator[n.Function]:
    return (item for item in holder.body if isinstance(item, n.Function) and item.decorators)


def _marks(decorators: tuple[n.Expr, ...]) -> dict[str, n.Call]:
    """Annotations by name; one without parentheses is a call without arguments."""
    found = {}
    for mark in decorators:
        call = mark if isinstance(mark, n.Call) else n.Call(mark.line, mark)
        found[n.last(call.func)] = call
    return found


def _paths(mark: n.Call | None) -> list[str]:
    """The paths of a mapping: its only value, ``value``, ``path``, one or a list of them."""
    if mark is None:
        return []
    options = dict(mark.keywords)
    roots = [*mark.args[:1], *(options[k] for k in ("value", "path") if k in options)]
    found: list[str] = []
    for root in roots:
        if isinstance(root, n.Group) and root.kind == "dict":
            listed = [v for k, v in zip(root.keys, root.items, strict=False) if _text(k) == "path"]
        else:
            listed = list(root.items) if isinstance(root, n.Group) else [root]
            listed += list(root.parts) if isinstance(root, n.Other) else []
        found += [_text(item) for item in listed if isinstance(item, n.Const) and isinstance(item.value, str)]
    return found


def _text(expr: n.Expr | None) -> str:
    return expr.value if isinstance(expr, n.Const) and isinstance(expr.value, str) else ""


def _request_methods(mark: n.Call) -> list[str]:
    """The methods of ``@RequestMapping``; without any it answers to all, of which reading is the likeliest."""
    said = dict(mark.keywords).get("method")
    named = [item.name for item in n.walk(said) if isinstance(item, n.Attr)] if said is not None else []
    return [verb for verb in named if verb in METHODS] or ["GET"]


def _mark_guard(module: n.Module, mark: n.Call) -> Guard:
    return Guard(n.last(mark.func), module.path, mark.line)


def _permits(mark: n.Call) -> bool:
    return any("permitAll" in _text(a) or "isAnonymous" in _text(a) for a in mark.args)


def _used(module: n.Module, decorators: tuple[n.Expr, ...]) -> list[Guard]:
    """What ``@UseGuards`` names."""
    found = []
    for mark in decorators:
        if isinstance(mark, n.Call) and n.last(mark.func) == "UseGuards":
            found += [
                Guard(n.last(a), module.path, mark.line) for a in mark.args if not _NO_GUARD.search(n.last(a))
            ]
    return found


def _global_guards(module: n.Module) -> Iterator[Guard]:
    """``{ provide: APP_GUARD, useClass: X }`` and ``app.useGlobalGuards(new X())``."""
    for item in n.inside(module):
        if isinstance(item, n.Group) and item.kind == "dict":
            pairs = {_text(k) or n.last(k): v for k, v in zip(item.keys, item.items, strict=False)}
            if n.last(pairs.get("provide")) == "APP_GUARD":
                made = next((pairs[k] for k in ("useClass", "useExisting", "useFactory") if k in pairs), None)
                if made is not None and not _NO_GUARD.search(n.last(made)):
                    yield Guard(n.last(made) or "APP_GUARD", module.path, item.line)
        elif isinstance(item, n.Call) and n.last(item.func) == "useGlobalGuards":
            yield from (
                Guard(n.last(a), module.path, item.line) for a in item.args if not _NO_GUARD.search(n.last(a))
            )


def _global_prefix(module: n.Module) -> str:
    for item in n.inside(module):
        if isinstance(item, n.Call) and n.last(item.func) == "setGlobalPrefix" and item.args:
            return _text(item.args[0])
    return ""


def _joined(before: str, after: str) -> str:
    return "/" + "/".join(part for part in f"{before}/{after}".split("/") if part)
