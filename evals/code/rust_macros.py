"""Rust's macros: a grammar sees only their tokens, so that those with expressions inside are read once more."""

import re
from typing import TYPE_CHECKING

from evals.code import nodes as n
from evals.code.grammars import GrammarReader, parser_for

if TYPE_CHECKING:
    from tree_sitter import Node

_FORMATS = frozenset({"format", "format_args", "concat"})
_GIVING_UP = frozenset({"panic", "bail", "unreachable", "todo", "unimplemented"})
_HOLE = re.compile(r"\{\{|\}\}|\{([A-Za-z_]\w*|\d+)?(?::[^{}]{0,40})?\}")
_ATTRIBUTE = re.compile(r"#\s*!?\[\s*([\w:]+)\s*(.*?)\s*\]\s*", re.DOTALL)
_PAIR = re.compile(r"""(\w+)\s*=\s*(?:"((?:[^"\\]|\\.){0,400})"|([\w.:]+))|(\w+)""")
_LONGEST = 20_000
_NESTED = 4


class RustMacros(GrammarReader):
    """The part of the reader that reads macros and attributes."""

    attributes: tuple[n.Expr, ...] = ()
    nested = 0

    def gives_up(self, node: "Node") -> bool:
        return self.text(node.child_by_field_name("macro")).rpartition("::")[2] in _GIVING_UP

    def macro(self, node: "Node") -> n.Expr:
        """``format!`` as the text that it makes, ``json!({...})`` as a mapping, all others as calls of their name."""
        line = self.line(node)
        path = self.text(node.child_by_field_name("macro")).replace("::", ".")
        name = path.rpartition(".")[2]
        tree = next((c for c in node.named_children if c.type == "token_tree"), None)
        inner = self.text(tree)[1:-1] if tree is not None else ""
        if name == "json" and inner.lstrip()[:1] in {"{", "["}:
            return self.mapping(inner, line)
        args, keywords = self.arguments(inner)
        if name == "vec":
            return n.Group(line, "list", args)
        if name in _FORMATS and args:
            return _formatted(line, args, keywords)
        func: n.Expr = n.Name(line, path.partition(".")[0])
        for part in path.split(".")[1:]:
            func = n.Attr(line, func, part)
        return n.Call(line, func, args, keywords)

    def arguments(self, text: str) -> tuple[tuple[n.Expr, ...], tuple[tuple[str, n.Expr], ...]]:
        """The arguments of a macro, as if it were a call. Where that cannot be read, none."""
        if self.nested >= _NESTED or len(text) > _LONGEST or not text.strip():
            return (), ()
        data = f"fn f() {{ f({text}\n); }}".encode("utf-8", "replace")
        reader = type(self)(data)
        reader.nested, reader.depth = self.nested + 1, self.depth
        root = parser_for("", "rust").parse(data).root_node
        call = root.named_children[0].child_by_field_name("body") if root.named_children else None
        for _ in range(2):
            call = call.named_children[0] if call is not None and call.named_children else None
        given = call.child_by_field_name("arguments") if call is not None else None
        args: list[n.Expr] = []
        keywords: list[tuple[str, n.Expr]] = []
        for child in given.named_children if given is not None else []:
            left, right = child.child_by_field_name("left"), child.child_by_field_name("right")
            if child.type == "assignment_expression" and left is not None and right is not None:
                keywords.append((reader.text(left), reader.expr(right)))
            elif "comment" not in child.type:
                args.append(reader.expr(child))
        return tuple(args), tuple(keywords)

    def mapping(self, text: str, line: int) -> n.Expr:
        """``json!({"a": x})``: its keys, each with what can be read of its value."""
        keys: list[n.Expr | None] = []
        items: list[n.Expr] = []
        for key, value in _entries(text):
            args, _ = self.arguments(value)
            keys.append(n.Const(line, key))
            items.append(args[0] if args else n.Other(line, "value"))
        return n.Group(line, "dict" if text.lstrip().startswith("{") else "list", tuple(items), tuple(keys))

    def marks(self, node: "Node") -> list[n.Expr]:
        """``#[arg(long, env = "X", default_value = "y")]`` as a call with keywords; bare words are arguments."""
        line = self.line(node)
        said = _ATTRIBUTE.fullmatch(self.text(node)[:_LONGEST])
        if said is None:
            return []
        args: list[n.Expr] = []
        keywords: list[tuple[str, n.Expr]] = []
        inner = said[2].strip().removeprefix("(").removesuffix(")")
        if inner.startswith('"'):
            args.append(n.Const(line, inner.partition('"')[2].partition('"')[0]))
        for match in _PAIR.finditer(inner):
            if match[1]:
                value = match[2] if match[2] is not None else match[3]
                keywords.append((match[1], n.Const(line, value)))
            elif not inner.startswith('"'):
                args.append(n.Name(line, match[4]))
        return [n.Call(line, n.Name(line, said[1].rpartition("::")[2]), tuple(args), tuple(keywords))]


def _formatted(line: int, args: tuple[n.Expr, ...], keywords: tuple[tuple[str, n.Expr], ...]) -> n.Expr:
    """The text of ``format!``: its pieces, with what fills the holes."""
    template = args[0].value if isinstance(args[0], n.Const) else None
    if not isinstance(template, str):
        return n.Text(line, args)
    named, rest = dict(keywords), list(args[1:])
    parts: list[n.Expr] = []
    start = used = 0
    for match in _HOLE.finditer(template):
        before = template[start : match.start()]
        start = match.end()
        if match[0] in {"{{", "}}"}:
            parts.append(n.Const(line, before + match[0][0]))
            continue
        parts.append(n.Const(line, before))
        key = match[1] or ""
        if key.isdigit() or not key:
            place = int(key) if key and len(key) < 4 else used
            used += not key
            parts.append(rest[place] if place < len(rest) else n.Other(line, "hole"))
        else:
            parts.append(named.get(key) or n.Name(line, key))
    parts.append(n.Const(line, template[start:]))
    kept = tuple(p for p in parts if not (isinstance(p, n.Const) and p.value == ""))
    if all(isinstance(p, n.Const) for p in kept):
        return n.Const(line, "".join(str(p.value) for p in kept if isinstance(p, n.Const)))
    return n.Text(line, kept)


def _entries(text: str) -> list[tuple[str, str]]:
    """The entries of an object at its outermost level."""
    found: list[tuple[str, str]] = []
    inner = text.strip()[1:-1]
    for part in _split(inner):
        match = re.match(r"""\s*"([^"\\]{0,200})"\s*:""", part)
        if match:
            found.append((match[1], part[match.end() :]))
    return found


def _split(text: str) -> list[str]:
    """The parts between the commas that stand in no bracket and no text."""
    parts, depth, start, quoted, skip = [], 0, 0, False, False
    for at, char in enumerate(text):
        if skip:
            skip = False
        elif quoted:
            skip, quoted = char == "\\", char != '"'
        elif char == '"':
            quoted = True
        elif char in "([{":
            depth += 1
        elif char in ")]}":
            depth -= 1
        elif char == "," and depth == 0:
            parts.append(text[start:at])
            start = at + 1
    return [*parts, text[start:]]
