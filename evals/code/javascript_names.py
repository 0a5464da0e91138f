"""How JavaScript binds names: imports, ``require``, exports and patterns."""

from typing import TYPE_CHECKING

from evals.code import nodes as n

if TYPE_CHECKING:
    from tree_sitter import Node

    from evals.code.javascript_expressions import JavaScriptExpressions
    from evals.code.javascript_reader import JavaScriptReader


def required_module(reader: "JavaScriptReader", line: int, name: "Node", value: n.Expr) -> n.Import | None:
    """``const x = require("m")``, ``const {a: b} = require("m")``, ``const r = require("m").router``."""
    inner, attr = (value.base, value.name) if isinstance(value, n.Attr) else (value, "")
    if not (isinstance(inner, n.Call) and n.dotted(inner.func) == "require" and len(inner.args) == 1):
        return None
    module = inner.args[0]
    if not (isinstance(module, n.Const) and isinstance(module.value, str)):
        return None
    if name.type == "identifier":
        local = reader.text(name)
        names = ((attr, local),) if attr else ()
        return n.Import(line, module.value, names, alias="" if attr else local)
    if name.type == "object_pattern" and not attr:
        return n.Import(line, module.value, tuple((key, local) for key, local in pattern_names(reader, name)))
    return None


def pattern_names(reader: "JavaScriptExpressions", node: "Node") -> list[tuple[str, str]]:
    """The keys and local names of ``{a, b: c, d = 1}``; nested patterns keep the outer key."""
    found: list[tuple[str, str]] = []
    for child in node.named_children:
        value = child.child_by_field_name("value") or child.child_by_field_name("left") or child
        key = reader.text(child.child_by_field_name("key") or value)
        if value.type == "assignment_pattern":
            value = value.child_by_field_name("left") or value
        if value.type in {"object_pattern", "array_pattern"}:
            found.extend((key, local) for _, local in pattern_names(reader, value))
        else:
            found.append((key, reader.text(value).removeprefix("...")))
    return found


def destructure(reader: "JavaScriptReader", pattern: "Node", value: n.Expr) -> list[n.Stmt]:
    """``const {a, b: c = 1} = value``: one assignment a name."""
    line = reader.line(pattern)
    if pattern.type == "array_pattern":
        names = tuple(n.Name(line, local) for _, local in pattern_names(reader, pattern))
        return [n.Assign(line, (n.Group(line, "tuple", names),), value)]
    first: list[n.Stmt] = []
    if not isinstance(value, (n.Name, n.Attr)):  # kept once, however many names are taken out of it
        whole = n.Name(line, f"{{}}@{pattern.start_byte}")
        first, value = [n.Assign(line, (whole,), value)], whole
    defaults = {
        reader.text(left): reader.expr(right)
        for child in pattern.named_children
        for inner in (child.child_by_field_name("value") or child,)
        if (left := inner.child_by_field_name("left")) and (right := inner.child_by_field_name("right"))
    }
    for key, local in pattern_names(reader, pattern):
        part: n.Expr = n.Attr(line, value, key)
        if local in defaults:
            part = n.Choice(line, "or", (part, defaults[local]))
        first.append(n.Assign(line, (n.Name(line, local),), part))
    return first


def importing(reader: "JavaScriptReader", node: "Node") -> list[n.Stmt]:
    """``import a, {b as c}, * as d from "m"``; types alone are left out."""
    line, source = reader.line(node), reader.string(node.child_by_field_name("source"))
    names: list[tuple[str, str]] = []
    alias = ""
    if reader.text(node).startswith("import type"):
        return []
    for clause in (c for c in node.named_children if c.type == "import_clause"):
        for child in clause.named_children:
            if child.type == "identifier":
                names.append(("default", reader.text(child)))
            elif child.type == "namespace_import":
                alias = reader.text(child.named_children[0])
            else:
                for item in child.named_children:
                    name = reader.text(item.child_by_field_name("name"))
                    names.append((name, reader.text(item.child_by_field_name("alias")) or name))
    return [n.Import(line, source, tuple(names), alias=alias)]


def exporting(reader: "JavaScriptReader", node: "Node") -> list[n.Stmt]:
    """``export default x``, ``export {a}``, ``export * from "m"``: what is exported, and under which name."""
    line, field = reader.line(node), node.child_by_field_name
    declaration, value, source = field("declaration"), field("value"), field("source")
    default = any(c.type == "default" for c in node.children)
    exports = n.Attr(line, n.Name(line, "module"), "exports")
    decorators = tuple(reader.expr(c) for c in node.named_children if c.type == "decorator")
    if declaration is not None:
        found = reader.stmt(declaration)
        if found and decorators and isinstance(found[0], n.Class):
            first = found[0]
            found[0] = n.Class(
                first.line, first.name, first.bases, first.body, (*decorators, *first.decorators)
            )
        if default and found and isinstance(found[0], (n.Function, n.Class)):
            found.append(n.Assign(line, (exports,), n.Name(line, found[0].name)))
        return found
    if value is not None:
        return [n.Assign(line, (exports,), reader.expr(value))]
    names: list[tuple[str, str]] = []
    for clause in (c for c in node.named_children if c.type == "export_clause"):
        for item in clause.named_children:
            name = reader.text(item.child_by_field_name("name"))
            names.append((name, reader.text(item.child_by_field_name("alias")) or name))
    if source is not None:
        return [n.Import(line, reader.string(source), tuple(names) or (("*", "*"),))]
    target = n.Name(line, "exports")
    return [n.Assign(line, (n.Attr(line, target, local),), n.Name(line, name)) for name, local in names]


def export_target(target: n.Expr) -> n.Expr:
    """``module.exports.x`` and ``exports.x`` are one thing."""
    if isinstance(target, n.Attr) and n.dotted(target.base) == "module.exports":
        return n.Attr(target.line, n.Name(target.line, "exports"), target.name)
    return target
