"""Mutants of Python by its own syntax tree, which knows where everything stands."""

import ast
import re
from collections.abc import Iterator

from evals.mutants.mutant import Kind, Mutant
from evals.mutants.statuses import NAMES, OTHER, about

_INVERSE = {
    ast.Eq: "!=", ast.NotEq: "==", ast.Lt: ">=", ast.GtE: "<", ast.Gt: "<=", ast.LtE: ">",
    ast.In: "not in", ast.NotIn: "in", ast.Is: "is not", ast.IsNot: "is",
}  # fmt: skip
_GUARD = re.compile(r"login_required|auth|jwt_required|token_required|permission|require_", re.IGNORECASE)
_BOUNDS = frozenset(
    {"min_length", "max_length", "ge", "gt", "le", "lt", "pattern", "regex", "max_digits", "decimal_places"}
)
_STATUS_NAME = re.compile(r"^(?:HTTP_\d{3}_)?([A-Z_]+)$")
_CODES = {name: code for code, name in NAMES.items()}
_REFUSALS = {"unauthorized": 401, "forbidden": 403, "conflict": 409, "badrequest": 400, "validationerror": 400,
             "valueerror": 400, "invalid": 400, "unprocessableentity": 422}  # fmt: skip
_RUNS = frozenset(
    {"execute", "executemany", "fetch", "fetchrow", "fetchval", "fetch_one", "fetch_all", "query"}
)


