"""Which Python packages a project says it needs, from its own manifests. Nothing of it is run."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from packaging.requirements import InvalidRequirement, Requirement

_REQUIREMENT_FILE = re.compile(
    r"(?:^|/)requirements[\w.-]*\.(?:txt|in)$|^requirements/[\w.-]+\.txt$", re.ASCII
)
_GROUPS = ("dev", "test", "tests", "testing", "develop", "development")
_COMMENT = re.compile(r"(?:^|\s)#.*$")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Requirement specifiers in sorted order, and notes about what was not taken."""

    specs: tuple[str, ...]
    notes: tuple[str, ...]


def wanted(files: Mapping[str, str], named: Iterable[str]) -> Wanted:
    """What the manifests among ``files`` and the requirement strings ``named`` add up to.

    Options, links and paths in requirement files are left out with a note: packages come from the index that
    this machine is set to, and from nowhere else.
    """
    lines: list[tuple[str, str]] = [("DEPENDENCIES", spec) for spec in named]
    notes: list[str] = []
    for path, text in files.items():
        if _REQUIREMENT_FILE.search(path) and PurePosixPath(path).parent.parts[:1] in {(), ("requirements",)}:
            lines += [(path, line) for line in text.replace("\\\n", " ").split("\n")]
    if "pyproject.toml" in files:
        found, problem = _pyproject(files["pyproject.toml"])
        lines += [("pyproject.toml", line) for line in found]
        notes += [problem] if problem else []
    specs: set[str] = set()
    for origin, line in lines:
        spec, note = _specifier(line)
        if spec:
            specs.add(spec)
        if note:
            notes.append(f"{origin}: {note}")
    return Wanted(tuple(sorted(specs)), tuple(dict.fromkeys(notes)))


def _specifier(line: str) -> tuple[str, str]:
    text = _COMMENT.sub("", line).strip()
    text = text.split(" --hash", 1)[0].strip()
    if not text or text.startswith(("-r ", "--requirement", "-c ", "--constraint", "-r=")):
        return "", ""
    if text.startswith("-"):
        return "", f"option left out: {text[:80]}"
    try:
        requirement = Requirement(text)
    except InvalidRequirement:
        return "", f"not a requirement: {text[:80]}"
    if requirement.url:
        return "", f"a package from a URL is not installed: {text[:80]}"
    return str(requirement), ""


def _pyproject(text: str) -> tuple[list[str], str]:
    try:
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        return [], f"pyproject.toml cannot be read: {error}"
    project = _table(data, "project")
    found = _strings(project.get("dependencies"))
    for holder in (_table(project, "optional-dependencies"), _table(data, "dependency-groups")):
        for group in _GROUPS:
            found += _strings(holder.get(group))
    poetry = _table(_table(data, "tool"), "poetry")
    tables = [_table(poetry, "dependencies"), _table(poetry, "dev-dependencies")]
    tables += [_table(_table(_table(poetry, "group"), group), "dependencies") for group in _GROUPS]
    for table in tables:
        found += [_from_poetry(name, value) for name, value in table.items() if name != "python"]
    return found, ""


def _from_poetry(name: str, value: object) -> str:
    extras = ""
    if isinstance(value, dict):
        listed = _strings(value.get("extras"))
        extras = f"[{','.join(listed)}]" if listed else ""
        value = value.get("version", "*")
    version = value.strip() if isinstance(value, str) else "*"
    if version in {"*", ""}:
        return name + extras
    if version.startswith("^"):
        return f"{name}{extras}>={version[1:]},<{_next_breaking(version[1:])}"
    if version.startswith("~") and not version.startswith("~="):
        return f"{name}{extras}~={version[1:]}" if "." in version else f"{name}{extras}=={version[1:]}.*"
    if version[0].isdigit():
        version = "==" + version
    return f"{name}{extras}{version}"


def _next_breaking(version: str) -> str:
    """The first version that a caret excludes: the leftmost part that is not zero, raised by one."""
    parts = [int(part) if part.isdigit() else 0 for part in version.split(".")]
    for at, part in enumerate(parts):
        if part or at == len(parts) - 1:
            return ".".join(map(str, [*parts[:at], part + 1]))
    return "1"


def _table(holder: Mapping[str, object], key: str) -> dict[str, object]:
    value = holder.get(key)
    return value if isinstance(value, dict) else {}


def _strings(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
