"""``backsmith demo``: the main job on shipped recordings."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.commands.options import Sandbox

if TYPE_CHECKING:
    from evals.verdict import Verdict


def demo(
    names: Annotated[
        list[str] | None,
        typer.Argument(help="Which recordings; all are listed by --list.", show_default=False),
    ] = None,
    list_them: Annotated[bool, typer.Option("--list", help="List the recordings that there are.")] = False,
    run_folder: Annotated[
        Path | None, typer.Option("--run", help="Where the runs go (default: runs/).")
    ] = None,
    sandbox: Sandbox = "auto",
) -> None:
    """Do the main job on recorded answers: no key, no Docker, no root.

    The answers are real ones, recorded once; everything else is live: parsing, git, the sandbox, the
    databases, the tests, the checklist. Exits as ``backsmith run`` does.

    \b
    backsmith demo
    backsmith demo notes-flask wallet-fastapi
    """
    from evals.suites.recordings import recording_names
    from orchestrator.exit_codes import exit_code
    from orchestrator.stopping import stoppable
    from orchestrator.terminal import console
    from prompts.errors import ConfigError

    known = recording_names()
    if list_them:
        console().print("\n".join(known))
        return
    chosen = names or list(DEFAULT)
    for name in chosen:
        if name not in known:
            raise ConfigError(f"no recording is called {name!r}", f"use one of: {', '.join(known)}")
    verdicts = stoppable(_demo(chosen, run_folder or Path("runs"), sandbox))
    raise typer.Exit(exit_code(verdicts))


# One on PostgreSQL, one on SQLite; both need nothing but what comes with Backsmith.
DEFAULT = ("auth-fastapi", "shortener-fastapi")


async def _demo(names: list[str], parent: Path, sandbox: str) -> list["Verdict"]:
    from agents.models import ModelOptions, open_model
    from evals.scrutiny import Scrutiny
    from evals.suites.recordings import recordings_folder
    from orchestrator.commands.run import show_result
    from orchestrator.new_folder import fresh_folder
    from orchestrator.run_task import TaskRun, run_task
    from orchestrator.sandboxes import open_sandbox
    from orchestrator.teams import find_team
    from orchestrator.terminal import console, progress
    from prompts.taskfile import load_task
    from sandbox.trial import Laboratory

    folder = recordings_folder()
    isolation = open_sandbox(sandbox)
    model = open_model("replay", ModelOptions(cassette=folder, by_task=True))
    verdicts = []
    console().print(f"Sandbox: {isolation.name}. Recordings: {', '.join(names)}.")
    with progress() as watcher:
        async with Laboratory(isolation, watcher.stage) as laboratory:
            for name in names:
                watcher.stage("task", name)
                task = load_task(folder / name / "task.yaml")
                place = fresh_folder(parent, name)
                plan = TaskRun(
                    task, model, find_team("build"), place, rounds=1, scrutiny=Scrutiny(probes=True)
                )
                result = await run_task(plan, laboratory, watcher)
                show_result(result, f"{name}: {task.task}")
                verdicts.append(result.sample.best.score.verdict)
    return verdicts
