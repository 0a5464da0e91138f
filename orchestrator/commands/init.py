"""``backsmith init``: a commented task file for the repository at hand."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from evals.context.conventions import Conventions

SCHEMA = "backsmith-task.schema.json"


def init(
    file: Annotated[Path, typer.Argument(help="Where to write it; - writes to standard output.")] = Path(
        "backsmith-task.yaml"
    ),
    into: Annotated[Path, typer.Option(help="The folder to look at; a git repository or not.")] = Path(),
    replace: Annotated[bool, typer.Option("--replace", help="Replace the file where it exists.")] = False,
    folder: Annotated[
        str | None, typer.Option(help="The project's folder, where the repository holds several.")
    ] = None,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON Schema of task files, for editors, and end.")
    ] = False,
) -> None:
    """Write a task file with comments, and with the framework, database and test command that were found here.

    Beside it stands the JSON Schema that editors check it by; its first line names that.

    \b
    backsmith init
    backsmith init tasks/limits.yaml --into ../shop
    backsmith init --schema > task.schema.json
    """
    from prompts.errors import ConfigError

    if schema:
        sys.stdout.write(schema_text())
        return
    text = task_text(_look(into, folder))
    if str(file) == "-":
        sys.stdout.write(text)
        return
    if file.exists() and not replace:
        raise ConfigError(f"{file} exists", "use --replace, or name another file")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.with_name(SCHEMA).write_text(schema_text(), encoding="utf-8")
        file.write_text(f"# yaml-language-server: $schema=./{SCHEMA}\n{text}", encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{file}: {error.strerror}", "name a file that can be written") from error
    from orchestrator.terminal import console

    console(stderr=True).print(
        f"{file} written; say what is to be done, then: backsmith run {file} --into {into}"
    )


def _look(folder: Path, project: str | None) -> "Conventions":
    """What the manifests say; of a git repository those of its last commit, else those that lie there."""
    from evals.code.folder import read_folder
    from evals.context.conventions import find_conventions
    from evals.context.reading import Source
    from prompts.errors import ConfigError
    from sandbox.repository.snapshot import CommitFiles, snapshot_of
    from sandbox.repository.source import SourceRepository

    if not folder.is_dir():
        raise ConfigError(f"{folder} is no folder", "name one with --into")
    try:
        source = SourceRepository(folder)
        files: Source = CommitFiles(source.git, source.resolve("HEAD"))
        within = source.within
    except ConfigError:
        files, within = snapshot_of(read_folder(folder).files), ""
    return find_conventions(files, folder=project, within=within)


def schema_text() -> str:
    """The JSON Schema of task files, as it is published in docs/schema."""
    import json

    from prompts.task_schema import task_schema

    return json.dumps(task_schema(), indent=2, ensure_ascii=False) + "\n"


def task_text(found: "Conventions") -> str:
    """The task file's text."""
    framework = found.framework or found.language
    lines = [
        "# A task for Backsmith. Lines that begin with # are comments; docs/tasks.md tells all fields.",
        "",
        "# What is to be done, in one line.",
        'task: "Describe the change here"',
        "",
        "# What must hold when it is done; name endpoints as METHOD /path. Each line is checked by tests.",
        "requirements:",
        "  - POST /example - what it takes, what it answers, and with which error",
        "",
        "# Found in the manifests of this repository."
        if framework
        else "# The framework, for instance FastAPI.",
        f'framework: "{framework or "FastAPI"}"',
    ]
    if found.databases:
        lines.append(f'database: "{", ".join(found.databases)}"')
    else:
        lines.append('# database: "PostgreSQL"')
    if found.project.line:
        lines += [
            "",
            f"# The project of this repository that the task is about: {found.project.line}.",
            f'folder: "{found.project.path or "."}"',
        ]
    lines += [
        "",
        "# Data models that the code must keep; left out, they are looked up in the code.",
        "# data_models: |",
        "#   Item: id integer, name text",
        "",
        "# Variables that are set where tests run. Secrets that are left out are made up for each run.",
        "# env:",
        "#   FEATURE_LIMITS: on",
        "",
        f"# The tests run before and after the change, by: {found.tests or 'what the repository itself uses'}",
        "# limits:",
        "#   seconds: 120",
        "",
        "# Tests of your own that the model never sees, laid over its change before it is judged.",
        "# hidden_tests:",
        "#   - tests/test_acceptance.py",
        "",
    ]
    return "\n".join(lines)
