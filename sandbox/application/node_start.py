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


_OTHER_SCRIPTS = ("serve", "server", "dev")
# The compiler leaves out the folder that all sources have in common.
_COMPILED = """tsc --noEmit false --outDir .built; f=.built/{0}
[ -f "$f" ] || f=.built/$(echo {0} | sed 's#^[^/]*/##')
exec node "$f\""""


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
        if not before and _needs_build(scripts["start"], files):
            before = [scripts["build"]] if "build" in scripts else ["tsc"] if "tsconfig.json" in files else []
        return shell(" && ".join([*(f"({line})" for line in before), scripts["start"]]), "npm start")
    main = package.get("main")
    named = [posixpath.normpath(main)] if isinstance(main, str) else []
    there = [path for path in (*named, *_USUAL) if path in files]
    entry = next((path for path in there if ".listen(" in files[path]), next(iter(there), ""))
    if not entry and (script := next((name for name in _OTHER_SCRIPTS if name in scripts), "")):
        return shell(scripts[script], f"npm run {script}")
    if not entry:
        return "package.json has no start script and no usual file starts the application"
    if not entry.endswith(".ts"):
        return shell(f"exec node ./{_quoted(entry)}", f"node {entry}")
    runner = _typescript(package, files)
    if runner == "tsc":
        return shell(_COMPILED.format(_quoted(entry.removesuffix(".ts") + ".js")), f"tsc, node {entry}")
    return shell(f"exec {runner} ./{_quoted(entry)}", f"{runner} {entry}")


def _typescript(package: Mapping[str, object], files: Mapping[str, str]) -> str:
    """What of the packages runs TypeScript: tsx, ts-node, or only its compiler."""
    asked = [package.get(key) for key in ("dependencies", "devDependencies")]
    named = {name for part in asked if isinstance(part, dict) for name in part}
    known = next((name for name in ("tsx", "ts-node") if name in named), "")
    return known or ("tsc" if "typescript" in named and "tsconfig.json" in files else "tsx")


def _needs_build(start: str, files: Mapping[str, str]) -> bool:
    """Whether the script starts a file that is not there."""
    words = [posixpath.normpath(word.strip("'\"")) for word in start.split()]
    built = [word for word in words if word.startswith(("dist", "build", "lib", "out"))]
    return any(
        word not in files and f"{word}.js" not in files and f"{word}/index.js" not in files for word in built
    )


def _quoted(path: str) -> str:
    return "'" + path.replace("'", "'\\''") + "'"
