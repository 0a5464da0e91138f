"""``backsmith context``: what a model is told about a repository for a task, and what it takes. No model is called."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.commands.options import OneObject

if TYPE_CHECKING:
    from evals.context.build import Built
    from prompts.task import Task


def context(
    task: Annotated[str, typer.Argument(help="The task file (YAML), or what is to be done in words.")],
    into: Annotated[Path, typer.Option(help="The git repository.")] = Path(),
    base: Annotated[str | None, typer.Option(help="The commit (default: the one checked out).")] = None,
    budget: Annotated[
        int | None, typer.Option(min=500, max=1_000_000, help="The most tokens to tell (default: 24000).")
    ] = None,
    whole: Annotated[
        bool, typer.Option("--prompt", help="Print the whole prompt as the model gets it.")
    ] = False,
    as_json: OneObject = False,
) -> None:
    """Show what a model would be told about a repository: files, map, data models, conventions, with token counts.

    \b
    backsmith context "Add rate limiting to POST /login" --into .
    backsmith context task.yaml --into ../shop --prompt | less
    """
    from evals.context.build import BUDGET
    from orchestrator.into.tasks import task_for
    from orchestrator.into.telling import context_for
    from sandbox.repository.snapshot import CommitFiles
    from sandbox.repository.source import SourceRepository

    source = SourceRepository(into)
    files = CommitFiles(source.git, source.resolve(base or "HEAD"))
    wanted = task_for(task, files, source.within)
    built = context_for(wanted, files, source, budget or BUDGET)
    if whole:
        sys.stdout.write(_prompt(wanted, built))
    elif as_json:
        sys.stdout.write(_json(built))
    else:
        _show(built)


def _prompt(task: "Task", built: "Built") -> str:
    from orchestrator.teams import BUILDER
    from prompts.render import render
    from prompts.role import default_overlay, load_role

    return render(load_role(BUILDER, default_overlay()), task, repository=built.context).user


def _json(built: "Built") -> str:
    import json

    context = built.context
    shape = {
        "repository": context.name,
        "commit": context.commit,
        "folder": context.folder,
        "folder_reason": built.conventions.project.reason,
        "other_folders": list(built.conventions.project.others),
        "conventions": list(context.conventions),
        "files": {path: len(text) for path, text in context.files.items()},
        "routes": list(context.routes),
        "data_models": context.models,
        "map": context.map,
        "left_out": [{"path": path, "reason": reason} for path, reason in context.left_out],
        "tokens": dict(built.tokens),
    }
    return json.dumps(shape, indent=2) + "\n"


def _show(built: "Built") -> None:
    from rich.table import Table
    from rich.text import Text

    from orchestrator.terminal import console
    from prompts.quoting import visible
    from prompts.tokens import count_tokens

    out = console()
    context = built.context
    out.print(f"{context.name} at {context.commit[:12]}: {len(built.scores)} text files")
    for line in context.conventions:
        out.print(Text("  " + visible(line)))
    table = Table("part", "tokens (estimated)", box=None, pad_edge=False, header_style="bold")
    for part, tokens in built.tokens.items():
        table.add_row(part, f"{tokens:,}")
    table.add_row("together", f"{sum(built.tokens.values()):,}", style="bold")
    out.print()
    out.print(table)
    if context.files:
        out.print("\nFiles that the model sees whole", style="bold")
    for path, text in context.files.items():
        score = built.scores.get(path, 0.0)
        out.print(Text(f"  {count_tokens(text).tokens:>7,}  {score:.2f}  {visible(path)}"))
    for title, body in (
        ("Routes", "\n".join(context.routes)),
        ("Data models", context.models),
        ("Map", context.map),
    ):
        if body:
            out.print(f"\n{title}", style="bold")
            out.print(Text(visible(body)))
    if context.left_out:
        out.print("\nNot shown", style="bold")
    for path, reason in context.left_out:
        out.print(Text(f"  {visible(path)}: {reason}"))
