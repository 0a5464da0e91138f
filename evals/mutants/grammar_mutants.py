"""Mutants of JavaScript, TypeScript and Go, by tree-sitter. Conditions keep what they name, for Go minds the unused."""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

from evals.mutants.maker import GUARD, Maker, codes, filled, refused
from evals.mutants.mutant import Mutant
from evals.mutants.statuses import OTHER

if TYPE_CHECKING:
    from tree_sitter import Node

_SERVES = re.compile(r"router$|routes$|handler$|app$", re.IGNORECASE)
_VERBS = frozenset({"get", "post", "put", "patch", "delete", "use", "all", "Group", "Use", "With",
                    "GET", "POST", "PUT", "PATCH", "DELETE"})  # fmt: skip
_BOUNDS = frozenset({"min", "max", "length", "email", "uuid", "url", "regex", "int", "positive", "nonnegative",
                     "gte", "lte", "gt", "lt", "nonempty", "isLength", "isEmail", "isInt"})  # fmt: skip
_STATUS_CALLS = frozenset({"status", "sendStatus", "writeHead", "JSON", "AbortWithStatusJSON", "AbortWithStatus",
                           "WriteHeader", "Status", "fail", "Error", "ApiError", "AppError", "HttpError"})  # fmt: skip
_LEAVES = re.compile(r"\b(return|throw|next|Abort|fail|invalid)\w*\b")
_BINDING = re.compile(r'(binding|validate):"[^"]*"')
_GO_REFUSAL = re.compile(r"return [^\n]*(?:errors\.New|fmt\.Errorf)\(")
_GO_QUERIES = frozenset({"Query", "QueryRow", "QueryContext", "QueryRowContext", "Queryx", "QueryRowx", "Exec",
                         "ExecContext", "Get", "Select", "GetContext", "SelectContext", "Raw"})  # fmt: skip
_PLACEHOLDER = r"/\$(\d+)/g"


class GrammarMaker(Maker):
    """The maker for the three languages, whose trees are alike."""

    def __init__(self, path: str, data: bytes, *, go: bool) -> None:
        super().__init__(path, data)
        self._go = go
        # A call of fmt's in a file that does not import it would be no program.
        self._formats = go and re.search(rb'^(?:import\s+)?\s*"fmt"', data, re.MULTILINE) is not None

    def of(self, node: "Node") -> Iterator[Mutant]:
        match node.type:
            case "binary_expression":
                yield from self._compare(node)
            case "if_statement":
                yield from self._refusal(node)
            case "call_expression":
                yield from self._call(node)
            case "new_expression":
                yield from self._status(node, "constructor")
            case "field_declaration" if self._go:
                yield from self._tag(node)

    def _compare(self, node: "Node") -> Iterator[Mutant]:
        # An error that is not looked at ends Go programs, whatever was meant.
        if not self._go or "nil" not in {self.text(node.child_by_field_name(f)) for f in ("left", "right")}:
            yield from self.inverted(node)

    def _refusal(self, node: "Node") -> Iterator[Mutant]:
        """``if ...`` around a refusal never holds."""
        for condition, said in self.leaving(node, _LEAVES):
            kind = refused(said)
            if kind is None and self._go and len(said) <= 600 and _GO_REFUSAL.search(said):
                kind = "validation"
            if kind is not None:
                test = self.text(condition)
                yield self.mutant(condition, kind, f"{test} && false" if self._go else f"({test} && false)")

    def _call(self, node: "Node") -> Iterator[Mutant]:
        function, given = node.child_by_field_name("function"), node.child_by_field_name("arguments")
        if function is None or given is None:
            return
        name = self.text(function).rpartition(".")[2]
        if name in _VERBS and len(given.named_children) > 1:
            yield from self._middleware(given)
        if name in _BOUNDS and function.type == "member_expression" and not self._go:
            chained = function.child_by_field_name("object")
            if chained is not None and chained.type in {"call_expression", "member_expression"}:
                yield self.cut(chained.end_byte, node.end_byte, function.named_children[-1], "validation", "")
        if name in {"query", "execute"} and not self._go:
            yield from self._query(given)
        if name in _GO_QUERIES and self._formats:
            yield from self._go_query(given)
        if name in _STATUS_CALLS:
            yield from self._status(node, "function")

    def _middleware(self, given: "Node") -> Iterator[Mutant]:
        """A guard among a route's arguments is taken out."""
        arguments = given.named_children
        for before, argument in pairwise(arguments):
            called = argument.child_by_field_name("function") or argument
            if _SERVES.search(self.text(called)):
                continue
            if argument.type in {"identifier", "call_expression", "member_expression"} and GUARD.search(
                self.text(called)
            ):
                yield self.cut(before.end_byte, argument.end_byte, argument, "guard", "")

    def _query(self, given: "Node") -> Iterator[Mutant]:
        """The values go into the query's text instead of beside it (for ``$1``)."""
        arguments = [child for child in given.named_children if child.type != "comment"]
        if len(arguments) != 2 or arguments[1].type != "array" or "$1" not in self.text(arguments[0]):
            return
        query, values = (self.text(argument) for argument in arguments)
        made = f"""({query}).replace({_PLACEHOLDER}, (_, n) => "'" + ({values})[n - 1] + "'")"""
        yield self.cut(arguments[0].start_byte, arguments[1].end_byte, arguments[0], "query", made)

    def _go_query(self, given: "Node") -> Iterator[Mutant]:
        """The same by ``fmt.Sprintf``, which must be imported; contexts and targets before the query stay."""
        arguments = [child for child in given.named_children if child.type != "comment"]
        place = next((n for n, a in enumerate(arguments) if a.type.endswith("string_literal")), None)
        if place is None or place > 2 or any(a.type == "variadic_argument" for a in arguments):
            return
        values = [self.text(argument) for argument in arguments[place + 1 :]]
        literal = self.text(arguments[place])
        made, order = filled(literal.replace("%", "%%"), "%v")
        if values and order and set(order) == set(range(len(values))):
            filling = ", ".join(values[n] for n in order)
            start, end = arguments[place].start_byte, arguments[-1].end_byte
            yield self.cut(start, end, arguments[place], "query", f"fmt.Sprintf({made}, {filling})")

    def _status(self, node: "Node", field: str) -> Iterator[Mutant]:
        called, given = node.child_by_field_name(field), node.child_by_field_name("arguments")
        if called is None or given is None:
            return
        if field == "constructor" and not self.text(called).endswith(("Error", "Exception")):
            return
        for argument in given.named_children[:3]:
            said = self.text(argument)
            found = codes(said) if len(said) < 40 else []
            other = (
                OTHER.get(found[0])
                if found and argument.type in {"number", "int_literal", "selector_expression"}
                else None
            )
            if other is not None:
                yield self.mutant(argument, "status", str(other))
                return

    def _tag(self, node: "Node") -> Iterator[Mutant]:
        """What a struct's tag asks of a field is dropped."""
        tag = node.child_by_field_name("tag")
        if tag is not None and _BINDING.search(self.text(tag)):
            yield self.mutant(tag, "validation", _BINDING.sub(r'\1:""', self.text(tag)))
