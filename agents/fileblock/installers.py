"""Install commands of the package managers: which packages a command line adds. Rules N2 to N5 of docs/fileblock.md."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from agents.submission import Ecosystem

_WORD = re.compile(r"""(?:"[^"]*+"|'[^']*+'|[^\s"']++|["'])+""")
_QUOTED = re.compile(r"""\"([^"]*+)"|'([^']*+)'|["']""")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")
_ENDS = frozenset({"&&", "||", ";", "|", "#", "\\"})
# Words that only introduce a command.
_INTRODUCTIONS = frozenset({"sudo", "RUN", "python", "python3", "py", "-m", "corepack"})


@dataclass(frozen=True, slots=True)
class Installer:
    """How a tool is told to add packages.

    ``verbs`` are its commands that do so, ``other`` those that only install what a manifest names. ``valued`` are
    options that take a value; a value of one in ``versions`` belongs to the package before it.
    """

    ecosystem: Ecosystem
    verbs: frozenset[str]
    other: frozenset[str] = frozenset()
    valued: frozenset[str] = frozenset()
    versions: frozenset[str] = frozenset()


_PIP = Installer(
    "python",
    frozenset({"install", "add"}),
    frozenset({"sync", "lock", "update", "run", "env", "venv", "init", "compile"}),
    frozenset(
        {
            *(
                "-r",
                "--requirement",
                "-c",
                "--constraint",
                "-e",
                "--editable",
                "-i",
                "--index-url",
                "--extra-index-url",
            ),
            *(
                "-f",
                "--find-links",
                "-t",
                "--target",
                "-p",
                "--python",
                "-G",
                "--group",
                "--extra",
                "--index",
                "--source",
            ),
            *("-n", "--name", "--channel", "-E", "--extras", "--prefix", "--trusted-host"),
        }
    ),
)
_NPM = Installer(
    "npm",
    frozenset({"install", "i", "add"}),
    frozenset({"ci", "run", "init", "audit", "test", "start", "exec", "create", "dedupe"}),
    frozenset({"--prefix", "-C", "--workspace", "-w", "--filter", "--registry", "--cwd"}),
)
_GEM = Installer(
    "rubygems",
    frozenset({"install", "add"}),
    frozenset({"update"}),
    frozenset({"--group"}),
    frozenset({"-v", "--version"}),
)
_INSTALLERS: dict[str, Installer] = {
    **dict.fromkeys(["pip", "pip3", "uv", "poetry", "pipenv", "pdm", "rye", "hatch", "conda", "pipx"], _PIP),
    **dict.fromkeys(["npm", "yarn", "pnpm", "bun"], _NPM),
    "go": Installer(
        "go", frozenset({"get", "install"}), frozenset({"mod", "build", "run", "generate", "work", "test"})
    ),
    "cargo": Installer(
        "cargo",
        frozenset({"add", "install"}),
        frozenset({"build", "run", "update", "fetch", "test"}),
        frozenset({"-F", "--features", "-p", "--package", "--rename"}),
        frozenset({"--vers", "--version"}),
    ),
    "gem": _GEM,
    "bundle": Installer(
        "rubygems", frozenset({"add"}), frozenset({"install", "update", "exec"}), _GEM.valued, _GEM.versions
    ),
    "dotnet": Installer(
        "nuget",
        frozenset({"add"}),
        frozenset({"restore", "build", "tool"}),
        frozenset(),
        frozenset({"-v", "--version"}),
    ),
    "mvn": Installer(
        "maven", frozenset(), frozenset({"install", "clean", "package", "verify", "compile", "test"})
    ),
    "gradle": Installer("maven", frozenset(), frozenset({"build", "clean", "test", "assemble"})),
}


@dataclass(frozen=True, slots=True)
class Named:
    """A package as a command names it, quotes taken off, with the version that an option gives (or "")."""

    ecosystem: Ecosystem
    word: str
    version: str = ""


def read_commands(text: str) -> list[Named] | None:
    """The packages that a line of install commands names; None where the line is no such command.

    A command that only installs what a manifest names adds none.
    """
    found: list[Named] = []
    known = False
    for words in _commands(text):
        named = _read_command(words)
        if named is not None:
            known = True
            found += named
    return found if known else None


def _commands(text: str) -> Iterator[list[str]]:
    words: list[str] = []
    for match in _WORD.finditer(text):
        word = match[0]
        ends = word in _ENDS
        if not ends and word[-1] == ";" and len(word) > 1:
            word, ends = word[:-1], True
            words.append(_unquoted(word))
        elif not ends:
            words.append(_unquoted(word))
        if ends:
            yield words
            words = []
            if word == "#":
                return
    yield words


def _unquoted(word: str) -> str:
    return _QUOTED.sub(lambda quoted: quoted[1] or quoted[2] or "", word)


def _read_command(words: list[str]) -> list[Named] | None:
    first = 0
    while first < len(words) and (words[first] in _INTRODUCTIONS or _ASSIGNMENT.match(words[first])):
        first += 1
    words = words[first:]
    if not words or words[0] not in _INSTALLERS:
        return None
    tool, installer = words[0], _INSTALLERS[words[0]]
    words = words[1:]
    if words[:1] in (["pip"], ["global"], ["tool"], ["mod"]) and len(words) > 1:
        words = words[1:]
    verb = words[0] if words else ""
    if verb in installer.verbs and (tool != "dotnet" or "package" in words):
        behind = words.index("package") + 1 if tool == "dotnet" else 1
        return _packages(words[behind:], installer)
    manifest_only = (
        verb in installer.other or (tool == "yarn" and not words) or verb in {"tidy", "download", "vendor"}
    )
    return [] if manifest_only or verb in installer.verbs else None


def _packages(words: list[str], installer: Installer) -> list[Named]:
    found: list[Named] = []
    at = 0
    while at < len(words):
        word = words[at]
        at += 1
        if word in installer.versions:
            if found and at < len(words):
                found[-1] = Named(installer.ecosystem, found[-1].word, words[at])
            at += 1
        elif word in installer.valued:
            at += 1
        elif not word.startswith("-") and not _is_local(word):
            found.append(Named(installer.ecosystem, word))
    return found


def _is_local(word: str) -> bool:
    """Whether a word names a folder or a file instead of a package."""
    if "@" in word:
        return False
    return word.startswith((".", "/", "~", "file:")) or word.endswith((".txt", ".whl", ".tgz", ".tar.gz"))
