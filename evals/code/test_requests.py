"""Which requests the tests make, and which statuses they expect of the answers.

The tests are read, not run: texts, numbers and answers are followed through variables, helpers, fixtures, closures and
parameters. A path that is not known is recorded as such.
"""

from collections.abc import Iterable
from dataclasses import replace

from evals.code import nodes as n
from evals.code.bindings import functions
from evals.code.project import Found, Project
from evals.code.test_calls import DEPTH, GOOD, call_function, called
from evals.code.test_values import (
    MOST,
    NOTHING,
    Bound,
    Expectation,
    Known,
    Request,
    joined,
    known_const,
    status_of,
    union,
)

BUDGET = 60_000
"""Expressions that are read in one module's tests, helpers counted each time that they are called."""

_STATUS = frozenset({"status_code", "status", "Code", "StatusCode", "statusCode", "status_int"})
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
        self.active: list[int] = []
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
        self.block(module.body, env, module, 0)
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
            inner[param.name] = self.fixture(param.name, env)
        for decorator in function.decorators:
            if (
                isinstance(decorator, n.Call)
                and n.last(decorator.func) == "parametrize"
                and len(decorator.args) >= 2
            ):
                self._parametrized(decorator, inner, found.module)
        self.block(function.body, inner, found.module, 0)

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
                    cells.append(self.eval(row.items[position], env, module, 0))
                elif len(listed) == 1:
                    cells.append(self.eval(row, env, module, 0))
            env[name] = union(cells)

    def fixture(self, name: str, env: dict[str, Known]) -> Known:
        """What a fixture gives, by its name."""
        found = self._fixtures.get(name)
        if found is None or not isinstance(found.node, n.Function):
            return NOTHING
        return call_function(self, Bound(found, env), [], {}, 1)

    # --- statements ----------------------------------------------------------------------------------------------

    def block(self, body: tuple[n.Stmt, ...], env: dict[str, Known], module: n.Module, depth: int) -> Known:
        """Reads statements; gives what they return or yield."""
        returned = [self._stmt(stmt, env, module, depth) for stmt in body]
        return union([r for r in returned if r is not NOTHING])

    def _stmt(self, stmt: n.Stmt, env: dict[str, Known], module: n.Module, depth: int) -> Known:  # noqa: C901, PLR0912
        match stmt:
            case n.Assign() if stmt.value is not None:
                value = self.eval(stmt.value, env, module, depth)
                for target in stmt.targets:
                    if stmt.augmented:
                        value = union([env.get(n.dotted(target), NOTHING), value])
                    self._bind(target, value, stmt.value, env, module, depth)
            case n.Do():
                value = self.eval(stmt.value, env, module, depth)
                if isinstance(stmt.value, n.Other) and "yield" in stmt.value.kind:
                    return value
            case n.Check():
                self._expect_body(self.eval(stmt.test, env, module, depth))
            case n.Return():
                return NOTHING if stmt.value is None else self.eval(stmt.value, env, module, depth)
            case n.If():
                self.eval(stmt.test, env, module, depth)
                return union([self.block(b, env, module, depth) for b in (stmt.body, stmt.orelse)])
            case n.Loop():
                if stmt.target is not None and stmt.source is not None:
                    source = self.eval(stmt.source, env, module, depth)
                    self._bind_each(stmt.target, source, stmt.source, env, module, depth)
                return self.block(stmt.body, env, module, depth)
            case n.Try():
                blocks = [stmt.body, *(h.body for h in stmt.handlers), stmt.final]
                return union([self.block(b, env, module, depth) for b in blocks])
            case n.Scope():
                return self.block(stmt.body, env, module, depth)
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
                part = self.eval(items[position], env, module, depth) if items else value
                self._bind(item, part, source, env, module, depth)
            return
        if isinstance(target, n.Index):
            key = self.eval(target.key, env, module, depth)
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
                    self.eval(r.items[position], env, module, depth) for r in rows if isinstance(r, n.Group)
                ]
                env[n.dotted(item)] = union(cells)
            else:
                env[n.dotted(item)] = source

    # --- expressions ---------------------------------------------------------------------------------------------

    def eval(self, expr: n.Expr, env: dict[str, Known], module: n.Module, depth: int) -> Known:  # noqa: C901, PLR0911, PLR0912
        """What is known of an expression in a test."""
        self._left -= 1
        if self._left <= 0 or depth > DEPTH:
            return NOTHING
        match expr:
            case n.Name():
                return self._name(expr, env, module)
            case n.Attr():
                return self._attr(expr, env, module, depth)
            case n.Call():
                return called(self, expr, env, module, depth)
            case n.Const():
                return known_const(expr.value)
            case n.Index():
                base = self.eval(expr.base, env, module, depth)
                key = self.eval(expr.key, env, module, depth)
                chosen = [v for k, v in base.keyed if k in key.texts]
                self.expect(base.statuses, key.numbers)  # a count by status: seen[404] == 3
                return union(chosen) if chosen else Known(answers=base.answers, statuses=base.statuses)
            case n.Text():
                return joined([self.eval(part, env, module, depth) for part in expr.parts])
            case n.Choice():
                if expr.test is not None:
                    self.eval(expr.test, env, module, depth)
                return union([self.eval(option, env, module, depth) for option in expr.options])
            case n.Compare():
                return self._compare(expr, env, module, depth)
            case n.Not():
                inner = self.eval(expr.operand, env, module, depth)
                if n.last(expr.operand) in GOOD:
                    self.expect(inner.answers, {400})
                return inner
            case n.Group():
                values = [self.eval(item, env, module, depth) for item in expr.items]
                keyed = tuple(
                    (str(k.value), v)
                    for k, v in zip(expr.keys, values, strict=False)
                    if isinstance(k, n.Const)
                )
                merged = union(values)
                return replace(merged, keyed=keyed[:MOST] or merged.keyed)
            case n.Each():
                inner_env = dict(env)
                source = self.eval(expr.source, env, module, depth)
                self._bind_each(expr.target, source, expr.source, inner_env, module, depth)
                return self.eval(expr.element, inner_env, module, depth)
            case n.Closure():
                return Known(functions=(Bound(Found(module, expr.function), env),))
            case n.Other():
                return union([self.eval(part, env, module, depth) for part in expr.parts])

    def _name(self, expr: n.Name, env: dict[str, Known], module: n.Module) -> Known:
        if expr.id in env:
            return env[expr.id]
        found = self.project.lookup(module, expr.id)
        if found is None:
            return NOTHING
        if isinstance(found.node, n.Function):
            return Known(functions=(Bound(found, {}),))
        if isinstance(found.node, n.Assign) and found.node.value is not None:
            return self.eval(found.node.value, {}, found.module, DEPTH - 1)
        return NOTHING

    def _attr(self, expr: n.Attr, env: dict[str, Known], module: n.Module, depth: int) -> Known:
        known = env.get(n.dotted(expr))
        if known is not None:
            return known
        number = status_of(expr)
        if number:
            return Known(numbers=frozenset({number}))
        base = self.eval(expr.base, env, module, depth)
        if expr.name in _STATUS and base.answers:
            return Known(statuses=base.answers)
        if expr.name in GOOD and base.answers:
            self.expect(base.answers, {200})
        elif expr.name in _BAD:
            self.expect(base.answers, {400})
        chosen = [v for k, v in base.keyed if k == expr.name]
        return union(chosen) if chosen else Known(answers=base.answers)

    def _compare(self, expr: n.Compare, env: dict[str, Known], module: n.Module, depth: int) -> Known:
        left, right = self.eval(expr.left, env, module, depth), self.eval(expr.right, env, module, depth)
        both = left.statuses | right.statuses
        if both:
            numbers = left.numbers | right.numbers
            if expr.op == "<" and left.statuses:
                numbers = frozenset(x - 1 for x in numbers)
            self.expect(both, numbers)
            if not numbers:  # a == b == 401: what is known of one is known of the other
                return Known(statuses=both)
            return NOTHING
        return Known(answers=left.answers | right.answers)

    def expect(self, answers: Iterable[Request], numbers: Iterable[int]) -> None:
        """Note that tests expect one of these statuses of these answers."""
        codes = [x for x in numbers if 100 <= x <= 599]
        self.expectations.update(Expectation(a, code) for a in answers for code in codes)

    def _expect_body(self, value: Known) -> None:
        """An assertion about a body is one of success."""
        self.expectations.update(Expectation(request, 0) for request in value.answers)


def _is_test(module: n.Module, function: n.Function) -> bool:
    if module.language == "go":
        return function.name.startswith("Test")
    return module.language == "python" and function.name.startswith("test")


def _literal(module: n.Module, expr: n.Name) -> n.Expr | None:
    """The table that a name stands for, in the module or in one of its functions."""
    for item in n.inside(module):
        if isinstance(item, n.Assign) and isinstance(item.value, n.Group):
            named = any(isinstance(t, n.Name) and t.id == expr.id for t in item.targets)
            if named:
                return item.value
    return None
