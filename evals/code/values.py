"""What is known of a value as it flows: whom it comes from, and whether it was put into a text on the way."""

from dataclasses import dataclass, replace
from enum import IntEnum

MOST_TOKENS = 12
LONGEST = 400


class Trust(IntEnum):
    """Where a value comes from. A join keeps the worse one."""

    SAFE = 0
    UNKNOWN = 1
    OUTSIDE = 2


@dataclass(frozen=True, slots=True)
class Token:
    """A parameter of a function, before its callers are known."""

    function: int
    name: str


@dataclass(frozen=True, slots=True)
class Value:
    """One abstract value.

    ``tokens`` are the parameters that reach it. ``text`` holds its known pieces (holes as NUL), ``built`` the
    line at which something unsure was put between them, or 0. ``keys`` tells whether a mapping's keys are safe,
    ``kind`` the project's class that it is an instance of. ``opaque`` marks what is not known to be a string at
    all.
    """

    trust: Trust = Trust.SAFE
    tokens: frozenset[Token] = frozenset()
    text: str = ""
    built: int = 0
    keys: bool = False
    kind: str = ""
    opaque: bool = False
    source: str = ""

    @property
    def unsure(self) -> bool:
        return self.trust is not Trust.SAFE or bool(self.tokens)

    def cleared(self) -> "Value":
        """The same value after it was checked against a list of what is allowed."""
        return replace(self, trust=Trust.SAFE, tokens=frozenset(), built=0)


SAFE = Value()
UNKNOWN = Value(Trust.UNKNOWN, opaque=True)
OBJECT = Value(opaque=True)


def outside(source: str) -> Value:
    """What a caller of the service chooses."""
    return Value(Trust.OUTSIDE, source=source)


def text_of(literal: str) -> Value:
    """A constant text."""
    return Value(text=literal[:LONGEST], keys=True)


def join(*values: Value) -> Value:
    """One of several values, or a container of them."""
    if not values:
        return SAFE
    worst = max(values, key=lambda v: v.trust)
    if len(values) == 1:
        return values[0]
    tokens = _tokens(values)
    built = next((v.built for v in values if v.built), 0)
    longest = max((v.text for v in values), key=lambda t: (t.count("\0") > 0, len(t)))
    unsure = [v for v in values if v.unsure]
    return Value(
        worst.trust, tokens, longest, built,
        keys=all(v.keys for v in values), kind=next((v.kind for v in values if v.kind), ""),
        opaque=bool(unsure) and all(v.opaque for v in unsure), source=_source(values),
    )  # fmt: skip


def concat(line: int, values: list[Value]) -> Value:
    """Pieces put together into one text."""
    unsure = [v for v in values if v.unsure]
    pieces: list[str] = []
    length = 0
    for value in values:
        piece = value.text if value.text or not value.unsure else "\0"
        pieces.append(piece)
        length += len(piece)
        if length > LONGEST:
            break
    text = "".join(pieces)[:LONGEST]
    if not unsure:
        return Value(text=text, opaque=all(v.opaque for v in values) and bool(values))
    built = next((v.built for v in unsure if v.built), line)
    worst = max(v.trust for v in unsure)
    return Value(worst, _tokens(unsure), text, built, source=_source(unsure))


def derived(values: list[Value]) -> Value:
    """What an unknown function makes of its arguments: as trusted as the worst of them, and no known text."""
    unsure = [v for v in values if v.unsure]
    if not unsure:
        return OBJECT
    return Value(max(v.trust for v in unsure), _tokens(unsure), opaque=True, source=_source(unsure))


def _tokens(values: "list[Value] | tuple[Value, ...]") -> frozenset[Token]:
    found: set[Token] = set()
    for value in values:
        if len(found) >= MOST_TOKENS:
            break
        found.update(list(value.tokens)[:MOST_TOKENS])
    return frozenset(found)


def _source(values: "list[Value] | tuple[Value, ...]") -> str:
    worst = max(values, key=lambda v: v.trust)
    return worst.source or next((v.source for v in values if v.source), "")
