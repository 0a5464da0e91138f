"""What a model is told: a role and a task become a system and a user message."""

import re
from dataclasses import dataclass
from functools import lru_cache

from prompts.quoting import fenced, one_line
from prompts.repair import render_repair
from prompts.repository import RepositoryContext
from prompts.role import Role
from prompts.stack import FALLBACK, Stack, stack_of
from prompts.task import Task
from prompts.templates import fill

__all__ = ["Prompt", "render", "render_design", "render_repair", "render_review"]

_SECRET_NAME = re.compile(r"SECRET|TOKEN|PASSW|CREDENTIAL|PRIVATE|(?:^|_)KEYS?(?:_|$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Prompt:
    """Two messages and where they came from.

    ``system`` holds the role and the guidance for the task's language, framework and databases; it is the
    same, byte for byte, for every task with the same of these, so that providers' prompt caches hit. ``user``
    holds the task itself.
    """

    system: str
    user: str
    role: str
    version: str
    digest: str


def render(
    role: Role, task: Task, *, design: str | None = None, repository: RepositoryContext | None = None
) -> Prompt:
    """What ``role`` is told to do ``task``, by an approved ``design`` and in a ``repository`` where there are such.

    Raises ConfigError, with file and line, when a template of the role cannot be used.
    """
    return _prompt(role, task, "task", repository, design=fenced(design) if design is not None else None)


def render_design(role: Role, task: Task, repository: RepositoryContext | None = None) -> Prompt:
    """What ``role`` is told to make a design for ``task``: text that a builder works by, not code."""
    return _prompt(role, task, "design", repository)


def render_review(
    role: Role, task: Task, submission_text: str, repository: RepositoryContext | None = None
) -> Prompt:
    """What ``role`` is told to review an answer. ``prompts.review.parse_review`` reads what comes back."""
    return _prompt(role, task, "review", repository, submission=fenced(submission_text))


def _prompt(
    role: Role, task: Task, purpose: str, repository: RepositoryContext | None, **values: str | None
) -> Prompt:
    stack = stack_of(task)
    shown = {path: fenced(text) for path, text in sorted(task.context.items())}
    user: dict[str, object] = {
        "task": task,
        "stack": stack,
        "context": shown,
        "env": _shown_env(task),
        **values,
    }
    user |= _repository_values(repository)
    return Prompt(
        system=_system(role, stack, repository is not None),
        user=fill(role, f"roles/{role.name}/{purpose}.md.j2", user),
        role=role.name,
        version=role.version,
        digest=role.digest,
    )


@lru_cache(maxsize=256)
def _system(role: Role, stack: Stack, into: bool) -> str:
    """The same for every task of a stack: rendered once."""
    return fill(role, f"roles/{role.name}/system.md.j2", _guidance(role, stack) | {"into": into})


def _repository_values(repository: RepositoryContext | None) -> dict[str, object]:
    """The values of the part about a repository, what is quoted from it fenced."""
    if repository is None:
        return {"repository": None, "into": False}
    return {
        "repository": repository,
        "into": True,
        "repository_models": fenced(repository.models),
        "repository_map": fenced(repository.map),
        "repository_files": {path: fenced(text) for path, text in repository.files.items()},
    }


def _shown_env(task: Task) -> dict[str, str]:
    """The task's variables; what looks like a secret by its name is named, not shown."""
    return {
        name: "(set, not shown)" if _SECRET_NAME.search(name) else one_line(value, 200)
        for name, value in sorted(task.env.items())
    }


def _guidance(role: Role, stack: Stack) -> dict[str, object]:
    """The values of a system template: the stack, and the names of the parts that are for it."""
    names = {source.name for source in role.sources}

    def part(folder: str, key: str) -> str:
        name = f"parts/{folder}/{key}.md.j2"
        return name if name in names else f"parts/{folder}/{FALLBACK}.md.j2"

    return {
        "stack": stack,
        "language": stack.language,
        "framework": stack.framework,
        "databases": stack.databases,
        "relational": stack.relational,
        "language_part": part("language", stack.language.key),
        "framework_part": part("framework", stack.framework.key),
        "database_part": {item.key: part("database", item.key) for item in stack.databases},
    }
