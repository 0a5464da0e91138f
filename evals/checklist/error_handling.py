"""Whether every endpoint meets its errors: answers them, hides nothing, and gives nothing away."""

import re
from collections.abc import Iterator

from evals.checklist.error_answers import (
    REFUSES,
    answers,
    error_middleware,
    express_version,
    from_request,
    is_tested,
    line_of,
    speaks_of,
    statuses,
    tells_in_answer,
    traces,
)
from evals.checklist.findings import Findings, unread, unread_routes
from evals.checklist.framework_errors import elsewhere, java_faults, looks_up, rust_faults, ways_out
from evals.code import nodes as n
from evals.code.error_paths import BROAD, CONFLICTS, ErrorPaths, caught
from evals.code.project import Found
from evals.code.reach import reached
from evals.code.routes import Route, shape
from evals.code.view import CodeView
from evals.verdict import CheckResult, Evidence

ITEM = "error-handling"

_FALLIBLE = frozenset(
    ("Decode", "Unmarshal", "ShouldBindJSON", "BindJSON", "ShouldBind", "Bind", "Exec", "ExecContext", "Query",
     "QueryContext", "Scan", "Atoi", "ParseInt", "ParseFloat", "ParseBool", "Commit", "BodyParser", "Begin",
     "Prepare", "GenerateFromPassword", "ReadAll", "Parse", "ParseUint", "SignedString", "LastInsertId_")
)  # fmt: skip
_BARE_CALLS = frozenset(
    {"Exec", "ExecContext", "Decode", "Unmarshal", "Scan", "ShouldBindJSON", "BindJSON", "Commit"}
)
_CONVERSIONS = frozenset({"int", "float", "UUID", "Decimal", "fromisoformat", "strptime", "loads"})


def check(view: CodeView) -> CheckResult:
    """Judges each endpoint with all that it calls."""
    findings = Findings(ITEM)
    sources = view.modules_of("source", "migration")
    hidden = {m.path for m in view.modules_of("test", "example")}
    routes = [r for r in view.routes if r.file not in hidden]
    if routes:
        schemas = tuple(f.text for f in view.files if f.path.endswith(".sql"))
        judge = _Judge(view, ErrorPaths(view.project, sources, schemas))
        for route in routes:
            faults = list(judge.faults(route))
            findings.against.extend(faults)
            if route.function is None:
                findings.unknown.append(
                    Evidence(f"the handler of {route.name} was not found", route.file, route.line)
                )
            elif not faults and (service := judge.elsewhere(route)):
                message = f"{route.name} leaves its work to {service}, which is not in the code"
                findings.unknown.append(Evidence(message, route.file, route.line))
            elif not faults:
                findings.fine.append(judge.praise(route))
        findings.against.extend(judge.everywhere(sources))
        findings.unknown.extend(unread(sources))
    else:
        findings.unknown.extend(unread_routes(view))
    return findings.verdict(
        failed="{count} places let an error through, hide it, or give away too much",
        passed="every endpoint meets its errors",
        unsure="{count} endpoints could not be judged",
        absent="no route in the code",
    )


