"""Which names a condition proves to be allowed: in a list of constants, equal to one, a number, a plain word."""

from typing import TYPE_CHECKING

from evals.code import nodes as n
from evals.code.flow_frame import KEYS
from evals.code.flow_types import excludes_sql

if TYPE_CHECKING:
    from evals.code.flow import Flow
    from evals.code.flow_frame import Frame

_PLAIN_WORD = frozenset(
    (
        "isdigit",
        "isidentifier",
        "isalnum",
        "isalpha",
        "isnumeric",
        "isdecimal",
        "isInteger",
        "is_integer",
        "isascii_",
    )
)
_MEMBER = frozenset(
    {"has", "includes", "Contains", "contains", "containsKey", "contains_key", "hasOwnProperty", "indexOf"}
)
_MATCHERS = frozenset({"match", "fullmatch", "test", "MatchString", "matches", "is_match", "search"})
_PASS = frozenset(
    {
        "lower",
        "upper",
        "strip",
        "toLowerCase",
        "toUpperCase",
        "trim",
        "str",
        "ToLower",
        "ToUpper",
        "TrimSpace",
        "as_str",
    }
)
HOPS = 40


class AllowLists:
    """Reads conditions for one flow."""

    def __init__(self, flow: "Flow") -> None:
        self._flow = flow

    def when(  # noqa: PLR0911 - one return a kind of condition
        self, test: n.Expr, frame: "Frame", hops: int = HOPS
    ) -> tuple[set[str], set[str]]:
        """The names that are cleared where ``test`` holds, and where it does not."""
        none: tuple[set[str], set[str]] = (set(), set())
        if not hops:
            return none
        match test:
            case n.Not():
                true, false = self.when(test.operand, frame, hops - 1)
                return false, true
            case n.Choice(kind="and"):
                return set().union(*(self.when(o, frame, hops - 1)[0] for o in test.options)), set()
            case n.Choice(kind="or"):
                return set(), set().union(*(self.when(o, frame, hops - 1)[1] for o in test.options))
            case n.Compare():
                return self._compared(test, frame, hops)
            case n.Name() if test.id in frame.tests:
                source = frame.tests[test.id]
                if isinstance(source, n.Index):  # Go: _, ok := allowed[key]
                    return self._allowed(source.key, source.base, frame), set()
                return self.when(source, frame, hops - 1) if not isinstance(source, n.Name) else none
            case n.Other(kind="sub" | "-", parts=(left, right)):  # unknown = set(data) - ALLOWED
                return set(), self._keys(left, right, frame)
            case n.Call() if n.last(test.func) == "any" and test.args and isinstance(test.args[0], n.Each):
                each = test.args[0]  # any(key not in ALLOWED for key in data)
                inner = self.when(each.element, frame, 4)[1]
                return set(), _keys_of(each.source) if inner & names(each.target) else set()
            case n.Call():
                return self._called(test, frame), set()
            case n.Index():
                return self._allowed(test.key, test.base, frame), set()
        return none

    def _compared(  # noqa: C901 - one case an operator
        self, test: n.Compare, frame: "Frame", hops: int
    ) -> tuple[set[str], set[str]]:
        true: set[str] = set()
        if test.op in {"<=", "<"}:  # set(data) <= ALLOWED
            true = self._keys(test.left, test.right, frame)
            if true:
                return true, set()
        if test.op in {"in", "not in"}:
            true = self._allowed(test.left, test.right, frame)
        elif test.op in {"==", "!="}:
            for left, right in ((test.left, test.right), (test.right, test.left)):
                if isinstance(right, n.Const) and right.value not in {None, True, False}:
                    if isinstance(left, n.Call) and n.last(left.func) == "indexOf" and right.value == -1:
                        return set(), self._called(left, frame)
                    true |= names(left)
                elif isinstance(right, n.Const) and right.value in {True, False} and right.value is not None:
                    inner = self.when(left, frame, hops - 1)
                    true |= inner[0] if right.value else inner[1]
        elif test.op in {"is", "is not"}:
            if isinstance(test.right, n.Const) and test.right.value is None:
                source = test.left
                if isinstance(source, n.Name) and isinstance(frame.tests.get(source.id), n.Call):
                    cleared = self.when(frame.tests[source.id], frame, hops - 1)[0]
                    return (set(), cleared) if test.op == "is" else (cleared, set())
                cleared = self.when(source, frame, hops - 1)[0]
                return (set(), cleared) if test.op == "is" else (cleared, set())
        elif (
            test.op in {"<", ">=", ">"}
            and isinstance(test.left, n.Call)
            and n.last(test.left.func) == "indexOf"
        ):
            cleared = self._called(test.left, frame)
            return (set(), cleared) if test.op == "<" else (cleared, set())
        return (set(), true) if test.op in {"not in", "!="} else (true, set())

    def _allowed(self, item: n.Expr, allowed: n.Expr, frame: "Frame") -> set[str]:
        """``item in allowed`` clears ``item`` where what is allowed is itself beyond the caller's reach."""
        value = self._flow.eval(allowed, frame)
        return names(item) if not value.unsure or value.keys else set()

    def _keys(self, item: n.Expr, allowed: n.Expr, frame: "Frame") -> set[str]:
        """``set(item)`` held against a set of constants: the keys of ``item``."""
        value = self._flow.eval(allowed, frame)
        sets = isinstance(item, n.Call) and n.last(item.func) in {"set", "frozenset", "keys"}
        return _keys_of(item) if sets and (not value.unsure or value.keys) else set()

    def _called(self, call: n.Call, frame: "Frame") -> set[str]:
        name = n.last(call.func)
        base = call.func.base if isinstance(call.func, n.Attr) else None
        if name in _PLAIN_WORD:
            return (
                names(base)
                if base is not None and not call.args
                else names(call.args[0] if call.args else base)
            )
        if name in _MATCHERS and call.args:
            return self._matched(call, base, frame)
        if name in _MEMBER and call.args:
            if len(call.args) == 2 and not isinstance(base, n.Call):  # slices.Contains(list, item)
                return self._allowed(call.args[1], call.args[0], frame)
            return self._allowed(call.args[0], base, frame) if base is not None else set()
        if (
            name == "isinstance"
            and len(call.args) == 2
            and self._flow.types.safe_type(frame.module, call.args[1])
        ):
            return names(call.args[0])
        if name == "all" and call.args and isinstance(call.args[0], n.Each):
            each = call.args[0]
            inner = self.when(each.element, frame, 4)[0]
            return names(each.source) if inner & names(each.target) else set()
        return self._flow.truthy_clears(call, frame)

    def _matched(self, call: n.Call, base: n.Expr | None, frame: "Frame") -> set[str]:
        """``re.fullmatch(pattern, x)``, ``PATTERN.match(x)``, ``/^...$/.test(x)``: by what the pattern
        lets through."""
        texts = [*call.args, *([base] if base is not None else [])]
        whole = n.last(call.func) in {"fullmatch", "matches"}
        for position, expr in enumerate(texts):
            pattern = self._pattern(expr, frame)
            if pattern is None:
                continue
            if excludes_sql(pattern if not whole else f"^(?:{pattern})$"):
                others = [o for i, o in enumerate(texts) if i != position]
                return set().union(*(names(o) for o in others))
        return set()

    def _pattern(self, expr: n.Expr, frame: "Frame", hops: int = 3) -> str | None:
        if isinstance(expr, n.Const):
            return expr.value if isinstance(expr.value, str) else None
        if (
            isinstance(expr, n.Call)
            and expr.args
            and n.last(expr.func) in {"compile", "MustCompile", "RegExp", "Compile"}
        ):
            return self._pattern(expr.args[0], frame, hops - 1)
        if isinstance(expr, (n.Name, n.Attr)) and hops:
            found = self._flow.project.lookup(frame.module, n.last(expr))
            if found is not None and isinstance(found.node, n.Assign) and found.node.value is not None:
                return self._pattern(found.node.value, frame, hops - 1)
        return None


