"""Whether the submission holds everything that it imports from itself, and reads as code at all."""

import posixpath
import re
import sys
from collections.abc import Iterator

from evals.checklist.findings import Findings, unread_languages
from evals.code import nodes as n
from evals.code.bindings import script_path
from evals.code.view import CodeView
from evals.verdict import CheckResult, Evidence

ITEM = "complete"

_OWN_NAMES = frozenset(
    [
        "app",
        "apps",
        "src",
        "main",
        "config",
        "settings",
        "database",
        "db",
        "models",
        "model",
        "schemas",
        "schema",
        "routers",
        "routes",
        "api",
        "core",
        "utils",
        "services",
        "service",
        "helpers",
        "auth",
        "security",
        "crud",
        "dependencies",
        "middleware",
        "handlers",
        "tests",
        "test",
        "server",
        "backend",
        "common",
        "lib",
    ]
)
_STDLIB = sys.stdlib_module_names | {"__future__", "__main__"}
_REQUIRES = re.compile(r"""(?:requires-python|python_requires)\s*=\s*["']?[>=~^ ]*3\.(\d{1,3})\b""")
_OPEN_EXPORTS = re.compile(
    r"export\s*\*|\.\.\.|exports\s*=\s*(?![\s{])|exports\[|Object\.(?:assign|defineProperty)"
)
_GO_MODULE = re.compile(r"^module\s+(\S+)", re.MULTILINE)
_BUILT = re.compile(r"(^|/)(generated|dist|build|out|node_modules|\.prisma|__generated__)(/|$)")


def check(view: CodeView) -> CheckResult:
    """Fails where a file does not parse or a first-party import leads nowhere."""
    findings = Findings(ITEM)
    resolved = 0
    for module in view.modules:
        if module.problem:
            evidence = Evidence(module.problem, module.path, module.problem_line)
            large = "not read" in module.problem or "too deeply" in module.problem
            newer = module.language == "python" and _wants_newer(view)
            (findings.unknown if large or newer else findings.against).append(evidence)
            continue
        for missing, line in _missing(view, module):
            if missing:
                findings.against.append(Evidence(missing, module.path, line))
            else:
                resolved += 1
    findings.unknown.extend(unread_languages(view))
    count = len(view.modules)
    if count:
        findings.fine.append(
            Evidence(f"{count} source files were read; {resolved} imports among them resolve")
        )
    return findings.verdict(
        failed="{count} places need a module that the submission does not contain, or do not parse",
        passed="every first-party import leads to a file of the submission",
        unsure="{count} files could not be read",
        absent="no source file in a language that is read here",
    )


def _wants_newer(view: CodeView) -> bool:
    """Whether the project asks for a newer Python than the one that reads it here."""
    asked = (
        m
        for f in view.files
        if f.path.endswith(("pyproject.toml", "setup.cfg"))
        for m in [_REQUIRES.search(f.text)]
    )
    return any(m is not None and int(m[1]) > sys.version_info.minor for m in asked)


def _missing(view: CodeView, module: n.Module) -> Iterator[tuple[str, int]]:
    """For each first-party import: what is missing (or an empty string), and the line."""
    imports = n.only(module, n.Import)
    match module.language:
        case "python":
            for stmt in imports:
                if not stmt.guarded:
                    yield from _python(view, module, stmt)
        case "javascript" | "typescript":
            yield from _scripts(view, module, imports)
            yield from _names(view, module, imports)
        case "go":
            yield from _go(view, imports)


def _python(view: CodeView, module: n.Module, stmt: n.Import) -> Iterator[tuple[str, int]]:
    packages, line = view.project.packages, stmt.line
    dots = "." * stmt.level
    if stmt.level:
        base = packages.base(module.path, stmt)
        if base is None:
            if stmt.module or stmt.names:
                yield f"module {dots}{stmt.module} is not in the submission (above its top folder)", line
            return
        target = packages.place(base)
        if target is None and stmt.module and not packages.has_folder(base):
            yield f"module {dots}{stmt.module} is not in the submission (expected {base}.py)", line
            return
    else:
        top = stmt.module.partition(".")[0]
        stems = packages.stems(module.path, stmt.module)
        if not stems:
            yield from _absent(view, module, stmt, top)
            return
        target = packages.resolve(module.path, stmt)
        if top in _STDLIB and "/" not in stems[0] and not packages.tops(module.path, top):
            return
    yield "", line
    for name, _ in stmt.names:
        if name != "*" and not _provides(view, module, stmt, name, target):
            where = target or "the package"
            yield f"{where} does not define {name}, imported from {dots}{stmt.module}", line


