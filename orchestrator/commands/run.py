"""``backsmith run``: one task to verified code."""

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from evals.scrutiny import Scrutiny
from orchestrator.commands.options import (
    BaseUrl,
    Budget,
    Cassette,
    Judge,
    Mutants,
    Overlay,
    Overwrite,
    Probes,
    Record,
    RunFolder,
    Sandbox,
    Settings,
    Warm,
)
from prompts.errors import BacksmithError, ConfigError, InfrastructureError

if TYPE_CHECKING:
    from orchestrator.model_choice import ModelChoice
    from orchestrator.run_task import TaskRunResult
    from prompts.task import Task
    from sandbox.warm.mode import WarmMode


def run(
    task: Annotated[
        str, typer.Argument(help="The task file (YAML); with --into also what is to be done, in words.")
    ],
    model: Annotated[
        str | None,
        typer.Option(
            "--model", "-m", help="openai/NAME, anthropic/NAME, replay, manual, ... (see: backsmith models)"
        ),
    ] = None,
    team: Annotated[str, typer.Option(help="build, design-build or design-build-review.")] = "build",
    rounds: Annotated[
        int, typer.Option(min=1, max=20, help="How many answers at most, repairs included.")
    ] = 3,
    sandbox: Sandbox = "auto",
    run_folder: RunFolder = None,
    setting: Settings = None,
    base_url: BaseUrl = None,
    cassette: Cassette = None,
    replay: Annotated[
        str, typer.Option(help="exact, or by-task (says when the prompt has changed).")
    ] = "exact",
    record: Record = None,
    overwrite: Overwrite = False,
    budget: Budget = None,
    no_cache: Annotated[
        bool,
        typer.Option(
            "--no-cache",
            help="Ask the model and run the tests anew even where this machine has their results.",
        ),
    ] = False,
    prompts: Overlay = None,
    into: Annotated[
        Path | None,
        typer.Option(
            help="Do it in this git repository; it is handed a branch and nothing else of it changes."
        ),
    ] = None,
    base: Annotated[
        str | None, typer.Option(help="With --into: the commit to start from (default: the one checked out).")
    ] = None,
    uncommitted: Annotated[
        str, typer.Option(help="With --into, what to do with uncommitted changes: refuse, carry or ignore.")
    ] = "refuse",
    patch: Annotated[
        Path | None, typer.Option(help="With --into: also write the change as a patch file.")
    ] = None,
    everywhere: Annotated[
        bool,
        typer.Option("--all-findings", help="With --into: judge all code, not only the lines that changed."),
    ] = False,
    warm: Warm = "auto",
    probes: Probes = True,
    mutants: Mutants = 0,
    judge: Judge = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Build by the design without asking.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="The run's report as JSON on standard output.")
    ] = False,
) -> None:
    """Hand one task to a model and get verified code back.

    Exits with 0 when the code is verified, 1 when it falls short, 3 when it could not be judged. Interrupted,
    it exits with 130 and keeps what there is: the same command with --run FOLDER goes on.

    \b
    backsmith run task.yaml --model anthropic/claude-opus-5
    backsmith run task.yaml --model ollama/NAME --rounds 5 --set temperature=0.2
    backsmith run task.yaml --model openai/gpt-5 --budget money=2 --record tapes/
    backsmith run task.yaml --model manual
    backsmith run "Add rate limits to POST /login" --into . --model openai/gpt-5
    """
    from orchestrator.exit_codes import exit_code
    from orchestrator.model_choice import ModelChoice
    from orchestrator.stopping import stoppable
    from orchestrator.teams import find_team
    from sandbox.warm.mode import warm_mode

    choice = ModelChoice(
        model,
        tuple(setting or ()),
        tuple(budget or ()),
        base_url,
        cassette,
        replay,
        record,
        overwrite,
        not no_cache,
        judge=judge,
    )
    if judge is not None and not find_team(team).designs:
        raise ConfigError(
            f"--judge judges the expert's design, and the team {team} has no expert",
            "use --team design-build",
        )
    wanted = Wanted(
        task,
        team,
        rounds,
        sandbox,
        run_folder,
        prompts,
        no_cache,
        yes,
        Scrutiny(probes, mutants),
        warm_mode(warm),
    )
    if into is not None:
        from orchestrator.commands.run_into import Into, run_into

        repository = Into(into, base, uncommitted, patch, everywhere)
        raise typer.Exit(stoppable(run_into(wanted, repository, choice, as_json=as_json)))
    if base or patch or everywhere or uncommitted != "refuse":
        raise ConfigError("--base, --uncommitted, --patch and --all-findings go with --into")
    result = stoppable(_run(wanted, choice, quiet=as_json))
    if as_json:
        sys.stdout.write((result.folder / "report.json").read_text(encoding="utf-8"))
    else:
        show_result(result, task)
    raise typer.Exit(exit_code([result.sample.best.score.verdict]))


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a run's options say, but for the model."""

    task: str
    team: str
    rounds: int
    sandbox: str
    run_folder: Path | None
    prompts: Path | None
    no_cache: bool
    yes: bool = False
    scrutiny: Scrutiny = field(default_factory=Scrutiny)
    warm: "WarmMode" = "auto"


