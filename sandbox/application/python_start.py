"""How a Python application is started: Django's manage.py, an ASGI or WSGI object, a factory, or a script."""

import ast
import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sandbox.application.start import PORT, Start

_ASGI = {"FastAPI", "Starlette", "Litestar", "Quart", "BlackSheep", "Robyn"}
_FLASK = {"Flask", "APIFlask", "OpenAPI", "Connexion"}
_WSGI = {"Bottle"}
_FACTORIES = ("create_app", "make_app", "build_app", "get_app", "app_factory", "create_application")
_LIKELY = ("main", "app", "__init__", "server", "api", "wsgi", "asgi", "run", "application")
_NOT_CODE = ("tests/", "test/", "docs/", "examples/", "migrations/", "alembic/")
_LARGEST = 400_000
_RUNS = (
    "uvicorn.run(",
    ".run(",
    "run_app(",
    "serve_forever(",
    "serve(",
    ".listen(",
    "TCPSite(",
    "create_server(",
)
_BY_WSGIREF = (
    "from importlib import import_module as m; from wsgiref.simple_server import make_server as s; "
    "s('127.0.0.1', {port}, m('{module}').{name}).serve_forever()"
)
_ENV = {"PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1"}


@dataclass(frozen=True, slots=True)
class _Object:
    """An application object or a factory of one: its module's path, its name, and the framework's interface."""

    path: str
    name: str
    interface: str
    factory: bool


def find_python(files: Mapping[str, str]) -> Start | str:
    """``manage.py runserver``, uvicorn, flask, any other WSGI object by wsgiref, or ``python FILE``."""
    if manage := min((p for p in files if posixpath.basename(p) == "manage.py"), key=len, default=""):
        return _django(manage)
    trees = dict(_trees(files))
    found = min(
        (found for path, tree in trees.items() for found in _objects(path, tree)), key=_rank, default=None
    )
    script = next((p for p in sorted(trees, key=_script_rank) if _is_script(files[p])), "")
    if found is not None:
        return _by_object(found)
    if script:
        return _start(("python", script), script)
    return "no application object, factory or script was found; name the command in the task's field `start`"


def _django(manage: str) -> Start:
    line = (
        f'python "{manage}" migrate --noinput --run-syncdb; '
        f'exec python "{manage}" runserver 127.0.0.1:{PORT} --noreload'
    )
    shown = f"python {manage} runserver"
    return Start(("/bin/sh", "-c", line), shown, _ENV)


def _by_object(found: _Object) -> Start:
    module, root = _module(found.path)
    if found.interface == "asgi":
        factory = ("--factory",) if found.factory else ()
        argv = ("python", "-m", "uvicorn", *factory, "--host", "127.0.0.1", "--port", str(PORT))
        return _start((*argv, f"{module}:{found.name}"), root, "uvicorn")
    call = "()" if found.factory else ""
    if found.interface == "wsgi":
        code = _BY_WSGIREF.format(port=PORT, module=module, name=f"{found.name}{call}")
        return _start(("python", "-c", code), root, shown=f"wsgiref {module}:{found.name}{call}")
    app = f"{module}:{found.name}{call}"
    return _start(("python", "-m", "flask", "--app", app, "run", "--port", str(PORT)), root)


def _start(argv: tuple[str, ...], place: str, module: str = "", *, shown: str = "") -> Start:
    """Modules are looked for in the work folder and in the folder that holds the application's package."""
    root = place if not place.endswith(".py") else ""
    env = {**_ENV, "PYTHONPATH": f".:{root}" if root else "."}
    return Start(argv, shown or " ".join(argv), env, module=module)


def _module(path: str) -> tuple[str, str]:
    """A module's dotted name and its import root (``src`` layouts)."""
    root = "src" if path.startswith("src/") and path.count("/") > 1 else ""
    plain = path.removeprefix("src/") if root else path
    name = plain.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    return name, root


def _trees(files: Mapping[str, str]) -> Iterator[tuple[str, ast.Module]]:
    for path, text in files.items():
        if (
            not path.endswith(".py")
            or path.startswith(_NOT_CODE)
            or "/tests/" in path
            or len(text) > _LARGEST
        ):
            continue
        if posixpath.basename(path).startswith(("test_", "conftest")):
            continue
        try:
            yield path, ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue


def _objects(path: str, tree: ast.Module) -> Iterator[_Object]:
    """Application objects and factories at a module's top."""
    interface = _interface(tree)
    factories: dict[str, str] = {}
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            kind = _made_in(node)
            if kind:
                factories[node.name] = kind
            elif node.name in _FACTORIES and interface:
                factories[node.name] = interface
    for node in tree.body:
        if not isinstance(node, (ast.Assign, ast.AnnAssign)) or not isinstance(node.value, ast.Call):
            continue
        made = _called(node.value)
        kind = _kind(made) or factories.get(made, "") or (interface if made in _FACTORIES else "")
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            if kind and isinstance(target, ast.Name):
                yield _Object(path, target.id, kind, factory=False)
    for name, kind in factories.items():
        yield _Object(path, name, kind, factory=True)


def _made_in(function: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    """The interface of the application that a function makes and returns."""
    made = {
        target.id: _kind(_called(node.value))
        for node in ast.walk(function)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(function):
        if isinstance(node, ast.Return):
            if isinstance(node.value, ast.Name) and made.get(node.value.id):
                return made[node.value.id]
            if isinstance(node.value, ast.Call) and _kind(_called(node.value)):
                return _kind(_called(node.value))
    return ""


def _interface(tree: ast.Module) -> str:
    """What a module's imports say of its applications."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if kind := _kind(alias.name):
                    return kind
    return ""


def _kind(name: str) -> str:
    return "asgi" if name in _ASGI else "flask" if name in _FLASK else "wsgi" if name in _WSGI else ""


def _called(call: ast.Call) -> str:
    func = call.func
    return func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""


def _rank(found: _Object) -> tuple[bool, int, int, str, str]:
    stem = posixpath.basename(found.path).removesuffix(".py")
    likely = _LIKELY.index(stem) if stem in _LIKELY else len(_LIKELY)
    return found.factory, likely, found.path.count("/"), found.path, found.name


def _script_rank(path: str) -> tuple[int, int, str]:
    stem = posixpath.basename(path).removesuffix(".py")
    return path.count("/"), _LIKELY.index(stem) if stem in _LIKELY else len(_LIKELY), path


def _is_script(text: str) -> bool:
    return "__main__" in text and any(sign in text for sign in _RUNS)
