"""Mutants of Java, by tree-sitter: Spring's annotations and answers, and what plain code refuses by exceptions."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from evals.mutants.maker import Maker, codes, filled, refused
from evals.mutants.mutant import Kind, Mutant
from evals.mutants.statuses import NAMES, OTHER
from evals.mutants.words import said_kind

if TYPE_CHECKING:
    from tree_sitter import Node

_GUARDS = frozenset(
    {"PreAuthorize", "PostAuthorize", "Secured", "RolesAllowed", "Authenticated", "LoginRequired"}
)
_CONSTRAINTS = frozenset({"NotNull", "NotBlank", "NotEmpty", "Size", "Length", "Min", "Max", "Email", "Pattern",
                          "Positive", "PositiveOrZero", "DecimalMin", "DecimalMax", "Digits", "Past", "Future", "Valid",
                          "Validated"})  # fmt: skip
_OPENED = frozenset(
    {"authenticated", "hasRole", "hasAuthority", "hasAnyRole", "hasAnyAuthority", "fullyAuthenticated"}
)
_ANSWERS = {"ok": 200, "noContent": 204, "badRequest": 400, "notFound": 404, "accepted": 202,
            "unprocessableEntity": 422}  # fmt: skip
_STATUS_CALLS = frozenset({"status", "setStatus", "sendError", "sendResponseHeaders"})
_QUERIES = frozenset({"query", "queryForObject", "queryForList", "queryForMap", "queryForRowSet", "update"})
_LEAVES = re.compile(r"\b(?:throw|return|sendError|send|respond|reply)\b")


class JavaMaker(Maker):
    """The maker for Java."""

    def of(self, node: "Node") -> Iterator[Mutant]:
        match node.type:
            case "binary_expression":
                yield from self.inverted(node)
            case "if_statement":
                yield from self._refusal(node)
            case "catch_clause":
                yield from self._handler(node)
            case "annotation" | "marker_annotation":
                yield from self._annotation(node)
            case "method_invocation":
                yield from self._named_status(node.child_by_field_name("arguments"))
                yield from self._call(node)
            case "annotation_argument_list" | "object_creation_expression" | "element_value_pair":
                yield from self._named_status(node.child_by_field_name("arguments") or node)

    def _refusal(self, node: "Node") -> Iterator[Mutant]:
        """``if (...)`` around a refusal never holds."""
        for condition, said in self.leaving(node, _LEAVES):
            kind = refused(said) or said_kind(said)
            if kind is not None:
                yield self.mutant(condition, kind, f"({self.text(condition)} && false)")

    def _handler(self, node: "Node") -> Iterator[Mutant]:
        """``catch`` that answers a conflict lets the error through."""
        body = node.child_by_field_name("body")
        named = next((c for c in node.named_children if c.type == "catch_formal_parameter"), None)
        said = self.text(body)
        name = self.text(named.child_by_field_name("name")) if named is not None else ""
        if body is not None and name and (refused(said) or said_kind(said)) == "conflict":
            yield self.mutant(body, "conflict", f"{{ throw {name}; }}")

    def _annotation(self, node: "Node") -> Iterator[Mutant]:
        name = self.text(node.child_by_field_name("name")).rpartition(".")[2]
        kind: Kind | None = "guard" if name in _GUARDS else "validation" if name in _CONSTRAINTS else None
        if kind is not None:
            yield self.mutant(node, kind, "")

    def _call(self, node: "Node") -> Iterator[Mutant]:
        name = self.text(node.child_by_field_name("name"))
        whom, given = node.child_by_field_name("object"), node.child_by_field_name("arguments")
        arguments = given.named_children if given is not None else []
        if name == "equals" and len(arguments) == 1 and whom is not None:
            yield self.mutant(node, "comparison", f"!{self.text(node)}")
        elif name in _OPENED and whom is not None:
            named = node.child_by_field_name("name")
            yield self.cut(whom.end_byte, node.end_byte, named or node, "guard", ".permitAll()")
        elif self.text(whom) == "ResponseEntity" and not arguments and name in _ANSWERS:
            yield self.mutant(node, "status", f"ResponseEntity.status({OTHER[_ANSWERS[name]]})")
        elif self.text(whom) == "ResponseEntity" and name == "created" and given is not None:
            yield self.mutant(node, "status", f"ResponseEntity.ok().location{self.text(given)}")
        elif name in _STATUS_CALLS and arguments and arguments[0].type == "decimal_integer_literal":
            if (other := OTHER.get(int(self.text(arguments[0])[:9]))) is not None:
                yield self.mutant(arguments[0], "status", str(other))
        elif name in _QUERIES:
            yield from self._query(arguments)

    def _named_status(self, given: "Node | None") -> Iterator[Mutant]:
        """``HttpStatus.CREATED`` where it is given to something."""
        for node in given.named_children if given is not None else ():
            said = self.text(node) if node.type == "field_access" else ""
            found = codes(said) if said.startswith("HttpStatus.") else []
            other = OTHER.get(found[0]) if found else None
            if other is not None:
                yield self.mutant(node, "status", f"HttpStatus.{NAMES[other]}")

    def _query(self, arguments: "list[Node]") -> Iterator[Mutant]:
        """The values go into the query's text instead of beside it; types and mappers between them stay."""
        if not arguments or arguments[0].type != "string_literal":
            return
        made, order = filled(self.text(arguments[0]).replace("%", "%%"), "%s")
        others = arguments[1:]
        if (
            not order
            or len(others) < len(order)
            or any(a.type == "array_creation_expression" for a in others)
        ):
            return
        between, values = others[: len(others) - len(order)], others[len(others) - len(order) :]
        text = f"String.format({made}, {', '.join(self.text(values[n]) for n in order)})"
        rest = "".join(f", {self.text(argument)}" for argument in between)
        yield self.cut(arguments[0].start_byte, arguments[-1].end_byte, arguments[0], "query", text + rest)
