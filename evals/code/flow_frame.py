"""A function while its values are followed, and what is remembered of it."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from evals.code import nodes as n
from evals.code.values import OBJECT, SAFE, Value

KEYS = "{}"
"""Ends the name of a mapping where only its keys are meant."""


@dataclass(frozen=True, slots=True)
class Sink:
    """A value that reaches SQL text. ``raw``: nothing is known of the text, the call alone says that it is SQL."""

    path: str
    line: int
    call: str
    value: Value


@dataclass(frozen=True, slots=True)
class Incoming:
    """What one call passes for a parameter."""

    path: str
    line: int
    value: Value
    caller: int = 0


@dataclass(slots=True)
class Frame:
    """A function while it is read. ``layers`` holds variables, the innermost branch last."""

    module: n.Module
    function: n.Function | None
    layers: list[dict[str, Value]]
    owner: str = ""
    receiver: str = ""
    tests: dict[str, n.Expr] = field(default_factory=dict)
    local: dict[str, n.Function] = field(default_factory=dict)
    requests: set[str] = field(default_factory=set)
    shadowed: set[str] = field(default_factory=set)
    returns: list[Value] = field(default_factory=list)
    truthy: set[str] = field(default_factory=set)
    loops: int = 0

    def get(self, name: str) -> Value | None:
        for layer in reversed(self.layers):
            if name in layer:
                return layer[name]
        return None

    def put(self, name: str, value: Value) -> None:
        self.layers[-1][name] = value


def clear(names: Iterable[str], frame: Frame) -> None:
    """Mark variables as checked against what is allowed; ``name{}`` stands for the keys of one alone."""
    for name in names:
        if name.endswith(KEYS):
            plain = name.removesuffix(KEYS)
            frame.put(plain, replace(frame.get(plain) or SAFE, keys=True))
            continue
        frame.put(name, (frame.get(name) or SAFE).cleared())


def part_of(value: Value) -> Value:
    """An element of a container, a part of an object."""
    return replace(value, keys=False, kind="") if value.unsure or value.text else OBJECT