def _keys_of(expr: n.Expr) -> set[str]:
    """The mapping behind ``set(x)``, ``x.keys()`` or ``x``, as the name of its keys."""
    if isinstance(expr, n.Call) and n.last(expr.func) in {"set", "frozenset", "list"} and len(expr.args) == 1:
        return _keys_of(expr.args[0])
    if isinstance(expr, n.Call) and n.last(expr.func) == "keys" and isinstance(expr.func, n.Attr):
        return _keys_of(expr.func.base)
    return {n.dotted(expr) + KEYS} if isinstance(expr, (n.Name, n.Attr)) else set()


def names(expr: n.Expr | None) -> set[str]:
    """The variable behind an expression, case changes and the like looked through."""
    for _ in range(4):
        if isinstance(expr, n.Call) and n.last(expr.func) in _PASS:
            expr = (
                expr.args[0]
                if expr.args and isinstance(expr.func, n.Name)
                else (expr.func.base if isinstance(expr.func, n.Attr) else None)
            )
        elif isinstance(expr, n.Other) and expr.kind == "walrus":
            expr = expr.parts[0]
        else:
            break
    if isinstance(expr, (n.Name, n.Attr)):
        return {n.dotted(expr)}
    if isinstance(expr, n.Index) and isinstance(expr.base, n.Attr):
        return {n.dotted(expr)}
    return set()
