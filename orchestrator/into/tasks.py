"""The task of a run in a repository: from a file, or from words and what the repository itself says."""

from pathlib import Path

from evals.context.conventions import find_conventions
from evals.context.reading import Source
from prompts.errors import ConfigError
from prompts.task import Task
from prompts.taskfile import load_task


def task_for(said: str, source: Source, within: str = "") -> Task:
    """The task that ``said`` names or is, in a repository that holds the files of ``source``;
    ``within`` is the folder of it that was named.

    Words make a task whose framework and databases are those that the manifests name. Raises ConfigError for the name
    of a file that is not there, and where no language can be told.
    """
    path = Path(said)
    if "\n" not in said and len(said) < 1024 and (path.is_file() or said.endswith((".yaml", ".yml"))):
        return load_task(path)
    if " " not in said.strip():
        raise ConfigError(
            f"{said}: no such task file", "give a task file, or say in some words what is to be done"
        )
    found = find_conventions(source, said, within=within)
    framework = found.framework or found.language
    if not framework:
        raise ConfigError(
            "no language or framework can be told from the repository's files",
            "write a task file that names it",
        )
    return Task(task=said, framework=framework, database=", ".join(found.databases) or None)
