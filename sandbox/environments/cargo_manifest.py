"""What a Rust project's manifests ask for that cannot be given: packages from elsewhere than the registry."""

import re
import tomllib
from collections.abc import Iterator, Mapping

_ELSEWHERE = ("git", "registry", "registry-index")
_GIT_SOURCE = re.compile(
    r'^source = "(?:git|sparse|registry)\+(?!https://github\.com/rust-lang/crates\.io-index")', re.M
)


def manifests(files: Mapping[str, str]) -> dict[str, str]:
    """The Cargo.toml files, and the lock file at the top."""
    return {
        path: text
        for path, text in files.items()
        if path.rpartition("/")[2] == "Cargo.toml" or path == "Cargo.lock"
    }


def refusal(files: Mapping[str, str]) -> str:
    """Why these manifests are not resolved; empty where they are."""
    for path, text in manifests(files).items():
        if path == "Cargo.lock":
            if _GIT_SOURCE.search(text):
                return "Cargo.lock: a package does not come from the registry"
            continue
        try:
            data = tomllib.loads(text)
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            return f"{path} cannot be read: {error}"
        for name, table in _tables(data):
            if name not in {"package", "workspace"} and any(
                isinstance(table.get(key), str) for key in _ELSEWHERE
            ):
                return f"{path}: {name[:80]} does not come from the registry"
    return ""


def stubs(files: Mapping[str, str]) -> dict[str, str]:
    """A project with the same manifests and targets, in which there is nothing to run but ``main``."""
    empty = {path: "fn main() {}\n" for path in files if path.endswith(".rs")}
    return {**manifests(files), **empty}


def _tables(data: dict[str, object]) -> Iterator[tuple[str, dict[str, object]]]:
    todo: list[tuple[str, object]] = list(data.items())
    while todo:
        name, value = todo.pop()
        if isinstance(value, dict):
            yield name, value
            todo += value.items()
        elif isinstance(value, list):
            todo += [(name, item) for item in value]
