"""Go to nodes."""

from typing import TYPE_CHECKING

from evals.code import nodes as n
from evals.code.grammars import GrammarReader, number_of

if TYPE_CHECKING:
    from tree_sitter import Node

_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\", "'": "'", "0": "\0"}


class GoReader(GrammarReader):
    """Lowers one file."""

    def stmt(self, node: "Node") -> list[n.Stmt]:  # noqa: C901, PLR0911, PLR0912 - one case a statement
        line, field = self.line(node), node.child_by_field_name
        match node.type:
            case "import_declaration":
                return [self.importing(s) for s in self.below(node, "import_spec")]
            case "function_declaration" | "method_declaration":
                return [self.function(node)]
            case "type_declaration":
                return [self.declare_type(s) for s in self.below(node, "type_spec", "type_alias")]
            case "const_declaration" | "var_declaration":
                return [s for spec in self.below(node, "const_spec", "var_spec") for s in self.declare(spec)]
            case "short_var_declaration" | "assignment_statement":
                left, right = self.items(field("left")), self.items(field("right"))
                operator = self.text(field("operator")) or "="
                return self.assign(line, left, right, augmented=operator not in {"=", ":="})
            case "expression_statement" | "go_statement" | "defer_statement":
                return [n.Do(line, self.expr(node.named_children[0]))] if node.named_children else []
            case "if_statement":
                first = self.inside([i]) if (i := field("initializer")) else ()
                test = self.maybe(field("condition")) or n.Other(line, "test")
                other = field("alternative")
                orelse = (
                    (self.inside([other]) if other.type == "if_statement" else self.block(other))
                    if other
                    else ()
                )
                return [*first, n.If(line, test, self.block(field("consequence")), orelse)]
            case "for_statement":
                return self.loop(node)
            case "return_statement":
                values = self.items(node.named_children[0]) if node.named_children else []
                value = values[0] if len(values) == 1 else n.Group(line, "tuple", tuple(values))
                return [n.Return(line, value if values else None)]
            case "expression_switch_statement" | "type_switch_statement" | "select_statement":
                return self.switch(node)
            case "block" | "statement_list" | "labeled_statement":
                return [n.Scope(line, self.block(node))] if node.type == "block" else list(self.block(node))
            case "break_statement" | "continue_statement" | "goto_statement" | "fallthrough_statement":
                return [n.Leave(line)]
            case "inc_statement" | "dec_statement":
                target = self.expr(node.named_children[0])
                return [n.Assign(line, (target,), n.Const(line, 1), augmented=True)]
            case "package_clause" | "comment" | "empty_statement":
                return []
            case _:
                return [n.Do(line, self.expr(node))]

    def below(self, node: "Node", *kinds: str) -> "list[Node]":
        found = []
        for child in node.named_children:
            if child.type in kinds:
                found.append(child)
            elif child.type.endswith("_list"):
                found.extend(c for c in child.named_children if c.type in kinds)
        return found

    def items(self, node: "Node | None") -> list[n.Expr]:
        if node is None:
            return []
        return list(self.many(node.named_children)) if node.type == "expression_list" else [self.expr(node)]

    def assign(
        self, line: int, left: list[n.Expr], right: list[n.Expr], *, augmented: bool = False
    ) -> list[n.Stmt]:
        if len(left) == len(right):
            pairs = zip(left, right, strict=True)
            return [n.Assign(line, (a,), b, augmented=augmented) for a, b in pairs]
        value = right[0] if len(right) == 1 else n.Group(line, "tuple", tuple(right))
        return [n.Assign(line, (n.Group(line, "tuple", tuple(left)),), value)]

    def importing(self, node: "Node") -> n.Import:
        path = self.text(node.child_by_field_name("path")).strip('"`')
        name = self.text(node.child_by_field_name("name"))
        tail = path.rpartition("/")[2]
        if tail.startswith("v") and tail[1:].isdigit():
            tail = path.split("/")[-2] if "/" in path else tail
        return n.Import(self.line(node), path, alias=name or tail.removeprefix("go-"))

    def declare_type(self, node: "Node") -> n.Class:
        body = self.members(node.child_by_field_name("type"))
        return n.Class(self.line(node), self.text(node.child_by_field_name("name")), (), body)

    def members(self, kind: "Node | None") -> tuple[n.Stmt, ...]:
        """The fields of a struct, each with its tag as its value."""
        body: list[n.Stmt] = []
        for fields in kind.named_children if kind else []:
            for member in fields.named_children if fields.type == "field_declaration_list" else []:
                line, tag = self.line(member), member.child_by_field_name("tag")
                annotation = n.Name(line, self.text(member.child_by_field_name("type")))
                value = n.Const(line, self.text(tag)[1:-1]) if tag else None
                names = [n.Name(line, self.text(c)) for c in member.children_by_field_name("name")]
                body += [n.Assign(line, (name,), value, annotation) for name in names]
        return tuple(body)

    def declare(self, node: "Node") -> list[n.Stmt]:
        line = self.line(node)
        names: list[n.Expr] = [n.Name(line, self.text(c)) for c in node.children_by_field_name("name")]
        kind = node.child_by_field_name("type")
        annotation = n.Name(line, self.text(kind)) if kind else None
        values = self.items(node.child_by_field_name("value"))
        if not values:
            held = [n.Assign(line, (name,), None, annotation) for name in names]
            return [*held, *([n.Class(line, "", (), body)] if (body := self.members(kind)) else [])]
        return self.assign(line, names, values)

    def loop(self, node: "Node") -> list[n.Stmt]:
        line, body = self.line(node), self.block(node.child_by_field_name("body"))
        for child in node.named_children:
            if child.type == "range_clause":
                left = self.items(child.child_by_field_name("left"))
                source = self.maybe(child.child_by_field_name("right"))
                return [n.Loop(line, n.Group(line, "tuple", tuple(left)), source, body)]
            if child.type == "for_clause":
                head = child.child_by_field_name("initializer")
                return [*(self.inside([head]) if head else ()), n.Loop(line, None, None, body)]
        return [n.Loop(line, None, None, body)]

    def switch(self, node: "Node") -> list[n.Stmt]:
        line, subject = self.line(node), self.maybe(node.child_by_field_name("value"))
        head = node.child_by_field_name("initializer")
        chain: list[n.If] = []
        otherwise: tuple[n.Stmt, ...] = ()
        cases = [c for c in node.named_children if c.type.endswith("_case")]
        for case in cases:
            value = case.child_by_field_name("value")
            stmts = self.inside([c for c in case.named_children if value is None or c.id != value.id])
            if case.type == "default_case":
                otherwise = stmts
                continue
            values = self.items(value)
            test: n.Expr = n.Choice(line, "or", tuple(values)) if values else n.Other(line, case.type)
            if subject is not None:
                test = n.Compare(line, "in", subject, n.Group(line, "tuple", tuple(values)))
            chain.append(n.If(self.line(case), test, stmts))
        return [*(self.inside([head]) if head else ()), *n.chained(chain, otherwise)]

    def function(self, node: "Node") -> n.Function:
        field = node.child_by_field_name
        owner, receiver = "", ""
        for param in field("receiver").named_children if field("receiver") else []:  # type: ignore[union-attr]
            receiver = self.text(param.child_by_field_name("name"))
            owner = self.text(param.child_by_field_name("type")).lstrip("*").partition("[")[0]
        returns = field("result")
        return n.Function(
            self.line(node), self.text(field("name")), self.params(field("parameters")),
            self.block(field("body")),
            returns=n.Name(self.line(node), self.text(returns)) if returns else None,
            owner=owner, receiver=receiver,
        )  # fmt: skip

    def params(self, node: "Node | None") -> tuple[n.Param, ...]:
        found: list[n.Param] = []
        for param in node.named_children if node else []:
            kind = param.child_by_field_name("type")
            annotation = n.Name(self.line(param), self.text(kind)) if kind else None
            names = [self.text(c) for c in param.children_by_field_name("name")]
            found.extend(n.Param(name, annotation) for name in names or ["_"])
        return tuple(found)

    def lower(self, node: "Node") -> n.Expr:  # noqa: C901, PLR0911, PLR0912 - one case an expression
        line, field = self.line(node), node.child_by_field_name
        match node.type:
            case "identifier" | "field_identifier" | "package_identifier" | "type_identifier":
                return n.Name(line, self.text(node))
            case "interpreted_string_literal" | "raw_string_literal" | "rune_literal":
                return n.Const(line, self.string(node))
            case "int_literal" | "float_literal":
                return n.Const(line, _number(self.text(node)))
            case "true" | "false":
                return n.Const(line, node.type == "true")
            case "nil":
                return n.Const(line, None)
            case "selector_expression":
                base = self.maybe(field("operand")) or n.Other(line, "base")
                name = field("field")
                return n.Attr(self.line(name) if name else line, base, self.text(name))
            case "index_expression":
                base = self.maybe(field("operand")) or n.Other(line, "base")
                return n.Index(line, base, self.maybe(field("index")) or n.Other(line, "key"))
            case "slice_expression" | "type_assertion_expression":
                return self.maybe(field("operand")) or self.other(node)
            case "call_expression":
                func = self.maybe(field("function")) or n.Other(line, "function")
                arguments = field("arguments")
                return n.Call(line, func, self.many(arguments.named_children) if arguments else ())
            case "type_conversion_expression":
                return n.Call(
                    line, n.Name(line, self.text(field("type"))), self.many(node.named_children[1:])
                )
            case "parenthesized_expression" | "literal_element" | "variadic_argument":
                return self.expr(node.named_children[0]) if node.named_children else self.other(node)
            case "unary_expression":
                operand = self.maybe(field("operand")) or n.Other(line, "operand")
                operator = self.operator(node)
                if operator == "!":
                    return n.Not(line, operand)
                return operand if operator in {"&", "*", "<-"} else n.Other(line, "unary", (operand,))
            case "binary_expression":
                return self.binary(node)
            case "func_literal":
                params = self.params(field("parameters"))
                function = n.Function(line, "", params, self.block(field("body")))
                return n.Closure(line, function)
            case "composite_literal":
                return self.composite(node)
            case "literal_value":
                return self.literal(node, "")
            case _:
                return self.other(node)

    def composite(self, node: "Node") -> n.Expr:
        body, kind = node.child_by_field_name("body"), self.text(node.child_by_field_name("type"))
        if body is None:
            return self.other(node)
        value = self.literal(body, kind, self.fields(node.child_by_field_name("type")))
        if kind.startswith(("[", "map[")) or kind == "gin.H":
            return value
        return n.Call(self.line(node), n.Name(self.line(node), kind), (value,))

    def fields(self, node: "Node | None") -> list[str]:
        """The names of an anonymous struct's fields: ``[]struct{ path string; want int }``."""
        found: list[str] = []
        for struct in node.named_children if node is not None and node.type.endswith("_type") else []:
            for members in struct.named_children if struct.type == "struct_type" else []:
                for member in members.named_children:
                    found += [self.text(name) for name in member.children_by_field_name("name")]
        return found

    def literal(self, node: "Node", kind: str, fields: list[str] | None = None) -> n.Group:
        keys: list[n.Expr | None] = []
        items: list[n.Expr] = []
        structured = not kind.startswith(("map[", "gin.H"))
        for child in node.named_children:
            if child.type != "keyed_element":
                if child.type != "comment":
                    item = self.expr(child)
                    if (
                        fields
                        and isinstance(item, n.Group)
                        and len(item.items) == len(fields)
                        and not item.keys
                    ):
                        names = tuple(n.Const(item.line, name) for name in fields)
                        item = n.Group(item.line, "dict", item.items, names)
                    items.append(item)
                continue
            parts = self.many(child.named_children)
            if len(parts) < 2:
                continue
            key = parts[0]
            if structured and isinstance(key, n.Name):
                key = n.Const(key.line, key.id)
            keys.append(key)
            items.append(parts[1])
        if keys and len(keys) == len(items):
            return n.Group(self.line(node), "dict", tuple(items), tuple(keys))
        return n.Group(self.line(node), "list", tuple(items))

    def string(self, node: "Node") -> str:
        text = self.text(node)
        if text.startswith("`") or "\\" not in text:
            return text[1:-1]
        pieces = text[1:-1].split("\\")
        out = [pieces[0]]
        skip = False
        for piece in pieces[1:]:
            if skip:
                out.append(piece)
                skip = False
            elif piece == "":
                out.append("\\")
                skip = True
            else:
                out.append(_ESCAPES.get(piece[0], piece[0]) + piece[1:])
        return "".join(out)


def _number(text: str) -> int | float | None:
    plain = text.replace("_", "")
    return number_of(plain)
