"""What Rust's patterns bind and compare with, and its types as expressions."""

from typing import TYPE_CHECKING

from evals.code import nodes as n
from evals.code.grammars import GrammarReader

if TYPE_CHECKING:
    from tree_sitter import Node

_MOST = 200


def bound_names(reader: GrammarReader, pattern: "Node") -> tuple[str, ...]:
    """The names that a pattern binds, in order; constructors and fields' own names are none."""
    found: list[str] = []
    pending, seen = [pattern], 0
    while pending and seen < _MOST:
        node, seen = pending.pop(), seen + 1
        kept = list(node.named_children)
        if node.type in {"identifier", "shorthand_field_identifier"}:
            name = reader.text(node)
            if name[:1].islower() or (name[:1] == "_" and len(name) > 1):
                found.append(name)
            continue
        condition, kind = node.child_by_field_name("condition"), node.child_by_field_name("type")
        skipped = {c.id for c in (condition, kind, node.child_by_field_name("name")) if c is not None}
        if node.type == "field_pattern" and node.child_by_field_name("pattern") is None:
            skipped = set()
        if node.type in {"scoped_identifier", "range_pattern", "generic_type"}:
            continue
        pending += [c for c in reversed(kept) if c.id not in skipped]
    return tuple(dict.fromkeys(found))


def literal_patterns(reader: GrammarReader, pattern: "Node") -> tuple[n.Expr, ...]:
    """The literals that a pattern is one of; none where it takes anything else too."""
    pending = list(pattern.named_children)
    found: list[n.Expr] = []
    when = pattern.child_by_field_name("condition")
    while pending and len(found) < _MOST:
        node = pending.pop()
        if when is not None and node.id == when.id:
            continue
        if node.type in {"or_pattern", "tuple_struct_pattern", "captured_pattern"}:
            kind = node.child_by_field_name("type")
            pending += [c for c in node.named_children if kind is None or c.id != kind.id]
        elif node.type.endswith("_literal"):
            found.append(reader.expr(node))
        else:
            return ()
    return tuple(reversed(found))


def type_expr(reader: GrammarReader, node: "Node | None") -> n.Expr | None:
    """A type: ``a::B<C, D>`` is ``B[C, D]``; references are looked through."""
    if node is None:
        return None
    if reader.depth >= 100:
        return n.Name(reader.line(node), "")
    line, field = reader.line(node), node.child_by_field_name
    reader.depth += 1
    try:
        match node.type:
            case "generic_type" | "generic_type_with_turbofish":
                base = type_expr(reader, field("type")) or n.Name(line, "")
                given = field("type_arguments")
                kinds = (
                    [type_expr(reader, c) for c in given.named_children if c.type != "lifetime"]
                    if given
                    else []
                )
                kept = tuple(k for k in kinds if k is not None)
                return n.Index(line, base, kept[0] if len(kept) == 1 else n.Group(line, "tuple", kept))
            case "reference_type" | "pointer_type":
                return type_expr(reader, field("type"))
            case "tuple_type" | "array_type":
                parts = tuple(k for c in node.named_children if (k := type_expr(reader, c)) is not None)
                return n.Group(line, "tuple", parts)
            case "abstract_type" | "dynamic_type":
                return n.Name(line, reader.text(field("trait")))
            case "scoped_type_identifier" | "scoped_identifier":
                return n.Name(line, reader.text(field("name")))
            case _:
                return n.Name(line, reader.text(node).rpartition("::")[2])
    finally:
        reader.depth -= 1
