"""How a Node application is started: package.json's ``start``, its ``main``, or the usual files."""

import json
import posixpath
from collections.abc import Mapping

from sandbox.application.start import Start, shell

_USUAL = tuple(
    f"{folder}{name}{ending}"
    for ending in (".js", ".mjs", ".cjs", ".ts")
    for folder in ("", "src/")
    for name in ("server", "index", "main", "app")
)


def find_node(files: Mapping[str, str]) -> Start | str:
    """``npm start`` without npm; what it starts is built first where only a build makes it."""
    try:
        package = json.loads(files.get("package.json", "{}"))
    except (ValueError, RecursionError):
        return "package.json cannot be read"
    package = package if isinstance(package, dict) else {}
    scripts = package.get("scripts")
    scripts = {k: v for k, v in scripts.items() if isinstance(v, str)} if isinstance(scripts, dict) else {}
    if "start" in scripts:
        before = [scripts[name] for name in ("prestart",) if name in scripts]
        if not before and "build" in scripts and _needs_build(scripts["start"], files):
            before = [scripts["build"]]
        return shell(" && ".join([*(f"({line})" for line in before), scripts["start"]]), "npm start")
    main = package.get("main")
    named = [posixpath.normpath(main)] if isinstance(main, str) else []
    entry = next((path for path in (*named, *_USUAL) if path in files), "")
    if not entry:
        return "package.json has no start script and no usual file starts the application"
    runner = "tsx" if entry.endswith(".ts") else "node"
    return shell(f"exec {runner} ./{_quoted(entry)}", f"{runner} {entry}")


def _needs_build(start: str, files: Mapping[str, str]) -> bool:
    """Whether the script starts a file that is not there."""
    words = [posixpath.normpath(word.strip("'\"")) for word in start.split()]
    built = [word for word in words if word.startswith(("dist", "build", "lib", "out"))]
    return any(
        word not in files and f"{word}.js" not in files and f"{word}/index.js" not in files for word in built
    )


def _quoted(path: str) -> str:
    return "'" + path.replace("'", "'\\''") + "'"
