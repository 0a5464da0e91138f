"""Routes of Rust's axum and actix-web, by tree-sitter. Nothing else of Rust is read, so that they have no handler."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from evals.code.files import LARGEST, CodeFile
from evals.code.routes import METHODS, Guard, Route

if TYPE_CHECKING:
    from tree_sitter import Node

_VERBS = {verb.lower(): verb for verb in METHODS}
_GUARD = re.compile(r"auth(?!or)|jwt|bearer|api_?key|require|guard|session|token", re.IGNORECASE)
_EXTRACTOR = re.compile(
    r"\b(?:\w*Claims|\w*Auth\w*|CurrentUser|\w*Principal|Bearer\w*|ApiKey\w*|Identity|\w*Session|AdminUser|LoggedIn\w*)\b"
)
_OPTIONAL = re.compile(r"\bOption\s*<")
_HOPS = 8
_MOST_STEPS = 5_000
_DEEPEST = 120
_MOUNTS = frozenset({"nest", "merge", "service", "configure", "nest_service"})
_LONGEST = 4_000


@dataclass(frozen=True, slots=True)
class _Found:
    """A route as one router has it; ``handler`` is the last name of its function."""

    verb: str
    path: str
    handler: str
    line: int
    framework: str
    guards: tuple[Guard, ...] = ()


@dataclass(frozen=True, slots=True)
class _Mount:
    """Another router's routes below a prefix."""

    router: str
    prefix: str
    guards: tuple[Guard, ...] = ()


def rust_routes(files: Iterable[CodeFile]) -> tuple[Route, ...]:
    """The routes of all Rust files; none where the grammar is not installed."""
    sources = [f for f in files if f.path.endswith(".rs") and f.part != "test" and len(f.text) <= LARGEST]
    if not sources:
        return ()
    try:
        reader = _Reader()
    except ModuleNotFoundError:
        return ()
    for file in sources:
        reader.read(file)
    return reader.routes()


@dataclass(frozen=True, slots=True)
class _Link:
    """One call of a chain of methods."""

    method: str
    arguments: "list[Node]"
    line: int


