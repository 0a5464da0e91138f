"""Follows values from requests to queries: through variables, calls, branches, containers and texts.

Every function is read once, its callees first, with its parameters as tokens; what the callers pass is put in
afterwards (``origins``). So the work grows with the size of the code, however its calls are tangled. Values
that come back from a database are taken to be safe: what was stored there is another check's business.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from evals.code import nodes as n
from evals.code import sql_knowledge as sql
from evals.code.allow_lists import AllowLists
from evals.code.flow_bindings import assign, bind_each, keep_query
from evals.code.flow_expressions import evaluate
from evals.code.flow_frame import Frame, Incoming, Sink, clear
from evals.code.flow_order import callees_first
from evals.code.flow_types import Types, pattern_limits
from evals.code.project import Found, Project
from evals.code.routes import Route
from evals.code.values import (
    OBJECT,
    SAFE,
    Token,
    Value,
    join,
    outside,
)

_ENDS = frozenset({"abort", "exit", "_exit", "panic", "Fatal", "Fatalf", "Exit", "fail", "unreachable"})
_LOCAL_LOOPS = 2
SPARE, STEPS = 20_000, 8
"""How many expressions are read: so many, and so many for each node of the code. Real code takes fewer than 8."""


class Flow:
    """The sinks of a project, and what each parameter is given."""

    def __init__(self, project: Project, routes: Iterable[Route], paths: frozenset[str]) -> None:
        self.project = project
        self.sinks: dict[tuple[str, int, str], Sink] = {}
        self.incoming: dict[Token, list[Incoming]] = defaultdict(list)
        self.names: dict[Token, str] = {}
        self._handlers = {id(r.function): r for r in routes if r.function is not None}
        self._returns: dict[int, Value] = {}
        self._clears: dict[int, frozenset[str]] = {}
        self._truthy: dict[int, frozenset[str]] = {}
        self.fields: dict[tuple[str, str], Value] = {}
        self.grown: set[str] = set()
        self._globals: dict[str, dict[str, Value]] = {}
        self._callees: dict[int, Found | None] = {}
        self.types = Types(project)
        self.allow = AllowLists(self)
        modules = [m for m in project.modules.values() if m.path in paths]
        self._left = SPARE + STEPS * sum(len(n.inside(m)) for m in modules)
        for module in modules:
            self._module(module)
        self.sinks.clear()  # until here no function was known; only the values of modules count
        self.incoming.clear()
        ordered = list(callees_first(modules, self.callee))
        for found in ordered:
            self._function(found)
        grown = frozenset(self.grown)
        for found in ordered:  # once more, those that read an attribute before another method filled it
            if isinstance(found.node, n.Function) and found.node.owner in grown:
                self._function(found)
        for module in modules:
            self._module(module)

    @property
    def exhausted(self) -> bool:
        """Whether the code was too tangled to be followed to its end."""
        return self._left <= 0

    def callee(self, module: n.Module, call: n.Call, owner: str, receiver: str) -> Found | None:
        if id(call) not in self._callees:
            self._callees[id(call)] = self.project.callee(module, call.func, owner, receiver)
        return self._callees[id(call)]

    # --- functions -----------------------------------------------------------------------------------------------

    def _module(self, module: n.Module) -> None:
        frame = Frame(module, None, [self._globals.setdefault(module.path, {})])
        self.block(module.body, frame)

    def _function(self, found: Found) -> None:
        if isinstance(found.node, n.Function):
            frame = Frame(found.module, found.node, [{}], found.node.owner, found.node.receiver)
            self.run(found.node, frame, {})

    def run(self, function: n.Function, frame: Frame, given: dict[str, Value]) -> Value:
        """Read one function's body; what it returns is kept for its callers."""
        for param in function.params:
            value = given.get(param.name)
            if value is None:
                value = self._parameter(function, param, frame)
            frame.put(param.name, value)
        before = {p.name: frame.get(p.name) for p in function.params}
        self.block(function.body, frame)
        result = join(*frame.returns) if frame.returns else OBJECT
        self._returns[id(function)] = result
        cleared = {
            name for name, old in before.items() if old and old.unsure and not (frame.get(name) or old).unsure
        }
        self._clears[id(function)] = frozenset(cleared)
        self._truthy[id(function)] = frozenset(frame.truthy & before.keys())
        return result

    def _parameter(self, function: n.Function, param: n.Param, frame: Frame) -> Value:
        annotation = n.last(param.annotation)
        if annotation in {"Request", "HttpRequest", "HttpServletRequest", "WSGIRequest"}:
            frame.requests.add(param.name)
            return OBJECT
        if param.annotation is not None and self.types.safe_type(frame.module, param.annotation):
            return SAFE
        if self._filled(frame.module, param):
            return replace(
                outside(f"the request ({param.name})"),
                kind=self.types.class_of(frame.module, param.annotation),
            )
        for option in (param.default, param.annotation):
            if option is not None and any(
                n.last(i.func) in {"Depends", "Security"} for i in n.walk(option) if isinstance(i, n.Call)
            ):
                return OBJECT
        if param.default is not None and pattern_limits(param.default):
            return SAFE
        kind = self.types.class_of(frame.module, param.annotation)
        if kind and param.name in sql.REQUESTS:
            frame.put(param.name, OBJECT)
        if id(function) in self._handlers and self._handlers[id(function)].framework != "express":
            if sql.is_request(n.Name(0, param.name)) and not kind:
                return OBJECT
            return replace(outside(f"the request ({param.name})"), kind=kind)
        token = Token(id(function), param.name)
        self.names[token] = f"parameter {param.name} of {function.name or 'a function'}"
        return Value(tokens=frozenset({token}), kind=kind)

    def _filled(self, module: n.Module, param: n.Param) -> bool:
        """``form: Model = Depends()``: the framework fills a model from the request."""
        default = param.default
        if not (isinstance(default, n.Call) and n.last(default.func) == "Depends" and not default.args):
            return False
        name = n.last(param.annotation)
        found = self.project.lookup(module, name) if name else None
        if found is not None and isinstance(found.node, n.Class):
            return any(n.last(base) == "BaseModel" for base in found.node.bases)
        return name.endswith("RequestForm")

    # --- statements ----------------------------------------------------------------------------------------------

    def block(self, body: tuple[n.Stmt, ...], frame: Frame) -> bool:
        """Read statements in order; True where the end is never reached."""
        return any([self.stmt(stmt, frame) for stmt in body])

    def stmt(self, stmt: n.Stmt, frame: Frame) -> bool:  # noqa: C901, PLR0912 - one case a statement
        match stmt:
            case n.Assign():
                assign(self, stmt, frame)
            case n.Do():
                self.eval(stmt.value, frame)
                if isinstance(stmt.value, n.Call):
                    self._cleared_by_call(stmt.value, frame)
                    return n.last(stmt.value.func) in _ENDS
            case n.Check():
                self.eval(stmt.test, frame)
                clear(self.allow.when(stmt.test, frame)[0], frame)
            case n.Return():
                if stmt.value is not None:
                    frame.returns.append(self.eval(stmt.value, frame))
                    keep_query(self, stmt, frame.returns[-1], frame)
                    frame.truthy |= self.allow.when(stmt.value, frame)[0]
                return True
            case n.Raise():
                if stmt.value is not None:
                    self.eval(stmt.value, frame)
                return True
            case n.Leave():
                return True
            case n.If():
                return self.branch(stmt, frame)
            case n.Loop():
                self.loop(stmt, frame)
            case n.Try():
                return self.attempt(stmt, frame)
            case n.Scope():
                return self.block(stmt.body, frame)
            case n.Function():
                if frame.function is not None or stmt.owner == "":
                    self._nested(stmt, frame)
            case n.Class():
                for inner in stmt.body:
                    if isinstance(inner, n.Assign) and inner.value is not None:
                        self.fields[stmt.name, n.last(inner.targets[0])] = self.eval(inner.value, frame)
        return False

    def _nested(self, function: n.Function, frame: Frame) -> None:
        """A function inside another sees that one's variables."""
        frame.local[function.name] = function
        if frame.function is not None:
            self.closure(function, frame, {})

    def closure(self, function: n.Function, frame: Frame, given: dict[str, Value]) -> Value:
        inner = Frame(
            frame.module, function, [*frame.layers, {}], frame.owner, frame.receiver, dict(frame.tests),
            dict(frame.local), set(frame.requests), set(frame.shadowed), loops=frame.loops,
        )  # fmt: skip
        return self.run(function, inner, given)

    def branch(self, stmt: n.If, frame: Frame) -> bool:
        self.eval(stmt.test, frame)
        when_true, when_false = self.allow.when(stmt.test, frame)
        first, ended = self._layer(stmt.body, frame, when_true)
        second, also = self._layer(stmt.orelse, frame, when_false)
        if ended and also:
            return True
        self._merge(frame, [layer for layer, over in ((first, ended), (second, also)) if not over])
        return False

    def _layer(
        self, body: tuple[n.Stmt, ...], frame: Frame, cleared: set[str]
    ) -> tuple[dict[str, Value], bool]:
        frame.layers.append({})
        clear(cleared, frame)
        ended = self.block(body, frame)
        return frame.layers.pop(), ended

    def _merge(self, frame: Frame, layers: list[dict[str, Value]]) -> None:
        names = {name for layer in layers for name in layer}
        for name in names:
            values = [layer.get(name) or frame.get(name) for layer in layers]
            known = [v for v in values if v is not None]
            if known:
                frame.put(name, join(*known))

    def _cleared_by_call(self, call: n.Call, frame: Frame) -> None:
        """``validate(x)`` that raises unless ``x`` is allowed clears ``x``."""
        function = self.function_of(call, frame)
        if function is not None:
            for param, arg in zip(function.params, call.args, strict=False):
                if param.name in self._clears.get(id(function), ()):
                    clear([n.dotted(arg)], frame)

    def truthy_clears(self, call: n.Call, frame: Frame) -> set[str]:
        """The arguments that are known to be allowed where a call answers true."""
        function = self.function_of(call, frame)
        if function is None:
            return set()
        names = self._truthy.get(id(function), frozenset())
        pairs = zip(function.params, call.args, strict=False)
        return {n.dotted(arg) for param, arg in pairs if param.name in names}

    def function_of(self, call: n.Call, frame: Frame) -> n.Function | None:
        if isinstance(call.func, n.Name) and call.func.id in frame.local:
            return frame.local[call.func.id]
        found = self.callee(frame.module, call, frame.owner, frame.receiver)
        return found.node if found is not None and isinstance(found.node, n.Function) else None

    def loop(self, stmt: n.Loop, frame: Frame) -> None:
        source = self.eval(stmt.source, frame) if stmt.source is not None else None
        frame.loops += 1
        for _ in range(2 if frame.loops <= _LOCAL_LOOPS else 1):
            frame.layers.append({})
            if stmt.target is not None and source is not None:
                bind_each(self, stmt.target, source, stmt.source, frame)
            self.block(stmt.body, frame)
            self._merge(frame, [frame.layers.pop(), {}])
        frame.loops -= 1

    def attempt(self, stmt: n.Try, frame: Frame) -> bool:
        layer, ended = self._layer(stmt.body, frame, set())
        kept = [] if ended else [layer]
        for handler in stmt.handlers:
            inner, over = self._layer(handler.body, frame, set())
            if not over:
                kept.append(inner)
        self._merge(frame, kept)
        return self.block(stmt.final, frame) or not kept

    # --- what the readers of expressions need -------------------------------------------------------------------

    def eval(self, expr: n.Expr, frame: Frame) -> Value:
        """What is known of an expression's value."""
        return evaluate(self, expr, frame)

    def step(self) -> bool:
        """Count one expression; False where no more may be read."""
        self._left -= 1
        return self._left > 0

    def global_value(self, module: n.Module, name: str) -> Value:
        """The value of a module's own name, as far as it was read."""
        return self._globals.get(module.path, {}).get(name, OBJECT)

    def returned(self, function: n.Function) -> Value | None:
        """What a function returns, in its own tokens; None where it was not read yet."""
        return self._returns.get(id(function))

    def sink(self, frame: Frame, call: n.Call, value: Value) -> None:
        """Remember that a value reaches SQL."""
        key = (frame.module.path, call.func.line, n.dotted(call.func))
        old = self.sinks.get(key)
        both = join(old.value, value) if old else value
        self.sinks[key] = Sink(frame.module.path, call.func.line, n.dotted(call.func), both)
