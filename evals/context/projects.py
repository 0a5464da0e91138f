"""The projects of a repository: the folders that have a manifest, and the one that a task is about. Pure.

Most repositories have one, at their root. In others (``backend/pyproject.toml``, ``services/*/go.mod``) tests run
in the folder that is chosen here.
"""

import json
import posixpath
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from evals.code.files import language_of, part_of
from evals.context.outline import word_parts
from prompts.errors import ConfigError

MANIFEST = re.compile(
    r"(?:pyproject\.toml|requirements\.txt|setup\.(?:py|cfg)|Pipfile|manage\.py|package\.json|go\.mod|pom\.xml"
    r"|build\.gradle(?:\.kts)?|Cargo\.toml|Gemfile|[\w.-]+\.csproj)$"
)
_ASIDE = re.compile(
    r"(?:^|/)(?:node_modules|vendor|third_party|testdata|fixtures|__fixtures__|examples?|samples?|templates?|docs?|e2e"
    r"|tests?|__tests__|migrations|\.[^/]+)(?:/|$)"
)
# These run the tests of the projects below them by themselves.
_WHOLE = re.compile(r"(?:pom\.xml|build\.gradle(?:\.kts)?|Cargo\.toml|Gemfile|[\w.-]+\.csproj)$")
_PYTHON_PROJECT = re.compile(r"^[ \t]*\[(?:project|tool\.poetry\.dependencies|build-system)\]", re.MULTILINE)
_PATH = re.compile(r"[\w.@-]+(?:/[\w.@-]+)+/?")
_MOST = 200
_NAMED_OTHERS = 5


@dataclass(frozen=True, slots=True)
class ProjectFolder:
    """The chosen one: its path (empty: the root), why it is that one, and the others that there are."""

    path: str = ""
    reason: str = ""
    others: tuple[str, ...] = ()

    @property
    def line(self) -> str:
        """For people and prompts; empty where there was nothing to choose."""
        if not self.path and not self.others:
            return ""
        listed = ", ".join(_shown(path) for path in self.others[:_NAMED_OTHERS])
        more = f" and {len(self.others) - _NAMED_OTHERS} more" if len(self.others) > _NAMED_OTHERS else ""
        return f"{_shown(self.path)} ({self.reason}{f'; others: {listed}{more}' if listed else ''})"


def manifests_to_read(paths: Iterable[str]) -> list[str]:
    """The manifests at the root, whose text says whether they are a project's or only hold tools."""
    return [path for path in paths if path in {"package.json", "pyproject.toml"}]


def choose_project(
    paths: Iterable[str],
    texts: Mapping[str, str],
    task: str = "",
    wanted: str | None = None,
    within: str = "",
) -> ProjectFolder:
    """The folder that ``task`` is about; ``wanted`` is what the task itself says, from the root.

    ``within`` is the folder that a person named to begin with, ``texts`` are those of ``manifests_to_read``. Raises
    ConfigError where the wanted folder is not there.
    """
    listed = list(paths)
    folders = _folders(listed, texts)
    if wanted is not None:
        path = posixpath.normpath(wanted.strip("/") or ".")
        path = "" if path == "." else path
        if path and not any(one.startswith(f"{path}/") for one in listed):
            raise ConfigError(
                f"folder {wanted!r} is not in the repository",
                f"name one of: {', '.join(map(_shown, folders))}"
                if folders
                else "name a folder that is there",
            )
        return ProjectFolder(path, "as the task says", tuple(one for one in folders if one != path))
    if len(folders) < 2:
        return ProjectFolder(folders[0] if folders else "", "the only project")
    if around := [path for path in folders if path and f"{within}/".startswith(f"{path}/")]:
        deepest = max(around, key=len)
        others = tuple(path for path in folders if path != deepest)
        return ProjectFolder(deepest, "the folder that was named lies there", others)
    return _chosen(listed, folders, task)


