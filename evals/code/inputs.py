"""What each route takes from its caller, field by field, and whether the code looks at it before using it."""

from collections.abc import Iterator

from evals.code import nodes as n
from evals.code.declared_inputs import FRAMEWORKS, DeclaredInputs
from evals.code.field_reads import FieldReads, is_schema_name
from evals.code.field_tests import FieldTests
from evals.code.fields import Care, Field, FieldTypes, opens
from evals.code.project import Found, Project
from evals.code.routes import Route
from evals.code.sql_knowledge import is_request


class Inputs:
    """Reads what routes take."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.types = FieldTypes(project)
        self.tests = FieldTests(project)
        self.reads = FieldReads(project, self.tests)
        self.declared = DeclaredInputs(project, self.tests)

    def of(self, route: Route) -> tuple[list[Field], bool]:
        """The fields of a route, and whether a schema checks the whole of what is read in one piece."""
        function = route.function
        if function is None or route.handler is None:
            return [], False
        if route.framework == "fastapi":
            return list(self._declared(route, route.handler, function)), False
        if route.framework in FRAMEWORKS:
            return self.declared.of(route)
        return self.reads.of(route.handler)

    # --- FastAPI: the signature says it -----------------------------------------------------------------------------

    def _declared(self, route: Route, found: Found, function: n.Function) -> Iterator[Field]:
        for param in function.params:
            if self._injected(found.module, param):
                continue
            annotation = param.annotation
            name = n.last(annotation) if annotation is not None else ""
            if name in {
                "Request",
                "Response",
                "BackgroundTasks",
                "WebSocket",
                "HTTPConnection",
                "SecurityScopes",
            }:
                continue
            line = annotation.line if annotation is not None else function.line
            model = self.types.model(found.module, annotation)
            if model is not None:
                yield from self.types.model_fields(model)
            elif annotation is None and "{" + param.name not in route.path:
                yield Field(param.name, found.module.path, line, Care.NONE, "other", "query")
            elif annotation is not None and opens(annotation) and route.method in {"POST", "PUT", "PATCH"}:
                yield Field(param.name, found.module.path, line, Care.NONE, "other", "body")
            elif annotation is not None:
                place = "path" if "{" + param.name in route.path else "query"
                care, kind = self.types.care(found.module, annotation, param.default)
                care = self._looked(found, param.name, care)
                yield Field(param.name, found.module.path, line, care, kind, place)
        yield from self._raw(found, function)

    def _raw(self, found: Found, function: n.Function) -> Iterator[Field]:
        """``await request.json()`` in a handler, unless a schema takes it."""
        whole = n.only(function, n.Call)
        if any(is_schema_name(n.last(c.func)) or self._is_model(found.module, c.func) for c in whole):
            return
        for call in whole:
            if (
                n.last(call.func) in {"json", "body", "form"}
                and isinstance(call.func, n.Attr)
                and is_request(call.func.base)
            ):
                looked = self.tests.care(found, "")
                yield Field(
                    "the whole body", found.module.path, call.line, Care.TYPE if looked else Care.NONE
                )

    def _injected(self, module: n.Module, param: n.Param) -> bool:
        for option in (param.default, param.annotation):
            for item in n.walk(option) if option is not None else ():
                if isinstance(item, n.Call) and n.last(item.func) in {"Depends", "Security"}:
                    return True
                if isinstance(item, n.Name) and option is param.annotation:
                    alias = self.project.lookup(module, item.id)
                    value = (
                        alias.node.value if alias is not None and isinstance(alias.node, n.Assign) else None
                    )
                    inner = n.walk(value) if value is not None else ()
                    if any(
                        isinstance(i, n.Call) and n.last(i.func) in {"Depends", "Security"} for i in inner
                    ):
                        return True
        return False

    def _is_model(self, module: n.Module, func: n.Expr) -> bool:
        found = self.project.callee(module, func)
        return found is not None and isinstance(found.node, n.Class) and self.types.is_model(found)

    def _looked(self, found: Found, name: str, care: Care) -> Care:
        """A handler that tests a parameter itself checks it too."""
        if care >= Care.LIMITS or not isinstance(found.node, n.Function):
            return care
        return max(care, self.tests.care(found, name))
