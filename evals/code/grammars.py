"""The tree-sitter grammars, each loaded when the first file of its language comes by."""

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

from evals.code import nodes as n

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

DEPTH = 120


def read_with_grammar(path: str, text: str, language: n.Language) -> n.Module:
    """One file of a language that tree-sitter reads. Broken places are left out; ``cut`` names the first."""
    data = text.encode("utf-8", "replace")
    try:
        parser = parser_for(path, language)
    except ModuleNotFoundError as error:  # an installation without this grammar
        return n.Module(path, language, problem=f"not read: {error.name} is not installed")
    tree = parser.parse(data)
    reader = _reader(language)(data)
    body = reader.block(tree.root_node)
    cut = reader.cut
    if tree.root_node.has_error and not cut:
        cut = _first_error(tree.root_node)
    return n.Module(path, language, body, cut=cut)


def parser_for(path: str, language: n.Language) -> "Parser":
    """The parser of a file. Raises ModuleNotFoundError where its grammar is not installed."""
    return _parser(path.endswith((".tsx", ".jsx")), language)


@lru_cache
def _parser(markup: bool, language: n.Language) -> "Parser":
    from tree_sitter import Language, Parser

    match language:
        case "javascript":
            import tree_sitter_javascript

            pointer = tree_sitter_javascript.language()
        case "typescript":
            import tree_sitter_typescript as typescript

            pointer = typescript.language_tsx() if markup else typescript.language_typescript()
        case "python":
            import tree_sitter_python

            pointer = tree_sitter_python.language()
        case "go":
            import tree_sitter_go

            pointer = tree_sitter_go.language()
        case "java":
            import tree_sitter_java

            pointer = tree_sitter_java.language()
        case "rust":
            import tree_sitter_rust

            pointer = tree_sitter_rust.language()
        case _:
            raise ValueError(f"no grammar for {language}")
    return Parser(Language(pointer))


@lru_cache
def _reader(language: n.Language) -> Callable[[bytes], "GrammarReader"]:
    match language:
        case "go":
            from evals.code.go_reader import GoReader

            return GoReader
        case "java":
            from evals.code.java_reader import JavaReader

            return JavaReader
        case "rust":
            from evals.code.rust_reader import RustReader

            return RustReader
        case _:
            from evals.code.javascript_reader import JavaScriptReader

            return JavaScriptReader


def _first_error(root: "Node") -> int:
    """The line of the first broken place."""
    node = root
    while True:
        inner = next((c for c in node.children if c.has_error or c.is_missing), None)
        if inner is None or node.is_error:
            return node.start_point[0] + 1
        node = inner


class GrammarReader:
    """What all readers share: text, lines, a bound on depth, and the way from children to nodes."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.depth = 0
        self.cut = 0

    def stmt(self, node: "Node") -> list[n.Stmt]:
        """One statement; none where it says nothing to us."""
        raise NotImplementedError

    def lower(self, node: "Node") -> n.Expr:
        """One expression."""
        raise NotImplementedError

    def text(self, node: "Node | None") -> str:
        return "" if node is None else self.data[node.start_byte : node.end_byte].decode("utf-8", "replace")

    @staticmethod
    def line(node: "Node") -> int:
        return node.start_point[0] + 1

    def block(self, node: "Node | None") -> tuple[n.Stmt, ...]:
        """The statements below a block, a body or a file; a single statement gives itself."""
        return () if node is None else self.inside(node.named_children)

    def inside(self, nodes: "list[Node]") -> tuple[n.Stmt, ...]:
        if self.depth >= DEPTH:
            self.cut = self.cut or (self.line(nodes[0]) if nodes else 0)
            return ()
        self.depth += 1
        found: list[n.Stmt] = []
        for node in nodes:
            found.extend(self.stmt(node))
        self.depth -= 1
        return tuple(found)

    def expr(self, node: "Node") -> n.Expr:
        if self.depth >= DEPTH:
            self.cut = self.cut or self.line(node)
            return n.Other(self.line(node), "cut")
        self.depth += 1
        found = self.lower(node)
        self.depth -= 1
        return found

    def maybe(self, node: "Node | None") -> n.Expr | None:
        return None if node is None else self.expr(node)

    def many(self, nodes: "list[Node]") -> tuple[n.Expr, ...]:
        return tuple(self.expr(node) for node in nodes if node.type not in _SILENT)

    def other(self, node: "Node") -> n.Expr:
        return n.Other(self.line(node), node.type, self.many(node.named_children))

    def spine(self, node: "Node", operator: str) -> tuple[n.Expr, ...]:
        """The operands of ``a + b + c``, without going as deep as the chain is long."""
        parts: list[Node] = []
        left: Node | None = node
        while left is not None and left.type == "binary_expression" and self.operator(left) == operator:
            right = left.child_by_field_name("right")
            if right is not None:
                parts.append(right)
            left = left.child_by_field_name("left")
        return self.many([*([left] if left is not None else []), *reversed(parts)])

    def operator(self, node: "Node") -> str:
        return self.text(node.child_by_field_name("operator"))

    def binary(self, node: "Node") -> n.Expr:
        """A binary expression in the C family's shape."""
        line, operator = self.line(node), self.operator(node)
        match operator:
            case "+":
                return n.Text(line, self.spine(node, "+"))
            case "||" | "??":
                return n.Choice(line, "or", self.spine(node, operator))
            case "&&":
                return n.Choice(line, "and", self.spine(node, operator))
            case "==" | "===" | "!=" | "!==" | "<" | "<=" | ">" | ">=" | "in":
                sides = self.many([c for c in (node.child_by_field_name(f) for f in ("left", "right")) if c])
                if len(sides) == 2:
                    return n.Compare(line, operator[:2] if operator[0] in "=!" else operator, *sides)
        return n.Other(line, operator, self.spine(node, operator))


_SILENT = {"comment", "line_comment", "block_comment", "ERROR"}


def number_of(plain: str) -> int | float | None:
    """The value of a numeric literal without its language's separators and suffixes; None where it has none."""
    try:
        return int(plain, 0) if len(plain) < 40 else None
    except ValueError:
        pass
    try:
        return float(plain)
    except ValueError:
        return None
