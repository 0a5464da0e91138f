"""What a Python project's tests will import of its environment, read from their sources. Nothing of it is run."""

import ast
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

# Importing them changes the whole process (sockets, threads) or starts something.
_NEVER = frozenset({"gevent", "eventlet", "locust", "newrelic", "ddtrace", "ray", "torch", "tensorflow"})
# Modules that another one imports only as it is used, whenever it is used: the tests would pay for them each time.
_TEST_CLIENT = ("anyio._backends._asyncio", "anyio.from_thread", "httpx", "stringprep", "encodings.idna")
_LATER = {
    "fastapi": ("pydantic.v1", "fastapi.telemetry._runtime"),
    "fastapi.testclient": _TEST_CLIENT,
    "starlette.testclient": _TEST_CLIENT,
    "flask": ("werkzeug.test", "werkzeug.debug", "flask.testing"),
    "sqlalchemy": ("sqlalchemy.orm", "sqlalchemy.dialects.sqlite", "sqlite3"),
    "flask_sqlalchemy": ("sqlalchemy.orm", "sqlalchemy.dialects.sqlite", "sqlite3"),
}
_CONFIGURED = ("pytest.ini", ".pytest.ini", "pytest.toml", "pyproject.toml", "setup.cfg", "tox.ini")
_MINDS_WARNINGS = re.compile(r"filterwarnings|simplefilter|pythonwarnings|-W[ \t=]?\w")
_CHANGES_PATH = re.compile(
    r"sys\.path|pythonpath|PYTHONPATH|site\.addsitedir|import-mode|rootdir|pytest_plugins"
)
_REWRITES = re.compile(r"register_assert_rewrite|pytest_plugins|-p[ \t]+[\w.]+")
_NAMES_IN_STRINGS = re.compile(r"[\"']([A-Za-z_][\w.]*)[\"']|-p[ \t]+([A-Za-z_][\w.]*)")
_MAX_SOURCE = 1_000_000


@dataclass(frozen=True, slots=True)
class Needs:
    """What is to be imported, and what speaks against a process in which it is imported already.

    ``modules`` are pairs of a module and the names taken from it; ``names`` those under which the project's own
    modules may be imported; ``rewritten`` modules that it has pytest rewrite; ``strict``: it cares for warnings.
    """

    modules: tuple[tuple[str, tuple[str, ...]], ...] = ()
    names: frozenset[str] = frozenset()
    rewritten: tuple[str, ...] = ()
    strict: bool = False


def find_needs(files: Mapping[str, str], importable: frozenset[str]) -> Needs:
    """The needs of the tests among ``files`` of an environment with these ``importable`` names."""
    names = _own_names(files)
    wanted: dict[str, dict[str, None]] = {}
    for name, attributes in _reachable_imports(files):
        top = name.partition(".")[0]
        if top in importable and top not in names and top not in _NEVER:
            wanted.setdefault(name, {}).update(dict.fromkeys(attributes))
    for name in list(wanted):
        for later in _LATER.get(name, ()):
            top = later.partition(".")[0]
            if top not in names and (top in importable or top in sys.stdlib_module_names):
                wanted.setdefault(later, {})
    watched = [text for path, text in files.items() if path.endswith(".py") or _is_configuration(path)]
    return Needs(
        modules=tuple((name, tuple(attributes)) for name, attributes in wanted.items()),
        names=names,
        rewritten=tuple(sorted({name for text in watched for name in _rewritten(text)})),
        strict=any(_MINDS_WARNINGS.search(text) for text in watched),
    )


def _is_configuration(path: str) -> bool:
    return PurePosixPath(path).name in _CONFIGURED


def _is_root(path: str) -> bool:
    """Whether pytest starts from this file."""
    name = PurePosixPath(path).name
    return name == "conftest.py" or (
        name.endswith(".py") and (name.startswith("test") or name.endswith("_test.py"))
    )


