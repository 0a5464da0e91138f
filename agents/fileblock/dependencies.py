"""The DEPENDENCIES section: packages by ecosystem. Rules N1 to N8 of docs/fileblock.md."""

import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass

from agents.submission import Dependency, Ecosystem

_BULLET = re.compile(r"(?:[-*+•]|\d{1,3}[.)])[ \t]+")
_PROMPT = re.compile(r"[$>#%][ \t]+")
_NPM_NAME = re.compile(r"(?:@[a-z0-9~][\w.~-]*/)?[a-z0-9~][\w.~-]*(?:@[^\s@]+)?$", re.IGNORECASE)
_GO_MODULE = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+(?:/[\w.~-]+)+(?:@[\w.+~-]+)?$", re.IGNORECASE)
_MAVEN = re.compile(r"[A-Za-z_][\w.-]*:[A-Za-z_][\w.-]*(?::[\w.${}+-]+){0,3}$")
_ENV_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")


@dataclass(frozen=True, slots=True)
class Command:
    """How a package manager's command line names packages. ``valued`` are options that take a value."""

    ecosystem: Ecosystem
    verbs: frozenset[str]
    valued: frozenset[str] = frozenset()


_PIP = Command(
    "python",
    frozenset({"install", "add"}),
    frozenset(
        "-r --requirement -c --constraint -e --editable -i --index-url --extra-index-url -f --find-links -t --target "
        "--python --group -G --extra --prefix --index --source -E".split()
    ),
)
_NPM = Command(
    "npm", frozenset({"install", "i", "add", "ci"}), frozenset({"--prefix", "-C", "--workspace", "-w"})
)
_COMMANDS: dict[str, Command] = {
    **dict.fromkeys(["pip", "pip3", "uv", "poetry", "pipenv", "pdm", "rye", "conda", "pipx"], _PIP),
    **dict.fromkeys(["npm", "yarn", "pnpm", "bun"], _NPM),
    "go": Command("go", frozenset({"get", "install"})),
    "cargo": Command(
        "cargo", frozenset({"add", "install"}), frozenset({"--features", "-F", "--package", "-p"})
    ),
    "gem": Command("rubygems", frozenset({"install"}), frozenset({"-v", "--version"})),
    "bundle": Command("rubygems", frozenset({"add", "install"}), frozenset({"-v", "--version"})),
    "dotnet": Command("nuget", frozenset({"add", "package"}), frozenset({"-v", "--version"})),
}


def read_dependencies(lines: Iterable[str], hint: Ecosystem) -> tuple[Dependency, ...]:
    """The packages that the section's lines name, in order, without repeats. Prose names none.

    ``hint`` is the ecosystem of lines that do not say their own.
    """
    found: dict[Dependency, None] = {}
    for line in _joined(lines):
        for dependency in _read_line(line, hint):
            found.setdefault(dependency)
    return tuple(found)


def _joined(lines: Iterable[str]) -> Iterable[str]:
    pieces: list[str] = []
    for line in lines:
        if line.endswith("\\"):
            pieces.append(line[:-1])
            continue
        yield " ".join([*pieces, line]) if pieces else line
        pieces = []
    if pieces:
        yield " ".join(pieces)


def _read_line(line: str, hint: Ecosystem) -> list[Dependency]:
    text = line.strip()
    bullet = _BULLET.match(text)
    if bullet:
        text = text[bullet.end() :]
    prompt = _PROMPT.match(text)
    if prompt and _PROMPT.match(text)[0][0] in "$>%":  # type: ignore[index]
        text = text[prompt.end() :]
    text = text.strip()
    if text.startswith("`") and text.find("`", 1) > 0:
        text = text[1 : text.find("`", 1)]
    text = text.strip("`*").strip()
    if not text or text.startswith("#") or len(text) > 20_000:
        return []
    command = _read_command(text)
    if command is not None:
        return command
    if "," in text and " " in text and all(map(_single, text.split(","))):
        return [item for part in text.split(",") for item in _package(part.strip(), hint)]
    text = text.split(" #", 1)[0].strip()
    if bullet:
        for separator in (" - ", " – ", " — ", ": ", " ("):
            text = text.split(separator, 1)[0].strip("`* ")
    return _package(text, hint)


def _single(part: str) -> bool:
    return bool(re.match(r" ?[@A-Za-z0-9][\w.\-/\[\]@<>=~!^]{0,80}$", part))


def _read_command(text: str) -> list[Dependency] | None:
    """The packages of an install command, or None where the line is no such command."""
    words = _words(text)
    while words and (
        words[0] in {"sudo", "python", "python3", "-m", "RUN"} or _ENV_ASSIGNMENT.match(words[0])
    ):
        words = words[1:]
    if len(words) < 2 or words[0] not in _COMMANDS:
        return None
    tool, command = words[0], _COMMANDS[words[0]]
    words = words[1:]
    if words[0] in {"pip", "global", "tool"}:
        words = words[1:]
    if not words or (
        words[0] not in command.verbs and words[0] not in {"mod", "sync", "restore", "build", "lock"}
    ):
        return None
    if words[0] not in command.verbs:
        return []
    found: list[Dependency] = []
    skip = False
    for word in words[1:]:
        if word in {"&&", "||", ";", "|", "#"}:
            rest = text.partition(f" {word} ")[2]
            return found + (_read_command(rest) or []) if word != "#" else found
        if skip:
            skip = False
        elif word.startswith("-"):
            skip = word in command.valued
        elif word not in {".", "package", "./..."} and not (tool in {"go", "pip"} and word.startswith("./")):
            found += _package(word, command.ecosystem)
    return found


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text, comments=False)
    except ValueError:
        return text.split()


def _package(text: str, hint: Ecosystem) -> list[Dependency]:
    """The package that a text names on its own, if it does."""
    if not text:
        return []
    if _GO_MODULE.match(text.replace(" ", "@", 1)) and hint in {"go", "unknown"}:
        return [Dependency("go", text.replace(" ", "@", 1))]
    if _MAVEN.match(text):
        return [Dependency("maven", text)]
    if hint == "python":
        return _requirement(text)
    if hint == "npm" and _NPM_NAME.match(text):
        return [Dependency("npm", text)]
    if hint in {"cargo", "rubygems", "nuget", "unknown"} and re.match(r"[A-Za-z0-9][\w.-]*(?:@\S+)?$", text):
        return [Dependency(hint, text)]
    if " " not in text and re.search(r"[=<>~]=", text):
        return _requirement(text)
    return []


def _requirement(text: str) -> list[Dependency]:
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        Requirement(text)
    except InvalidRequirement:
        return []
    return [Dependency("python", text)]
