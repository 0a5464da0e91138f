"""How applications in Go, Rust and Java are started."""

import posixpath
import re
import shlex
from collections.abc import Mapping

from sandbox.application.start import Start, shell

_GO_MAIN = re.compile(r"^package main\b", re.MULTILINE)
_RUST_BIN = re.compile(r"^\[\[bin\]\]", re.MULTILINE)
_LIKELY = ("server", "api", "app", "web", "main")


def find_go(files: Mapping[str, str]) -> Start | str:
    """``go run`` of the package that is a program."""
    folders = {
        posixpath.dirname(path)
        for path, text in files.items()
        if path.endswith(".go") and not path.endswith("_test.go") and _GO_MAIN.search(text)
    }
    if not folders:
        return "no package main was found"
    folder = min(folders, key=_go_rank)
    # Built first: what listens is then the program itself, and it ends with its parent.
    place = shlex.quote(f"./{folder}" if folder else ".")
    return shell(f"go build -o /tmp/application {place} && exec /tmp/application", f"go run {place}")


def find_rust(files: Mapping[str, str]) -> Start | str:
    """``cargo run`` of the one program, or of the one that is named like a server."""
    bins = sorted(posixpath.basename(p)[:-3] for p in files if re.fullmatch(r"src/bin/[^/]+\.rs", p))
    if "src/main.rs" in files and not bins:
        return shell("exec cargo run --offline --quiet", "cargo run")
    names = [name for name in _LIKELY if name in bins] or bins
    if names:
        return shell(
            f"exec cargo run --offline --quiet --bin {shlex.quote(names[0])}", f"cargo run --bin {names[0]}"
        )
    return "no src/main.rs and no src/bin was found"


def find_java(files: Mapping[str, str]) -> Start | str:
    """Maven's plugins that start applications are not among what the tests need, so there is no way."""
    return "applications in Java are not started here; name a command in the task's field `start`"


def _go_rank(folder: str) -> tuple[int, int, str]:
    name = posixpath.basename(folder)
    likely = _LIKELY.index(name) if name in _LIKELY else len(_LIKELY)
    return (0 if not folder else 1), likely, folder