def _rewritten(text: str) -> Iterator[str]:
    if _REWRITES.search(text):
        for quoted, plugin in _NAMES_IN_STRINGS.findall(text):
            yield quoted or plugin


def _own_names(files: Mapping[str, str]) -> frozenset[str]:
    """The names at the top of each folder from which pytest, or the project itself, may import.

    Where the project changes the path by itself, that is every folder.
    """
    modules = [PurePosixPath(path) for path in files if path.endswith(".py")]
    if any(_CHANGES_PATH.search(text) for path, text in files.items() if _may_change_path(path)):
        return frozenset(part.removesuffix(".py") for path in modules for part in path.parts)
    packages = {path.parent for path in modules if path.name == "__init__.py"}
    tops = {PurePosixPath(), PurePosixPath("src")}
    for path in modules:
        if _is_root(str(path)):
            folder = path.parent
            while folder in packages:
                folder = folder.parent
            tops.add(folder)
    return frozenset(
        path.parts[depth].removesuffix(".py")
        for path in modules
        for depth in range(len(path.parts))
        if PurePosixPath(*path.parts[:depth]) in tops
    )


def _may_change_path(path: str) -> bool:
    return path.endswith(".py") or _is_configuration(path)


def _reachable_imports(files: Mapping[str, str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What the tests and all that they import of the project import at once, as (module, names taken from it)."""
    by_ending: dict[str, list[str]] = {}
    for path in files:
        parts = path.split("/")
        for start in range(len(parts) if path.endswith(".py") else 0):
            by_ending.setdefault("/".join(parts[start:]), []).append(path)
    todo = [path for path in files if _is_root(path)]
    seen = set(todo)
    while todo:
        path = todo.pop()
        for name, attributes, level in _imports(files[path]):
            if level:
                places = _relative(path, name, level, attributes)
            else:
                yield name, attributes
                places = _absolute(name, attributes)
            for place in (f"{stem}{end}" for stem in places for end in (".py", "/__init__.py")):
                # Once asked for, all files of that ending are seen.
                found = ([place] if place in files else []) if level else by_ending.pop(place, [])
                todo += [path for path in found if path not in seen]
                seen.update(found)


def _absolute(name: str, attributes: tuple[str, ...]) -> list[str]:
    parts = name.split(".")
    stems = ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]
    return [*stems, *(f"{stems[-1]}/{attribute}" for attribute in attributes)]


def _relative(path: str, name: str, level: int, attributes: tuple[str, ...]) -> list[str]:
    folders = PurePosixPath(path).parts[:-1]
    if level - 1 > len(folders):
        return []
    base = "/".join((*folders[: len(folders) - (level - 1)], *(name.split(".") if name else ())))
    return [base, *(f"{base}/{attribute}" for attribute in attributes)]


def _imports(source: str) -> list[tuple[str, tuple[str, ...], int]]:
    """Imports that run as the module does, as (module, names, level); none of a source that cannot be parsed."""
    if len(source) > _MAX_SOURCE:
        return []
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    found: list[tuple[str, tuple[str, ...], int]] = []
    todo: list[ast.stmt] = list(reversed(body))
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Import):
            found += [(alias.name, (), 0) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = tuple(alias.name for alias in node.names if alias.name != "*")
            found.append((node.module or "", names, node.level))
        elif isinstance(node, ast.If) and _is_for_types(node.test):
            todo += reversed(node.orelse)
        elif isinstance(node, ast.If | ast.With | ast.ClassDef | ast.For | ast.While):
            todo += reversed([*node.body, *getattr(node, "orelse", [])])
        elif isinstance(node, ast.Try):
            todo += reversed(
                [*node.body, *(s for h in node.handlers for s in h.body), *node.orelse, *node.finalbody]
            )
    return found


def _is_for_types(test: ast.expr) -> bool:
    return getattr(test, "id", getattr(test, "attr", "")) == "TYPE_CHECKING"
