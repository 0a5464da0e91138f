"""A Submission as canonical text. Rules R1 to R6 of docs/fileblock.md. ``parse`` reads back what it was."""

import re
import shlex
from collections.abc import Iterable

from agents.fileblock.env_vars import read_value
from agents.fileblock.marks import read_marks
from agents.fileblock.pieces import LARGEST_SIGN, USUAL, read_sign
from agents.submission import Dependency, Edit, EnvVar, Migration, Piece, SourceFile, Submission

_INSTALL = {
    "python": "pip install ",
    "npm": "npm install ",
    "go": "go get ",
    "cargo": "cargo add ",
    "rubygems": "gem install ",
    "nuget": "dotnet add package ",
}
_INFO = {"sql": "sql", "command": "sh", "note": "text"}
_BACKTICKS = re.compile("`{3,}")


def render(submission: Submission) -> str:
    """The canonical text of a submission.

    ``parse(render(s)).submission`` equals ``s`` but for the spans, for every ``s`` that ``parse`` can return.
    """
    parts = [_file(file) for file in submission.files]
    parts += [_edit(edit) for edit in submission.edits]
    parts += [f"DELETE: {deletion.path}\n" for deletion in submission.deletions]
    if submission.dependencies is not None:
        parts.append(_section("DEPENDENCIES", map(_dependency, submission.dependencies)))
    if submission.migrations is not None:
        parts.append(_section("MIGRATIONS", map(_migration, submission.migrations)))
    if submission.env_vars is not None:
        parts.append(_section("ENV_VARS", map(_variable, submission.env_vars)))
    return "\n".join(parts)


def delimiter_for(text: str) -> str:
    """The shortest delimiter that encloses the text without doubt: longer than any delimiter in it.

    Three hyphens do only where no line of the text could be taken for structure.
    """
    marks = read_marks(text.split("\n"), 1, text)
    longest = max((mark.size for mark in marks if mark.kind == "delimiter"), default=3 if marks else 2)
    return "-" * (longest + 1)


def _file(file: SourceFile) -> str:
    delimiter = delimiter_for(file.text)
    return f"FILE: {file.path}\n{delimiter}\n{file.text}{delimiter}\n"


def _edit(edit: Edit) -> str:
    return "".join([f"EDIT: {edit.path}\n---\n", *map(_piece, edit.pieces), "---\n"])


def _piece(piece: Piece) -> str:
    """A piece between signs of a family that no line of it is of."""
    lines = f"{piece.search}\n{piece.replace}".split("\n")
    taken = {sign.family for line in lines if (sign := read_sign(line)) is not None}
    size = next(size for size in (USUAL, *range(USUAL + 3, LARGEST_SIGN)) if size not in taken)
    signs = ("<" * size + " SEARCH", "=" * size, ">" * size + " REPLACE")
    return f"{signs[0]}\n{piece.search}{signs[1]}\n{piece.replace}{signs[2]}\n"


def _section(name: str, lines: Iterable[str]) -> str:
    return "\n".join([f"{name}:", *(list(lines) or ["None"]), ""])


def _dependency(dependency: Dependency) -> str:
    command = _INSTALL.get(dependency.ecosystem)
    return command + shlex.quote(dependency.spec) if command else dependency.spec


def _migration(migration: Migration) -> str:
    longest = max(map(len, _BACKTICKS.findall(migration.text)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{_INFO[migration.kind]}\n{migration.text}\n{fence}"


def _variable(variable: EnvVar) -> str:
    value = variable.value
    if "\n" in value or value.startswith("=") or read_value(value) != value:
        escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        value = f'"{escaped}"'
    return f"{variable.name}={value}"
