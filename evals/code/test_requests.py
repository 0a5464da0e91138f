"""Which requests the tests make, and which statuses they expect of the answers.

The tests are read, not run: texts, numbers and answers are followed through variables, helpers, fixtures, closures and
parameters. A path that is not known is recorded as such.
"""

from collections.abc import Iterable
from dataclasses import replace

from evals.code import nodes as n
from evals.code.bindings import functions
from evals.code.project import Found, Project
from evals.code.test_values import (
    MOST,
    NOTHING,
    Bound,
    Expectation,
    Known,
    Request,
    formatted,
    joined,
    path_of,
    status_of,
    union,
)

DEPTH = 9
BUDGET = 60_000
"""Expressions that are read in one module's tests, helpers counted each time that they are called."""

_VERBS = {"get", "post", "put", "patch", "delete", "head", "options"}
_STATUS = frozenset({"status_code", "status", "Code", "StatusCode", "statusCode", "status_int"})
_GOOD = frozenset({"ok", "is_success", "raise_for_status", "isOk", "ok?"})
_BAD = frozenset({"is_error", "is_client_error"})


class TestReader:
    """Reads all tests of a project."""

    __test__ = False

    def __init__(self, project: Project, modules: Iterable[n.Module]) -> None:
        self.project = project
        self.requests: set[Request] = set()
        self.expectations: set[Expectation] = set()
        self.names: list[str] = []
        self.exhausted = False
        self._left = 0
        self._fixtures: dict[str, Found] = {}
        self._active: list[int] = []
        modules = list(modules)
        for module in modules:
            for function in functions(module):
                if any("fixture" in n.dotted(d) for d in function.decorators):
                    self._fixtures[function.name] = Found(module, function, function.name)
        for module in modules:
            self._module(module)

    def _module(self, module: n.Module) -> None:
        self._left = BUDGET
        env: dict[str, Known] = {}
        self._block(module.body, env, module, 0)
        for function in functions(module):
            if _is_test(module, function):
                self.names.append(function.name)
                self._test(Found(module, function, function.name), env)
        self.exhausted |= self._left <= 0

    def _test(self, found: Found, env: dict[str, Known]) -> None:
        function = found.node
        if not isinstance(function, n.Function):
            return
        inner = dict(env)
        for param in function.params:
            inner[param.name] = self._fixture(param.name, env)
        for decorator in function.decorators:
            if (
                isinstance(decorator, n.Call)
                and n.last(decorator.func) == "parametrize"
                and len(decorator.args) >= 2
            ):
                self._parametrized(decorator, inner, found.module)
        self._block(function.body, inner, found.module, 0)

    def _parametrized(self, call: n.Call, env: dict[str, Known], module: n.Module) -> None:
        rows, first = call.args[1], call.args[0]
        written = first.items if isinstance(first, n.Group) else (first,)
        texts = [str(part.value) for part in written if isinstance(part, n.Const)]
        listed = [name.strip() for text in texts for name in text.split(",") if name.strip()]
        if not isinstance(rows, n.Group):
            return
        for position, name in enumerate(listed):
            cells = []
            for line in rows.items[:MOST]:
                row = line
                if isinstance(row, n.Call) and n.last(row.func) == "param":
                    row = n.Group(row.line, "tuple", row.args) if len(listed) > 1 else (row.args or (row,))[0]
                if len(listed) > 1 and isinstance(row, n.Group) and position < len(row.items):
                    cells.append(self._eval(row.items[position], env, module, 0))
                elif len(listed) == 1:
                    cells.append(self._eval(row, env, module, 0))
            env[name] = union(cells)

    def _fixture(self, name: str, env: dict[str, Known]) -> Known:
        found = self._fixtures.get(name)
        if found is None or not isinstance(found.node, n.Function):
            return NOTHING
        return self._call(Bound(found, env), [], {}, 1)

    # --- statements ----------------------------------------------------------------------------------------------

    def _block(self, body: tuple[n.Stmt, ...], env: dict[str, Known], module: n.Module, depth: int) -> Known:
        """Reads statements; gives what they return or yield."""
        returned = [self._stmt(stmt, env, module, depth) for stmt in body]
        return union([r for r in returned if r is not NOTHING])

    def _stmt(self, stmt: n.Stmt, env: dict[str, Known], module: n.Module, depth: int) -> Known:  # noqa: C901, PLR0912
        match stmt:
            case n.Assign() if stmt.value is not None:
                value = self._eval(stmt.value, env, module, depth)
                for target in stmt.targets:
                    if stmt.augmented:
                        value = union([env.get(n.dotted(target), NOTHING), value])
                    self._bind(target, value, stmt.value, env, module, depth)
            case n.Do():
                value = self._eval(stmt.value, env, module, depth)
                if isinstance(stmt.value, n.Other) and "yield" in stmt.value.kind:
                    return value
            case n.Check():
                self._expect_body(self._eval(stmt.test, env, module, depth), stmt.test)
            case n.Return():
                return NOTHING if stmt.value is None else self._eval(stmt.value, env, module, depth)
            case n.If():
                self._eval(stmt.test, env, module, depth)
                return union([self._block(b, env, module, depth) for b in (stmt.body, stmt.orelse)])
            case n.Loop():
                if stmt.target is not None and stmt.source is not None:
                    source = self._eval(stmt.source, env, module, depth)
                    self._bind_each(stmt.target, source, stmt.source, env, module, depth)
                return self._block(stmt.body, env, module, depth)
            case n.Try():
                blocks = [stmt.body, *(h.body for h in stmt.handlers), stmt.final]
                return union([self._block(b, env, module, depth) for b in blocks])
            case n.Scope():
                return self._block(stmt.body, env, module, depth)
            case n.Function() if stmt.name:
                env[stmt.name] = Known(functions=(Bound(Found(module, stmt, stmt.name), env),))
            case n.Class():
                for inner in stmt.body:
                    if isinstance(inner, n.Assign):
                        self._stmt(inner, env, module, depth)
        return NOTHING

    def _bind(
        self,
        target: n.Expr,
        value: Known,
        source: n.Expr,
        env: dict[str, Known],
        module: n.Module,
        depth: int,
    ) -> None:
        if isinstance(target, n.Group):
            items = (
                source.items if isinstance(source, n.Group) and len(source.items) == len(target.items) else ()
            )
            for position, item in enumerate(target.items):
                part = self._eval(items[position], env, module, depth) if items else value
                self._bind(item, part, source, env, module, depth)
            return
        if isinstance(target, n.Index):
            key = self._eval(target.key, env, module, depth)
            value = union([env.get(n.dotted(target), NOTHING), value, Known(statuses=key.statuses)])
        env[n.dotted(target)] = value

    def _bind_each(
        self, target: n.Expr, source: Known, expr: n.Expr, env: dict[str, Known], module: n.Module, depth: int
    ) -> None:
        """A loop over rows of a table binds each name to its column."""
        if isinstance(expr, n.Name):
            expr = _literal(module, expr) or expr
        rows = expr.items[:MOST] if isinstance(expr, n.Group) and expr.kind != "dict" else ()
        targets = target.items if isinstance(target, n.Group) else (target,)
        if module.language == "go":
            targets = targets[-1:]  # the first is the index
        wide = (
            rows
            and all(isinstance(r, n.Group) and len(r.items) == len(targets) for r in rows)
            and len(targets) > 1
        )
        for position, item in enumerate(targets):
            if wide:
                cells = [
                    self._eval(r.items[position], env, module, depth) for r in rows if isinstance(r, n.Group)
                ]
                env[n.dotted(item)] = union(cells)
            else:
                env[n.dotted(item)] = source

    # --- expressions ---------------------------------------------------------------------------------------------

    def _eval(self, expr: n.Expr, env: dict[str, Known], module: n.Module, depth: int) -> Known:  # noqa: C901, PLR0911, PLR0912
        self._left -= 1
        if self._left <= 0 or depth > DEPTH:
            return NOTHING
        match expr:
            case n.Const(value=bool() | None):
                return NOTHING
            case n.Const(value=int() as number):
                return Known(numbers=frozenset({number}))
            case n.Const(value=str() as text):
                return Known(texts=frozenset({text[:300]}))
            case n.Name():
                return self._name(expr, env, module)
            case n.Attr():
                return self._attr(expr, env, module, depth)
            case n.Index():
                base = self._eval(expr.base, env, module, depth)
                key = self._eval(expr.key, env, module, depth)
                chosen = [v for k, v in base.keyed if k in key.texts]
                self._expect(base.statuses, key.numbers)  # a count by status: seen[404] == 3
                return union(chosen) if chosen else Known(answers=base.answers, statuses=base.statuses)
            case n.Text():
                return joined([self._eval(part, env, module, depth) for part in expr.parts])
            case n.Choice():
                if expr.test is not None:
                    self._eval(expr.test, env, module, depth)
                return union([self._eval(option, env, module, depth) for option in expr.options])
            case n.Compare():
                return self._compare(expr, env, module, depth)
            case n.Not():
                inner = self._eval(expr.operand, env, module, depth)
                if n.last(expr.operand) in _GOOD:
                    self._expect(inner.answers, {400})
                return inner
            case n.Group():
                values = [self._eval(item, env, module, depth) for item in expr.items]
                keyed = tuple(
                    (str(k.value), v)
                    for k, v in zip(expr.keys, values, strict=False)
                    if isinstance(k, n.Const)
                )
                merged = union(values)
                return replace(merged, keyed=keyed[:MOST] or merged.keyed)
            case n.Each():
                inner_env = dict(env)
                source = self._eval(expr.source, env, module, depth)
                self._bind_each(expr.target, source, expr.source, inner_env, module, depth)
                return self._eval(expr.element, inner_env, module, depth)
            case n.Closure():
                return Known(functions=(Bound(Found(module, expr.function), env),))
            case n.Call():
                return self._called(expr, env, module, depth)
            case n.Other():
                return union([self._eval(part, env, module, depth) for part in expr.parts])
        return NOTHING

    def _name(self, expr: n.Name, env: dict[str, Known], module: n.Module) -> Known:
        if expr.id in env:
            return env[expr.id]
        found = self.project.lookup(module, expr.id)
        if found is None:
            return NOTHING
        if isinstance(found.node, n.Function):
            return Known(functions=(Bound(found, {}),))
        if isinstance(found.node, n.Assign) and found.node.value is not None:
            return self._eval(found.node.value, {}, found.module, DEPTH - 1)
        return NOTHING

    def _attr(self, expr: n.Attr, env: dict[str, Known], module: n.Module, depth: int) -> Known:
        known = env.get(n.dotted(expr))
        if known is not None:
            return known
        number = status_of(expr)
        if number:
            return Known(numbers=frozenset({number}))
        base = self._eval(expr.base, env, module, depth)
        if expr.name in _STATUS and base.answers:
            return Known(statuses=base.answers)
        if expr.name in _GOOD and base.answers:
            self._expect(base.answers, {200})
        elif expr.name in _BAD:
            self._expect(base.answers, {400})
        chosen = [v for k, v in base.keyed if k == expr.name]
        return union(chosen) if chosen else Known(answers=base.answers)

    def _compare(self, expr: n.Compare, env: dict[str, Known], module: n.Module, depth: int) -> Known:
        left, right = self._eval(expr.left, env, module, depth), self._eval(expr.right, env, module, depth)
        both = left.statuses | right.statuses
        if both:
            numbers = left.numbers | right.numbers
            if expr.op == "<" and left.statuses:
                numbers = frozenset(x - 1 for x in numbers)
            self._expect(both, numbers)
            if not numbers:  # a == b == 401: what is known of one is known of the other
                return Known(statuses=both)
            return NOTHING
        return Known(answers=left.answers | right.answers)

    def _called(self, call: n.Call, env: dict[str, Known], module: n.Module, depth: int) -> Known:
        name = n.last(call.func)
        args = [self._eval(arg, env, module, depth) for arg in call.args]
        keywords = {key: self._eval(value, env, module, depth) for key, value in call.keywords}
        func = self._eval(call.func.base, env, module, depth) if isinstance(call.func, n.Attr) else NOTHING
        request = self._request(call, name, args, keywords, env, module)
        if request:
            return Known(answers=frozenset(request))
        named = isinstance(call.func, (n.Name, n.Closure))
        target = self._eval(call.func, env, module, depth) if named else NOTHING
        if not target.functions:
            found = self.project.callee(module, call.func)
            if found is not None and isinstance(found.node, n.Function) and _is_ours(found.module, module):
                target = Known(functions=(Bound(found, env if found.module is module else {}),))
        if target.functions:
            return union([self._call(bound, args, keywords, depth + 1) for bound in target.functions[:4]])
        numbers = frozenset(x for a in args for x in a.numbers if 100 <= x <= 599)
        statuses = frozenset(s for a in (*args, func) for s in a.statuses)
        if name in {"expect", "expectStatus", "assertStatus", "toHaveProperty"} and func.answers and numbers:
            self._expect(func.answers, numbers)
            return func
        if statuses and numbers:
            self._expect(statuses, numbers)
        if name == "Sprintf" and args:
            return formatted(args)
        if name == "ServeHTTP" and len(args) == 2 and args[1].answers:
            env[n.dotted(call.args[0])] = Known(answers=args[1].answers)
        if name in {
            "equal",
            "deepEqual",
            "strictEqual",
            "assertEqual",
            "toEqual",
            "toBe",
            "assertIn",
            "Equal",
            "ok",
            "toMatchObject",
            "assertTrue",
            "toHaveLength",
            "NoError",
            "match",
            "Contains",
            "assertDictEqual",
        }:
            bodies = frozenset(a for value in (*args, func) for a in value.answers)
            self.expectations.update(Expectation(r, 0) for r in bodies)
        if name in _GOOD and func.answers:
            self._expect(func.answers, {200})
        called = [self._call(b, args[1:] or [NOTHING], {}, depth + 1) for a in args for b in a.functions[:2]]
        texts = func.texts if name in {"format", "strip", "lower", "upper"} else frozenset()
        passed = (
            [func, *called] if func.answers or func.statuses else [func, *args, *keywords.values(), *called]
        )
        merged = union(passed)
        return replace(merged, texts=texts, keyed=(), functions=())

    def _call(self, bound: Bound, args: list[Known], keywords: dict[str, Known], depth: int) -> Known:
        function = bound.found.node
        if not isinstance(function, n.Function) or depth > DEPTH or id(function) in self._active:
            return NOTHING
        env = dict(bound.env)
        for param in function.params:
            env[param.name] = NOTHING
            if param.default is not None:
                env[param.name] = self._eval(param.default, bound.env, bound.found.module, depth)
        if any("fixture" in n.dotted(d) for d in function.decorators):
            for param in function.params:
                env[param.name] = self._fixture(param.name, {}) if depth < 4 else NOTHING
        for param, value in zip(function.params, args, strict=False):
            env[param.name] = value
        env.update({key: value for key, value in keywords.items() if key})
        self._active.append(id(function))
        result = self._block(function.body, env, bound.found.module, depth)
        self._active.pop()
        own = {param.name for param in function.params}
        for name, before in list(bound.env.items()):  # what a closure changes among its outer variables
            after = env.get(name, before)
            if after is not before and name not in own:
                bound.env[name] = union([before, after])
        return result

    def _request(
        self, call: n.Call, name: str, args: list[Known], keywords: dict[str, Known], env: dict[str, Known],
        module: n.Module,
    ) -> list[Request]:  # fmt: skip
        """The requests that a call makes; none where it is no request."""
        methods, path = [name.upper()], args[0] if args else keywords.get("url") or keywords.get("path")
        lowered = name.lower()
        if lowered in {"newrequest", "request", "newrequestwithcontext", "open", "inject"} and len(args) >= 2:
            shift = 1 if lowered == "newrequestwithcontext" else 0
            methods = [t for t in args[shift].texts if t.lower() in _VERBS] or [
                m.upper() for m in (n.last(call.args[shift]).removeprefix("Method"),) if m.lower() in _VERBS
            ]
            path = args[shift + 1]
            if not methods:
                return []
        elif lowered == "fetch" and args:
            given = (
                next((v for k, v in args[1].keyed if k == "method"), NOTHING) if len(args) > 1 else NOTHING
            )
            methods = list(given.texts) or ["GET"]
        elif lowered not in _VERBS or not isinstance(call.func, n.Attr):
            return []
        if path is None:
            return []
        paths: list[str | None] = [p for p in map(path_of, path.texts) if p is not None]
        client = n.dotted(call.func).lower()
        likely = any(
            word in client for word in ("client", "request", "api", "app", "agent", "axios", "fetch", "http")
        )
        if not paths and not (likely and not path.texts and lowered in _VERBS and len(call.args) > 0):
            return []
        found = [Request(m.upper(), p, module.path, call.line) for m in methods for p in paths or [None]]
        self.requests.update(found[:MOST])
        return found[:MOST]

    def _expect(self, answers: Iterable[Request], numbers: Iterable[int]) -> None:
        codes = [x for x in numbers if 100 <= x <= 599]
        self.expectations.update(Expectation(a, code) for a in answers for code in codes)

    def _expect_body(self, value: Known, test: n.Expr) -> None:
        """An assertion about a body is one of success."""
        self.expectations.update(Expectation(request, 0) for request in value.answers)


def _is_test(module: n.Module, function: n.Function) -> bool:
    if module.language == "go":
        return function.name.startswith("Test")
    return module.language == "python" and function.name.startswith("test")


def _is_ours(found: n.Module, module: n.Module) -> bool:
    return found is module or "test" in found.path.lower() or "conftest" in found.path


def _literal(module: n.Module, expr: n.Name) -> n.Expr | None:
    """The table that a name stands for, in the module or in one of its functions."""
    for item in n.inside(module):
        if isinstance(item, n.Assign) and isinstance(item.value, n.Group):
            named = any(isinstance(t, n.Name) and t.id == expr.id for t in item.targets)
            if named:
                return item.value
    return None
