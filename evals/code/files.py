"""What each file of the code under judgement is: its language, and the part it plays."""

import posixpath
import re
from dataclasses import dataclass
from typing import Literal

from evals.code.nodes import Language

Part = Literal["source", "test", "documentation", "example", "configuration", "migration", "other"]

LARGEST = 1_000_000
"""Characters. A larger file is not read: no one wrote it by hand, and the time to judge it has no bound."""

_LANGUAGES: dict[str, Language] = {
    ".py": "python", ".pyi": "python", ".js": "javascript", ".mjs": "javascript", ".cjs": "javascript",
    ".jsx": "javascript", ".ts": "typescript", ".mts": "typescript", ".cts": "typescript",
    ".tsx": "typescript", ".go": "go", ".java": "java", ".rs": "rust",
}  # fmt: skip
_DOCUMENTS = (".md", ".rst", ".adoc", ".txt", ".html")
_SETTINGS = (".toml", ".ini", ".cfg", ".yaml", ".yml", ".json", ".env", ".properties", ".conf", ".xml")
_TEST_FOLDER = re.compile(r"(^|/)(tests?|__tests__|testing|spec|specs|e2e|src/test)/")
_TEST_NAME = re.compile(
    r"(^test_.*|.*_test|^tests?|^conftest)\.(py|go)$|.*[._-](test|spec)\.[cm]?[jt]sx?$"
    r"|.*(Test|Tests|IT)\.java$|^(jest|vitest)\.(config|setup).*"
)
_EXAMPLE = re.compile(r"(^|[._-])(example|sample|template|dist)($|[._-])")


@dataclass(frozen=True, slots=True)
class CodeFile:
    """One file with its text. ``language`` is None where no reader of ours knows it."""

    path: str
    text: str
    language: Language | None
    part: Part


def code_file(path: str, text: str) -> CodeFile:
    """Classify one file by its path alone."""
    return CodeFile(path, text, language_of(path), part_of(path))


def language_of(path: str) -> Language | None:
    """The language that a path's ending names."""
    return _LANGUAGES.get(posixpath.splitext(path)[1].lower())


def part_of(path: str) -> Part:
    """The part that a file plays, by where it stands and what it is called."""
    name = posixpath.basename(path)
    lowered = name.lower()
    ending = posixpath.splitext(lowered)[1]
    if _TEST_FOLDER.search(path.lower()) or _TEST_NAME.match(name):
        return "test"
    if _EXAMPLE.search(lowered) and (".env" in lowered or ending in _SETTINGS or not language_of(path)):
        return "example"
    if "/migrations/" in f"/{path}" or "/alembic/" in f"/{path}" or ending == ".sql":
        return "migration"
    if language_of(path):
        return "source"
    if ending in _DOCUMENTS and not lowered.startswith("requirements"):
        return "documentation"
    if lowered.startswith((".env", "dockerfile", "docker-compose", "makefile")) or ending in _SETTINGS:
        return "configuration"
    return "other"
