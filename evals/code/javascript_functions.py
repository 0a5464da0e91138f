"""JavaScript's and TypeScript's functions and classes to nodes."""

from typing import TYPE_CHECKING

from evals.code import nodes as n
from evals.code.javascript_expressions import JavaScriptExpressions
from evals.code.javascript_names import pattern_names

if TYPE_CHECKING:
    from tree_sitter import Node


class JavaScriptFunctions(JavaScriptExpressions):
    """The part of the reader that reads them. ``owner`` is the class that is read."""

    owner = ""

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
