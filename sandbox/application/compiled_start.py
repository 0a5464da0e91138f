"""How applications in Go and Rust are started: their program is built, then run."""

import posixpath
import re
import shlex
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sandbox.application.start import Start, shell

_GO_MAIN = re.compile(r"^package main\b", re.MULTILINE)
_LIKELY = ("server", "api", "app", "web", "main")
_SOME_BIN = re.compile(r"src/bin/([^/]+?)(?:\.rs|/main\.rs)")


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


def _go_rank(folder: str) -> tuple[int, int, str]:
    name = posixpath.basename(folder)
    likely = _LIKELY.index(name) if name in _LIKELY else len(_LIKELY)
    return (0 if not folder else 1), likely, folder


@dataclass(frozen=True, slots=True)
class _Program:
    """A program of a package; ``chosen`` where the package says that this one is run."""

    package: str
    name: str
    chosen: bool = False


def find_rust(files: Mapping[str, str]) -> Start | str:
    """``cargo run`` of the one program, of the package's ``default-run``, or of the one that is named like a server."""
    found = [program for path in files for program in _programs(path, files)]
    if not found:
        return "no package has a src/main.rs, a src/bin or a [[bin]]"
    program = min(found, key=_rust_rank)
    which = f" --package {shlex.quote(program.package)} --bin {shlex.quote(program.name)}"
    return shell(
        f"exec cargo run --offline --quiet{which}",
        f"cargo run --bin {program.name}" if len(found) > 1 else "cargo run",
    )


def _programs(path: str, files: Mapping[str, str]) -> Iterator[_Program]:
    """The programs of the package whose manifest this is."""
    if posixpath.basename(path) != "Cargo.toml":
        return
    try:
        manifest = tomllib.loads(files[path])
    except (tomllib.TOMLDecodeError, RecursionError):
        return
    package = manifest.get("package")
    name = package.get("name") if isinstance(package, dict) else None
    if not isinstance(package, dict) or not isinstance(name, str):
        return
    folder = path.removesuffix("Cargo.toml")
    bins = manifest.get("bin")
    named = [b.get("name") for b in bins if isinstance(b, dict)] if isinstance(bins, list) else []
    names = [one for one in named if isinstance(one, str)]
    if not names and f"{folder}src/main.rs" in files:
        names.append(name)
    below = (one.removeprefix(folder) for one in files if one.startswith(folder))
    names += [found[1] for one in below if (found := _SOME_BIN.fullmatch(one))]
    chosen = package.get("default-run")
    yield from (_Program(name, one, chosen == one) for one in dict.fromkeys(names))


def _rust_rank(program: _Program) -> tuple[bool, int, bool, str, str]:
    words = re.split(r"[-_]", program.name)
    likely = next((n for n, word in enumerate(_LIKELY) if word in words), len(_LIKELY))
    return not program.chosen, likely, program.name != program.package, program.package, program.name
