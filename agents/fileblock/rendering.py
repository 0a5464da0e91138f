"""A Submission as canonical text. Rules R1 to R5 of docs/fileblock.md. ``parse`` reads back what it was."""

import shlex

from agents.submission import Dependency, EnvVar, Migration, SourceFile, Submission

_INSTALL = {
    "python": "pip install ",
    "npm": "npm install ",
    "go": "go get ",
    "cargo": "cargo add ",
    "rubygems": "gem install ",
    "nuget": "dotnet add package ",
    "maven": "",
    "unknown": "",
}
_INFO = {"sql": "sql", "command": "sh", "note": "text"}


def render(submission: Submission) -> str:
    """The canonical text of a submission: ``parse(render(s)).submission == s`` but for the files' spans."""
    parts = [_file(file) for file in submission.files]
    if submission.dependencies is not None:
        parts.append(_section("DEPENDENCIES", map(_dependency, submission.dependencies)))
    if submission.migrations is not None:
        parts.append(_section("MIGRATIONS", map(_migration, submission.migrations)))
    if submission.env_vars is not None:
        parts.append(_section("ENV_VARS", map(_variable, submission.env_vars)))
    return "\n".join(parts)


def _file(file: SourceFile) -> str:
    delimiter = "-" * _size(file.text)
    return f"FILE: {file.path}\n{delimiter}\n{file.text}{delimiter}\n"


def _size(text: str) -> int:
    """How many hyphens enclose the text: three, or more where three would be ambiguous."""
    longest = 2
    verbatim = False
    for line in text.split("\n"):
        bare = line.strip(" \t\r")
        if bare.startswith("---") and not bare.strip("-"):
            longest = max(longest, len(bare))
        elif "```" in line or "~~~" in line or ":" in line or "#" in line or "*" in line:
            verbatim = verbatim or _is_structure(line)
    return max(longest + 1, 4 if verbatim else 3)


def _is_structure(line: str) -> bool:
    from agents.fileblock.marks import read_mark

    mark = read_mark(line, 1)
    return mark is not None


def _section(name: str, lines: "map[str]") -> str:
    return "\n".join([f"{name}:", *(list(lines) or ["None"])]) + "\n"


def _dependency(dependency: Dependency) -> str:
    command = _INSTALL[dependency.ecosystem]
    return command + shlex.quote(dependency.spec) if command else dependency.spec


def _migration(migration: Migration) -> str:
    fence = "`" * max(3, _longest_run(migration.text) + 1)
    return f"{fence}{_INFO[migration.kind]}\n{migration.text}\n{fence}"


def _longest_run(text: str) -> int:
    longest = 0
    for line in text.split("\n"):
        bare = line.strip()
        longest = max(longest, len(bare) - len(bare.lstrip("`")))
    return longest


def _variable(variable: EnvVar) -> str:
    return f"{variable.name}={variable.value}"
