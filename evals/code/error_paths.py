"""How errors are met: by handlers of the whole application, by try statements, by tests of what was looked up."""

import re
from collections.abc import Iterator

from evals.code import nodes as n
from evals.code.project import Found, Project

BROAD = frozenset({"Exception", "BaseException", "Error", "Throwable", "StandardError"})
CONFLICTS = frozenset(
    ("IntegrityError", "UniqueViolation", "UniqueViolationError", "DatabaseError", "DBAPIError", "SQLAlchemyError",
     "DuplicateKeyError", "UniqueConstraintError", "psycopg2.Error", "sqlite3.Error", "PrismaClientKnownRequestError")
)  # fmt: skip
_LOOKUPS = frozenset(
    ("first", "one_or_none", "scalar_one_or_none", "fetchone", "fetchrow", "fetch_one", "get_or_none",
     "find_one", "findOne", "findByPk", "findById", "findUnique", "findFirst", "scalar", "first_or_none",
     "find_by_id", "findOneBy")
)  # fmt: skip
_ALWAYS = re.compile(
    r"\b(count|sum|max|min|avg|exists|coalesce|now|lastval|last_insert_rowid)\s*\(|\breturning\b|\binsert\b"
    r"|\bselect\s+1\b",
    re.IGNORECASE,
)
_TABLE = re.compile(r"create\s+table\s+(?:if\s+not\s+exists\s+)?[\"`\[]?(\w+)[\"`\]]?\s*\(", re.IGNORECASE)
_UNIQUE_LINE = re.compile(r"\bunique\b", re.IGNORECASE)
_INSERT = re.compile(r"\binsert\s+into\s+[\"`\[]?(\w+)", re.IGNORECASE)
_KNOWN_CONFLICT = re.compile(
    r"23505|ER_DUP_ENTRY|P2002|UNIQUE constraint|SQLITE_CONSTRAINT|duplicate key|unique_violation"
    r"|ErrDuplicatedKey|11000"
)


