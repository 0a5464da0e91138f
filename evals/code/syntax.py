"""The kinds of nodes of the one syntax tree that all languages are lowered to. Analyses take them from ``nodes``."""

from dataclasses import dataclass, field
from typing import Literal

Language = Literal["python", "javascript", "typescript", "go", "java", "rust"]
Scalar = str | bytes | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Const:
    """A literal."""

    line: int
    value: Scalar


@dataclass(frozen=True, slots=True)
class Name:
    """A bare name."""

    line: int
    id: str


@dataclass(frozen=True, slots=True)
class Attr:
    """``base.name``; ``optional`` for ``base?.name``."""

    line: int
    base: "Expr"
    name: str
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Index:
    """``base[key]``."""

    line: int
    base: "Expr"
    key: "Expr"


@dataclass(frozen=True, slots=True)
class Call:
    """A call, or a constructor's call. ``keywords`` holds named arguments; ``**rest`` has an empty name."""

    line: int
    func: "Expr"
    args: tuple["Expr", ...] = ()
    keywords: tuple[tuple[str, "Expr"], ...] = ()


@dataclass(frozen=True, slots=True)
class Text:
    """Pieces that are put together: ``+``, an f-string, a template literal, ``%`` on a string."""

    line: int
    parts: tuple["Expr", ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several values: a conditional, or a fallback (``or``, ``||``, ``??``). ``kind`` says which."""

    line: int
    kind: Literal["if", "or", "and"]
    options: tuple["Expr", ...]
    test: "Expr | None" = None


@dataclass(frozen=True, slots=True)
class Compare:
    """``left op right``; ``in`` and ``not in`` are operators too."""

    line: int
    op: str
    left: "Expr"
    right: "Expr"


@dataclass(frozen=True, slots=True)
class Not:
    """Negation."""

    line: int
    operand: "Expr"


@dataclass(frozen=True, slots=True)
class Group:
    """A list, tuple, set or mapping literal. ``keys`` is as long as ``items`` for a mapping, else empty."""

    line: int
    kind: Literal["list", "tuple", "set", "dict"]
    items: tuple["Expr", ...] = ()
    keys: tuple["Expr | None", ...] = ()


@dataclass(frozen=True, slots=True)
class Each:
    """A comprehension: ``element`` for every ``target`` of ``source``."""

    line: int
    target: "Expr"
    source: "Expr"
    element: "Expr"
    tests: tuple["Expr", ...] = ()


@dataclass(frozen=True, slots=True)
class Closure:
    """A function as a value: a lambda, an arrow function, a function literal."""

    line: int
    function: "Function"


@dataclass(frozen=True, slots=True)
class Other:
    """Any other expression, by its children."""

    line: int
    kind: str
    parts: tuple["Expr", ...] = ()


@dataclass(frozen=True, slots=True)
class Param:
    """One parameter of a function."""

    name: str
    annotation: "Expr | None" = None
    default: "Expr | None" = None
    decorators: tuple["Expr", ...] = ()


@dataclass(frozen=True, slots=True)
class Function:
    """A function or method. ``owner`` is the class (or receiver type) that it belongs to, or empty."""

    line: int
    name: str
    params: tuple[Param, ...]
    body: tuple["Stmt", ...]
    decorators: tuple["Expr", ...] = ()
    returns: "Expr | None" = None
    owner: str = ""
    receiver: str = ""
    is_async: bool = False
    memo: "Memo" = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Class:
    """A class, struct or interface."""

    line: int
    name: str
    bases: tuple["Expr", ...]
    body: tuple["Stmt", ...]
    decorators: tuple["Expr", ...] = ()
    memo: "Memo" = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Assign:
    """``targets = value``; ``augmented`` for ``+=``; ``value`` is None for a bare declaration."""

    line: int
    targets: tuple["Expr", ...]
    value: "Expr | None"
    annotation: "Expr | None" = None
    augmented: bool = False


@dataclass(frozen=True, slots=True)
class Do:
    """An expression as a statement."""

    line: int
    value: "Expr"


@dataclass(frozen=True, slots=True)
class Check:
    """``assert test``."""

    line: int
    test: "Expr"


@dataclass(frozen=True, slots=True)
class Return:
    """Leaves the function with a value."""

    line: int
    value: "Expr | None"


@dataclass(frozen=True, slots=True)
class Raise:
    """Leaves with an error."""

    line: int
    value: "Expr | None"


@dataclass(frozen=True, slots=True)
class Leave:
    """``break``, ``continue``."""

    line: int


@dataclass(frozen=True, slots=True)
class If:
    """A branch. A switch is a chain of these."""

    line: int
    test: "Expr"
    body: tuple["Stmt", ...]
    orelse: tuple["Stmt", ...] = ()


@dataclass(frozen=True, slots=True)
class Loop:
    """A loop; ``target`` and ``source`` are None for a plain ``while``."""

    line: int
    target: "Expr | None"
    source: "Expr | None"
    body: tuple["Stmt", ...]


@dataclass(frozen=True, slots=True)
class Handler:
    """What catches. ``types`` is empty where everything is caught; ``name`` is the bound error, or empty."""

    line: int
    types: tuple["Expr", ...]
    name: str
    body: tuple["Stmt", ...]


@dataclass(frozen=True, slots=True)
class Try:
    """A try statement."""

    line: int
    body: tuple["Stmt", ...]
    handlers: tuple[Handler, ...] = ()
    final: tuple["Stmt", ...] = ()


@dataclass(frozen=True, slots=True)
class Scope:
    """A block: ``with`` (its items first, as assignments) or bare braces."""

    line: int
    body: tuple["Stmt", ...]


@dataclass(frozen=True, slots=True)
class Import:
    """``from module import names``. ``names`` pairs each imported name with its local one; empty for a
    module.

    ``alias`` is the local name of the module itself. ``level`` counts Python's leading dots. ``guarded`` means
    that the code handles a failed import, or needs it only for type checkers.
    """

    line: int
    module: str
    names: tuple[tuple[str, str], ...] = ()
    alias: str = ""
    level: int = 0
    guarded: bool = False


Expr = Const | Name | Attr | Index | Call | Text | Choice | Compare | Not | Group | Each | Closure | Other
Stmt = Assign | Do | Check | Return | Raise | Leave | If | Loop | Try | Scope | Function | Class | Import
Node = Expr | Stmt | Param | Handler
Memo = dict[type | None, "tuple[Node, ...]"]
"""The nodes of a body: all of them under None, and those of one kind under that kind."""


@dataclass(frozen=True, slots=True)
class Module:
    """One source file, read. ``problem`` says why it could not be (``body`` is then empty).

    ``cut`` is the line of something nested too deeply to be read, or 0: what stands there was left out.
    """

    path: str
    language: Language
    body: tuple[Stmt, ...] = ()
    problem: str = ""
    problem_line: int = 0
    cut: int = 0
    memo: "Memo" = field(default_factory=dict, compare=False, repr=False)
