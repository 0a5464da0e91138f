"""JavaScript and TypeScript to nodes: their statements."""

from typing import TYPE_CHECKING

from evals.code import nodes as n
from evals.code.javascript_functions import JavaScriptFunctions
from evals.code.javascript_names import (
    destructure,
    export_target,
    exporting,
    importing,
    required_module,
)

if TYPE_CHECKING:
    from tree_sitter import Node


class JavaScriptReader(JavaScriptFunctions):
    """Lowers one file."""

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
        chain: list[n.If] = []
        otherwise: tuple[n.Stmt, ...] = ()
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
        for values, _, stmts, line in cases:
            if not values:
                otherwise = stmts
                continue
            test = n.Compare(line, "in", subject, n.Group(line, "tuple", tuple(values)))
            chain.append(n.If(line, test, stmts))
        return list(n.chained(chain, otherwise))


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