class ErrorPaths:
    """Facts about a project that all routes share."""

    def __init__(self, project: Project, modules: tuple[n.Module, ...], texts: tuple[str, ...]) -> None:
        self.project = project
        self.handled: dict[str, tuple[str, int]] = {}
        self.unique: set[str] = set()
        self.knows_conflicts = False
        self.names: set[str] = set()
        for module in modules:
            for item in n.inside(module):
                self._item(module, item)
        for text in texts:
            self._tables(text)

    def _item(self, module: n.Module, item: n.Node) -> None:
        if isinstance(item, n.Function):
            for decorator in item.decorators:
                if isinstance(decorator, n.Call) and n.last(decorator.func) in {
                    "exception_handler",
                    "errorhandler",
                    "app_errorhandler",
                    "ExceptionHandler",
                }:
                    self._handles(module, decorator.args, item.line)
        elif isinstance(item, n.Call):
            self.names.add(n.last(item.func))
            if n.last(item.func) in {"add_exception_handler", "register_error_handler"}:
                self._handles(module, item.args[:1], item.line)
        elif isinstance(item, n.Class):
            fields = [s for s in item.body if isinstance(s, n.Assign) and isinstance(s.value, n.Call)]
            if any(
                _is_true(dict(f.value.keywords).get("unique")) for f in fields if isinstance(f.value, n.Call)
            ):
                self.unique.add(item.name)
        elif isinstance(item, n.Const) and isinstance(item.value, str):
            if _KNOWN_CONFLICT.search(item.value[:4000]):
                self.knows_conflicts = True
            self._tables(item.value)
        elif isinstance(item, n.Attr):
            self.names.add(item.name)
            if _KNOWN_CONFLICT.search(item.name):
                self.knows_conflicts = True

    def _handles(self, module: n.Module, args: tuple[n.Expr, ...], line: int) -> None:
        for arg in args[:1]:
            for part in arg.items if isinstance(arg, n.Group) else (arg,):
                name = str(part.value) if isinstance(part, n.Const) else n.last(part)
                self.handled[name] = (module.path, line)

    def _tables(self, text: str) -> None:
        """Tables with a unique column, from SQL text."""
        for match in list(_TABLE.finditer(text[:50_000]))[:200]:
            end = text.find(";", match.end())
            body = text[match.end() : end if end >= 0 else match.end() + 4000]
            if _UNIQUE_LINE.search(body[:4000]):
                self.unique.add(match[1].lower())

    @property
    def catches_all(self) -> tuple[str, int] | None:
        """Where the application handles every exception, if anywhere."""
        return next(
            (self.handled[k] for k in ("Exception", "500", "InternalServerError") if k in self.handled), None
        )

    def met(self, names: frozenset[str]) -> bool:
        """Whether the application handles one of these exceptions, or all."""
        return bool(names & self.handled.keys()) or self.catches_all is not None

    def inserts(self, function: n.Function) -> Iterator[tuple[str, int]]:
        """What a function inserts that must be unique: models it makes and adds, tables it inserts into."""
        adds = any(
            isinstance(i, n.Call) and n.last(i.func) in {"add", "add_all", "save", "create"}
            for i in n.inside(function)
        )
        for item in n.inside(function):
            if isinstance(item, n.Call) and adds and n.last(item.func) in self.unique and item.keywords:
                yield n.last(item.func), item.line
            elif isinstance(item, n.Const) and isinstance(item.value, str):
                match = _INSERT.search(item.value[:4000])
                if match and match[1].lower() in self.unique:
                    yield match[1].lower(), item.line

    def lookups(self, found: Found) -> Iterator[tuple[str, int]]:
        """Variables of a function that may hold nothing, because what they look up may not be there."""
        function = found.node
        if not isinstance(function, n.Function):
            return
        for item in n.inside(function):
            if isinstance(item, n.Assign) and item.value is not None and len(item.targets) == 1:
                target = item.targets[0]
                if isinstance(target, n.Name) and self.may_be_none(found, item.value, 2):
                    yield target.id, item.line

    def may_be_none(self, found: Found, value: n.Expr, hops: int) -> bool:
        """Whether an expression is a lookup that can come back empty."""
        if not isinstance(value, n.Call):
            return False
        name = n.last(value.func)
        if name in _LOOKUPS and isinstance(value.func, n.Attr):
            return not _never_empty(value)
        base = n.dotted(value.func)
        if (
            name == "get"
            and len(value.args) == 2
            and re.search(r"(session|db|store)$", base.rpartition(".")[0], re.IGNORECASE)
        ):
            return isinstance(value.args[0], n.Name) and value.args[0].id[:1].isupper()
        function = found.node
        inner = None
        if isinstance(function, n.Function):
            inner = self.project.callee(found.module, value.func, function.owner, function.receiver)
        if (
            inner is None
            or not isinstance(inner.node, n.Function)
            or not hops
            or inner.module.language == "go"
        ):
            return False
        returns = n.only(inner.node, n.Return)
        if len(returns) != 1 or returns[0].value is None:
            return False
        answer = returns[0].value
        if isinstance(answer, n.Name):
            assigned = [
                s.value
                for s in inner.node.body
                if isinstance(s, n.Assign) and s.value and n.dotted(s.targets[0]) == answer.id
            ]
            tested = any(isinstance(s, n.If) for s in inner.node.body)
            return bool(assigned) and not tested and self.may_be_none(inner, assigned[-1], hops - 1)
        return self.may_be_none(inner, answer, hops - 1)


def _never_empty(value: n.Expr) -> bool:
    """Counts, sums and what an INSERT returns are always there."""
    for item in n.walk(value):
        if isinstance(item, n.Const) and isinstance(item.value, str) and _ALWAYS.search(item.value):
            return True
        if isinstance(item, n.Attr) and item.name in {"count", "sum", "max", "min", "exists", "returning"}:
            return True
    return False


def _is_true(expr: n.Expr | None) -> bool:
    return isinstance(expr, n.Const) and expr.value is True


def caught(function: n.Function) -> set[str]:
    """The names of all exceptions that a function catches; ``Exception`` for a bare ``except``."""
    names: set[str] = set()
    for item in n.inside(function):
        if isinstance(item, n.Handler):
            names |= {n.last(kind) for kind in item.types} or {"Exception"}
    return names
