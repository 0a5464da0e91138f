"""The DEPENDENCIES section: packages by ecosystem. Rules N1 to N9 of docs/fileblock.md."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache

from agents.fileblock.bodies import Body, bare_item
from agents.fileblock.content import extension
from agents.fileblock.installers import Named, read_commands
from agents.submission import Dependency, Ecosystem

MOST_LINES = 5000
_LONGEST_LINE = 20_000
_LONGEST_SPEC = 300

_NPM = re.compile(r"(@[a-z0-9~][\w.~-]*/)?[a-z0-9~][\w.~-]*(@[^\s@]+)?$", re.IGNORECASE)
_NPM_PAIR = re.compile(
    r"((?:@[a-z0-9~][\w.~-]*/)?[a-z0-9~][\w.~-]*)[\"']?:? +[\"']?([\^~<>=v\d*][^\s\"',]*)[\"']?,?$",
    re.IGNORECASE,
)
_GO = re.compile(r"([a-z0-9-]+(?:\.[a-z0-9-]+)+(?:/[\w.~-]+)+)(?:[@ ](v?[\w.+~-]+))?$", re.IGNORECASE)
_MAVEN = re.compile(r"[A-Za-z_][\w.-]*:[A-Za-z_][\w.-]*(?::[\w.${}+-]+){0,3}$")
_GRADLE = re.compile(
    r"(?:api|implementation|compileOnly|runtimeOnly|annotationProcessor|test\w{4,20})[ (]+[\"']([^\"']+)[\"']\)?$"
)
_XML_TAG = re.compile(r"<(groupId|artifactId|version)>\s*([^<\s]{1,200})\s*</")
_PLAIN = re.compile(r"[A-Za-z0-9][\w.-]*$")
_QUOTED_COMMAND = re.compile(r"`([a-z0-9]+ [^`]+)`|: ([a-z0-9]+ (?:install|add|get|i|pip) .*)$")
_PLAIN_LOWER = re.compile(r"[a-z0-9][\w.-]*(?:\[[\w,-]+\])?$")
_TOML_PAIR = re.compile(r"[A-Za-z0-9][\w-]* *= *(?:\"[^\"]*\"|\{.*\})$")
_GEM = re.compile(r"gem [\"']([\w.-]+)[\"'](?:, *[\"']([^\"']+)[\"'])?")
_CONSTRAINT = re.compile(r"[\^~]?(\d+)(?:\.(\d+))?(?:\.(\d+))?$")
_VERSIONED = re.compile(r"\w[\w.\]-]* *(?:[=<>~!]=|[<>])")

_HINTS: dict[str, Ecosystem] = {
    **dict.fromkeys(
        ["python", "pip", "pypi", "py", "requirements.txt", "pyproject.toml", "pipfile"], "python"
    ),
    **dict.fromkeys(
        ["npm", "node", "node.js", "javascript", "typescript", "js", "ts", "mjs", "cjs", "jsx", "tsx"], "npm"
    ),
    "package.json": "npm",
    **dict.fromkeys(["go", "golang", "go.mod"], "go"),
    **dict.fromkeys(["rust", "cargo", "rs", "cargo.toml"], "cargo"),
    **dict.fromkeys(
        ["java", "kotlin", "maven", "gradle", "kt", "pom.xml", "build.gradle", "build.gradle.kts"], "maven"
    ),
    **dict.fromkeys(["ruby", "gem", "gems", "rubygems", "rb", "gemfile"], "rubygems"),
    **dict.fromkeys(["nuget", ".net", "c#", "cs", "csproj"], "nuget"),
}


@dataclass(frozen=True, slots=True)
class Packages:
    """What a section names, in order and without repeats, and the lines (from 0) that could not be read."""

    dependencies: tuple[Dependency, ...]
    unread: tuple[tuple[int, str], ...] = ()


def ecosystem_of(paths: Iterable[str]) -> Ecosystem:
    """The ecosystem that most of the files belong to."""
    votes: list[Ecosystem] = []
    for path in paths:
        name = path.rsplit("/", 1)[-1].lower()
        hint = _HINTS.get(name) or _HINTS.get(extension(path))
        if hint:
            votes.append(hint)
    return max(dict.fromkeys(votes), key=votes.count, default="unknown")


def read_dependencies(body: Body, hint: Ecosystem) -> Packages:
    """The packages that the section's lines name. Prose names none.

    ``hint`` is the ecosystem of lines that do not tell their own; a line such as ``Python:`` changes it.
    """
    found: dict[Dependency, None] = {}
    unread: list[tuple[int, str]] = []
    xml: dict[str, str] = {}
    for number, line in _joined(body[:MOST_LINES]):
        if len(line) > _LONGEST_LINE:
            unread.append((number, line))
            continue
        hint = _changed_hint(line, hint)
        read, complete = _read_line(line, hint)
        read = read or _read_xml(line, xml)
        for dependency in read:
            found.setdefault(dependency)
        if not complete:
            unread.append((number, line.strip()))
    unread += [(body[MOST_LINES][0], body[MOST_LINES][1])] if len(body) > MOST_LINES else []
    return Packages(tuple(found), tuple(unread))


def _joined(body: Body) -> Iterable[tuple[int, str]]:
    """The lines, with those that a backslash continues joined."""
    pieces: list[str] = []
    start = 0
    for number, line in body:
        start = start if pieces else number
        if line.endswith("\\"):
            pieces.append(line[:-1])
            continue
        yield start, " ".join([*pieces, line])
        pieces = []
    if pieces:
        yield start, " ".join(pieces)


def _changed_hint(line: str, hint: Ecosystem) -> Ecosystem:
    bare = line.strip()
    if not bare.endswith(":") and not bare.startswith(("#", "**")):
        return hint
    words = bare.strip("#*: `").lower().replace("(", " ").replace(")", " ").split()
    named = [_HINTS[word] for word in words[:6] if word in _HINTS]
    return named[0] if named else hint


def _read_line(line: str, hint: Ecosystem) -> tuple[list[Dependency], bool]:
    """The packages of one line, and whether all that looked like a package could be read."""
    text, bulleted = bare_item(line)
    if not text or text.startswith(("#", "-r ", "-e ", "--")):
        return [], True
    commands = read_commands(text)
    if commands is None:
        # A sentence may name the command: in backticks, or behind a colon.
        quoted = _QUOTED_COMMAND.search(line)
        commands = read_commands(quoted[1] or quoted[2]) if quoted else None
    if commands is not None:
        read = [_from_command(named) for named in commands]
        return [d for d in read if d is not None], all(d is not None for d in read)
    if ", " in text and not _VERSIONED.match(text.split(", ")[-1] + " "):
        parts = [part.strip("` ") for part in text.split(",")]
        listed = [_package(part, hint) for part in parts if part]
        if all(listed) and all(part and " " not in part for part in parts):
            return [dependency for dependency in listed if dependency], True
    text = text.split(" #", 1)[0].strip().rstrip(",")
    dependency = _package(text, hint) or _package(text.strip("\"'"), hint)
    if dependency is None:
        name = text
        for separator in (" - ", " – ", " — ", " (", *((": ", ", ") if bulleted else ())):
            name = name.split(separator, 1)[0]
        name = name.strip(" `*\"'")
        if bulleted or (name != text and _PLAIN_LOWER.match(name)):
            dependency = _package(name, hint)
    if dependency is not None:
        return [dependency], True
    return [], not (_VERSIONED.match(text) and text.count(" ") < 4)


def _from_command(named: Named) -> Dependency | None:
    word = named.word
    if named.ecosystem == "python":
        return _python(word, poetry=True) or (Dependency("python", word) if word.startswith("git+") else None)
    if named.ecosystem in {"rubygems", "nuget", "cargo"} and named.version:
        joint = ":" if named.ecosystem == "rubygems" else "@"
        word = f"{word}{joint}{named.version.replace(' ', '')}"
    valid = {"npm": _NPM, "go": _GO}.get(
        named.ecosystem, re.compile(r"[A-Za-z0-9][\w.-]*(?:[@:][\w.^~<>=*,-]+)?$")
    )
    if named.ecosystem == "npm" and word.startswith(("git+", "github:", "https://", "npm:")):
        return Dependency("npm", word)
    return Dependency(named.ecosystem, word) if valid.match(word) else None


def _package(text: str, hint: Ecosystem) -> Dependency | None:
    """The package that a text names on its own."""
    if not text or len(text) > _LONGEST_SPEC or text.endswith((".", "!", "?", ":")):
        return None
    gradle = _GRADLE.match(text)
    if gradle or (_MAVEN.match(text) and (hint == "maven" or "." in text.partition(":")[0])):
        return Dependency("maven", gradle[1] if gradle else text)
    go = _GO.match(text.removeprefix("require "))
    if go and hint not in {"npm", "python"}:
        return Dependency("go", f"{go[1]}@{go[2]}" if go[2] else go[1])
    reader = _READERS.get(hint)
    if reader is not None:
        return reader(text)
    if _VERSIONED.match(text):
        return _python(text)
    npm = _NPM.match(text)
    if npm and (npm[1] or npm[2]):
        return Dependency("npm", text)
    return Dependency("unknown", text) if _PLAIN.match(text) else None


def _python(text: str, *, poetry: bool = False) -> Dependency | None:
    if len(text) > _LONGEST_SPEC:
        return None
    name, at, constraint = text.partition("@")
    if at and (poetry or constraint[:1] in {"^", "~"}) and "/" not in constraint:
        return _constrained(name, constraint)
    if _TOML_PAIR.match(text):
        name, _, constraint = text.partition("=")
        return _constrained(name.strip(), constraint.strip(' "')) if "{" not in constraint else None
    return Dependency("python", text) if _is_requirement(text) else None


@lru_cache(maxsize=2048)
def _is_requirement(text: str) -> bool:
    """Whether it is a requirement as pip takes it; the same ones come in many answers."""
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        requirement = Requirement(text)
    except (InvalidRequirement, RecursionError):
        return False
    return not requirement.url or "://" in requirement.url


def _constrained(name: str, constraint: str) -> Dependency | None:
    """A requirement from a constraint that only Poetry writes (``^1.2``, ``~1.2``, ``*``, ``latest``)."""
    if constraint in {"*", "latest", ""}:
        return _python(name)
    match = _CONSTRAINT.match(constraint)
    if match is None:
        return _python(name + constraint) if constraint[:1] in {"=", "<", ">", "!", "~"} else None
    if constraint[0] not in "^~":
        return _python(f"{name}=={constraint}")
    numbers = [int(part) for part in match.groups() if part is not None]
    last = 0
    if constraint[0] == "^":
        last = next((index for index, part in enumerate(numbers) if part), len(numbers) - 1)
    elif len(numbers) > 1:
        last = 1
    upper = [*numbers[:last], numbers[last] + 1]
    return _python(f"{name}>={constraint[1:]},<{'.'.join(map(str, upper))}")


def _npm(text: str) -> Dependency | None:
    pair = _NPM_PAIR.match(text)
    if pair:
        return Dependency("npm", f"{pair[1]}@{pair[2]}")
    return Dependency("npm", text) if _NPM.match(text) else None


def _go(text: str) -> Dependency | None:
    match = _GO.match(text.removeprefix("require "))
    return Dependency("go", f"{match[1]}@{match[2]}" if match[2] else match[1]) if match else None


def _cargo(text: str) -> Dependency | None:
    import tomllib

    if _TOML_PAIR.match(text):
        try:
            ((name, value),) = tomllib.loads(text).items()
        except (tomllib.TOMLDecodeError, ValueError, RecursionError):
            return None
        version = value.get("version", "") if isinstance(value, dict) else value
        return Dependency("cargo", f"{name}@{version}" if isinstance(version, str) and version else name)
    return Dependency("cargo", text) if re.match(r"[A-Za-z0-9][\w-]*(?:@[\w.^~<>=*,-]+)?$", text) else None


def _gem(text: str) -> Dependency | None:
    gem = _GEM.match(text)
    if gem:
        return Dependency("rubygems", f"{gem[1]}:{gem[2].replace(' ', '')}" if gem[2] else gem[1])
    return Dependency("rubygems", text) if re.match(r"[A-Za-z0-9][\w-]*(?::[\w.~<>=]+)?$", text) else None


def _nuget(text: str) -> Dependency | None:
    return Dependency("nuget", text) if re.match(r"[A-Za-z0-9][\w.]*(?:@[\w.-]+)?$", text) else None


_READERS: dict[Ecosystem, Callable[[str], Dependency | None]] = {
    "python": _python,
    "npm": _npm,
    "go": _go,
    "cargo": _cargo,
    "rubygems": _gem,
    "nuget": _nuget,
}


def _read_xml(line: str, seen: dict[str, str]) -> list[Dependency]:
    """A dependency as Maven's pom.xml spells it, over several lines."""
    if "<" not in line:
        return []
    if "<dependency>" in line:
        seen.clear()
    seen.update({tag[1]: tag[2] for tag in _XML_TAG.finditer(line)})
    if "</dependency>" not in line or not {"groupId", "artifactId"} <= seen.keys():
        return []
    parts = [seen["groupId"], seen["artifactId"], seen.get("version", "")]
    seen.clear()
    return [Dependency("maven", ":".join(filter(None, parts)))]
