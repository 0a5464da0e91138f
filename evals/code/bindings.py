"""Which names statements bind, and which file a script's import means."""

import posixpath
from collections.abc import Iterator

from evals.code import nodes as n

SCRIPTS = (".js", ".ts", ".mjs", ".cjs", ".jsx", ".tsx", ".mts", ".cts", ".json")


def top_level(body: tuple[n.Stmt, ...]) -> Iterator[n.Stmt]:
    """The statements of a module's own scope, those inside its branches, loops and tries included."""
    stack = list(reversed(body))
    while stack:
        stmt = stack.pop()
        yield stmt
        inner: list[n.Stmt] = []
        if isinstance(stmt, n.If):
            inner = [*stmt.body, *stmt.orelse]
        elif isinstance(stmt, (n.Loop, n.Scope)):
            inner = [*stmt.body]
        elif isinstance(stmt, n.Try):
            inner = [*stmt.body, *(s for h in stmt.handlers for s in h.body), *stmt.final]
        stack.extend(reversed(inner))


def bound(stmt: n.Stmt) -> Iterator[str]:
    """The names that one statement binds. ``a.b = ...`` binds ``a.b``, for JavaScript's exports."""
    if isinstance(stmt, (n.Function, n.Class)):
        yield stmt.name
    elif isinstance(stmt, n.Assign):
        for target in stmt.targets:
            yield from _targets(target)
    elif isinstance(stmt, n.Import):
        if stmt.alias:
            yield stmt.alias
        for _, local in stmt.names:
            yield local
    elif isinstance(stmt, n.Loop) and stmt.target is not None:
        yield from _targets(stmt.target)


def _targets(target: n.Expr) -> Iterator[str]:
    for node in n.walk(target) if isinstance(target, n.Group) else (target,):
        if isinstance(node, n.Name):
            yield node.id
        elif isinstance(node, n.Attr):
            yield n.dotted(node)


def functions(module: n.Module) -> Iterator[n.Function]:
    """Every function of a module, nested ones and closures included."""
    yield from n.only(module, n.Function)


def script_path(importer: str, target: str, paths: frozenset[str]) -> str | None:
    """The file that a relative JavaScript import means, or None."""
    if not target.startswith("."):
        return None
    base = posixpath.normpath(posixpath.join(posixpath.dirname(importer), target))
    stem = posixpath.splitext(base)[0] if base.endswith((".js", ".mjs", ".cjs", ".jsx")) else base
    inside = "" if base == "." else f"{base}/"
    candidates = [base, *(base + e for e in SCRIPTS), *(stem + e for e in SCRIPTS)]
    candidates += [f"{inside}index{e}" for e in SCRIPTS]
    return next((c for c in candidates if c in paths), None)
