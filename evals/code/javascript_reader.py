"""JavaScript and TypeScript to nodes."""

import re
from typing import TYPE_CHECKING

from evals.code import nodes as n
from evals.code.grammars import GrammarReader, number_of
from evals.code.javascript_names import (
    destructure,
    export_target,
    exporting,
    importing,
    pattern_names,
    required_module,
)

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


class JavaScriptReader(GrammarReader):
    """Lowers one file."""

    owner = ""

    def stmt(self, node: "Node") -> list[n.Stmt]:  # noqa: C901, PLR0911, PLR0912 - one case a statement
        line, field = self.line(node), node.child_by_field_name
        match node.type:
            case "import_statement":
                return importing(self, node)
            case "export_statement":
                return exporting(self, node)
            case "lexical_declaration" | "variable_declaration":
                return [
                    s for d in node.named_children if d.type == "variable_declarator" for s in self.declare(d)
                ]
            case "function_declaration" | "generator_function_declaration":
                return [self.function(node)]
            case "class_declaration" | "abstract_class_declaration" | "class":
                return [self.klass(node)]
            case "enum_declaration" | "interface_declaration" | "type_alias_declaration":
                named = node.type == "enum_declaration" or _only_literals(field("value"))
                bases = (n.Name(line, "Enum"),) if named else ()
                members = self.members(field("body") or field("value"))
                return [n.Class(line, self.text(field("name")), bases, members)]
            case "expression_statement":
                return self.effect(node.named_children[0]) if node.named_children else []
            case "if_statement":
                body, other = field("consequence"), field("alternative")
                test = self.maybe(field("condition")) or n.Other(line, "test")
                orelse = self.inside(other.named_children) if other else ()
                return [n.If(line, test, self.body(body), orelse)]
            case "for_in_statement":
                target, source = self.maybe(field("left")), self.maybe(field("right"))
                return [n.Loop(line, target, source, self.body(field("body")))]
            case "for_statement" | "while_statement" | "do_statement":
                head = field("initializer")
                first = self.inside([head]) if head else ()
                return [*first, n.Loop(line, None, None, self.body(field("body")))]
            case "try_statement":
                return [self.attempt(node)]
            case "return_statement":
                values = [c for c in node.named_children if c.type != "comment"]
                return [n.Return(line, self.expr(values[0]) if values else None)]
            case "throw_statement":
                return [n.Raise(line, self.expr(node.named_children[0]) if node.named_children else None)]
            case "switch_statement":
                return self.switch(node)
            case "break_statement" | "continue_statement":
                return [n.Leave(line)]
            case "statement_block" | "labeled_statement" | "else_clause":
                return [n.Scope(line, self.block(node))]
            case "comment" | "empty_statement" | "hash_bang_line":
                return []
            case _:
                return [n.Do(line, self.expr(node))]

    def body(self, node: "Node | None") -> tuple[n.Stmt, ...]:
        if node is None:
            return ()
        return self.block(node) if node.type == "statement_block" else self.inside([node])

    def effect(self, node: "Node") -> list[n.Stmt]:
        """An expression that stands alone: an assignment, or a call."""
        line, field = self.line(node), node.child_by_field_name
        left, right = field("left"), field("right")
        if node.type == "assignment_expression" and left and right:
            if left.type in {"object_pattern", "array_pattern"}:
                return destructure(self, left, self.expr(right))
            return [n.Assign(line, (export_target(self.expr(left)),), self.expr(right))]
        if node.type == "augmented_assignment_expression" and left and right:
            target = self.expr(left)
            if self.operator(node) in {"||=", "??="}:
                return [n.Assign(line, (target,), n.Choice(line, "or", (target, self.expr(right))))]
            return [n.Assign(line, (target,), self.expr(right), augmented=True)]
        return [n.Do(line, self.expr(node))]

    def declare(self, node: "Node") -> list[n.Stmt]:
        line, name, value = (
            self.line(node),
            node.child_by_field_name("name"),
            node.child_by_field_name("value"),
        )
        if name is None:
            return []
        annotation = self.maybe(node.child_by_field_name("type"))
        if value is None:
            return [n.Assign(line, (self.expr(name),), None, annotation)]
        lowered = self.expr(value)
        imported = required_module(self, line, name, lowered)
        if imported:
            return [imported]
        if name.type in {"object_pattern", "array_pattern"}:
            return destructure(self, name, lowered)
        return [n.Assign(line, (self.expr(name),), lowered, annotation)]

    def attempt(self, node: "Node") -> n.Try:
        line, field = self.line(node), node.child_by_field_name
        handler, final = field("handler"), field("finalizer")
        handlers: tuple[n.Handler, ...] = ()
        if handler is not None:
            name = self.text(handler.child_by_field_name("parameter"))
            handlers = (
                n.Handler(self.line(handler), (), name, self.block(handler.child_by_field_name("body"))),
            )
        rest = self.block(final.child_by_field_name("body")) if final else ()
        return n.Try(line, self.block(field("body")), handlers, rest)

    def switch(self, node: "Node") -> list[n.Stmt]:
        subject = self.maybe(node.child_by_field_name("value")) or n.Const(self.line(node), value=None)
        chain: tuple[n.Stmt, ...] = ()
        body = node.child_by_field_name("body")
        pending: list[n.Expr] = []
        cases: list[tuple[list[n.Expr], n.Node | None, tuple[n.Stmt, ...], int]] = []
        for case in body.named_children if body else []:
            if case.type not in {"switch_case", "switch_default"}:
                continue
            value = case.child_by_field_name("value")
            if value is not None:
                pending.append(self.expr(value))
            stmts = self.inside([c for c in case.named_children if value is None or c.id != value.id])
            if stmts:
                cases.append((pending, None, stmts, self.line(case)))
                pending = []
        for values, _, stmts, line in reversed(cases):
            if not values:
                chain = (*stmts, *chain)
                continue
            test = n.Compare(line, "in", subject, n.Group(line, "tuple", tuple(values)))
            chain = (n.If(line, test, stmts, chain),)
        return list(chain)

    def function(self, node: "Node", decorators: tuple[n.Expr, ...] = ()) -> n.Function:
        field = node.child_by_field_name
        single, body = field("parameter"), field("body")
        params = [single] if single else (field("parameters").named_children if field("parameters") else [])  # type: ignore[union-attr]
        owner, self.owner = self.owner, ""
        if body is None:
            stmts: tuple[n.Stmt, ...] = ()
        elif body.type == "statement_block":
            stmts = self.block(body)
        else:
            stmts = (n.Return(self.line(body), self.expr(body)),)
        lowered = [p for c in params if c.type != "comment" for p in self.param(c)]
        head = self.data[node.start_byte : node.start_byte + 60].partition(b"(")[0]
        self.owner = owner
        return n.Function(
            self.line(node), self.text(field("name")), tuple(lowered), stmts, decorators,
            self.maybe(field("return_type")), owner, "this" if owner else "", b"async" in head,
        )  # fmt: skip

    def param(self, node: "Node") -> list[n.Param]:
        field = node.child_by_field_name
        pattern = field("pattern") or field("left") or node
        default = field("value") or field("right")
        decorators = tuple(self.expr(c) for c in node.named_children if c.type == "decorator")
        if pattern.type == "object_pattern":
            return [n.Param(local) for _, local in pattern_names(self, pattern)]
        name = self.text(pattern).removeprefix("...")
        return [n.Param(name, self.maybe(field("type")), self.maybe(default), decorators)]

    def klass(self, node: "Node") -> n.Class:
        name = self.text(node.child_by_field_name("name"))
        owner, self.owner = self.owner, name
        body = self.members(node.child_by_field_name("body"))
        self.owner = owner
        heritage = [c for c in node.named_children if c.type == "class_heritage"]
        bases = tuple(b for h in heritage for b in self.many(h.named_children))
        decorators = tuple(self.expr(c) for c in node.named_children if c.type == "decorator")
        return n.Class(self.line(node), name, bases, body, decorators)

    def members(self, node: "Node | None") -> tuple[n.Stmt, ...]:
        found: list[n.Stmt] = []
        decorators: list[n.Expr] = []
        for child in node.named_children if node else []:
            if child.type == "decorator":
                decorators.append(self.expr(child))
                continue
            own = [self.expr(c) for c in child.named_children if c.type == "decorator"]
            if child.type == "method_definition":
                found.append(self.function(child, tuple(decorators + own)))
            elif child.type in {
                "field_definition",
                "public_field_definition",
                "property_signature",
                "enum_assignment",
            }:
                key = child.child_by_field_name("property") or child.child_by_field_name("name")
                annotation = self.maybe(child.child_by_field_name("type"))
                if decorators or own:
                    kinds = [annotation] if annotation else []
                    annotation = n.Other(self.line(child), "decorated", (*decorators, *own, *kinds))
                value = self.maybe(child.child_by_field_name("value"))
                target = n.Name(self.line(child), self.text(key))
                found.append(n.Assign(self.line(child), (target,), value, annotation))
            decorators = []
        return tuple(found)

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


def _only_literals(node: "Node | None") -> bool:
    """Whether a type is ``'a' | 'b'``: nothing but these values."""
    pending, seen = [node] if node is not None else [], 0
    while pending and seen < 500:
        part, seen = pending.pop(), seen + 1
        if part.type == "union_type":
            pending += part.named_children
        elif part.type != "literal_type":
            return False
    return 0 < seen < 500
