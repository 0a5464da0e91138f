"""Follows values from requests to queries: through variables, calls, branches, containers and texts.

Every function is read once, its callees first, with its parameters as tokens; what the callers pass is put in
afterwards (``origins``). So the work grows with the size of the code, however its calls are tangled.
Values that come
back from a database are taken to be safe: what was stored there is another check's business.
"""

import builtins
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from evals.code import nodes as n
from evals.code import sql_knowledge as sql
from evals.code.allow_lists import AllowLists
from evals.code.flow_frame import Frame, Incoming, Sink
from evals.code.flow_order import callees_first
from evals.code.flow_types import Types, pattern_limits
from evals.code.project import Found, Project
from evals.code.routes import Route
from evals.code.values import (
    OBJECT,
    SAFE,
    UNKNOWN,
    Token,
    Trust,
    Value,
    concat,
    join,
    outside,
    text_of,
)

_ENDS = frozenset({"abort", "exit", "_exit", "panic", "Fatal", "Fatalf", "Exit", "fail", "unreachable"})
_CONFIG = re.compile(
    r"(^|\.)(os\.environ|process\.env|settings|config|conf|current_app|cfg|environ|env)(\.|$)", re.IGNORECASE
)
_LOCAL_LOOPS = 2
SPARE, STEPS = 20_000, 8
"""How many expressions are read: so many, and so many for each node of the code. Real code takes fewer than 8."""
_QUERY_NAME = re.compile(r"sql|query|quer(y|ies)|stmt|statement|qry|^(q|cmd|command)$", re.IGNORECASE)


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
        self._fields: dict[tuple[str, str], Value] = {}
        self._globals: dict[str, dict[str, Value]] = {}
        self._callees: dict[int, Found | None] = {}
        self.types = Types(project)
        self._allow = AllowLists(self)
        modules = [m for m in project.modules.values() if m.path in paths]
        self._left = SPARE + STEPS * sum(len(n.inside(m)) for m in modules)
        for module in modules:
            self._module(module)
        self.sinks.clear()  # until here no function was known; only the values of modules count
        self.incoming.clear()
        for found in callees_first(modules, self.callee):
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

    # --- statements ----------------------------------------------------------------------------------------------

    def block(self, body: tuple[n.Stmt, ...], frame: Frame) -> bool:
        """Read statements in order; True where the end is never reached."""
        return any([self.stmt(stmt, frame) for stmt in body])

    def stmt(self, stmt: n.Stmt, frame: Frame) -> bool:  # noqa: C901, PLR0912 - one case a statement
        match stmt:
            case n.Assign():
                self.assign(stmt, frame)
            case n.Do():
                self.eval(stmt.value, frame)
                if isinstance(stmt.value, n.Call):
                    self._cleared_by_call(stmt.value, frame)
                    return n.last(stmt.value.func) in _ENDS
            case n.Check():
                self.eval(stmt.test, frame)
                self._clear(self._allow.when(stmt.test, frame)[0], frame)
            case n.Return():
                if stmt.value is not None:
                    frame.returns.append(self.eval(stmt.value, frame))
                    self._kept(stmt, frame.returns[-1], frame)
                    frame.truthy |= self._allow.when(stmt.value, frame)[0]
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
                        self._fields[stmt.name, n.last(inner.targets[0])] = self.eval(inner.value, frame)
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
        when_true, when_false = self._allow.when(stmt.test, frame)
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
        self._clear(cleared, frame)
        ended = self.block(body, frame)
        return frame.layers.pop(), ended

    def _merge(self, frame: Frame, layers: list[dict[str, Value]]) -> None:
        names = {name for layer in layers for name in layer}
        for name in names:
            values = [layer.get(name) or frame.get(name) for layer in layers]
            known = [v for v in values if v is not None]
            if known:
                frame.put(name, join(*known))

    def _clear(self, names: Iterable[str], frame: Frame) -> None:
        for name in names:
            frame.put(name, (frame.get(name) or SAFE).cleared())

    def _cleared_by_call(self, call: n.Call, frame: Frame) -> None:
        """``validate(x)`` that raises unless ``x`` is allowed clears ``x``."""
        function = self.function_of(call, frame)
        if function is not None:
            for param, arg in zip(function.params, call.args, strict=False):
                if param.name in self._clears.get(id(function), ()):
                    self._clear([n.dotted(arg)], frame)

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
                self.bind_each(stmt.target, source, stmt.source, frame)
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

    def assign(self, stmt: n.Assign, frame: Frame) -> None:
        if stmt.value is None:
            for target in stmt.targets:
                kind = self.types.class_of(frame.module, stmt.annotation)
                safe = stmt.annotation is not None and self.types.safe_type(frame.module, stmt.annotation)
                frame.put(n.dotted(target), SAFE if safe or not kind else replace(OBJECT, kind=kind))
            return
        if isinstance(stmt.value, n.Closure) and isinstance(stmt.targets[0], n.Name):
            frame.local[stmt.targets[0].id] = stmt.value.function
        value = self.eval(stmt.value, frame)
        self._kept(stmt, value, frame)
        for target in stmt.targets:
            if stmt.augmented:
                value = concat(stmt.line, [self.eval(target, frame), value])
            self.bind(target, value, stmt.value, frame)

    def _kept(self, stmt: n.Assign | n.Return, value: Value, frame: Frame) -> None:
        """A text of SQL under a name that says so counts as a query, also where nothing is seen to run it."""
        kept = n.last(stmt.targets[0]) if isinstance(stmt, n.Assign) else ""
        name = kept or (frame.function.name if frame.function and isinstance(stmt, n.Return) else "")
        if value.built and value.unsure and _QUERY_NAME.search(name) and sql.looks_like_sql(value.text):
            self.sink(frame, n.Call(stmt.line, n.Name(value.built, name)), value)

    def bind(self, target: n.Expr, value: Value, source: n.Expr, frame: Frame) -> None:
        """``target = value``; a container's parts are as trusted as the container."""
        if isinstance(target, n.Group):
            sources = (
                source.items if isinstance(source, n.Group) and len(source.items) == len(target.items) else ()
            )
            for position, item in enumerate(target.items):
                part = self.eval(sources[position], frame) if sources else _part(value)
                self.bind(item, part, source, frame)
                if isinstance(item, n.Name) and position:
                    frame.tests[item.id] = source  # Go: value, ok := allowed[key]
            return
        if isinstance(target, n.Index):
            base = n.dotted(target.base)
            old = frame.get(base) or OBJECT
            key = self.eval(target.key, frame)
            frame.put(base, replace(join(old, _part(value)), keys=old.keys and not key.unsure))
            return
        name = n.dotted(target)
        frame.put(name, value)
        if name in sql.REQUESTS and isinstance(source, n.Call) and not value.unsure:
            frame.shadowed.add(name)  # request = pool.request()
        if isinstance(target, n.Name):
            frame.tests.pop(target.id, None)
            if isinstance(source, (n.Compare, n.Not, n.Call, n.Choice)):
                frame.tests[target.id] = source
        elif (
            isinstance(target, n.Attr)
            and frame.owner
            and n.dotted(target.base) in {frame.receiver, "self", "this"}
        ):
            key_ = (frame.owner, target.name)
            self._fields[key_] = join(self._fields[key_], value) if key_ in self._fields else value

    def bind_each(self, target: n.Expr, source: Value, expr: n.Expr | None, frame: Frame) -> None:
        """Bind a loop's target to the elements of what it runs over."""
        name = n.last(expr.func) if isinstance(expr, n.Call) else ""
        keys = replace(SAFE, source="") if source.keys else _part(source)
        pairs = isinstance(target, n.Group) and len(target.items) == 2
        if (
            isinstance(target, n.Group)
            and pairs
            and (name in {"items", "entries", "enumerate"} or source.keys)
        ):
            first = (
                SAFE if name == "enumerate" or (frame.module.language == "go" and not source.unsure) else keys
            )
            self.bind(target.items[0], first, target, frame)
            self.bind(target.items[1], _part(source), target, frame)
            return
        element = keys if source.keys and name not in {"values", "items"} else _part(source)
        for item in target.items if isinstance(target, n.Group) else (target,):
            self.bind(item, element, target, frame)

    # --- expressions ---------------------------------------------------------------------------------------------

    def eval(self, expr: n.Expr, frame: Frame) -> Value:  # noqa: C901, PLR0911, PLR0912 - one case an expression
        self._left -= 1
        if self._left <= 0:
            return OBJECT
        match expr:
            case n.Const(value=value):
                return text_of(value) if isinstance(value, str) else SAFE
            case n.Name():
                return self.name(expr, frame)
            case n.Attr():
                return self.attr(expr, frame)
            case n.Index():
                self.eval(expr.key, frame)
                if sql.is_request(expr.base) and frame.get(n.dotted(expr.base)) is None:
                    return outside(n.dotted(expr.base))
                known = frame.get(n.dotted(expr)) if isinstance(expr.base, n.Attr) else None
                return known if known is not None else _part(self.eval(expr.base, frame))
            case n.Text():
                return concat(expr.line, [self.eval(part, frame) for part in expr.parts])
            case n.Choice():
                return self.choice(expr, frame)
            case n.Compare():
                self.eval(expr.left, frame)
                self.eval(expr.right, frame)
                return OBJECT
            case n.Not():
                self.eval(expr.operand, frame)
                return OBJECT
            case n.Group():
                return self.group(expr, frame)
            case n.Each():
                return self.each(expr, frame)
            case n.Closure():
                self.closure(expr.function, frame, {})
                return OBJECT
            case n.Call():
                return self.call(expr, frame)
            case n.Other():
                return self.other(expr, frame)

    def name(self, expr: n.Name, frame: Frame) -> Value:
        known = frame.get(expr.id)
        if known is not None:
            return known
        if expr.id in frame.requests or expr.id in sql.REQUESTS:
            return OBJECT
        bound = self.project.scope(frame.module).get(expr.id)
        found = self.project.lookup(frame.module, expr.id)
        if found is not None and isinstance(found.node, n.Assign):
            return self._globals.get(found.module.path, {}).get(found.name, OBJECT)
        if bound is not None or found is not None or expr.id in frame.local or hasattr(builtins, expr.id):
            return OBJECT
        if (
            expr.id.isupper()
            or expr.id in sql.GLOBALS
            or expr.id.startswith("{}@")
            or self.project.stars(frame.module)
        ):
            return OBJECT
        return Value(Trust.OUTSIDE, source=f"{expr.id}, whose origin is not shown")

    def attr(self, expr: n.Attr, frame: Frame) -> Value:  # noqa: PLR0911 - one return an origin
        name = n.dotted(expr)
        known = frame.get(name)
        if known is not None:
            return known
        base = expr.base
        whole = n.dotted(base)
        bound = frame.get(whole)
        shadowed = whole in frame.shadowed
        asked = sql.is_request(base) and not shadowed and (bound is None or not bound.kind)
        if asked or whole in frame.requests:
            return OBJECT if expr.name in sql.REQUEST_OWN else outside(name)
        if name in sql.READS:
            return outside(name)
        if _CONFIG.search(name) or expr.name.isupper() or expr.name.startswith("__"):
            return OBJECT
        if frame.owner and whole in {frame.receiver, "self", "this", "cls"}:
            return self._field(frame.owner, expr.name)
        found = self.project.lookup(frame.module, base.id) if isinstance(base, n.Name) else None
        if found is not None and found.whole and (frame.get(whole) is None):
            inner = self.project.exported(found.module, expr.name)
            if inner is not None and isinstance(inner.node, n.Assign):
                return self._globals.get(inner.module.path, {}).get(inner.name, OBJECT)
            return OBJECT
        if found is not None and isinstance(found.node, n.Class) and frame.get(whole) is None:
            return self._fields.get((found.node.name, expr.name), OBJECT)
        value = self.eval(base, frame)
        if value.kind and self.types.safe_field(value.kind, expr.name, frame.module):
            return SAFE
        if value.source.endswith("not shown"):
            return UNKNOWN
        return replace(value, text="", built=0, kind="", keys=expr.name == "__dict__")

    def _field(self, owner: str, name: str) -> Value:
        if (owner, name) in self._fields:
            return self._fields[owner, name]
        return UNKNOWN if not name.startswith(("db", "conn", "session", "pool", "engine")) else OBJECT

    def choice(self, expr: n.Choice, frame: Frame) -> Value:
        if expr.test is None:
            values = [self.eval(option, frame) for option in expr.options]
            return join(*values)
        self.eval(expr.test, frame)
        found = []
        for option, cleared in zip(expr.options, self._allow.when(expr.test, frame), strict=False):
            frame.layers.append({})
            self._clear(cleared, frame)
            found.append(self.eval(option, frame))
            frame.layers.pop()
        return join(*found)

    def group(self, expr: n.Group, frame: Frame) -> Value:
        values = [self.eval(item, frame) for item in expr.items]
        if expr.kind != "dict":
            joined = join(*values) if values else OBJECT
            return joined if joined.built else replace(joined, opaque=True, keys=False)
        keys = [self.eval(key, frame) for key in expr.keys if key is not None]
        spread = [v for k, v in zip(expr.keys, values, strict=False) if k is None]
        safe = not any(k.unsure for k in keys) and all(v.keys or not v.unsure for v in spread)
        joined = join(*values) if values else OBJECT
        return replace(joined, opaque=True, keys=safe, kind="", text="", built=0)

    def each(self, expr: n.Each, frame: Frame) -> Value:
        source = self.eval(expr.source, frame)
        frame.layers.append({})
        self.bind_each(expr.target, source, expr.source, frame)
        for test in expr.tests:
            self.eval(test, frame)
            self._clear(self._allow.when(test, frame)[0], frame)
        value = self.eval(expr.element, frame)
        pair = expr.element
        if isinstance(pair, n.Group) and len(pair.items) == 2:
            value = replace(value, keys=not self.eval(pair.items[0], frame).unsure)
        else:
            value = replace(value, keys=False)
        frame.layers.pop()
        return value

    def other(self, expr: n.Other, frame: Frame) -> Value:
        if expr.kind == "walrus":
            value = self.eval(expr.parts[1], frame)
            self.bind(expr.parts[0], value, expr.parts[1], frame)
            return value
        if expr.kind in {"assignment_expression", "augmented_assignment_expression"} and len(expr.parts) == 2:
            value = self.eval(expr.parts[1], frame)
            if expr.kind.startswith("augmented"):
                value = concat(expr.line, [self.eval(expr.parts[0], frame), value])
            self.bind(expr.parts[0], value, expr.parts[1], frame)
            return value
        values = [self.eval(part, frame) for part in expr.parts]
        if expr.kind in {
            "sub",
            "div",
            "floordiv",
            "pow",
            "-",
            "/",
            "<<",
            ">>",
            "unary",
            "instanceof",
            "%",
            "mod",
        }:
            return OBJECT
        return join(*values) if values else OBJECT

    # --- calls ---------------------------------------------------------------------------------------------------

    def call(self, call: n.Call, frame: Frame) -> Value:
        from evals.code.flow_calls import call_value

        return call_value(self, call, frame)

    def returned(self, function: n.Function) -> Value | None:
        """What a function returns, in its own tokens; None where it was not read yet."""
        return self._returns.get(id(function))

    def sink(self, frame: Frame, call: n.Call, value: Value) -> None:
        """Remember that a value reaches SQL."""
        key = (frame.module.path, call.func.line, n.dotted(call.func))
        old = self.sinks.get(key)
        both = join(old.value, value) if old else value
        self.sinks[key] = Sink(frame.module.path, call.func.line, n.dotted(call.func), both)


def _part(value: Value) -> Value:
    """An element of a container, a part of an object."""
    return replace(value, keys=False, kind="") if value.unsure or value.text else OBJECT