class _Reader:
    def __init__(self) -> None:
        import tree_sitter_rust
        from tree_sitter import Language, Parser

        self._parser = Parser(Language(tree_sitter_rust.language()))
        self._data = b""
        self._path = ""
        self._own: dict[str, list[tuple[str, _Found]]] = {}
        self._mounts: dict[str, list[_Mount]] = {}
        self._extracted: dict[str, Guard] = {}
        self._mounted: set[str] = set()
        self._depth = 0
        self._steps = 0

    def read(self, file: CodeFile) -> None:
        """One file's functions: their attributes, parameters and the routers that they build."""
        self._data, self._path = file.text.encode("utf-8", "replace"), file.path
        stack = [self._parser.parse(self._data).root_node]
        while stack:
            node = stack.pop()
            attributes: list[Node] = []
            for child in node.named_children:
                if child.type == "attribute_item":
                    attributes.append(child)
                elif child.type == "function_item":
                    self._function(child, attributes)
                    attributes = []
                elif child.type in {"mod_item", "declaration_list", "impl_item", "function_signature_item"}:
                    stack.append(child)
                    attributes = []
                elif child.type not in {"line_comment", "block_comment"}:
                    attributes = []

    def routes(self) -> tuple[Route, ...]:
        """All routes with the prefixes and guards of the routers that they hang on."""
        found: dict[tuple[str, str, str, int], Route] = {}
        for router in (*self._own, *self._mounts):
            if router in self._mounted:
                continue
            for path, route in self._below(router, _HOPS):
                guards = (*route.guards, *filter(None, [self._extracted.get(route.handler)]))
                full = Route(route.verb, _joined(route.path), path, route.line, route.framework, None, guards)
                found.setdefault((full.method, full.path, full.file, full.line), full)
        return tuple(sorted(found.values(), key=lambda r: (r.file, r.line, r.method)))

    def _below(self, router: str, hops: int) -> Iterator[tuple[str, _Found]]:
        self._steps += 1
        if self._steps > _MOST_STEPS:
            return
        yield from self._own.get(router, ())
        for mount in self._mounts.get(router, ()) if hops else ():
            for path, route in self._below(mount.router, hops - 1):
                yield (
                    path,
                    replace(
                        route, path=f"{mount.prefix}/{route.path}", guards=(*mount.guards, *route.guards)
                    ),
                )

    # --- one function -----------------------------------------------------------------------------------------------

    def _function(self, node: "Node", attributes: "list[Node]") -> None:
        name = self._text(node.child_by_field_name("name"))
        parameters = self._text(node.child_by_field_name("parameters"))
        extractor = _EXTRACTOR.search(re.sub(r"\bHeaderMap\b", "", parameters))
        if extractor and not _OPTIONAL.search(parameters):
            self._extracted.setdefault(name, Guard(extractor[0], self._path, node.start_point[0] + 1))
        for attribute in attributes:
            said = re.match(r"#\[(?:\w+::)?(\w+)\(\s*\"([^\"]*)\"", self._text(attribute))
            if said and said[1] in _VERBS:
                line = attribute.start_point[0] + 1
                route = _Found(_VERBS[said[1]], said[2], name, line, "actix")
                self._own.setdefault(f"fn {name}", []).append((self._path, route))
        body = node.child_by_field_name("body")
        if body is not None:
            self._calls(body, name, "", (), name)

    def _calls(
        self, node: "Node", router: str, prefix: str, guards: tuple[Guard, ...], function: str
    ) -> None:
        """Routes and mounts in an expression or block; ``prefix`` and ``guards`` are those around it."""
        self._depth += 1
        if self._depth < _DEEPEST:
            self._inside(node, router, prefix, guards, function)
        self._depth -= 1

    def _inside(
        self, node: "Node", router: str, prefix: str, guards: tuple[Guard, ...], function: str
    ) -> None:
        if node.type == "let_declaration":
            value, pattern = node.child_by_field_name("value"), node.child_by_field_name("pattern")
            if value is not None:
                self._calls(value, f"{function}.{self._text(pattern)}", "", (), function)
            return
        links, root = self._chain(node)
        if not links:
            for child in node.named_children:
                self._calls(child, router, prefix, guards, function)
            return
        self._calls(root, router, prefix, guards, function)
        scope = self._scope(root)
        prefix = f"{prefix}/{scope}" if scope else prefix
        layers = [self._layer(link) for link in links]
        # actix's wrap stands before all of its scope; axum's layers before what was added until then.
        wraps = [g for link, g in zip(links, layers, strict=True) if g and link.method == "wrap"]
        standing = (*guards, *wraps)
        for link, layer in zip(links, layers, strict=True):
            if layer and link.method != "wrap":
                standing = (*standing, layer)
            elif link.method == "route" and link.arguments:
                self._route(link.arguments, router, prefix, standing)
            elif link.method in _MOUNTS and link.arguments:
                first = self._string(link.arguments[0]) if len(link.arguments) > 1 else ""
                self._mount(link.arguments[-1], router, f"{prefix}/{first}", standing, function)
            else:
                for argument in link.arguments:
                    self._calls(argument, router, prefix, standing, function)

    def _chain(self, node: "Node") -> "tuple[list[_Link], Node]":
        """``root.a(..).b(..)`` as its calls, the last one first, and the root."""
        links = []
        while node.type == "call_expression":
            called = node.child_by_field_name("function")
            receiver = called.child_by_field_name("value") if called is not None else None
            if called is None or called.type != "field_expression" or receiver is None:
                break
            arguments = [a for a in self._arguments(node) if "comment" not in a.type]
            method = self._text(called.child_by_field_name("field"))
            links.append(_Link(method, arguments, called.end_point[0] + 1))
            node = receiver
        return links, node

    def _layer(self, link: "_Link") -> Guard | None:
        """The guard that a layer is."""
        if link.method not in {"layer", "route_layer", "wrap"} or not link.arguments:
            return None
        guarded = _GUARD.search(self._text(link.arguments[0])[:_LONGEST])
        return Guard(self._named(link.arguments[0]), self._path, link.line) if guarded else None

    def _mount(
        self, node: "Node", router: str, prefix: str, guards: tuple[Guard, ...], function: str
    ) -> None:
        """What is mounted: another function's router, a variable's, an attributed handler, or one built here."""
        text = self._text(node)
        if re.fullmatch(r"[\w:]+\(.*\)", text, re.DOTALL) and "." not in text:
            targets = [text.partition("(")[0].rpartition("::")[2]]
        elif re.fullmatch(r"[\w:]+", text):
            last = text.rpartition("::")[2]
            targets = [f"{function}.{last}", f"fn {last}", last]
        else:
            self._calls(node, router, prefix, guards, function)
            return
        for target in targets:
            self._mounts.setdefault(router, []).append(_Mount(target, prefix, guards))
            self._mounted.add(target)

    def _route(self, arguments: "list[Node]", router: str, prefix: str, guards: tuple[Guard, ...]) -> None:
        """``.route("/x", get(a).post(b))``, and actix's ``.route("/x", web::get().to(a))``, with or without a path."""
        path = self._string(arguments[0])
        handlers = self._text(arguments[-1])[:_LONGEST]
        actix = "web::" in handlers
        pairs = (
            re.findall(r"web::(\w+)\(\)(?:\s*\.\s*\w+\([^()]*\))*?\s*\.\s*to\(\s*([\w:]+)", handlers)
            if actix
            else re.findall(r"(?<![\w:])(?:\w+::)*(\w+)\(\s*([\w:]+)", handlers)
        )
        for verb, handler in pairs:
            if verb in _VERBS:
                line = arguments[0].start_point[0] + 1
                name = handler.rpartition("::")[2]
                full = f"{prefix}/{path}"
                kind = "actix" if actix else "axum"
                self._own.setdefault(router, []).append(
                    (self._path, _Found(_VERBS[verb], full, name, line, kind, guards))
                )

    def _scope(self, root: "Node") -> str:
        """The path of the ``web::scope("/x")`` or ``web::resource("/x")`` that a chain begins with."""
        function = root.child_by_field_name("function") if root.type == "call_expression" else None
        if self._text(function).rpartition("::")[2] not in {"scope", "resource"}:
            return ""
        first = self._arguments(root)[:1]
        return self._string(first[0]) if first else ""

    def _arguments(self, call: "Node") -> "list[Node]":
        given = call.child_by_field_name("arguments")
        return list(given.named_children) if given is not None else []

    def _string(self, node: "Node") -> str:
        text = self._text(node)
        return text[1:-1] if node.type == "string_literal" and len(text) > 1 else ""

    def _named(self, node: "Node") -> str:
        """The part of a layer that is a guard's name."""
        names = re.findall(r"\w+", self._text(node)[:400])
        return next((name for name in reversed(names) if _GUARD.search(name)), names[0] if names else "layer")

    def _text(self, node: "Node | None") -> str:
        return "" if node is None else self._data[node.start_byte : node.end_byte].decode("utf-8", "replace")


def _joined(path: str) -> str:
    return "/" + "/".join(part for part in path.split("/") if part)
