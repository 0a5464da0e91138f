"""Mutants of Rust, by tree-sitter: axum's and actix's answers and layers, and what plain code refuses by ``Err``."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from evals.mutants.maker import GUARD, Maker, codes, filled, refused
from evals.mutants.mutant import Mutant
from evals.mutants.statuses import NAMES, OTHER
from evals.mutants.words import said_kind

if TYPE_CHECKING:
    from tree_sitter import Node

_TEST = re.compile(r"#\[(?:cfg\(\s*(?:all\(\s*)?test\b|(?:\w+::)?test\b)")
_CONSTRAINT = re.compile(r"#\[(?:validate|garde)\b")
_LAYERS = frozenset({"layer", "route_layer", "wrap"})
_MOST_BOUND = 50
_LEAVES = re.compile(r"\breturn\b|\bErr\(")
_ACTIX = {name.title().replace("_", ""): code for code, name in NAMES.items()} | {"Ok": 200}
_ACTIX_NAME = {code: name for name, code in _ACTIX.items()} | {200: "Ok"}
_STATUS_FIELDS = frozenset({"status", "code", "status_code"})


class RustMaker(Maker):
    """The maker for Rust. Modules and functions that only tests have are left alone."""

    def below(self, node: "Node") -> "list[Node]":
        kept, for_tests = [], False
        for child in node.named_children:
            if child.type == "attribute_item":
                head = self._data[child.start_byte : child.start_byte + 60].decode("utf-8", "replace")
                for_tests = for_tests or _TEST.match(head) is not None
                kept.append(child)
            elif child.type != "line_comment":
                kept += [] if for_tests else [child]
                for_tests = False
        return kept

    def of(self, node: "Node") -> Iterator[Mutant]:
        match node.type:
            case "binary_expression":
                yield from self.inverted(node)
            case "if_expression":
                yield from self._refusal(node)
            case "match_arm":
                yield from self._arm(node)
            case "attribute_item" if _CONSTRAINT.match(self.text(node)):
                yield self.mutant(node, "validation", "")
            case "call_expression":
                yield from self._call(node)
            case "scoped_identifier":
                yield from self._named_status(node)
            case "tuple_expression":
                yield from self._number(node.named_children[0] if node.named_children else None)
            case "field_initializer" if self.text(node.child_by_field_name("field")) in _STATUS_FIELDS:
                yield from self._number(node.child_by_field_name("value"))

    def _refusal(self, node: "Node") -> Iterator[Mutant]:
        """``if ...`` around a refusal never holds; ``if let`` is left alone, for it binds names."""
        for condition, said in self.leaving(node, _LEAVES):
            kind = refused(said) or said_kind(said)
            if kind is None and "Err(" in said and len(said) < 600:
                kind = "validation"
            if kind is not None and condition.type not in {"let_condition", "let_chain"}:
                yield self.mutant(condition, kind, f"({self.text(condition)}) && false")

    def _arm(self, node: "Node") -> Iterator[Mutant]:
        """An arm that refuses under a condition is never taken."""
        pattern = node.child_by_field_name("pattern")
        condition = pattern.child_by_field_name("condition") if pattern is not None else None
        said = self.text(node.child_by_field_name("value"))
        kind = refused(said) or said_kind(said)
        if condition is not None and kind is not None:
            yield self.mutant(condition, kind, f"({self.text(condition)}) && false")

    def _call(self, node: "Node") -> Iterator[Mutant]:
        function, given = node.child_by_field_name("function"), node.child_by_field_name("arguments")
        if function is None or given is None or function.type != "field_expression":
            return
        whom, name = function.child_by_field_name("value"), self.text(function.child_by_field_name("field"))
        if whom is not None and name in _LAYERS and GUARD.search(self.text(given)):
            yield self.cut(whom.end_byte, node.end_byte, given, "guard", "")
        if whom is not None and name != "bind" and whom.type == "call_expression":
            yield from self._bound(whom)
        if name in {"execute", "query_row", "query", "query_one", "query_opt"}:
            yield from self._beside(given)

    def _bound(self, node: "Node") -> Iterator[Mutant]:
        """sqlx: ``query("... $1").bind(a).bind(b)``, seen from its last ``bind``."""
        values: list[str] = []
        current: Node | None = node
        while current is not None and current.type == "call_expression":
            function, given = (
                current.child_by_field_name("function"),
                current.child_by_field_name("arguments"),
            )
            if function is None or given is None or function.type != "field_expression":
                break
            if self.text(function.child_by_field_name("field")) != "bind" or len(given.named_children) != 1:
                return
            if len(values) > _MOST_BOUND:
                return
            values.insert(0, self.text(given.named_children[0]))
            current = function.child_by_field_name("value")
        given = current.child_by_field_name("arguments") if current is not None else None
        if given is None or current is None or len(given.named_children) != 1:
            return
        made = self._formatted(given.named_children[0], values)
        if made:
            before = self._data[current.start_byte : given.start_byte].decode("utf-8", "replace")
            yield self.mutant(node, "query", f"{before}({made})")

    def _beside(self, given: "Node") -> Iterator[Mutant]:
        """rusqlite and its kin: ``execute("... ?1", [a, b])``, with a tuple, or with ``params!``."""
        if len(given.named_children) < 2:
            return
        query, values = given.named_children[:2]
        inner = values.child_by_field_name("value") if values.type == "reference_expression" else values
        if inner is None:
            return
        if inner.type in {"array_expression", "tuple_expression"}:
            parts = [self.text(child) for child in inner.named_children]
        elif inner.type == "macro_invocation" and self.text(inner).startswith(
            ("params![", "rusqlite::params![")
        ):
            listed = self.text(inner).partition("![")[2].rstrip("]")
            parts = [part.strip() for part in listed.split(",") if part.strip()]
            if any(sign in listed for sign in "()[]{}\"'"):
                return
        else:
            return
        if made := self._formatted(query, parts):
            empty = "&[]" if values.type == "reference_expression" else "[]"
            yield self.cut(query.start_byte, values.end_byte, query, "query", f"{made}, {empty}")

    def _formatted(self, query: "Node", values: list[str]) -> str:
        """A query as a ``format!`` of its values; empty where it is no literal or they do not fit."""
        if query.type not in {"string_literal", "raw_string_literal"} or not values:
            return ""
        literal = self.text(query).replace("{", "{{").replace("}", "}}")
        made, order = filled(literal, "{}")
        if not order or set(order) != set(range(len(values))):
            return ""
        return f"&format!({made}, {', '.join(values[n] for n in order)})"

    def _named_status(self, node: "Node") -> Iterator[Mutant]:
        """``StatusCode::CREATED`` and actix's ``HttpResponse::Created``."""
        said = self.text(node)
        whose, _, name = said.rpartition("::")
        if whose.endswith("StatusCode") and (found := codes(f"StatusCode::{name}")):
            other = OTHER.get(found[0])
            if other is not None:
                yield self.mutant(node, "status", f"{whose}::{NAMES[other]}")
        elif whose.endswith("HttpResponse") and name in _ACTIX and (other := OTHER.get(_ACTIX[name])):
            yield self.mutant(node, "status", f"{whose}::{_ACTIX_NAME[other]}")

    def _number(self, node: "Node | None") -> Iterator[Mutant]:
        """A status as a number, where a status stands: first in a tuple, or in a field of that name."""
        said = self.text(node)
        other = OTHER.get(int(said)) if said.isdecimal() and len(said) == 3 else None
        if node is not None and other is not None:
            yield self.mutant(node, "status", str(other))
