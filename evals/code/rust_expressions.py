"""Rust's expressions to nodes."""

from typing import TYPE_CHECKING

from evals.code import nodes as n
from evals.code.grammars import DEPTH, number_of
from evals.code.rust_branches import RustBranches
from evals.code.rust_patterns import bound_names, type_expr

if TYPE_CHECKING:
    from tree_sitter import Node

_THROUGH = frozenset(
    {"reference_expression", "parenthesized_expression", "async_block", "const_block"}
)  # fmt: skip
_STEPS = frozenset({"call_expression", "field_expression", "await_expression", "try_expression"})
_NUMBERS = frozenset(
    {"usize", "isize", "u8", "u16", "u32", "u64", "u128", "i8", "i16", "i32", "i64", "i128", "f32", "f64"}
)


class RustExpressions(RustBranches):
    """The part of the reader that reads them."""

    def lower(self, node: "Node") -> n.Expr:  # noqa: C901, PLR0911, PLR0912 - one case an expression
        line, field = self.line(node), node.child_by_field_name
        if node.type in _THROUGH:
            inner = field("value") or next((c for c in node.named_children if "comment" not in c.type), None)
            return self.expr(inner) if inner is not None else self.other(node)
        match node.type:
            case (
                "identifier"
                | "self"
                | "crate"
                | "super"
                | "metavariable"
                | "field_identifier"
                | "type_identifier"
            ):
                return n.Name(line, self.text(node))
            case "scoped_identifier":
                path, name = field("path"), self.text(field("name"))
                return n.Attr(line, self.expr(path), name) if path is not None else n.Name(line, name)
            case "generic_function":
                return self.maybe(field("function")) or self.other(node)
            case "generic_type" | "scoped_type_identifier" | "primitive_type" | "bracketed_type":
                return type_expr(self, node) or self.other(node)
            case "string_literal" | "raw_string_literal" | "char_literal":
                return n.Const(line, self.string(node))
            case "integer_literal" | "float_literal":
                return n.Const(line, _number(self.text(node)))
            case "boolean_literal":
                return n.Const(line, self.text(node) == "true")
            case "type_cast_expression":
                number = self.text(field("type")) in _NUMBERS
                value = self.maybe(field("value")) or self.other(node)
                return n.Call(line, n.Name(line, "int"), (value,)) if number else value
            case "call_expression" | "field_expression" | "await_expression" | "try_expression" if (
                _receiver(node) is not None
            ):
                return self.chain(node)
            case "call_expression":
                func = self.maybe(field("function")) or n.Other(line, "function")
                given = field("arguments")
                return n.Call(line, func, self.many(given.named_children) if given is not None else ())
            case "macro_invocation":
                return self.macro(node)
            case "struct_expression":
                return self.made(node)
            case "index_expression":
                parts = self.many(node.named_children)
                if len(parts) != 2:
                    return self.other(node)
                ranged = any(c.type == "range_expression" for c in node.named_children)
                return parts[0] if ranged else n.Index(line, *parts)
            case "unary_expression":
                operand = self.many(node.named_children[:1])
                if self.text(node).startswith("!") and operand:
                    return n.Not(line, operand[0])
                return (
                    operand[0]
                    if operand and self.text(node).startswith("*")
                    else n.Other(line, "unary", operand)
                )
            case "binary_expression":
                return self.binary(node)
            case "tuple_expression" | "array_expression":
                kind = "tuple" if node.type == "tuple_expression" else "list"
                return n.Group(line, "tuple" if kind == "tuple" else "list", self.many(node.named_children))
            case "closure_expression":
                return self.closure(node)
            case "if_expression" | "match_expression" | "block" | "unsafe_block":
                return self.chosen(node)
            case _:
                return self.other(node)

    def chain(self, node: "Node") -> n.Expr:
        """``root.a(x).b.c()?`` from its root on, without going as deep as the chain is long."""
        links: list[Node] = []
        base: Node | None = node
        while base is not None and len(links) < DEPTH and (inner := _receiver(base)) is not None:
            links.append(base)
            base = inner
        self.depth += len(links)
        made = self.expr(base) if base is not None else n.Other(self.line(node), "base")
        for link in reversed(links):
            made = self.link(link, made)
        self.depth -= len(links)
        return made

    def link(self, node: "Node", base: n.Expr) -> n.Expr:
        """One step of a chain."""
        line, field = self.line(node), node.child_by_field_name
        if node.type == "await_expression":
            return base
        if node.type == "try_expression":
            return n.Other(line, "try", (base,))
        if node.type == "field_expression":
            name = field("field")
            return n.Attr(self.line(name) if name else line, base, self.text(name))
        method = field("function")
        kind = ""
        if method is not None and method.type == "generic_function":
            kind, method = (
                self.text(method.child_by_field_name("type_arguments"))[3:-1],
                method.child_by_field_name("function"),
            )
        name = method.child_by_field_name("field") if method is not None else None
        called, given = self.text(name), field("arguments")
        if called == "parse" and kind in _NUMBERS:
            return n.Call(line, n.Name(line, "int"), (base,))
        func = n.Attr(self.line(name) if name else line, base, called)
        return n.Call(func.line, func, self.many(given.named_children) if given is not None else ())

    def made(self, node: "Node") -> n.Expr:
        """``Config { port: 1, secret, ..rest }`` as a constructor's call."""
        line, body = self.line(node), node.child_by_field_name("body")
        keywords: list[tuple[str, n.Expr]] = []
        for child in body.named_children if body is not None else []:
            value = child.child_by_field_name("value")
            if child.type == "field_initializer" and value is not None:
                keywords.append((self.text(child.child_by_field_name("field")), self.expr(value)))
            elif child.type == "shorthand_field_initializer":
                keywords.append((self.text(child), n.Name(self.line(child), self.text(child))))
            elif child.type == "base_field_initializer":
                keywords += [("", value) for value in self.many(child.named_children)]
        kind = type_expr(self, node.child_by_field_name("name")) or n.Name(line, "")
        return n.Call(line, kind, (), tuple(keywords))

    def closure(self, node: "Node") -> n.Expr:
        line, parameters, body = (
            self.line(node),
            node.child_by_field_name("parameters"),
            node.child_by_field_name("body"),
        )
        params = []
        for child in parameters.named_children if parameters is not None else []:
            inner = child.child_by_field_name("pattern") or child
            kind = type_expr(self, child.child_by_field_name("type"))
            params += [n.Param(name, kind) for name in bound_names(self, inner) or ("_",)]
        stmts = tuple(self.given_back(body)) if body is not None else ()
        if len(stmts) == 1 and isinstance(stmts[0], n.Scope):
            stmts = stmts[0].body
        return n.Closure(line, n.Function(line, "", tuple(params), stmts))

    def string(self, node: "Node") -> str:
        """A text without its quotes; escapes are left as they are but for the plainest."""
        inner = "".join(
            self.text(c) for c in node.named_children if c.type in {"string_content", "escape_sequence"}
        )
        if node.type == "char_literal":
            inner = self.text(node)[1:-1]
        return inner.replace('\\"', '"').replace("\\n", "\n") if node.type != "raw_string_literal" else inner


def _receiver(node: "Node") -> "Node | None":
    """What a step of a chain of methods, fields, ``?`` and ``.await`` is taken of."""
    if node.type in {"await_expression", "try_expression"}:
        return node.named_children[0] if node.named_children else None
    if node.type == "field_expression":
        return node.child_by_field_name("value")
    method = node.child_by_field_name("function") if node.type == "call_expression" else None
    if method is not None and method.type == "generic_function":
        method = method.child_by_field_name("function")
    if method is not None and method.type == "field_expression":
        return method.child_by_field_name("value")
    return None


def _number(text: str) -> int | float | None:
    plain = text.replace("_", "")
    for suffix in _NUMBERS:
        plain = plain.removesuffix(suffix)
    return number_of(plain)