def python_mutants(path: str, text: str) -> tuple[Mutant, ...]:
    """All mutants of one file; none of one that does not parse."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    return tuple(_Maker(path, text).all(tree))


class _Maker:
    def __init__(self, path: str, text: str) -> None:
        self._path = path
        self._data = text.encode("utf-8", "surrogatepass")
        self._starts = [0]
        for line in self._data.split(b"\n"):
            self._starts.append(self._starts[-1] + len(line) + 1)

    def all(self, tree: ast.Module) -> Iterator[Mutant]:
        """In the tree's order."""
        skipped = {id(n) for s in ast.walk(tree) if _is_for_tools(s) for n in ast.walk(s)}
        for node in ast.walk(tree):
            if id(node) in skipped:
                continue
            match node:
                case ast.If():
                    yield from self._refusal(node)
                case ast.ExceptHandler():
                    yield from self._handler(node)
                case ast.Compare(ops=[operator]):
                    yield from self._compare(node, operator)
                case ast.Call():
                    yield from self._call(node)
                case ast.Return(value=ast.Tuple(elts=[_, *rest])):
                    yield from (m for part in rest[:1] for m in self._status(part))
                case ast.FunctionDef() | ast.AsyncFunctionDef():
                    yield from self._decorators(node)

    def _refusal(self, node: ast.If) -> Iterator[Mutant]:
        """``if ...:`` around a refusal never holds."""
        kind = _refused_in(node.body)
        if kind is not None and not node.orelse:
            test = self._text(node.test)
            yield self._mutant(node.test, kind, f"({test}) and False")

    def _handler(self, node: ast.ExceptHandler) -> Iterator[Mutant]:
        """``except IntegrityError:`` that answers a conflict lets the error through."""
        if _refused_in(node.body) == "conflict":
            first = node.body[0]
            yield self._mutant(first, "conflict", "raise")

    def _compare(self, node: ast.Compare, operator: ast.cmpop) -> Iterator[Mutant]:
        inverse = _INVERSE.get(type(operator))
        if inverse is None or (isinstance(node.left, ast.Name) and node.left.id == "__name__"):
            return
        left, right = self._operand(node.left), self._operand(node.comparators[0])
        yield self._mutant(node, "comparison", f"{left} {inverse} {right}")

    def _call(self, node: ast.Call) -> Iterator[Mutant]:
        name = _name(node.func)
        if name in _RUNS and len(node.args) == 2 and _is_text(node.args[0]):
            yield from self._query(node)
        for keyword in node.keywords:
            if keyword.arg in {"status_code", "status", "code"}:
                yield from self._status(keyword.value)
        bounds = [k for k in node.keywords if k.arg in _BOUNDS]
        if bounds and name in {"Field", "Query", "Path", "Body", "StringConstraints", "constr", "conint"}:
            kept = [self._text(a) for a in node.args]
            kept += [self._between(k.value, k.arg) for k in node.keywords if k not in bounds]
            yield self._mutant(node, "validation", f"{self._text(node.func)}({', '.join(kept)})")
        if name in {"HTTPException", "abort", "ApiError", "APIError", "AppError", "Response"} and node.args:
            yield from self._status(node.args[0])

    def _between(self, value: ast.expr, name: str | None) -> str:
        return f"{name}={self._text(value)}" if name else f"**{self._text(value)}"

    def _query(self, node: ast.Call) -> Iterator[Mutant]:
        """The values go into the query's text instead of beside it."""
        values = node.args[1]
        if not isinstance(values, (ast.Tuple, ast.List)) or not values.elts:
            return
        query = self._text(node.args[0])
        made = f"""({query}).replace("%s", "'{{}}'").replace("?", "'{{}}'").format(*{self._text(values)})"""
        start, end = self._at(node.args[0])[0], self._at(values)[1]
        yield self._cut(start, end, node.lineno, "query", made)

    def _status(self, node: ast.expr) -> Iterator[Mutant]:
        code = _status_of(node)
        other = OTHER.get(code)
        if other is not None:
            yield self._mutant(node, "status", str(other))

    def _decorators(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[Mutant]:
        for decorator in node.decorator_list:
            name = _name(decorator.func if isinstance(decorator, ast.Call) else decorator)
            if _GUARD.search(name):
                yield self._mutant(decorator, "guard", "(lambda handler: handler)")

    # --- places -----------------------------------------------------------------------------------------------------

    def _at(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        start = self._starts[node.lineno - 1] + node.col_offset
        last = node.end_lineno or node.lineno
        return start, self._starts[last - 1] + (node.end_col_offset or node.col_offset)

    def _operand(self, node: ast.expr) -> str:
        """An operand with parentheses around it, where the ones that stood there are not part of it."""
        plain = (ast.Name, ast.Constant, ast.Attribute, ast.Call, ast.Subscript)
        return self._text(node) if isinstance(node, plain) else f"({self._text(node)})"

    def _text(self, node: ast.expr) -> str:
        start, end = self._at(node)
        return self._data[start:end].decode("utf-8", "surrogatepass")

    def _mutant(self, node: ast.expr | ast.stmt, kind: Kind, text: str) -> Mutant:
        start, end = self._at(node)
        return self._cut(start, end, node.lineno, kind, text)

    def _cut(self, start: int, end: int, line: int, kind: Kind, text: str) -> Mutant:
        was = self._data[start:end].decode("utf-8", "surrogatepass")
        return Mutant(self._path, line, kind, start, end, was, text)


def _refused_in(body: list[ast.stmt]) -> Kind | None:
    """What a block refuses, by the status of the first refusal in it."""
    for stmt in body:
        for node in ast.walk(stmt):
            if isinstance(node, (ast.Raise, ast.Return)) or (
                isinstance(node, ast.Call) and _name(node.func) == "abort"
            ):
                inner = list(ast.walk(node))
                codes = [_status_of(n) for n in inner if isinstance(n, ast.expr)]
                codes += [
                    _REFUSALS.get(_name(n.func).lower().replace("_", ""), 0)
                    for n in inner
                    if isinstance(n, ast.Call)
                ]
                found = next((kind for kind in map(about, codes) if kind is not None), None)
                if found is not None:
                    return found
    return None


def _status_of(node: ast.expr) -> int:
    """The status that an expression is; 0 where it is none."""
    if isinstance(node, ast.Constant) and type(node.value) is int:
        return node.value if 100 <= node.value < 600 else 0
    if isinstance(node, ast.Attribute) and (found := _STATUS_NAME.match(node.attr)):
        return _CODES.get(found[1].removesuffix("_CONTENT") if found[1] != "NO_CONTENT" else found[1], 0)
    return 0


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _is_for_tools(node: ast.AST) -> bool:
    """Blocks that only run as a script, or only for type checkers."""
    if not isinstance(node, ast.If):
        return False
    names = {n.id for n in ast.walk(node.test) if isinstance(n, ast.Name)}
    return bool(names & {"__name__", "TYPE_CHECKING"})
