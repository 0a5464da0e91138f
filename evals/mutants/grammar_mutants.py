"""Mutants of JavaScript, TypeScript and Go, by tree-sitter. Conditions keep what they name, for Go minds the unused."""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

from evals.code.grammars import parser_for
from evals.code.nodes import Language
from evals.mutants.mutant import Kind, Mutant
from evals.mutants.statuses import NAMES, OTHER, about

if TYPE_CHECKING:
    from tree_sitter import Node

_INVERSE = {"===": "!==", "!==": "===", "==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_GUARD = re.compile(
    r"auth(?!or)|jwt|token|permission|protect|require|ensure|api_?key|guard|logged", re.IGNORECASE
)
_SERVES = re.compile(r"router$|routes$|handler$|app$", re.IGNORECASE)
_VERBS = frozenset({"get", "post", "put", "patch", "delete", "use", "all", "Group", "Use", "With",
                    "GET", "POST", "PUT", "PATCH", "DELETE"})  # fmt: skip
_BOUNDS = frozenset({"min", "max", "length", "email", "uuid", "url", "regex", "int", "positive", "nonnegative",
                     "gte", "lte", "gt", "lt", "nonempty", "isLength", "isEmail", "isInt"})  # fmt: skip
_STATUS_CALLS = frozenset({"status", "sendStatus", "writeHead", "JSON", "AbortWithStatusJSON", "AbortWithStatus",
                           "WriteHeader", "Status", "fail", "Error", "ApiError", "AppError", "HttpError"})  # fmt: skip
_CODE = re.compile(r"(?<![\w.])([1-5]\d\d)(?![\w.])|\bStatus([A-Z]\w+)")
_GO_NAMES = {name.title().replace("_", ""): code for code, name in NAMES.items()} | {"OK": 200}
_BINDING = re.compile(r'(binding|validate):"[^"]*"')
_GO_REFUSAL = re.compile(r"return [^\n]*(?:errors\.New|fmt\.Errorf)\(")
_PLACEHOLDER = r"/\$(\d+)/g"


def grammar_mutants(path: str, text: str, language: Language) -> tuple[Mutant, ...]:
    """All mutants of one file; none where its grammar is not installed."""
    try:
        parser = parser_for(path, language)
    except (ModuleNotFoundError, ValueError):
        return ()
    data = text.encode("utf-8", "surrogatepass")
    return tuple(_Maker(path, data, language).all(parser.parse(data).root_node))


class _Maker:
    def __init__(self, path: str, data: bytes, language: Language) -> None:
        self._path = path
        self._data = data
        self._go = language == "go"

    def all(self, root: "Node") -> Iterator[Mutant]:
        """In the file's order."""
        stack = [root]
        while stack:
            node = stack.pop()
            if node.is_error:
                continue
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
            stack.extend(node.named_children[::-1])

    def _compare(self, node: "Node") -> Iterator[Mutant]:
        operator = node.child_by_field_name("operator")
        inverse = _INVERSE.get(self._text(operator))
        sides = [self._text(node.child_by_field_name(f)) for f in ("left", "right")]
        if operator is None or inverse is None or (self._go and "nil" in sides):
            return  # an error that is not looked at ends Go programs, whatever was meant
        yield self._mutant(node, "comparison", f"{sides[0]} {inverse} {sides[1]}")

    def _refusal(self, node: "Node") -> Iterator[Mutant]:
        """``if ...`` around a refusal never holds."""
        condition, body = node.child_by_field_name("condition"), node.child_by_field_name("consequence")
        if condition is None or body is None or node.child_by_field_name("alternative") is not None:
            return
        said = self._text(body)
        if len(said) > 600 or not re.search(r"\b(return|throw|next|Abort|fail|invalid)\w*\b", said):
            return
        kinds = [about(code) for code in self._codes(said)]
        kind = next((k for k in kinds if k is not None), None)
        if kind is None and self._go and _GO_REFUSAL.search(said):
            kind = "validation"
        if kind is not None:
            test = self._text(condition)
            yield self._mutant(condition, kind, f"{test} && false" if self._go else f"({test} && false)")

    def _call(self, node: "Node") -> Iterator[Mutant]:
        function, given = node.child_by_field_name("function"), node.child_by_field_name("arguments")
        if function is None or given is None:
            return
        name = self._text(function).rpartition(".")[2]
        if name in _VERBS and len(given.named_children) > 1:
            yield from self._middleware(given)
        if name in _BOUNDS and function.type == "member_expression" and not self._go:
            chained = function.child_by_field_name("object")
            if chained is not None and chained.type in {"call_expression", "member_expression"}:
                yield self._mutant(node, "validation", self._text(chained))
        if name in {"query", "execute"} and not self._go:
            yield from self._query(given)
        if name in _STATUS_CALLS:
            yield from self._status(node, "function")

    def _middleware(self, given: "Node") -> Iterator[Mutant]:
        """A guard among a route's arguments is taken out."""
        arguments = given.named_children
        for before, argument in pairwise(arguments):
            called = argument.child_by_field_name("function") or argument
            if _SERVES.search(self._text(called)):
                continue
            if argument.type in {"identifier", "call_expression", "member_expression"} and _GUARD.search(
                self._text(called)
            ):
                yield self._cut(before.end_byte, argument.end_byte, argument, "guard", "")

    def _query(self, given: "Node") -> Iterator[Mutant]:
        """The values go into the query's text instead of beside it (for ``$1``)."""
        arguments = [child for child in given.named_children if child.type != "comment"]
        if len(arguments) != 2 or arguments[1].type != "array" or "$1" not in self._text(arguments[0]):
            return
        query, values = (self._text(argument) for argument in arguments)
        made = f"""({query}).replace({_PLACEHOLDER}, (_, n) => "'" + ({values})[n - 1] + "'")"""
        yield self._cut(arguments[0].start_byte, arguments[1].end_byte, arguments[0], "query", made)

    def _status(self, node: "Node", field: str) -> Iterator[Mutant]:
        called, given = node.child_by_field_name(field), node.child_by_field_name("arguments")
        if called is None or given is None:
            return
        if field == "constructor" and not self._text(called).endswith(("Error", "Exception")):
            return
        for argument in given.named_children[:3]:
            said = self._text(argument)
            codes = self._codes(said) if len(said) < 40 else []
            other = (
                OTHER.get(codes[0])
                if codes and argument.type in {"number", "int_literal", "selector_expression"}
                else None
            )
            if other is not None:
                yield self._mutant(argument, "status", str(other))
                return

    def _tag(self, node: "Node") -> Iterator[Mutant]:
        """What a struct's tag asks of a field is dropped."""
        tag = node.child_by_field_name("tag")
        if tag is not None and _BINDING.search(self._text(tag)):
            yield self._mutant(tag, "validation", _BINDING.sub(r'\1:""', self._text(tag)))

    def _codes(self, text: str) -> list[int]:
        found = []
        for number, name in _CODE.findall(text):
            found.append(int(number) if number else _GO_NAMES.get(name, 0))
        return found

    def _text(self, node: "Node | None") -> str:
        return "" if node is None else self._data[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def _mutant(self, node: "Node", kind: Kind, text: str) -> Mutant:
        return self._cut(node.start_byte, node.end_byte, node, kind, text)

    def _cut(self, start: int, end: int, node: "Node", kind: Kind, text: str) -> Mutant:
        was = self._data[start:end].decode("utf-8", "surrogatepass")
        return Mutant(self._path, node.start_point[0] + 1, kind, start, end, was, text)
