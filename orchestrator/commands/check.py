"""``backsmith check``: the checklist on any directory."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from evals.code.folder import Folder
    from evals.verdict import CheckResult

MOST_SHOWN = 8
"""Pieces of evidence that the table shows of one item; ``--json`` has all."""


def check(
    directory: Annotated[Path, typer.Argument(help="The folder with the code.", metavar="DIR")],
    task: Annotated[Path | None, typer.Option(help="The task that the code was written for.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The results as JSON on standard output.")] = False,
    sarif: Annotated[
        bool, typer.Option("--sarif", help="The results as SARIF 2.1.0 on standard output.")
    ] = False,
) -> None:
    """Judge the code of a folder by the checklist. Nothing of it is run.

    Exits with 1 where an item fails, with 2 where the folder or the task cannot be read, else with 0.

    \b
    backsmith check src/
    backsmith check . --task task.yaml --sarif > checklist.sarif
    """
    from evals.checklist import judge
    from evals.code.folder import read_folder
    from evals.code.view import build_view
    from evals.verdict import Verdict
    from prompts.errors import ConfigError
    from prompts.taskfile import load_task

    if as_json and sarif:
        raise ConfigError("--json and --sarif exclude each other", "ask for one of them")
    if not directory.is_dir():
        raise ConfigError(f"{directory} is no folder", "give the folder that holds the code")
    wanted = load_task(task) if task is not None else None
    try:
        folder = read_folder(directory)
    except OSError as error:
        raise ConfigError(f"{directory} cannot be read: {error.strerror}") from error
    results = judge(build_view(folder.files, task=wanted))
    if as_json:
        sys.stdout.write(_json(results, folder))
    elif sarif:
        from importlib.metadata import version

        from evals.sarif import write_sarif

        sys.stdout.write(write_sarif(results, version("backsmith")))
    else:
        _table(results, folder)
    raise typer.Exit(1 if any(r.verdict is Verdict.FAIL for r in results) else 0)


def _json(results: Sequence["CheckResult"], folder: "Folder") -> str:
    import json

    shape = {
        "checklist": [
            {
                "item": result.item,
                "verdict": result.verdict.value,
                "reason": result.reason,
                "evidence": [{"path": e.path, "line": e.line, "message": e.message} for e in result.evidence],
            }
            for result in results
        ],
        "files": len(folder.files),
        "skipped": [{"path": s.path, "reason": s.reason} for s in folder.skipped],
    }
    return json.dumps(shape, indent=2) + "\n"


def _table(results: Sequence["CheckResult"], folder: "Folder") -> None:
    """The verdicts with their evidence, for people. All text from the code is made visible first."""
    from orchestrator.terminal import console

    out = console()
    styles = {"pass": "green", "fail": "bold red", "inconclusive": "yellow", "not-applicable": "dim"}
    for result in results:
        out.print(
            f"{result.verdict.value:<14}  {result.item}: {result.reason}", style=styles[result.verdict.value]
        )
        shown = result.evidence[:MOST_SHOWN] if result.verdict.value in {"fail", "inconclusive"} else ()
        for evidence in shown:
            place = f"{_line(evidence.path)}:{evidence.line}: " if evidence.path else ""
            out.print(f"{'':<16}{place}{_line(evidence.message)}")
        if len(result.evidence) > len(shown) > 0:
            out.print(f"{'':<16}and {len(result.evidence) - len(shown)} more")
    out.print(f"{len(folder.files)} files read, {len(folder.skipped)} left out{_why(folder)}")


def _line(text: str) -> str:
    """Untrusted text as one line that a terminal can show."""
    from prompts.quoting import visible

    return visible(text).replace("\n", " ")


def _why(folder: "Folder") -> str:
    from collections import Counter

    reasons = Counter(skipped.reason for skipped in folder.skipped)
    listed = ", ".join(f"{count} {reason}" for reason, count in reasons.most_common(4))
    return f" ({listed})" if listed else ""
