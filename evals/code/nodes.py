"""One small syntax tree for all languages, so that each analysis is written once.

Each language's reader (``python_reader``, ``javascript_reader``, ...) lowers its own tree to these nodes. What has no
node of its own becomes ``Other`` with its children, so that nothing inside it is lost.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar, cast

from evals.code.syntax import (
    Assign,
    Attr,
    Call,
    Check,
    Choice,
    Class,
    Closure,
    Compare,
    Const,
    Do,
    Each,
    Expr,
    Function,
    Group,
    Handler,
    If,
    Import,
    Index,
    Language,
    Leave,
    Loop,
    Module,
    Name,
    Node,
    Not,
    Other,
    Param,
    Raise,
    Return,
    Scope,
    Stmt,
    Text,
    Try,
)

__all__ = [
    "Assign",
    "Attr",
    "Call",
    "Check",
    "Choice",
    "Class",
    "Closure",
    "Compare",
    "Const",
    "Do",
    "Each",
    "Expr",
    "Function",
    "Group",
    "Handler",
    "If",
    "Import",
    "Index",
    "Language",
    "Leave",
    "Loop",
    "Module",
    "Name",
    "Node",
    "Not",
    "Other",
    "Param",
    "Raise",
    "Return",
    "Scope",
    "Stmt",
    "Text",
    "Try",
    "chained",
    "children",
    "dotted",
    "inside",
    "last",
    "only",
    "walk",
]

CASES = 40
"""Branches of one chain. A switch may have thousands, and whatever walks a chain goes as deep as it is long."""

Kind = TypeVar("Kind", bound=Node)

# Everything walks through here, so each kind says by itself what stands below it.
_BELOW: dict[type, Callable[[Any], list[Node]]] = {
    Attr: lambda x: [x.base],
    Index: lambda x: [x.base, x.key],
    Call: lambda x: [x.func, *x.args, *(value for _, value in x.keywords)],
    Text: lambda x: [*x.parts],
    Choice: lambda x: [*x.options, *_there(x.test)],
    Compare: lambda x: [x.left, x.right],
    Not: lambda x: [x.operand],
    Group: lambda x: [*x.items, *(key for key in x.keys if key is not None)],
    Each: lambda x: [x.target, x.source, x.element, *x.tests],
    Closure: lambda x: [x.function],
    Other: lambda x: [*x.parts],
    Param: lambda x: [*_there(x.annotation, x.default), *x.decorators],
    Function: lambda x: [*x.params, *x.body, *x.decorators, *_there(x.returns)],
    Class: lambda x: [*x.bases, *x.body, *x.decorators],
    Assign: lambda x: [*x.targets, *_there(x.value, x.annotation)],
    Do: lambda x: [x.value],
    Check: lambda x: [x.test],
    Return: lambda x: _there(x.value),
    Raise: lambda x: _there(x.value),
    If: lambda x: [x.test, *x.body, *x.orelse],
    Loop: lambda x: [*_there(x.target, x.source), *x.body],
    Handler: lambda x: [*x.types, *x.body],
    Try: lambda x: [*x.body, *x.handlers, *x.final],
    Scope: lambda x: [*x.body],
}


def _there(*nodes: Node | None) -> list[Node]:
    return [node for node in nodes if node is not None]


def children(node: Node) -> list[Node]:
    """The nodes directly below, in source order."""
    below = _BELOW.get(type(node))
    return below(node) if below is not None else []


def walk(*roots: Node) -> Iterator[Node]:
    """All nodes below and with ``roots``, in source order."""
    stack = list(roots[::-1])
    while stack:
        node = stack.pop()
        yield node
        below = _BELOW.get(type(node))
        if below is not None:
            stack.extend(below(node)[::-1])


def inside(owner: Module | Function | Class) -> tuple[Node, ...]:
    """All nodes of a body, in source order. They are walked once and kept, for every analysis asks for them."""
    memo = owner.memo
    if None not in memo:
        memo[None] = tuple(walk(*owner.body))
    return memo[None]


def chained(cases: Sequence[If], otherwise: tuple[Stmt, ...] = ()) -> tuple[Stmt, ...]:
    """Branches without an else, each as the else of the one before. Long chains are cut into several, one after the
    other, of which the last has ``otherwise``."""
    found: list[Stmt] = []
    for start in range(0, len(cases), CASES):
        chain = otherwise if start + CASES >= len(cases) else ()
        for case in reversed(cases[start : start + CASES]):
            chain = (If(case.line, case.test, case.body, chain),)
        found.extend(chain)
    return tuple(found) if cases else otherwise


def only(owner: Module | Function | Class, kind: type[Kind]) -> tuple[Kind, ...]:
    """The nodes of one kind in a body, in source order; picked once and kept."""
    memo = owner.memo
    if kind not in memo:
        memo[kind] = tuple(node for node in inside(owner) if type(node) is kind)
    return cast("tuple[Kind, ...]", memo[kind])


def dotted(node: Expr | None) -> str:
    """``a.b.c`` for names and attributes, with ``()`` for calls and ``[]`` for indexes; empty for all else."""
    names: list[str] = []
    while node is not None:
        if isinstance(node, Name):
            return ".".join([node.id, *reversed(names)])
        if isinstance(node, Attr):
            names.append(node.name)
            node = node.base
        elif isinstance(node, Call):
            node = node.func
        elif isinstance(node, Index):
            node = node.base
        else:
            return ".".join(["?", *reversed(names)])
    return ""


def last(node: Expr | None) -> str:
    """The last name of ``a.b.c``, or empty."""
    if isinstance(node, Name):
        return node.id
    if isinstance(node, Attr):
        return node.name
    if isinstance(node, (Call,)):
        return last(node.func)
    if isinstance(node, Index):
        return last(node.base)
    return ""
