"""What the makers of mutants share that read by tree-sitter: the walk, texts and places, comparisons, refusals."""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from evals.mutants.mutant import Kind, Mutant
from evals.mutants.statuses import NAMES, about

if TYPE_CHECKING:
    from tree_sitter import Node

GUARD = re.compile(
    r"auth(?!or)|jwt|token|permission|protect|require|ensure|api_?key|guard|logged", re.IGNORECASE
)
_INVERSE = {"===": "!==", "!==": "===", "==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_LONGEST = 2_000
_LONGEST_REFUSAL = 600
_CODE = re.compile(
    r"(?<![\w.])([1-5]\d\d)(?![\w.])|\b(?:(?:HttpStatus|StatusCode)(?:\.|::)|Status)([A-Z]\w+)"
)
_BY_NAME = {name: code for code, name in NAMES.items()}
_BY_NAME |= {name.title().replace("_", ""): code for code, name in NAMES.items()} | {"OK": 200}
_PLACEHOLDER = re.compile(r"\$(\d+)|\?(\d*)")


class _TooLongError(Exception):
    """A node whose text is not looked at."""


class Maker(ABC):
    """Goes through one file's tree. The places of mutants are in bytes of its UTF-8.

    Nothing looks at a long node's whole text, nor up or sideways from one: a hostile file takes linear time too.
    """

    def __init__(self, path: str, data: bytes) -> None:
        self._path = path
        self._data = data

    def all(self, root: "Node") -> Iterator[Mutant]:
        """In the file's order."""
        stack = [root]
        while stack:
            node = stack.pop()
            if node.is_error:
                continue
            with suppress(_TooLongError):
                yield from self.of(node)
            stack.extend(self.below(node)[::-1])

    @abstractmethod
    def of(self, node: "Node") -> Iterator[Mutant]:
        """The mutants that one node gives, those of the nodes below it aside."""

    def below(self, node: "Node") -> "list[Node]":
        """The nodes directly below in which mutants are looked for."""
        return node.named_children

    def inverted(self, node: "Node") -> Iterator[Mutant]:
        """A comparison the other way round."""
        operator = node.child_by_field_name("operator")
        inverse = _INVERSE.get(self.text(operator))
        if operator is not None and inverse is not None:
            left, right = (self.text(node.child_by_field_name(side)) for side in ("left", "right"))
            yield self.mutant(node, "comparison", f"{left} {inverse} {right}")

    def leaving(self, node: "Node", leaves: re.Pattern[str]) -> "Iterator[tuple[Node, str]]":
        """The condition and the body's text of an ``if`` that has no ``else`` and whose body ``leaves``."""
        condition = node.child_by_field_name("condition")
        body = self.text(node.child_by_field_name("consequence"))
        if condition is not None and node.child_by_field_name("alternative") is None and leaves.search(body):
            yield condition, body

    def text(self, node: "Node | None") -> str:
        """What stands in a node's place; empty for none. Of a node that is too long nothing comes of its mutants."""
        if node is None:
            return ""
        if node.end_byte - node.start_byte > _LONGEST:
            raise _TooLongError
        return self._data[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def mutant(self, node: "Node", kind: Kind, text: str) -> Mutant:
        """``text`` in place of a whole node."""
        return self.cut(node.start_byte, node.end_byte, node, kind, text)

    def cut(self, start: int, end: int, node: "Node", kind: Kind, text: str) -> Mutant:
        """``text`` in place of some bytes; ``node`` says on which line that is told."""
        was = self._data[start:end].decode("utf-8", "surrogatepass")
        return Mutant(self._path, node.start_point[0] + 1, kind, start, end, was, text)


def codes(text: str) -> list[int]:
    """The HTTP statuses in a piece of code, by number or by name, in order; 0 for a name that is not known."""
    return [int(number) if number else _BY_NAME.get(name, 0) for number, name in _CODE.findall(text)]


def refused(text: str) -> Kind | None:
    """What a piece of code refuses, by the first status in it that is a refusal's; None for long ones and others."""
    if len(text) > _LONGEST_REFUSAL:
        return None
    return next((kind for kind in map(about, codes(text)) if kind is not None), None)


def filled(query: str, hole: str) -> tuple[str, list[int]]:
    """A query with ``hole`` in quotes for each placeholder (``?``, ``$1``), and which value goes into which hole."""
    order: list[int] = []

    def put(found: re.Match[str]) -> str:
        number = found[1] or found[2]
        order.append(int(number) - 1 if number else len(order))
        return f"'{hole}'"

    return _PLACEHOLDER.sub(put, query), order
