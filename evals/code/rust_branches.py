"""Rust's branches: what a block, an ``if`` or a ``match`` gives is put where its value goes, branch by branch."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from evals.code import nodes as n
from evals.code.rust_macros import RustMacros
from evals.code.rust_patterns import bound_names, literal_patterns

if TYPE_CHECKING:
    from tree_sitter import Node

DEEPEST = 110
BRANCHING = frozenset({"if_expression", "match_expression", "block", "unsafe_block"})
Sink = Callable[[n.Expr], list[n.Stmt]]
"""Where the value of an expression goes."""


class RustBranches(RustMacros):
    """The part of the reader that reads them."""

    def effect(self, node: "Node") -> list[n.Stmt]:
        """An expression whose value nobody takes."""
        raise NotImplementedError

    def given_back(self, node: "Node") -> list[n.Stmt]:
        return self.into(node, lambda value: [n.Return(value.line, value)])

    def into(self, node: "Node", sink: Sink) -> list[n.Stmt]:
        """An expression's value at the end of each of its branches."""
        line, field = self.line(node), node.child_by_field_name
        if self.depth >= DEEPEST:
            self.cut = self.cut or line
            return []
        self.depth += 1
        try:
            if node.type == "if_expression":
                before, test = self.condition(field("condition"))
                alternative = field("alternative")
                other = alternative.named_children[0] if alternative and alternative.named_children else None
                orelse = tuple(self.into(other, sink)) if other is not None else ()
                body = self.tail(field("consequence"), sink)
                return [*before, n.If(line, test or n.Other(line, "test"), body, orelse)]
            if node.type == "match_expression":
                return self.choose(node, sink)
            if node.type in BRANCHING:
                inner = node if node.type == "block" else node.named_children[0]
                return [n.Scope(line, self.tail(inner, sink))]
            if node.type in {"return_expression", "break_expression", "continue_expression"}:
                return self.effect(node)
            if node.type == "macro_invocation" and self.gives_up(node):
                return self.effect(node)
            return sink(self.expr(node))
        finally:
            self.depth -= 1

    def tail(self, block: "Node | None", sink: Sink) -> tuple[n.Stmt, ...]:
        """A block whose last expression, where it has one, is its value."""
        nodes = [c for c in block.named_children if "comment" not in c.type] if block is not None else []
        last = nodes[-1] if nodes else None
        if last is not None and last.type == "expression_statement" and not self.text(last).endswith(";"):
            last = last.named_children[0]  # a branch without a semicolon is a statement to the grammar
        if last is None or last.type.endswith(("_statement", "_declaration", "_item")):
            return self.inside(nodes)
        return (*self.inside(nodes[:-1]), *self.into(last, sink))

    def choose(self, node: "Node", sink: Sink) -> list[n.Stmt]:
        """A ``match`` as a chain of branches; what a pattern names is bound first."""
        subject = self.maybe(node.child_by_field_name("value")) or n.Other(self.line(node), "subject")
        chain: list[n.If] = []
        for pattern, value in self.arms(node):
            line = self.line(pattern)
            values = literal_patterns(self, pattern)
            test: n.Expr = n.Other(line, "pattern", (subject,))
            if values:
                test = n.Compare(line, "in", subject, n.Group(line, "tuple", values))
            when = pattern.child_by_field_name("condition")
            if when is not None:
                test = n.Choice(line, "and", (test, self.expr(when)))
            bound = [n.Assign(line, (n.Name(line, name),), subject) for name in bound_names(self, pattern)]
            chain.append(n.If(line, test, (*bound, *self.into(value, sink))))
        return list(n.chained(chain))

    def arms(self, node: "Node") -> "list[tuple[Node, Node]]":
        body = node.child_by_field_name("body")
        found = []
        for arm in body.named_children if body is not None else []:
            pattern, value = arm.child_by_field_name("pattern"), arm.child_by_field_name("value")
            if arm.type == "match_arm" and pattern is not None and value is not None:
                found.append((pattern, value))
        return found

    def condition(self, node: "Node | None") -> tuple[list[n.Stmt], n.Expr | None]:
        """A test, and what ``if let`` binds before it."""
        if node is None or node.type not in {"let_condition", "let_chain"}:
            return [], self.maybe(node)
        before: list[n.Stmt] = []
        tests: list[n.Expr] = []
        for part in node.named_children if node.type == "let_chain" else [node]:
            value = part.child_by_field_name("value") if part.type == "let_condition" else None
            if value is None:
                tests.append(self.expr(part))
                continue
            lowered, pattern = self.expr(value), part.child_by_field_name("pattern")
            tests.append(lowered)
            names = bound_names(self, pattern) if pattern is not None else ()
            before += [n.Assign(lowered.line, (n.Name(lowered.line, name),), lowered) for name in names]
        return before, tests[0] if len(tests) == 1 else n.Choice(self.line(node), "and", tuple(tests))

    def chosen(self, node: "Node") -> n.Expr:
        """A branching expression inside another one: a call of the function that it amounts to."""
        line = self.line(node)
        options = self.options(node)
        if options is not None:
            return options
        return n.Call(line, n.Closure(line, n.Function(line, "", (), tuple(self.given_back(node)))))

    def options(self, node: "Node") -> n.Expr | None:
        """``match`` and ``if`` whose branches are plain values; a name that a pattern binds is the subject."""
        line, field = self.line(node), node.child_by_field_name
        if node.type == "match_expression":
            subject = self.maybe(field("value")) or n.Other(line, "subject")
            values = []
            for pattern, value in self.arms(node):
                inner = _plain(value)
                if inner is None:
                    return None
                lowered = self.expr(inner)
                names = bound_names(self, pattern)
                bound = isinstance(lowered, n.Name) and lowered.id in names
                values.append(subject if bound else lowered)
            return n.Choice(line, "if", tuple(values), subject) if values else None
        if node.type != "if_expression":
            return None
        before, test = self.condition(field("condition"))
        alternative = field("alternative")
        branches = [
            _plain(field("consequence")),
            _plain(alternative.named_children[0] if alternative else None),
        ]
        if None in branches:
            return None
        given = {n.dotted(s.targets[0]): s.value for s in before if isinstance(s, n.Assign)}
        lowered_ = [self.expr(b) for b in branches if b is not None]
        return n.Choice(line, "if", tuple(given.get(n.dotted(v)) or v for v in lowered_), test)


def _plain(node: "Node | None") -> "Node | None":
    """The value of a branch that is nothing but a value."""
    if node is None or node.type in BRANCHING - {"block"}:
        return None
    if node.type != "block":
        return None if node.type in {"return_expression", "macro_invocation"} else node
    kept = [c for c in node.named_children if "comment" not in c.type]
    plain = len(kept) == 1 and not kept[0].type.endswith(("_statement", "_declaration", "_item"))
    return kept[0] if plain and kept[0].type not in {"return_expression", *BRANCHING} else None
