"""Where a Python import leads within the tree.

Any folder can be an import root: ``src`` layouts, ``pythonpath`` settings, ``sys.path`` lines and the folder
that a command is started in all make one. So a dotted name that is there below *some* folder counts as there.
"""

import posixpath
from collections import defaultdict
from collections.abc import Mapping

from evals.code import nodes as n


class PythonPackages:
    """The tree's Python modules by dotted name."""

    def __init__(self, modules: Mapping[str, n.Module]) -> None:
        self._files = {path for path in modules if path.endswith((".py", ".pyi"))}
        self._folders: set[str] = set()
        self._by_tail: dict[str, list[str]] = defaultdict(list)
        for path in sorted(self._files):
            folder = posixpath.dirname(path)
            while folder not in self._folders:
                self._folders.add(folder)
                folder = posixpath.dirname(folder)
        for path in self._files:
            self._by_tail[_stem(path).rpartition("/")[2]].append(_stem(path))
        for folder in self._folders - {""}:
            self._by_tail[folder.rpartition("/")[2]].append(folder)

    def place(self, stem: str) -> str | None:
        """The file of a module given as a path without ending, or the folder's own path for a bare package."""
        for candidate in (f"{stem}.py", f"{stem}/__init__.py" if stem else "__init__.py", f"{stem}.pyi"):
            if candidate in self._files:
                return candidate
        return None

    def base(self, importer: str, stmt: n.Import) -> str | None:
        """Where a relative import starts, as a path without ending; None when it leaves the tree."""
        folder = posixpath.dirname(importer)
        for _ in range(stmt.level - 1):
            if not folder:
                return None
            folder = posixpath.dirname(folder)
        tail = stmt.module.replace(".", "/")
        return "/".join(part for part in (folder, tail) if part)

    def stems(self, importer: str, dotted: str) -> list[str]:
        """All places at which an absolute dotted name could stand, the nearest to the root first."""
        tail = dotted.replace(".", "/")
        hits = [s for s in self._by_tail.get(tail.rpartition("/")[2], ()) if f"/{s}".endswith(f"/{tail}")]
        near = posixpath.dirname(importer)
        return sorted(hits, key=lambda s: (s.count("/"), not s.startswith(near), s))

    def resolve(self, importer: str, stmt: n.Import) -> str | None:
        """The file of the module that an import names, or None (also for a package without a file)."""
        if stmt.level:
            base = self.base(importer, stmt)
            return None if base is None else self.place(base)
        return next((p for s in self.stems(importer, stmt.module) if (p := self.place(s))), None)

    def submodule(self, importer: str, stmt: n.Import, name: str) -> str | None:
        """The file of ``name`` where ``from package import name`` means a module."""
        if stmt.level:
            base = self.base(importer, stmt)
            return None if base is None else self.place(f"{base}/{name}" if base else name)
        dotted = f"{stmt.module}.{name}" if stmt.module else name
        return next((p for s in self.stems(importer, dotted) if (p := self.place(s))), None)

    def has_folder(self, stem: str) -> bool:
        """Whether a folder with Python files below stands at that path."""
        return stem in self._folders

    def tops(self, importer: str, name: str) -> list[str]:
        """Where the first name of an absolute import stands in the tree, if anywhere that can be a root."""
        roots = {"", "src", "lib", "backend", "app", "server", "api"}
        folder = posixpath.dirname(importer)
        while folder:
            roots.add(folder)
            folder = posixpath.dirname(folder)
        return [s for s in self.stems(importer, name) if posixpath.dirname(s) in roots]


def _stem(path: str) -> str:
    stem = posixpath.splitext(path)[0]
    return stem.removesuffix("/__init__")
