"""Names across files: what a name in one file means, and which function a call reaches.

Python imports are resolved against the tree, JavaScript's relative ones too; a Go package is all files of its
folder. What cannot be resolved is ``None``, and nothing is guessed but one thing: a method whose name only one
class of the project has is taken to be that one.
"""

import posixpath
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from evals.code import nodes as n
from evals.code.bindings import bound, functions, script_path, top_level
from evals.code.python_packages import PythonPackages

HOPS = 8
_LIBRARY_METHODS = frozenset(
    ("get", "post", "put", "patch", "delete", "execute", "query", "commit", "add", "all", "first", "one", "filter",
     "save", "update", "create", "close", "find", "append", "join", "format", "items", "keys", "values", "pop",
     "read", "write", "send", "json", "text", "run", "start", "stop", "open", "exec", "fetch", "fetchone",
     "fetchall", "scalar", "scalars", "refresh", "flush", "begin", "connect", "cursor", "encode", "decode",
     "strip", "lower", "upper", "next", "err", "error", "then", "catch", "use", "listen")
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Found:
    """What a name stands for, and in which module. ``whole`` marks a module itself."""

    module: n.Module
    node: n.Function | n.Class | n.Assign | None
    name: str = ""

    @property
    def whole(self) -> bool:
        return self.node is None


class Project:
    """All modules of the code under judgement, with their names."""

    def __init__(self, modules: Iterable[n.Module], paths: Iterable[str]) -> None:
        self.modules = {module.path: module for module in modules}
        self.paths = frozenset(paths)
        self.packages = PythonPackages(self.modules)
        self._scopes: dict[str, dict[str, n.Function | n.Class | n.Assign | n.Import]] = {}
        self._methods: dict[str, list[Found]] = defaultdict(list)
        self._folders: dict[tuple[str, str], list[n.Module]] = defaultdict(list)
        self._home: dict[int, n.Module] = {}
        self._types: dict[str, dict[str, str]] = {}
        self._foreign: dict[str, set[str]] = {}
        self._stars: dict[str, tuple[n.Import, ...]] = {}
        self._looked: dict[tuple[str, str], Found | None] = {}
        self._called: dict[int, tuple[tuple[n.Call, Found], ...]] = {}
        for module in self.modules.values():
            self._folders[module.language, posixpath.dirname(module.path)].append(module)
            for function in functions(module):
                self._home[id(function)] = module
                if function.owner:
                    self._methods[function.name].append(Found(module, function, function.name))

    def called(self, found: Found) -> tuple[tuple[n.Call, Found], ...]:
        """The calls in a function that reach a function or class of the project, with what they reach."""
        function = found.node
        if not isinstance(function, n.Function):
            return ()
        if id(function) not in self._called:
            hits = []
            for item in n.only(function, n.Call):
                inner = self.callee(found.module, item.func, function.owner, function.receiver)
                if inner is not None and isinstance(inner.node, (n.Function, n.Class)):
                    hits.append((item, inner))
            self._called[id(function)] = tuple(hits)
        return self._called[id(function)]

    def home(self, function: n.Function) -> n.Module | None:
        """The module that a function stands in."""
        return self._home.get(id(function))

    def scope(self, module: n.Module) -> dict[str, n.Function | n.Class | n.Assign | n.Import]:
        """The names that a module binds at its top, the last binding winning."""
        if module.path not in self._scopes:
            names: dict[str, n.Function | n.Class | n.Assign | n.Import] = {}
            for stmt in top_level(module.body):
                if isinstance(stmt, (n.Function, n.Class, n.Assign, n.Import)):
                    names.update(dict.fromkeys(bound(stmt), stmt))
                elif isinstance(stmt, n.Loop):
                    names.update(dict.fromkeys(bound(stmt), n.Assign(stmt.line, (), None)))
            self._scopes[module.path] = names
        return self._scopes[module.path]

    def lookup(self, module: n.Module, name: str, hops: int = HOPS) -> Found | None:
        """What a top-level name of a module means, through imports."""
        if hops < HOPS:
            return self._look(module, name, hops)
        key = (module.path, name)
        if key not in self._looked:
            self._looked[key] = self._look(module, name, hops)
        return self._looked[key]

    def _look(self, module: n.Module, name: str, hops: int) -> Found | None:
        stmt = self.scope(module).get(name)
        if stmt is None and module.language in {"go", "java", "rust"}:
            return self._beside(module, name)
        if isinstance(stmt, n.Import) and module.language in {"java", "rust"}:
            original = next((o for o, local in stmt.names if local == name), name)
            return self._beside(module, original)
        if stmt is None:
            return self._starred(module, name, hops)
        if not isinstance(stmt, n.Import):
            return Found(module, stmt, name)
        return self._imported(module, stmt, name, hops) if hops else None

    def _beside(self, module: n.Module, name: str) -> Found | None:
        """A name from another file of the same package (Go), or of the project where it has but one (Java, Rust)."""
        if module.language == "go":
            near = self._folders["go", posixpath.dirname(module.path)]
        else:
            near = [m for m in self.modules.values() if m.language == module.language]
        hits = [
            Found(m, s, name) for m in near if not isinstance(s := self.scope(m).get(name), n.Import | None)
        ]
        return hits[0] if len(hits) == 1 or (hits and module.language == "go") else None

    def _starred(self, module: n.Module, name: str, hops: int) -> Found | None:
        for stmt in self.stars(module):
            target = self.target(module, stmt) if hops else None
            if target is not None and (hit := self.lookup(target, name, hops - 1)):
                return hit
        return None

    def stars(self, module: n.Module) -> tuple[n.Import, ...]:
        """The imports of a module that bring in names which it does not write down."""
        if module.path not in self._stars:
            found = (s for s in top_level(module.body) if isinstance(s, n.Import))
            self._stars[module.path] = tuple(s for s in found if ("*", "*") in s.names)
        return self._stars[module.path]

    def _imported(self, module: n.Module, stmt: n.Import, name: str, hops: int) -> Found | None:
        target = self.target(module, stmt)
        for original, local in stmt.names:
            if local != name:
                continue
            if module.language == "python":
                inner = self.packages.submodule(module.path, stmt, original)
                if inner is not None:
                    return Found(self.modules[inner], None, name)
            if target is None:
                return None
            return self.exported(target, original, hops - 1)
        if target is None:
            return None
        whole = self.scope(target).get("module.exports")
        if isinstance(whole, n.Assign) and whole.value is not None and not isinstance(whole.value, n.Group):
            return self.exported(target, "default", hops - 1)
        return Found(target, None, name)

    def exported(self, module: n.Module, name: str, hops: int = HOPS) -> Found | None:
        """What a module gives to others under a name; ``default`` is JavaScript's default export."""
        if module.language in {"javascript", "typescript"}:
            exports = self.scope(module).get("module.exports" if name == "default" else f"exports.{name}")
            if isinstance(exports, n.Assign) and isinstance(exports.value, n.Name):
                return self.lookup(module, exports.value.id, hops)
            if exports is not None and not isinstance(exports, n.Import):
                return Found(module, exports, name)
            table = self.scope(module).get("module.exports")
            if isinstance(table, n.Assign) and isinstance(table.value, n.Group):
                return self._from_table(module, table.value, name, hops)
        return self.lookup(module, name, hops)

    def _from_table(self, module: n.Module, table: n.Group, name: str, hops: int) -> Found | None:
        for key, item in zip(table.keys, table.items, strict=False):
            if isinstance(key, n.Const) and key.value == name:
                if isinstance(item, n.Name):
                    return self.lookup(module, item.id, hops)
                return Found(module, n.Assign(item.line, (n.Name(item.line, name),), item), name)
        return self.lookup(module, name, hops)

    def target(self, module: n.Module, stmt: n.Import) -> n.Module | None:
        """The module of the project that an import names."""
        if module.language == "python":
            path = self.packages.resolve(module.path, stmt)
            return self.modules.get(path) if path else None
        if module.language in {"javascript", "typescript"}:
            path = script_path(module.path, stmt.module, self.paths)
            return self.modules.get(path) if path else None
        if module.language == "go":
            tail = stmt.module
            near = [
                m
                for (_, folder), ms in self._folders.items()
                if folder and f"/{tail}".endswith(f"/{folder}")
                for m in ms
            ]
            return near[0] if near else None
        return None

    def callee(self, module: n.Module, func: n.Expr, owner: str = "", receiver: str = "") -> Found | None:
        """The function or class of this project that ``func`` names when called in ``module``."""
        if isinstance(func, n.Name):
            found = self.lookup(module, func.id)
            return self._behind(found)
        if not isinstance(func, n.Attr):
            return None
        base = func.base
        if isinstance(base, n.Name):
            if owner and base.id in {receiver, "self", "cls", "this"}:
                return self.method(func.name, owner)
            found = self.lookup(module, base.id)
            if found is not None and found.whole:
                return self._behind(self.exported(found.module, func.name))
            if found is not None and isinstance(found.node, n.Class):
                return self.method(func.name, found.node.name)
            if found is None and isinstance(self.scope(module).get(base.id), n.Import):
                return None  # a library's own function
        named = n.last(base) if isinstance(base, (n.Name, n.Attr)) else ""
        held = self.types(module).get(named)
        if held is None and named in self._foreign.get(module.path, ()):
            return None
        return self.method(func.name, held) if held else self.only_method(func.name)

    def types(self, module: n.Module) -> dict[str, str]:
        """Which class of the project a variable, parameter or field of a module holds, by its name. Those that are
        declared to hold something else are noted as foreign."""
        if module.path not in self._types:
            known: dict[str, str] = {}
            for param in n.only(module, n.Param):
                if param.annotation is not None:
                    self._held(module, known, param.name, param.annotation)
            for item in n.only(module, n.Assign):
                kind = item.annotation
                if isinstance(item.value, n.Call):
                    kind = kind or item.value.func
                if kind is not None and item.targets:
                    self._held(module, known, n.last(item.targets[0]), kind)
            self._types[module.path] = known
        return self._types[module.path]

    def _held(self, module: n.Module, known: dict[str, str], name: str, kind: n.Expr) -> None:
        written = n.last(kind).lstrip("*&").rpartition(".")[2]
        found = self.lookup(module, written) if written else None
        if name and found is not None and isinstance(found.node, n.Class):
            known[name] = found.node.name
        elif found is None and isinstance(kind, n.Name) and written[:1].isupper() and written != "Any":
            self._foreign.setdefault(module.path, set()).add(name)

    def _behind(self, found: Found | None) -> Found | None:
        """A name bound to a function value (``const f = () => ...``) is that function."""
        if found is not None and isinstance(found.node, n.Assign):
            if isinstance(found.node.value, n.Closure):
                return Found(found.module, found.node.value.function, found.name)
            if isinstance(found.node.value, n.Name) and found.node.value.id != found.name:
                return self.lookup(found.module, found.node.value.id)
        return found

    def method(self, name: str, owner: str) -> Found | None:
        """A method of a class by the class's name, its bases included where the project has them."""
        for found in self._methods.get(name, ()):
            if isinstance(found.node, n.Function) and found.node.owner == owner:
                return found
        return self.only_method(name)

    def only_class(self, name: str) -> Found | None:
        """The one class of that name."""
        hits = [
            Found(m, c, name)
            for m in self.modules.values()
            if isinstance(c := self.scope(m).get(name), n.Class)
        ]
        return hits[0] if len(hits) == 1 else None

    def only_method(self, name: str) -> Found | None:
        """The one method of that name, where there is but one and libraries have none."""
        hits = self._methods.get(name, ())
        return hits[0] if len(hits) == 1 and name not in _LIBRARY_METHODS else None
