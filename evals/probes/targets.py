"""The endpoints that are probed: from the OpenAPI document, the code's routes and the task's requirements."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from evals.checklist.auth_reading import OPEN_PATHS, Reading
from evals.code.inputs import Inputs
from evals.code.routes import Route, shape
from evals.code.schemas import Schemas
from evals.code.view import CodeView
from evals.probes.openapi import Document, Input

_HOLES = re.compile(
    r"\{([^{}/:]*)(?::[^{}/]*)?\}|<(?:[^<>/:]*:)?([^<>/]*)>"
    r"|(?<=/):([A-Za-z_]\w*)(?:\([^)/]*\))?\??|(?<=/)\*(\w*)"
)
_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})
_FRAMEWORKS_OWN = re.compile(r"^/(docs|redoc|openapi\.json|static)(/|$)")


@dataclass(frozen=True, slots=True)
class Target:
    """One endpoint. ``path`` has its parameters as ``{name}``. ``guarded`` says why it needs credentials, or "".

    ``owned``: by the task, only the owner of what it names may pass. ``known``: the inputs come from a schema, so that
    ``required`` can be believed. ``asked_for``: it is the task that wants the guard, not only the code that shows one.
    ``bare``: its route is in the code, and no guard was seen before it.
    """

    method: str
    path: str
    inputs: tuple[Input, ...] = ()
    form: bool = False
    guarded: str = ""
    known: bool = False
    owned: bool = False
    asked_for: bool = False
    bare: bool = False
    file: str = ""
    line: int = 0

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def parameters(self) -> tuple[str, ...]:
        return tuple(re.findall(r"\{([^{}]*)\}", self.path))

    def at(self, place: str) -> tuple[Input, ...]:
        """The inputs of one place: ``body``, ``query``, ``path``, ``header``."""
        return tuple(i for i in self.inputs if i.place == place)


def template(path: str) -> str:
    """A route's path with every framework's parameters as ``{name}``."""
    holes = iter(range(1, 100))
    return _HOLES.sub(
        lambda m: "{" + (next((g for g in m.groups() if g), "") or f"p{next(holes, 0)}") + "}", path
    )


def find_targets(view: CodeView, document: Document | None) -> tuple[Target, ...]:
    """Every endpoint once, those of OpenAPI first; where neither it nor the code names any, the task's."""
    reading = Reading(view.task)
    hidden = {file.path for file in view.files if file.part == "test"}
    routes = {(r.method, r.shape): r for r in view.routes if r.file not in hidden and r.method in _METHODS}
    found: dict[tuple[str, str], Target] = {}
    for operation in document.operations() if document else ():
        key = (operation.method, shape(operation.path))
        route = routes.get(key)
        need = reading.need(operation.method, operation.path)
        found[key] = Target(
            operation.method, template(operation.path), operation.inputs, operation.form,
            _guarded(reading, operation.method, operation.path, route, secured=operation.secured),
            known=True, owned=need.owner, asked_for=bool(need.required), bare=bool(route and not route.guarded),
            file=route.file if route else "", line=route.line if route else 0,
        )  # fmt: skip
    reads, schemas = Inputs(view.project), Schemas(view.project)
    for key, route in routes.items():
        if key in found or _FRAMEWORKS_OWN.match(route.path):
            continue
        inputs = _inputs(route, reads, schemas)
        need = reading.need(route.method, route.path)
        why = _guarded(reading, route.method, route.path, route, secured=False)
        found[key] = Target(
            route.method,
            template(route.path) + ("/" if route.framework == "django" and route.path != "/" else ""),
            inputs,
            False,
            why,
            owned=need.owner,
            asked_for=bool(need.required),
            bare=not route.guarded,
            file=route.file,
            line=route.line,
        )
    if not found and view.task:
        for endpoint in view.task.endpoints:
            need = reading.need(endpoint.method, endpoint.path)
            why = _guarded(reading, endpoint.method, endpoint.path, None, secured=False)
            found[endpoint.method, shape(endpoint.path)] = Target(
                endpoint.method,
                template(endpoint.path),
                (),
                False,
                why,
                owned=need.owner,
                asked_for=bool(need.required),
            )
    return tuple(found.values())


def _guarded(reading: Reading, method: str, path: str, route: Route | None, *, secured: bool) -> str:
    """Why credentials are needed: the task's words, then the declared security, then the code's own guards."""
    need = reading.need(method, path)
    if need.required is not None:
        return f"the task: {need.words[:120]}" if need.required else ""
    if OPEN_PATHS.search(path):
        return ""
    if secured:
        return "its declared security"
    return f"its guard {route.guards[0].name[:60]}" if route and route.guards else ""


def _inputs(route: Route, reads: Inputs, schemas: Schemas) -> tuple[Input, ...]:
    """What the code shows that a route takes, by name."""
    kinds = {"text": "string", "number": "number"}
    fields, _ = reads.of(route)
    read = {(f.place, f.name): kinds.get(f.kind, "") for f in (*schemas.of(route), *fields)}
    return tuple(
        Input(name, place, {"type": kind} if kind else {})
        for (place, name), kind in read.items()
        if place in {"body", "query", "path", "header"} and len(name) < 100
    )


def by_path(targets: Iterable[Target], method: str) -> dict[str, Target]:
    """The targets of one method by the shape of their path."""
    return {shape(t.path): t for t in targets if t.method == method}
