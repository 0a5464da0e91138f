"""Python source to nodes, by the standard library's own parser. Nothing is imported or run."""

import ast
import re
import sys
import warnings

from evals.code import nodes as n

DEPTH = 120
_NUMERIC_SPEC = re.compile(r"[^a-zA-Z]*[dxXobeEfFgGn]")
_PERCENT = re.compile(r"%(?:\((?P<key>[^)]*)\))?[-#0 +]*(?:\*|\d+)?(?:\.(?:\*|\d+))?(?P<kind>[a-zA-Z%])")
_COMPARE = {
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
    ast.Is: "is", ast.IsNot: "is not", ast.In: "in", ast.NotIn: "not in",
}  # fmt: skip


def read_python(path: str, text: str) -> n.Module:
    """The module, or one with ``problem`` set where Python itself could not read it."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    if "\0" in text:
        # Said by ourselves, since Python's own error for it differs between its releases.
        line = text.count("\n", 0, text.index("\0")) + 1
        return n.Module(path, "python", problem=f"not valid Python {version}: a null byte", problem_line=line)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except SyntaxError as error:
        return n.Module(
            path, "python", problem=f"not valid Python {version}: {error.msg}", problem_line=error.lineno or 0
        )
    except ValueError as error:
        return n.Module(path, "python", problem=f"not readable as Python: {error}")
    except (RecursionError, MemoryError):
        return n.Module(path, "python", problem="nested too deeply to be read")
    reader = _Reader()
    body = reader.block(tree.body)
    return n.Module(path, "python", body, cut=reader.cut)


class _Reader:
    """Lowers one tree. ``depth`` bounds the recursion: deeper code is left out and ``cut`` says where."""

    def __init__(self) -> None:
        self.depth = 0
        self.cut = 0
        self.owner = ""
        self.guarded = False

    def block(self, body: list[ast.stmt]) -> tuple[n.Stmt, ...]:
        found: list[n.Stmt] = []
        if self.depth >= DEPTH:
            self.cut = self.cut or body[0].lineno
            return ()
        self.depth += 1
        for stmt in body:
            found.extend(self.stmt(stmt))
        self.depth -= 1
        return tuple(found)

    def stmt(self, node: ast.stmt) -> list[n.Stmt]:  # noqa: C901, PLR0911, PLR0912 - one case a statement
        line = node.lineno
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                return [self.function(node)]
            case ast.ClassDef():
                return [self.klass(node)]
            case ast.Return():
                return [n.Return(line, self.maybe(node.value))]
            case ast.Assign():
                return [n.Assign(line, tuple(self.expr(t) for t in node.targets), self.expr(node.value))]
            case ast.AnnAssign():
                annotation = self.expr(node.annotation)
                return [n.Assign(line, (self.expr(node.target),), self.maybe(node.value), annotation)]
            case ast.AugAssign():
                target = self.expr(node.target)
                return [n.Assign(line, (target,), self.expr(node.value), augmented=True)]
            case ast.For() | ast.AsyncFor():
                body = self.block(node.body)
                loop = n.Loop(line, self.expr(node.target), self.expr(node.iter), body)
                return [loop, *(self.block(node.orelse) if node.orelse else ())]
            case ast.While():
                test = n.Do(line, self.expr(node.test))
                return [n.Loop(line, None, None, (test, *self.block(node.body)))]
            case ast.If():
                return [self.branch(node)]
            case ast.With() | ast.AsyncWith():
                items = tuple(self.with_item(item) for item in node.items)
                return [n.Scope(line, (*items, *self.block(node.body)))]
            case ast.Raise():
                return [n.Raise(line, self.maybe(node.exc))]
            case ast.Try() | ast.TryStar():
                return [self.attempt(node)]
            case ast.Assert():
                return [n.Check(line, self.expr(node.test))]
            case ast.Import():
                return [
                    n.Import(line, a.name, alias=a.asname or a.name.partition(".")[0], guarded=self.guarded)
                    for a in node.names
                ]
            case ast.ImportFrom():
                names = tuple((a.name, a.asname or a.name) for a in node.names)
                return [n.Import(line, node.module or "", names, level=node.level, guarded=self.guarded)]
            case ast.Expr():
                return [n.Do(line, self.expr(node.value))]
            case ast.Match():
                return self.match(node)
            case ast.Break() | ast.Continue():
                return [n.Leave(line)]
            case _:
                return []

    def with_item(self, item: ast.withitem) -> n.Stmt:
        value = self.expr(item.context_expr)
        if item.optional_vars is None:
            return n.Do(value.line, value)
        return n.Assign(value.line, (self.expr(item.optional_vars),), value)

    def branch(self, node: ast.If) -> n.If:
        test = self.expr(node.test)
        before = self.guarded
        self.guarded = before or n.last(test) == "TYPE_CHECKING"
        body = self.block(node.body)
        self.guarded = before
        orelse = self.block(node.orelse) if node.orelse else ()
        return n.If(node.lineno, test, body, orelse)

    def attempt(self, node: ast.Try | ast.TryStar) -> n.Try:
        handlers = tuple(
            n.Handler(h.lineno, self.handled(h.type), h.name or "", self.block(h.body)) for h in node.handlers
        )
        names = {n.last(kind) for handler in handlers for kind in handler.types}
        catches = names & {"ImportError", "ModuleNotFoundError", "Exception", "BaseException"}
        before = self.guarded
        self.guarded = before or bool(catches) or any(not h.types for h in handlers)
        body = self.block(node.body)
        self.guarded = before
        rest = self.block(node.orelse) if node.orelse else ()
        final = self.block(node.finalbody) if node.finalbody else ()
        return n.Try(node.lineno, (*body, *rest), handlers, final)

    def handled(self, node: ast.expr | None) -> tuple[n.Expr, ...]:
        if node is None:
            return ()
        if isinstance(node, ast.Tuple):
            return tuple(self.expr(item) for item in node.elts)
        return (self.expr(node),)

    def match(self, node: ast.Match) -> list[n.Stmt]:
        subject = self.expr(node.subject)
        chain: list[n.If] = []
        for case in node.cases:
            values = tuple(
                self.expr(p.value) for p in ast.walk(case.pattern) if isinstance(p, ast.MatchValue)
            )
            test: n.Expr = n.Compare(
                case.pattern.lineno, "in", subject, n.Group(node.lineno, "tuple", values)
            )
            if not values:
                test = n.Other(case.pattern.lineno, "pattern", (subject,))
            chain.append(n.If(case.pattern.lineno, test, self.block(case.body)))
        return list(n.chained(chain))

    def function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> n.Function:
        decorators = tuple(self.expr(d) for d in node.decorator_list)
        owner, self.owner = self.owner, ""
        params = self.params(node.args)
        body = self.block(node.body)
        self.owner = owner
        names = {n.last(d) for d in decorators}
        receiver = params[0].name if owner and params and "staticmethod" not in names else ""
        if receiver:
            params = params[1:]
        return n.Function(
            node.lineno, node.name, params, body, decorators, self.maybe(node.returns), owner, receiver,
            isinstance(node, ast.AsyncFunctionDef),
        )  # fmt: skip

    def params(self, args: ast.arguments) -> tuple[n.Param, ...]:
        plain = [*args.posonlyargs, *args.args]
        defaults: list[ast.expr | None] = [None] * (len(plain) - len(args.defaults))
        defaults += args.defaults
        pairs = [*zip(plain, defaults, strict=True)]
        if args.vararg:
            pairs.append((args.vararg, None))
        pairs += zip(args.kwonlyargs, args.kw_defaults, strict=True)
        if args.kwarg:
            pairs.append((args.kwarg, None))
        return tuple(n.Param(a.arg, self.maybe(a.annotation), self.maybe(d)) for a, d in pairs)

    def klass(self, node: ast.ClassDef) -> n.Class:
        owner, self.owner = self.owner, node.name
        body = self.block(node.body)
        self.owner = owner
        bases = tuple(self.expr(b) for b in node.bases)
        return n.Class(node.lineno, node.name, bases, body, tuple(self.expr(d) for d in node.decorator_list))

    def maybe(self, node: ast.expr | None) -> n.Expr | None:
        return None if node is None else self.expr(node)

    def expr(self, node: ast.expr) -> n.Expr:
        if self.depth >= DEPTH:
            self.cut = self.cut or node.lineno
            return n.Other(node.lineno, "cut")
        self.depth += 1
        found = self.lower(node)
        self.depth -= 1
        return found

    def many(self, items: list[ast.expr]) -> tuple[n.Expr, ...]:
        return tuple(self.expr(item) for item in items)

    def lower(self, node: ast.expr) -> n.Expr:  # noqa: C901, PLR0911, PLR0912 - one case an expression
        line = node.lineno
        match node:
            case ast.Constant():
                value = node.value
                return n.Const(line, value if isinstance(value, (str, bytes, int, float, bool)) else None)
            case ast.Name():
                return n.Name(line, node.id)
            case ast.Attribute():
                return n.Attr(node.end_lineno or line, self.expr(node.value), node.attr)
            case ast.Subscript():
                return n.Index(line, self.expr(node.value), self.expr(node.slice))
            case ast.Call():
                keywords = tuple((k.arg or "", self.expr(k.value)) for k in node.keywords)
                return n.Call(line, self.expr(node.func), self.many(node.args), keywords)
            case ast.JoinedStr():
                return n.Text(line, tuple(self.piece(p) for p in node.values))
            case ast.BinOp():
                return self.binary(node)
            case ast.BoolOp():
                kind = "or" if isinstance(node.op, ast.Or) else "and"
                return n.Choice(line, "or" if kind == "or" else "and", self.many(node.values))
            case ast.IfExp():
                options = (self.expr(node.body), self.expr(node.orelse))
                return n.Choice(line, "if", options, self.expr(node.test))
            case ast.Compare():
                return self.compare(node)
            case ast.UnaryOp():
                operand = self.expr(node.operand)
                if isinstance(node.op, ast.Not):
                    return n.Not(line, operand)
                if isinstance(node.op, ast.USub) and isinstance(operand, n.Const):
                    number = operand.value
                    return n.Const(line, -number) if isinstance(number, (int, float)) else operand
                return n.Other(line, "unary", (operand,))
            case ast.List() | ast.Tuple() | ast.Set():
                kind_of = {ast.List: "list", ast.Tuple: "tuple", ast.Set: "set"}
                return n.Group(line, kind_of[type(node)], self.many(node.elts))  # type: ignore[arg-type]
            case ast.Dict():
                keys = tuple(self.maybe(k) for k in node.keys)
                return n.Group(line, "dict", self.many(node.values), keys)
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp():
                return self.each(line, node.generators, self.expr(node.elt))
            case ast.DictComp():
                pair = n.Group(line, "tuple", (self.expr(node.key), self.expr(node.value)))
                return self.each(line, node.generators, pair)
            case ast.Lambda():
                body = (n.Return(line, self.expr(node.body)),)
                return n.Closure(line, n.Function(line, "", self.params(node.args), body))
            case ast.Await() | ast.Starred():
                return self.expr(node.value)
            case ast.NamedExpr():
                return n.Other(line, "walrus", (self.expr(node.target), self.expr(node.value)))
            case _:
                parts = [c for c in ast.iter_child_nodes(node) if isinstance(c, ast.expr)]
                return n.Other(line, type(node).__name__.lower(), self.many(parts))

    def each(self, line: int, generators: list[ast.comprehension], element: n.Expr) -> n.Expr:
        for generator in reversed(generators):
            target, source = self.expr(generator.target), self.expr(generator.iter)
            element = n.Each(line, target, source, element, self.many(generator.ifs))
        return element

    def compare(self, node: ast.Compare) -> n.Expr:
        left = self.expr(node.left)
        found: list[n.Expr] = []
        for op, comparator in zip(node.ops, node.comparators, strict=True):
            right = self.expr(comparator)
            found.append(n.Compare(node.lineno, _COMPARE[type(op)], left, right))
            left = right
        return found[0] if len(found) == 1 else n.Choice(node.lineno, "and", tuple(found))

    def piece(self, node: ast.expr) -> n.Expr:
        if not isinstance(node, ast.FormattedValue):
            return self.expr(node)
        value, spec = self.expr(node.value), node.format_spec
        if isinstance(spec, ast.JoinedStr) and len(spec.values) == 1:
            text = spec.values[0]
            if isinstance(text, ast.Constant) and _NUMERIC_SPEC.fullmatch(str(text.value)):
                return _as_number(value)
        return value

    def binary(self, node: ast.BinOp) -> n.Expr:
        """``a + b + c`` is one flat Text: its tree is as deep as the chain is long."""
        if isinstance(node.op, ast.Mod):
            return self.percent(node)
        if not isinstance(node.op, ast.Add):
            return n.Other(node.lineno, type(node.op).__name__.lower(), self.spine(node, type(node.op)))
        return n.Text(node.lineno, self.spine(node, ast.Add))

    def spine(self, node: ast.BinOp, operator: type[ast.operator]) -> tuple[n.Expr, ...]:
        parts: list[ast.expr] = []
        left: ast.expr = node
        while isinstance(left, ast.BinOp) and type(left.op) is operator:
            parts.append(left.right)
            left = left.left
        return self.many([left, *reversed(parts)])

    def percent(self, node: ast.BinOp) -> n.Expr:
        left, right = self.expr(node.left), self.expr(node.right)
        if isinstance(left, n.Const) and not isinstance(left.value, (str, bytes)):
            return n.Other(node.lineno, "mod", (left, right))
        values = list(right.items) if isinstance(right, n.Group) else [right]
        if isinstance(left, n.Const) and isinstance(left.value, str):
            kinds = [m for m in _PERCENT.finditer(left.value) if m["kind"] != "%"]
            if isinstance(right, n.Group) and right.kind == "dict":
                numeric = {m["key"] for m in kinds if m["kind"] not in "srac"}
                keys = [k.value if isinstance(k, n.Const) else None for k in right.keys]
                values = [_as_number(v) if k in numeric else v for k, v in zip(keys, values, strict=True)]
            elif len(kinds) == len(values):
                values = [
                    v if m["kind"] in "srac" else _as_number(v) for m, v in zip(kinds, values, strict=True)
                ]
        return n.Text(node.lineno, (left, *values))


def _as_number(value: n.Expr) -> n.Expr:
    """What a numeric format makes of any value: a number, or an error."""
    return n.Call(value.line, n.Name(value.line, "int"), (value,))
