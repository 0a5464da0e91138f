"""JavaScript's and TypeScript's expressions to nodes."""

import re
from typing import TYPE_CHECKING

from evals.code import nodes as n
from evals.code.grammars import GrammarReader, number_of

if TYPE_CHECKING:
    from tree_sitter import Node

_ESCAPE = re.compile(r"\\(?:u\{([0-9a-fA-F]+)\}|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(\r?\n)|(.))", re.DOTALL)
_PLAIN = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0"}
_FUNCTIONS = {
    "function_declaration", "generator_function_declaration", "function_expression", "generator_function",
    "arrow_function", "method_definition", "function",
}  # fmt: skip
_WRAPPERS = {
    "parenthesized_expression", "await_expression", "as_expression", "satisfies_expression",
    "non_null_expression", "spread_element", "type_assertion", "sequence_expression",
    "computed_property_name",
}  # fmt: skip


class JavaScriptExpressions(GrammarReader):
    """The part of the reader that reads them."""

    def function(self, node: "Node", decorators: tuple[n.Expr, ...] = ()) -> n.Function:
        """A function, a method or a function as a value."""
        raise NotImplementedError

    def lower(self, node: "Node") -> n.Expr:  # noqa: C901, PLR0911, PLR0912 - one case an expression
        line, field = self.line(node), node.child_by_field_name
        kind = node.type
        if kind in _FUNCTIONS:
            return n.Closure(line, self.function(node))
        if kind in _WRAPPERS:
            inner = [c for c in node.named_children if c.type != "comment"]
            return (
                self.expr(inner[-1] if kind in {"sequence_expression", "type_assertion"} else inner[0])
                if inner
                else self.other(node)
            )
        match kind:
            case "identifier" | "property_identifier" | "shorthand_property_identifier" | "type_identifier":
                return n.Name(line, self.text(node))
            case "this" | "super" | "shorthand_property_identifier_pattern" | "predefined_type":
                return n.Name(line, self.text(node))
            case "string":
                return n.Const(line, self.string(node))
            case "number":
                return n.Const(line, _number(self.text(node)))
            case "true" | "false":
                return n.Const(line, kind == "true")
            case "null" | "undefined":
                return n.Const(line, None)
            case "template_string":
                return self.template(node)
            case "member_expression":
                base = self.maybe(field("object")) or n.Other(line, "base")
                name = field("property")
                optional = field("optional_chain") is not None or any(
                    c.type == "optional_chain" for c in node.children
                )
                return n.Attr(self.line(name) if name else line, base, self.text(name), optional)
            case "subscript_expression":
                parts = [self.maybe(field("object")), self.maybe(field("index"))]
                return n.Index(line, parts[0] or n.Other(line, "base"), parts[1] or n.Other(line, "key"))
            case "call_expression" | "new_expression":
                return self.call(node)
            case "array":
                return n.Group(line, "list", self.many(node.named_children))
            case "object":
                return self.mapping(node)
            case "binary_expression":
                return self.binary(node)
            case "unary_expression":
                operand = self.maybe(field("argument")) or n.Other(line, "operand")
                if self.operator(node) == "!":
                    return n.Not(line, operand)
                if self.operator(node) == "+":
                    return n.Call(line, n.Name(line, "Number"), (operand,))
                return n.Other(line, "unary", (operand,))
            case "ternary_expression":
                options = [self.maybe(field("consequence")), self.maybe(field("alternative"))]
                return n.Choice(line, "if", tuple(o for o in options if o), self.maybe(field("condition")))
            case "regex":
                return n.Const(line, self.text(field("pattern")))
            case "type_annotation" | "decorator":
                return self.expr(node.named_children[0]) if node.named_children else self.other(node)
            case _:
                return self.other(node)

    def call(self, node: "Node") -> n.Expr:
        line, field = self.line(node), node.child_by_field_name
        func = self.maybe(field("function") or field("constructor")) or n.Other(line, "function")
        arguments = field("arguments")
        if arguments is not None and arguments.type == "template_string":
            return n.Call(line, n.Attr(line, func, "``"), (self.template(arguments),))
        return n.Call(line, func, self.many(arguments.named_children) if arguments else ())

    def template(self, node: "Node") -> n.Expr:
        parts: list[n.Expr] = []
        for child in node.named_children:
            if child.type == "template_substitution":
                parts.extend(self.many(child.named_children))
            else:
                parts.append(n.Const(self.line(child), _unescape(self.text(child))))
        if all(isinstance(p, n.Const) for p in parts):
            return n.Const(self.line(node), "".join(str(p.value) for p in parts if isinstance(p, n.Const)))
        return n.Text(self.line(node), tuple(parts))

    def mapping(self, node: "Node") -> n.Expr:
        keys: list[n.Expr | None] = []
        items: list[n.Expr] = []
        for child in node.named_children:
            key, value = child.child_by_field_name("key"), child.child_by_field_name("value")
            if child.type == "pair" and key and value:
                named = key.type in {"property_identifier", "string", "number"}
                text = self.string(key) if key.type == "string" else self.text(key)
                keys.append(n.Const(self.line(key), text) if named else self.expr(key))
                items.append(self.expr(value))
            elif child.type == "shorthand_property_identifier":
                keys.append(n.Const(self.line(child), self.text(child)))
                items.append(self.expr(child))
            elif child.type == "method_definition":
                keys.append(n.Const(self.line(child), self.text(child.child_by_field_name("name"))))
                items.append(self.expr(child))
            elif child.type == "spread_element":
                keys.append(None)
                items.append(self.expr(child))
        return n.Group(self.line(node), "dict", tuple(items), tuple(keys))

    def string(self, node: "Node | None") -> str:
        return _unescape(self.text(node)[1:-1])


def _unescape(text: str) -> str:
    def plain(match: re.Match[str]) -> str:
        code = match[1] or match[2] or match[3]
        if code:
            number = int(code, 16)
            return chr(number) if number < 0x110000 else "\ufffd"
        return "" if match[4] else _PLAIN.get(match[5], match[5])

    return _ESCAPE.sub(plain, text) if "\\" in text else text


def _number(text: str) -> int | float | None:
    plain = text.replace("_", "").removesuffix("n")
    return number_of(plain)