def _folders(paths: list[str], texts: Mapping[str, str]) -> list[str]:
    """The folders with manifests, the nearest to the root first; none below one that tests all that is below it."""
    placed = [path.rpartition("/") for path in paths]
    found = {folder for folder, _, name in placed if MANIFEST.match(name)}
    whole = {folder for folder, _, name in placed if _WHOLE.match(name)}
    kept: list[str] = []
    for folder in sorted(found, key=lambda path: (path.count("/") if path else -1, path)):
        if folder and _ASIDE.search(folder):
            continue
        if any(_inside(folder, above) for above in kept if above in whole):
            continue
        kept.append(folder)
    if "" in kept and len(kept) > 1 and not _is_project(paths, texts):
        kept.remove("")
    return kept[:_MOST]


def _is_project(paths: list[str], texts: Mapping[str, str]) -> bool:
    """Whether the manifests at the root are a project's, and not only of tools for the projects below."""
    at_root = {path for path in paths if "/" not in path and MANIFEST.match(path)}
    tools = set()
    if "package.json" in at_root and not _has_test_script(texts.get("package.json", "")):
        tools.add("package.json")
    if "pyproject.toml" in at_root and not _PYTHON_PROJECT.search(texts.get("pyproject.toml", "")):
        tools |= {"pyproject.toml", "setup.cfg"}
    return bool(at_root - tools)


def _has_test_script(text: str) -> bool:
    try:
        scripts = json.loads(text).get("scripts")
    except (ValueError, AttributeError, RecursionError):
        return False
    return isinstance(scripts, dict) and "test" in scripts


def _chosen(paths: list[str], folders: list[str], task: str) -> ProjectFolder:
    inside: dict[str, list[str]] = {folder: [] for folder in folders}
    for path in paths:
        above = posixpath.dirname(path)
        while above not in inside and above:
            above = posixpath.dirname(above)
        if above in inside:
            inside[above].append(path)
    coded = [folder for folder, held in inside.items() if any(language_of(path) for path in held)]
    folders = coded or folders
    named = _named(inside, task)
    fitting = _fitting(inside, task)
    tested = {folder for folder, held in inside.items() if any(part_of(path) == "test" for path in held)}
    best = min(
        folders,
        key=lambda folder: (
            -named[folder],
            -round(fitting[folder], 6),
            folder not in tested,
            folder.count("/") if folder else -1,
            folder,
        ),
    )
    if named[best]:
        reason = "the task names files there"
    elif all(fitting[best] > fitting[folder] + 1e-6 for folder in folders if folder != best):
        reason = "the task's words fit its files best"
    else:
        reason = "the nearest to the root with tests" if best in tested else "the nearest to the root"
    return ProjectFolder(best, reason, tuple(folder for folder in folders if folder != best))


def _named(inside: Mapping[str, list[str]], task: str) -> dict[str, int]:
    """How many files or folders of each the task names by their path."""
    said = {word.strip("./,;:") for word in _PATH.findall(task[:100_000])}
    said |= {word.strip("`'\".,;:()") for word in task[:100_000].split() if "." in word}
    counts = dict.fromkeys(inside, 0)
    for folder, held in inside.items():
        known = {*held, *(posixpath.relpath(path, folder or ".") for path in held)}
        counts[folder] = len(said & known) + (2 if folder and folder in said else 0)
    return counts


def _fitting(inside: Mapping[str, list[str]], task: str) -> dict[str, float]:
    """How well the task's words fit the names of code in each folder: words that few folders have count more."""
    wanted = set(word_parts(task[:100_000]))
    held = {
        folder: wanted & word_parts(" ".join([folder, *filter(language_of, paths)])).keys()
        for folder, paths in inside.items()
    }
    shared = {word: sum(word in words for words in held.values()) for word in wanted}
    return {
        folder: sum(1 / shared[word] for word in words if shared[word] < len(held))
        + sum(2.0 for word in words & set(word_parts(posixpath.basename(folder))))
        for folder, words in held.items()
    }


def _inside(path: str, folder: str) -> bool:
    return path != folder and (not folder or path.startswith(f"{folder}/"))


def _shown(path: str) -> str:
    return path or "the root"