def _absent(view: CodeView, module: n.Module, stmt: n.Import, top: str) -> Iterator[tuple[str, int]]:
    """An absolute import of what is nowhere in the tree: whose is it?"""
    tops = view.project.packages.tops(module.path, top)
    if tops and top not in _STDLIB and not (view.installed and top in view.installed):
        yield f"module {stmt.module} is not in the submission, though {tops[0]} is", stmt.line
    elif not top or top in _STDLIB or tops:
        return
    elif view.installed is not None and top not in view.installed:
        yield f"module {stmt.module} is neither in the submission nor installed", stmt.line
    elif view.installed is None and top in _OWN_NAMES:
        yield f"module {stmt.module} is not in the submission", stmt.line


def _provides(view: CodeView, module: n.Module, stmt: n.Import, name: str, target: str | None) -> bool:
    """Whether ``from target import name`` works, as far as that can be known; what cannot be known counts as so."""
    project = view.project
    if project.packages.submodule(module.path, stmt, name) is not None:
        return True
    base = project.packages.base(module.path, stmt) if stmt.level else None
    if base is not None and project.packages.has_folder(f"{base}/{name}" if base else name):
        return True
    if target is None:
        return not stmt.level  # a folder without __init__.py can be completed by an installed distribution
    source = project.modules[target]
    scope = project.scope(source)
    if source.problem or source.cut or name in scope or "__getattr__" in scope or name.startswith("__"):
        return True
    return any(_binds_unseen(stmt) for stmt in source.body)


def _binds_unseen(stmt: n.Stmt) -> bool:
    """Whether a statement can bind names that no reading shows."""
    if isinstance(stmt, n.Import):
        return ("*", "*") in stmt.names
    return any(
        (isinstance(item, n.Call) and n.last(item.func) in {"globals", "setattr", "exec"})
        or (isinstance(item, n.Other) and item.kind == "walrus")
        for item in n.walk(stmt)
    )


def _scripts(view: CodeView, module: n.Module, imports: tuple[n.Import, ...]) -> Iterator[tuple[str, int]]:
    wanted = [(stmt.module, stmt.line) for stmt in imports]
    for node in n.inside(module):
        if isinstance(node, n.Call) and n.dotted(node.func) in {"require", "import"} and len(node.args) == 1:
            first = node.args[0]
            if isinstance(first, n.Const) and isinstance(first.value, str):
                wanted.append((first.value, node.line))
    for name, line in wanted:
        if not name.startswith("."):
            continue
        path = posixpath.normpath(posixpath.join(posixpath.dirname(module.path), name))
        if path.startswith("..") or _BUILT.search(path) or script_path(module.path, name, view.project.paths):
            yield "", line
        elif posixpath.splitext(path)[1] in {"", ".js", ".mjs", ".cjs", ".ts", ".tsx", ".jsx", ".json"} or (
            path.rpartition("/")[2].count(".") == 1
        ):
            yield f"module {name} is not in the submission (expected {path})", line


def _names(view: CodeView, module: n.Module, imports: tuple[n.Import, ...]) -> Iterator[tuple[str, int]]:
    """Names that a script imports and that do not even occur in the file they are imported from.

    A name that does occur there may be exported in ways that no reading shows, so only its absence counts.
    """
    texts = {file.path: file.text for file in view.files}
    words: dict[str, set[str]] = {}
    for stmt in imports:
        path = (
            script_path(module.path, stmt.module, view.project.paths) if stmt.module.startswith(".") else None
        )
        target = view.project.modules.get(path) if path else None
        if path is None or target is None or target.problem or target.cut:
            continue
        if path not in words:
            text = texts.get(path, "")
            words[path] = set() if _OPEN_EXPORTS.search(text) else set(re.findall(r"[\w$]+", text))
        for name, _ in stmt.names:
            if words[path] and name not in words[path] and name not in {"default", "*"}:
                yield f"{path} does not define {name}, imported from {stmt.module}", stmt.line


def _go(view: CodeView, imports: tuple[n.Import, ...]) -> Iterator[tuple[str, int]]:
    roots = {}
    for file in view.files:
        if posixpath.basename(file.path) == "go.mod" and (match := _GO_MODULE.search(file.text)):
            roots[match[1]] = posixpath.dirname(file.path)
    folders = {posixpath.dirname(m.path) for m in view.modules if m.language == "go"}
    for stmt in imports:
        for name, root in roots.items():
            if stmt.module == name or stmt.module.startswith(f"{name}/"):
                inner = stmt.module[len(name) + 1 :]
                folder = "/".join(part for part in (root, inner) if part)
                missing = (
                    "" if folder in folders else f"package {stmt.module} is not in the submission ({folder}/)"
                )
                yield missing, stmt.line
