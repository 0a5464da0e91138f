"""Java to nodes."""

import re
from typing import TYPE_CHECKING

from evals.code import nodes as n
from evals.code.grammars import DEPTH, GrammarReader, number_of

if TYPE_CHECKING:
    from tree_sitter import Node

_ESCAPE = re.compile(r"\\(?:u+([0-9a-fA-F]{4})|(.))", re.DOTALL)
_PLAIN = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "0": "\0", "s": " "}
_TYPES = {"class_declaration", "interface_declaration", "enum_declaration", "record_declaration"}


class JavaReader(GrammarReader):
    """Lowers one file."""

    owner = ""

    def stmt(self, node: "Node") -> list[n.Stmt]:  # noqa: C901, PLR0911, PLR0912 - one case a statement
        line, field = self.line(node), node.child_by_field_name
        if node.type in _TYPES:
            return [self.klass(node)]
        match node.type:
            case "import_declaration":
                path = self.text(node).removeprefix("import").removeprefix(" static").strip(" ;")
                return [n.Import(line, path, alias=path.rpartition(".")[2])]
            case "local_variable_declaration" | "field_declaration" | "constant_declaration":
                return self.declare(node)
            case "expression_statement":
                return self.effect(node.named_children[0]) if node.named_children else []
            case "if_statement":
                test = self.maybe(field("condition")) or n.Other(line, "test")
                other = field("alternative")
                return [n.If(line, test, self.body(field("consequence")), self.body(other))]
            case "enhanced_for_statement":
                name, value = field("name"), field("value")
                target = n.Name(line, self.text(name))
                return [n.Loop(line, target, self.maybe(value), self.body(field("body")))]
            case "for_statement":
                head = field("init")
                first = self.inside([head]) if head else ()
                return [*first, n.Loop(line, None, None, self.body(field("body")))]
            case "while_statement" | "do_statement":
                return [n.Loop(line, None, None, self.body(field("body")))]
            case "try_statement" | "try_with_resources_statement":
                return [self.attempt(node)]
            case "return_statement" | "yield_statement":
                values = [c for c in node.named_children if "comment" not in c.type]
                return [n.Return(line, self.expr(values[0]) if values else None)]
            case "throw_statement":
                return [n.Raise(line, self.expr(node.named_children[0]) if node.named_children else None)]
            case "break_statement" | "continue_statement":
                return [n.Leave(line)]
            case "block" | "synchronized_statement" | "labeled_statement" | "static_initializer":
                return [n.Scope(line, self.block(node))]
            case "method_declaration" | "constructor_declaration" | "compact_constructor_declaration":
                return [self.method(node)]
            case "package_declaration" | "line_comment" | "block_comment" | ";":
                return []
            case _:
                return [n.Do(line, self.expr(node))]

    def body(self, node: "Node | None") -> tuple[n.Stmt, ...]:
        if node is None:
            return ()
        return self.block(node) if node.type == "block" else self.inside([node])

    def effect(self, node: "Node") -> list[n.Stmt]:
        line, left, right = (
            self.line(node),
            node.child_by_field_name("left"),
            node.child_by_field_name("right"),
        )
        if node.type == "assignment_expression" and left and right:
            augmented = self.operator(node) != "="
            return [n.Assign(line, (self.expr(left),), self.expr(right), augmented=augmented)]
        return [n.Do(line, self.expr(node))]

    def declare(self, node: "Node") -> list[n.Stmt]:
        line, kind = self.line(node), node.child_by_field_name("type")
        annotation = self.kind(kind)
        marks = self.annotations(node)
        if marks:
            annotation = n.Other(line, "decorated", (*marks, *([annotation] if annotation else [])))
        found: list[n.Stmt] = []
        for declarator in node.children_by_field_name("declarator"):
            name = n.Name(self.line(declarator), self.text(declarator.child_by_field_name("name")))
            value = self.maybe(declarator.child_by_field_name("value"))
            found.append(n.Assign(self.line(declarator), (name,), value, annotation))
        return found

    def annotations(self, node: "Node") -> tuple[n.Expr, ...]:
        """``@Value("...")`` and its kin, as calls."""
        found: list[n.Expr] = []
        for modifiers in (c for c in node.named_children if c.type == "modifiers"):
            for mark in modifiers.named_children:
                if mark.type in {"annotation", "marker_annotation"}:
                    arguments = mark.child_by_field_name("arguments")
                    args, keywords = self.arguments(arguments)
                    name = n.Name(self.line(mark), self.text(mark.child_by_field_name("name")))
                    found.append(n.Call(self.line(mark), name, args, keywords))
        return tuple(found)

    def arguments(self, node: "Node | None") -> tuple[tuple[n.Expr, ...], tuple[tuple[str, n.Expr], ...]]:
        args: list[n.Expr] = []
        keywords: list[tuple[str, n.Expr]] = []
        for child in node.named_children if node else []:
            value = child.child_by_field_name("value") if child.type == "element_value_pair" else None
            if value is not None:
                keywords.append((self.text(child.child_by_field_name("key")), self.expr(value)))
            elif "comment" not in child.type:
                args.append(self.expr(child))
        return tuple(args), tuple(keywords)

    def kind(self, node: "Node | None") -> n.Expr | None:
        """A type without its packages: ``java.util.List<a.B>`` is ``List[B]``."""
        if node is None:
            return None
        line = self.line(node)
        given = next((c for c in node.named_children if c.type == "type_arguments"), None)
        if node.type != "generic_type" or given is None or self.depth >= DEPTH:
            return n.Name(line, _simple(self.text(node)))
        self.depth += 1
        inner = tuple(k for c in given.named_children if (k := self.kind(c)) is not None)
        self.depth -= 1
        base = n.Name(line, _simple(self.text(node)))
        return n.Index(line, base, inner[0] if len(inner) == 1 else n.Group(line, "tuple", inner))

    def components(self, node: "Node | None") -> tuple[n.Stmt, ...]:
        """What a record is made of, as fields."""
        found: list[n.Stmt] = []
        for param in node.named_children if node is not None else []:
            kind, line = self.kind(param.child_by_field_name("type")), self.line(param)
            marks = self.annotations(param)
            if marks:
                kind = n.Other(line, "decorated", (*marks, *([kind] if kind else [])))
            name = n.Name(line, self.text(param.child_by_field_name("name")))
            found.append(n.Assign(line, (name,), None, kind))
        return tuple(found)

    def klass(self, node: "Node") -> n.Class:
        name = self.text(node.child_by_field_name("name"))
        owner, self.owner = self.owner, name
        own = self.components(node.child_by_field_name("parameters"))
        body = (*own, *self.block(node.child_by_field_name("body")))
        self.owner = owner
        parents = [c for c in node.named_children if c.type in {"superclass", "super_interfaces"}]
        bases = tuple(n.Name(self.line(p), _simple(self.text(p).split()[-1])) for p in parents)
        if node.type == "enum_declaration":
            bases = (*bases, n.Name(self.line(node), "Enum"))
        return n.Class(self.line(node), name, bases, body, self.annotations(node))

    def method(self, node: "Node") -> n.Function:
        field = node.child_by_field_name
        owner, self.owner = self.owner, ""
        params = []
        for param in field("parameters").named_children if field("parameters") else []:  # type: ignore[union-attr]
            kind = param.child_by_field_name("type")
            if kind is not None:
                annotation = self.kind(kind)
                name = self.text(param.child_by_field_name("name"))
                params.append(n.Param(name, annotation, None, self.annotations(param)))
        body = self.block(field("body"))
        self.owner = owner
        returns = field("type")
        return n.Function(
            self.line(node), self.text(field("name")), tuple(params), body, self.annotations(node),
            self.kind(returns), owner, "this",
        )  # fmt: skip

    def attempt(self, node: "Node") -> n.Try:
        line = self.line(node)
        first: tuple[n.Stmt, ...] = ()
        resources = node.child_by_field_name("resources")
        for resource in resources.named_children if resources else []:
            name, value = resource.child_by_field_name("name"), resource.child_by_field_name("value")
            if name is not None and value is not None:
                first = (*first, n.Assign(line, (n.Name(line, self.text(name)),), self.expr(value)))
        handlers: list[n.Handler] = []
        final: tuple[n.Stmt, ...] = ()
        for child in node.named_children:
            if child.type == "catch_clause":
                caught = next((c for c in child.named_children if c.type == "catch_formal_parameter"), None)
                kinds = (
                    next((c for c in caught.named_children if c.type == "catch_type"), None)
                    if caught
                    else None
                )
                types = tuple(n.Name(line, t.strip()) for t in self.text(kinds).split("|")) if kinds else ()
                error = self.text(caught.child_by_field_name("name")) if caught else ""
                body = self.block(child.child_by_field_name("body"))
                handlers.append(n.Handler(self.line(child), types, error, body))
            elif child.type == "finally_clause":
                final = tuple(s for c in child.named_children for s in self.block(c))
        return n.Try(line, (*first, *self.block(node.child_by_field_name("body"))), tuple(handlers), final)

    def lower(self, node: "Node") -> n.Expr:  # noqa: C901, PLR0911, PLR0912 - one case an expression
        line, field = self.line(node), node.child_by_field_name
        match node.type:
            case "identifier" | "type_identifier" | "this" | "super" | "scoped_type_identifier":
                return n.Name(line, self.text(node))
            case "string_literal" | "character_literal":
                return n.Const(line, _unquoted(self.text(node)))
            case "true" | "false":
                return n.Const(line, node.type == "true")
            case "null_literal":
                return n.Const(line, None)
            case "parenthesized_expression" | "condition":
                return self.expr(node.named_children[0]) if node.named_children else self.other(node)
            case "cast_expression":
                return self.maybe(field("value")) or self.other(node)
            case "field_access":
                name = field("field")
                base = self.maybe(field("object")) or n.Other(line, "base")
                return n.Attr(self.line(name) if name else line, base, self.text(name))
            case "array_access":
                base = self.maybe(field("array")) or n.Other(line, "base")
                return n.Index(line, base, self.maybe(field("index")) or n.Other(line, "key"))
            case "method_invocation":
                name = field("name")
                at = self.line(name) if name else line
                base_ = self.maybe(field("object"))
                func: n.Expr = (
                    n.Attr(at, base_, self.text(name)) if base_ is not None else n.Name(at, self.text(name))
                )
                return n.Call(line, func, self.arguments(field("arguments"))[0])
            case "object_creation_expression":
                kind = n.Name(line, _simple(self.text(field("type"))))
                return n.Call(line, kind, self.arguments(field("arguments"))[0])
            case "binary_expression":
                return self.binary(node)
            case "unary_expression":
                operand = self.maybe(field("operand")) or n.Other(line, "operand")
                return (
                    n.Not(line, operand) if self.operator(node) == "!" else n.Other(line, "unary", (operand,))
                )
            case "ternary_expression":
                options = [self.maybe(field("consequence")), self.maybe(field("alternative"))]
                return n.Choice(line, "if", tuple(o for o in options if o), self.maybe(field("condition")))
            case "lambda_expression":
                return self.closure(node)
            case "array_initializer" | "element_value_array_initializer":
                return n.Group(line, "list", self.many(node.named_children))
            case "array_creation_expression":
                value = field("value")
                return self.expr(value) if value else self.other(node)
            case kind if kind.endswith(("integer_literal", "floating_point_literal")):
                return n.Const(line, _number(self.text(node)))
            case _:
                return self.other(node)

    def closure(self, node: "Node") -> n.Expr:
        line, params, body = (
            self.line(node),
            node.child_by_field_name("parameters"),
            node.child_by_field_name("body"),
        )
        names = (
            [self.text(c.child_by_field_name("name") or c) for c in params.named_children] if params else []
        )
        if params is not None and params.type == "identifier":
            names = [self.text(params)]
        stmts: tuple[n.Stmt, ...] = ()
        if body is not None:
            stmts = (
                self.block(body) if body.type == "block" else (n.Return(self.line(body), self.expr(body)),)
            )
        return n.Closure(line, n.Function(line, "", tuple(n.Param(name) for name in names), stmts))


def _simple(written: str) -> str:
    """A type without its package and its arguments: ``java.util.List<String>`` is ``List``."""
    return written.partition("<")[0].strip().rpartition(".")[2].removesuffix("[]")


def _unquoted(text: str) -> str:
    inner = text[3:-3] if text.startswith('"""') else text[1:-1]
    if "\\" not in inner:
        return inner
    return _ESCAPE.sub(lambda m: chr(int(m[1], 16)) if m[1] else _PLAIN.get(m[2], m[2]), inner)


def _number(text: str) -> int | float | None:
    plain = (
        text.replace("_", "").rstrip("lLfFdD")
        if not text.lower().startswith("0x")
        else text.replace("_", "").rstrip("lL")
    )
    return number_of(plain)
