"""Rust to nodes: items and statements."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from evals.code import nodes as n
from evals.code.rust_branches import BRANCHING, DEEPEST
from evals.code.rust_expressions import RustExpressions
from evals.code.rust_patterns import bound_names, type_expr

if TYPE_CHECKING:
    from tree_sitter import Node

_ITEMS = frozenset({"struct_item", "enum_item", "union_item", "trait_item"})
_SKIPPED = frozenset(
    {"line_comment", "block_comment", "attribute_item", "inner_attribute_item", "empty_statement", "type_item",
     "macro_definition", "extern_crate_declaration", "foreign_mod_item", "function_signature_item"}
)  # fmt: skip


class RustReader(RustExpressions):
    """Lowers one file. Modules for tests (``#[cfg(test)]``) are left out."""

    owner = ""

    def inside(self, nodes: "list[Node]") -> tuple[n.Stmt, ...]:
        """The statements, each with the attributes that stand before it."""
        if not any(node.type == "attribute_item" for node in nodes):
            return super().inside(nodes)
        found: list[n.Stmt] = []
        pending: list[Node] = []
        for node in nodes:
            if node.type == "attribute_item":
                pending.append(node)
                continue
            if "comment" in node.type:
                continue
            if not (node.type == "mod_item" and any(b"test" in (a.text or b"") for a in pending)):
                self.attributes = tuple(mark for a in pending for mark in self.marks(a))
                found.extend(super().inside([node]))
                self.attributes = ()
            pending = []
        return tuple(found)

    def stmt(self, node: "Node") -> list[n.Stmt]:
        line, field = self.line(node), node.child_by_field_name
        if node.type in _SKIPPED:
            return []
        if node.type in _ITEMS:
            return [self.klass(node)]
        match node.type:
            case "use_declaration":
                return self.imports(field("argument"), "")
            case "function_item":
                return [self.function(node)]
            case "impl_item":
                return self.implementation(node)
            case "mod_item" | "declaration_list":
                return list(self.block(field("body") or node))
            case "let_declaration":
                return self.declare(node)
            case "const_item" | "static_item":
                name, value = n.Name(line, self.text(field("name"))), field("value")
                return [n.Assign(line, (name,), self.maybe(value), type_expr(self, field("type")))]
            case "expression_statement":
                return self.effect(node.named_children[0]) if node.named_children else []
            case _:
                return self.effect(node)

    def effect(self, node: "Node") -> list[n.Stmt]:
        """An expression whose value nobody takes."""
        line, field = self.line(node), node.child_by_field_name
        left, right = field("left"), field("right")
        match node.type:
            case "assignment_expression" if left and right:
                target = self.expr(left)
                return self.into(right, lambda value: [n.Assign(line, (target,), value)])
            case "compound_assignment_expr" if left and right:
                return [n.Assign(line, (self.expr(left),), self.expr(right), augmented=True)]
            case "return_expression":
                inner = node.named_children
                return self.given_back(inner[0]) if inner else [n.Return(line, None)]
            case "break_expression" | "continue_expression":
                return [n.Leave(line)]
            case "for_expression":
                target, source = self.pattern(field("pattern")), self.maybe(field("value"))
                return [n.Loop(line, target, source, self.block(field("body")))]
            case "while_expression" | "loop_expression":
                before, test = self.condition(field("condition"))
                first = (n.Do(line, test),) if test is not None else ()
                return [n.Loop(line, None, None, (*before, *first, *self.block(field("body"))))]
            case kind if kind in BRANCHING:
                return self.into(node, lambda value: [n.Do(value.line, value)])
            case "macro_invocation" if self.gives_up(node):
                return [n.Raise(line, self.expr(node))]
            case _:
                return [n.Do(line, self.expr(node))]

    def declare(self, node: "Node") -> list[n.Stmt]:
        line, field = self.line(node), node.child_by_field_name
        target, annotation = self.pattern(field("pattern")), type_expr(self, field("type"))
        value, other = field("value"), field("alternative")
        if value is None:
            return [n.Assign(line, (target,), None, annotation)]
        found = self.into(value, lambda given: [n.Assign(line, (target,), given, annotation)])
        if other is not None:  # let Some(x) = y else { return ... }
            found.append(n.If(line, n.Not(line, target), self.block(other)))
        return found

    def pattern(self, node: "Node | None") -> n.Expr:
        """A pattern as a target: the one name in it, or all of them."""
        line = self.line(node) if node is not None else 0
        names = [n.Name(line, name) for name in (bound_names(self, node) if node is not None else ())]
        return names[0] if len(names) == 1 else n.Group(line, "tuple", tuple(names))

    def imports(self, node: "Node | None", prefix: str) -> list[n.Stmt]:
        """``use a::{b, c as d, e::*};`` as one import a name, dots for double colons."""
        if node is None or self.depth >= DEEPEST:
            return []
        line, field = self.line(node), node.child_by_field_name
        match node.type:
            case "scoped_use_list":
                inner, path = field("list"), f"{prefix}{self.dots(field('path'))}."
                self.depth += 1
                found = [i for c in (inner.named_children if inner else ()) for i in self.imports(c, path)]
                self.depth -= 1
                return found
            case "use_list":
                return [i for c in node.named_children for i in self.imports(c, prefix)]
            case "use_as_clause":
                path, local = self.dots(field("path")), self.text(field("alias"))
            case "use_wildcard":
                return [n.Import(line, f"{prefix}{self.text(node).replace('::', '.')}".removesuffix(".*"))]
            case _:
                path = self.dots(node)
                local = path.rpartition(".")[2]
        module, _, name = f"{prefix}{path}".rpartition(".")
        return [
            n.Import(line, module or name, ((name, local),) if module else (), alias="" if module else local)
        ]

    def dots(self, node: "Node | None") -> str:
        return self.text(node).replace("::", ".")

    # --- functions and types ----------------------------------------------------------------------------------------

    def function(self, node: "Node") -> n.Function:
        field = node.child_by_field_name
        decorators, self.attributes = self.attributes, ()
        owner, self.owner = self.owner, ""
        parameters = field("parameters")
        nodes = parameters.named_children if parameters is not None else []
        params = tuple(p for c in nodes if c.type == "parameter" for p in self.params(c))
        body = self.tail(field("body"), lambda value: [n.Return(value.line, value)])
        self.owner = owner
        receiver = "self" if any(c.type == "self_parameter" for c in nodes) else ""
        is_async = any(c.type == "function_modifiers" and b"async" in (c.text or b"") for c in node.children)
        return n.Function(
            self.line(node), self.text(field("name")), params, body, decorators,
            type_expr(self, field("return_type")), owner, receiver, is_async,
        )  # fmt: skip

    def params(self, node: "Node") -> Iterable[n.Param]:
        """``Path((a, b)): Path<(i32, i32)>`` gives two parameters."""
        pattern, kind = node.child_by_field_name("pattern"), type_expr(self, node.child_by_field_name("type"))
        names = bound_names(self, pattern) if pattern is not None else ()
        return [n.Param(name, kind) for name in names or ("_",)]

    def implementation(self, node: "Node") -> list[n.Stmt]:
        owner = self.owner
        self.owner = n.last(type_expr(self, node.child_by_field_name("type")))
        found = list(self.block(node.child_by_field_name("body")))
        self.owner = owner
        return found

    def klass(self, node: "Node") -> n.Class:
        """A struct with its fields, an enumeration with its variants."""
        line, field = self.line(node), node.child_by_field_name
        decorators, self.attributes = self.attributes, ()
        body, fields = field("body"), []
        pending: list[n.Expr] = []
        for child in body.named_children if body is not None else []:
            if child.type == "attribute_item":
                pending += self.marks(child)
            elif child.type in {"field_declaration", "enum_variant"}:
                at, kind = self.line(child), type_expr(self, child.child_by_field_name("type"))
                if pending:
                    kind = n.Other(at, "decorated", (*pending, *([kind] if kind else [])))
                name = n.Name(at, self.text(child.child_by_field_name("name")))
                fields.append(n.Assign(at, (name,), None, kind))
                pending = []
        plain = node.type == "enum_item" and not any(s.annotation for s in fields)
        bases = (n.Name(line, "Enum"),) if plain else ()
        methods = self.block(body) if node.type == "trait_item" else ()
        return n.Class(line, self.text(field("name")), bases, (*fields, *methods), decorators)