async def _run(wanted: Wanted, choice: "ModelChoice", *, quiet: bool) -> "TaskRunResult":
    import asyncio

    from orchestrator.approval import approval
    from orchestrator.model_choice import close_models, open_models
    from orchestrator.new_folder import discard, fresh_folder
    from orchestrator.run_task import TaskRun, run_task
    from orchestrator.sandboxes import open_sandbox
    from orchestrator.teams import find_team
    from orchestrator.terminal import console, progress
    from prompts.role import default_overlay
    from prompts.taskfile import load_task
    from sandbox.trial import Laboratory
    from sandbox.trial_cache import TrialCache

    if " " in wanted.task.strip() and not Path(wanted.task).exists():
        raise ConfigError(
            f"{wanted.task}: no such task file",
            "a task in words is done in a repository: name that with --into",
        )
    task = load_task(Path(wanted.task))
    team = find_team(wanted.team)
    isolation = open_sandbox(wanted.sandbox)
    folder = wanted.run_folder or fresh_folder(Path("runs"), task_name(task))
    try:
        opened = open_models(choice, task.settings, folder)
    except BacksmithError:
        discard(folder)
        raise
    overlay = wanted.prompts or default_overlay()
    approve = approval(folder, asked=team.designs and not wanted.yes and not quiet)
    plan = TaskRun(
        task,
        opened.model,
        team,
        folder,
        wanted.rounds,
        overlay,
        opened.parameters,
        approve=approve,
        scrutiny=wanted.scrutiny,
        prose=opened.prose,
    )
    try:
        with progress(quiet=quiet) as watcher:
            cache = None if wanted.no_cache else TrialCache()
            async with Laboratory(isolation, watcher.stage, cache, wanted.warm) as laboratory:
                return await run_task(plan, laboratory, watcher)
    except (InfrastructureError, asyncio.CancelledError):
        if folder.is_dir():
            console(stderr=True).print(f"What there is so far is kept; go on with: --run {folder}")
        raise
    finally:
        await close_models(opened)


def task_name(task: "Task") -> str:
    """The task's title as a part of a folder's name, with no secret in it."""
    from agents.models import redactor
    from prompts.task import slug

    return slug(redactor().redact(task.task))


def show_result(result: "TaskRunResult", title: str) -> None:
    """The verdict of a run and where everything is."""
    from agents.models import redactor
    from evals.reports.sources import sources_named
    from evals.score import spent
    from orchestrator.show import show_score
    from orchestrator.terminal import console

    out = console()
    best = result.sample.best
    show_score(out, best.score, redactor().redact(title))
    if len(result.sample.rounds) > 1:
        out.print(f"  rounds     {len(result.sample.rounds)}, round {best.number} counts")
    if told := spent(result.sample.usage, result.sample.cost):
        out.print(f"  tokens     {told}")
    out.print(f"  answered   {sources_named(r.source for r in result.sample.rounds)}")
    out.print(f"  repository {result.repository} (branch {result.sample.branch})")
    out.print(f"  report     {result.report}")