class _Judge:
    """Judges routes with the facts that they share."""

    def __init__(self, view: CodeView, paths: ErrorPaths) -> None:
        self.view = view
        self.paths = paths
        self.middleware = error_middleware(view)
        self.forwards = express_version(view) >= 5 or "express-async-errors" in {
            i.module for m in view.modules for i in m.body if isinstance(i, n.Import)
        }

    def praise(self, route: Route) -> Evidence:
        found = sorted({c for f in self.reached(route) for c in statuses(self.nodes(f))})
        place = (route.file, route.line)
        if found:
            return Evidence(f"{route.name} answers errors with {', '.join(map(str, found[:6]))}", *place)
        if self.middleware is not None and route.framework == "express":
            return Evidence(f"errors of {route.name} reach the error handler", *self.middleware)
        if self.paths.handled:
            name, where = next(iter(self.paths.handled.items()))
            return Evidence(f"errors of {route.name} reach the handler of {name}", *where)
        return Evidence(f"{route.name} has nothing that fails", *place)

    def elsewhere(self, route: Route) -> str:
        """What is left to code that is not shown, where nothing in the code shown answers an error."""
        functions = self.reached(route)
        if self.paths.catches_all is not None or any(statuses(self.nodes(f)) for f in functions):
            return ""
        return next(filter(None, (elsewhere(self.view.project, f) for f in functions)), "")

    def reached(self, route: Route) -> list[Found]:
        return list(reached(self.view.project, route.handler, 3))

    def nodes(self, found: Found) -> tuple[n.Node, ...]:
        return n.inside(found.node) if isinstance(found.node, n.Function) else ()

    def faults(self, route: Route) -> Iterator[Evidence]:
        if route.handler is None or route.function is None:
            return
        functions = self.reached(route)
        language = route.handler.module.language
        for found in functions:
            yield from self._swallowed(found)
            yield from self._given_away(found)
            if language not in {"java", "rust"}:  # their types say what may not be there
                yield from self._untested(route, found)
            if language == "go":
                yield from self._ignored(found)
            elif language == "java":
                yield from java_faults(found)
            elif language == "rust":
                yield from rust_faults(found)
            elif language == "python":
                yield from self._converted(found)
        yield from self._conflicts(route, functions)
        if route.framework == "express":
            yield from self._rejected(route, route.handler)
        yield from self._no_way_out(route, functions)

    def _swallowed(self, found: Found) -> Iterator[Evidence]:
        """``except Exception: pass``, ``catch {}``."""
        for item in self.nodes(found):
            if not isinstance(item, n.Handler):
                continue
            broad = not item.types or any(n.last(t) in BROAD for t in item.types)
            empty = all(
                isinstance(s, n.Leave) or (isinstance(s, n.Do) and isinstance(s.value, n.Const))
                for s in item.body
            )
            if broad and empty:
                yield Evidence("every error is caught here and dropped", found.module.path, item.line)

    def _given_away(self, found: Found) -> Iterator[Evidence]:
        """The text of an unforeseen error, or a stack trace, in an answer."""
        path = found.module.path
        for item in self.nodes(found):
            if isinstance(item, n.Handler):
                broad = not item.types or any(n.last(t) in BROAD for t in item.types)
                told = (
                    i for i in n.walk(*item.body) if broad and item.name and tells_in_answer(i, item.name)
                )
                for inner in told:
                    yield Evidence("the text of an unforeseen error goes into the answer", path, inner.line)
            elif isinstance(item, (n.Return, n.Call)) and traces(item):
                yield Evidence("a stack trace goes into the answer", path, item.line)
            elif isinstance(item, n.Call) and found.module.language == "go" and answers(item, 500):
                inside = (
                    i for i in n.walk(*item.args) if isinstance(i, n.Call) and n.last(i.func) == "Error"
                )
                if any("err" in n.dotted(i.func).lower() for i in inside):
                    yield Evidence("the text of an internal error goes into the answer", path, item.line)

    def _untested(self, route: Route, found: Found) -> Iterator[Evidence]:
        """What was looked up is used without a look at whether it is there."""
        function = found.node
        if not isinstance(function, n.Function):
            return
        for name, line in self.paths.lookups(found):
            if is_tested(function, name) or "AttributeError" in caught(function):
                continue
            used = any(
                isinstance(i, (n.Attr, n.Index))
                and isinstance(i.base, n.Name)
                and i.base.id == name
                and not (isinstance(i, n.Attr) and i.optional)
                for i in self.nodes(found)
            )
            direct = function is route.function and any(
                isinstance(i, n.Return) and isinstance(i.value, n.Name) and i.value.id == name
                for i in self.nodes(found)
            )
            deleted = any(
                isinstance(i, n.Call)
                and n.last(i.func) == "delete"
                and any(n.dotted(a) == name for a in i.args)
                for i in self.nodes(found)
            )
            if used or direct or deleted:
                yield Evidence(
                    f"{name} may not be there, and is used without a check", found.module.path, line
                )

    def _converted(self, found: Found) -> Iterator[Evidence]:
        """``int(request.args["page"])`` with nothing that catches the ValueError."""
        function = found.node
        if not isinstance(function, n.Function) or self.paths.met(frozenset({"ValueError"})):
            return
        if caught(function) & (
            BROAD | {"ValueError", "TypeError", "InvalidOperation", "ArithmeticError", "JSONDecodeError"}
        ):
            return
        for item in self.nodes(found):
            converts = isinstance(item, n.Call) and n.last(item.func) in _CONVERSIONS and bool(item.args)
            if converts and any(from_request(part) for part in n.walk(item)):
                yield Evidence(
                    "a conversion of a caller's text is not caught", found.module.path, line_of(item)
                )

    def _conflicts(self, route: Route, functions: list[Found]) -> Iterator[Evidence]:
        """An insert into what must be unique, with no answer to a duplicate."""
        if self.paths.met(CONFLICTS) or self.paths.knows_conflicts:
            return
        if any(caught(f.node) & (CONFLICTS | BROAD) for f in functions if isinstance(f.node, n.Function)):
            return
        texts = [
            i.value
            for f in functions
            for i in self.nodes(f)
            if isinstance(i, n.Const) and isinstance(i.value, str)
        ]
        if any(
            re.search(r"on\s+conflict|on\s+duplicate|insert\s+or\s+ignore", t, re.IGNORECASE) for t in texts
        ):
            return
        for found in functions:
            if not isinstance(found.node, n.Function):
                continue
            for name, line in self.paths.inserts(found.node):
                if self._looked_up(functions, name):
                    continue
                yield Evidence(
                    f"a duplicate in {name} is not answered by {route.name}", found.module.path, line
                )

    def _looked_up(self, functions: list[Found], name: str) -> bool:
        """Whether the code looks for an existing one first and tests what it finds."""
        for found in functions:
            nodes = self.nodes(found)
            words: set[str] = set()
            for item in nodes:
                test = item.test if isinstance(item, (n.If, n.Choice)) else None
                if test is not None:
                    words |= {i.id for i in n.walk(test) if isinstance(i, n.Name)}
                    if speaks_of(test, name):
                        return True
            held = (i for i in nodes if isinstance(i, n.Assign) and i.value and n.last(i.targets[0]) in words)
            if any(i.value is not None and speaks_of(i.value, name) for i in held):
                return True
        return False

    def _rejected(self, route: Route, found: Found) -> Iterator[Evidence]:
        """An async Express handler whose rejection nobody hears, or that only Express' own handler hears."""
        function = route.function
        if function is None:
            return
        place = (found.module.path, function.line)
        covered = any(isinstance(s, n.Try) and s.handlers for s in function.body)
        fails = any(
            isinstance(i, n.Call)
            and n.last(i.func) not in {"json", "status", "send", "end", "set", "sendStatus"}
            for i in self.nodes(found)
        )
        if covered or not fails or self._wrapped(route):
            return
        if function.is_async and not self.forwards:
            yield Evidence(
                f"a rejection in {route.name} reaches nobody: there is no try, no wrapper, and Express 4 forwards none",
                *place,
            )
        elif self.middleware is None:
            yield Evidence(f"errors of {route.name} reach no error handler of the application", *place)

    def _wrapped(self, route: Route) -> bool:
        module = self.view.project.modules.get(route.file)
        for item in n.inside(module) if module else ():
            if (
                isinstance(item, n.Call)
                and item.line == route.line
                and item.args
                and isinstance(item.args[-1], n.Call)
            ):
                name = n.last(item.args[-1].func)
                return bool(re.search(r"async|catch|wrap|handle|try", name, re.IGNORECASE))
        return False

    def _ignored(self, found: Found) -> Iterator[Evidence]:
        """Go: an error that is assigned to ``_`` or not taken at all."""
        for item in self.nodes(found):
            if (
                isinstance(item, n.Assign)
                and isinstance(item.value, n.Call)
                and n.last(item.value.func) in _FALLIBLE
            ):
                parts = item.targets[0].items if isinstance(item.targets[0], n.Group) else item.targets
                if isinstance(parts[-1], n.Name) and parts[-1].id == "_":
                    yield Evidence(
                        f"the error of {n.last(item.value.func)} is ignored", found.module.path, item.line
                    )
            elif (
                isinstance(item, n.Do)
                and isinstance(item.value, n.Call)
                and n.last(item.value.func) in _BARE_CALLS
            ):
                yield Evidence(
                    f"the error of {n.last(item.value.func)} is not taken", found.module.path, item.line
                )
            elif isinstance(item, n.Call) and n.dotted(item.func) == "panic":
                yield Evidence("a handler panics", found.module.path, item.line)

    def _no_way_out(self, route: Route, functions: list[Found]) -> Iterator[Evidence]:
        """An endpoint with a parameter that never says no."""
        if route.method == "POST" or "{}" not in shape(route.path) or self.paths.catches_all is not None:
            return
        if not any(looks_up(found) for found in functions):
            return
        for found in functions:
            if statuses(self.nodes(found)) or elsewhere(self.view.project, found):
                return
            if (
                found.module.language == "rust"
                and isinstance(found.node, n.Function)
                and ways_out(found.node)
            ):
                return
            for item in self.nodes(found):
                if isinstance(item, n.Raise) or (
                    isinstance(item, n.Call) and REFUSES.search(n.last(item.func))
                ):
                    return
        yield Evidence(f"{route.name} has a parameter and never answers an error", route.file, route.line)

    def everywhere(self, modules: tuple[n.Module, ...]) -> Iterator[Evidence]:
        """What holds for the whole application: panics that nothing recovers from, debug mode."""
        recovers = any("Recover" in name for name in self.paths.names)
        for module in modules:
            for item in n.inside(module):
                if not isinstance(item, n.Call):
                    continue
                if n.dotted(item.func) == "gin.New" and not recovers:
                    yield Evidence("the router recovers from no panic", module.path, item.line)
                debug = dict(item.keywords).get("debug")
                shows = isinstance(debug, n.Const) and debug.value is True
                if shows and n.last(item.func) in {"run", "FastAPI", "Flask"}:
                    yield Evidence("debug mode shows stack traces to callers", module.path, item.line)
