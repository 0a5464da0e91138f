"""``backsmith run TASK --into REPO``: work in a clone, handed over as a branch."""

import asyncio
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from prompts.errors import BacksmithError, InfrastructureError

if TYPE_CHECKING:
    from orchestrator.commands.run import Wanted
    from orchestrator.into.ground import RepositoryGround
    from orchestrator.into.handover import HandedOver
    from orchestrator.into.workplace import Workplace
    from orchestrator.model_choice import ModelChoice
    from orchestrator.run_task import TaskRun, TaskRunResult
    from orchestrator.watcher import Watcher
    from prompts.task import Task


@dataclass(frozen=True, slots=True)
class Into:
    """The repository, the commit to start from, and what the change is judged and handed over by."""

    folder: Path
    base: str | None
    uncommitted: str
    patch: Path | None
    everywhere: bool


async def run_into(wanted: "Wanted", into: Into, choice: "ModelChoice", *, as_json: bool) -> int:
    """Run it and show what came of it; returns the exit code."""
    from agents.models import redactor
    from orchestrator.exit_codes import exit_code
    from orchestrator.into.handover import hand_over
    from orchestrator.into.tasks import task_for
    from orchestrator.into.workplace import open_source, open_workplace
    from orchestrator.model_choice import close_models, open_models
    from orchestrator.new_folder import discard, fresh_folder
    from orchestrator.run_task import TaskRun
    from orchestrator.teams import BUILDER, find_team
    from orchestrator.terminal import console, progress
    from prompts.role import default_overlay, load_role
    from sandbox.repository.snapshot import CommitFiles

    source, origin, uncommitted = open_source(into.folder, into.base, into.uncommitted)
    task = task_for(wanted.task, CommitFiles(source.git, origin), source.within)
    folder = wanted.run_folder or fresh_folder(_runs(), _name(task))
    try:
        opened = open_models(choice, task.settings, folder)
    except BacksmithError:
        discard(folder)
        raise
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with progress(quiet=as_json) as watcher:
            place = open_workplace(source, origin, uncommitted, folder)
            overlay = wanted.prompts or default_overlay()
            plan = TaskRun(
                task, opened.model, find_team(wanted.team), folder, wanted.rounds, overlay, opened.parameters,
                prose=opened.prose,
            )  # fmt: skip
            ground, result = await _work(wanted, into, place, plan, watcher)
            watcher.stage("hand over")
            role = load_role(BUILDER, overlay)
            handed = hand_over(
                place, ground, result.sample, task, role, folder, into.patch, redactor().redact
            )
    except (InfrastructureError, asyncio.CancelledError):
        console(stderr=True).print(f"What there is so far is kept; go on with: --run {folder}")
        raise
    finally:
        await close_models(opened)
    if as_json:
        sys.stdout.write(_json(result, handed))
    else:
        _show(result, handed, task)
    return exit_code([result.sample.best.score.verdict])


async def _work(
    wanted: "Wanted", into: Into, place: "Workplace", plan: "TaskRun", watcher: "Watcher"
) -> "tuple[RepositoryGround, TaskRunResult]":
    """Context, design, answers and judgements, in the clone."""
    from orchestrator.approval import approval
    from orchestrator.into.ground import RepositoryGround
    from orchestrator.into.judging import ChangeJudge
    from orchestrator.into.telling import context_for
    from orchestrator.run_task import run_task
    from orchestrator.sandboxes import open_sandbox
    from sandbox.trial import Laboratory
    from sandbox.trial_cache import TrialCache

    for note in place.notes:
        watcher.note(note)
    watcher.stage("context")
    built = context_for(plan.task, place.snapshot, place.source)
    if line := built.conventions.project.line:
        watcher.note(f"project: {line}")
    ground = RepositoryGround(place.snapshot, built.context)
    cache = None if wanted.no_cache else TrialCache()
    isolation = open_sandbox(wanted.sandbox)
    async with Laboratory(isolation, watcher.stage, cache, wanted.warm) as laboratory:
        judge = ChangeJudge(ground, laboratory, watcher, into.everywhere, wanted.scrutiny)
        plan = replace(
            plan,
            ground=ground,
            judge=judge.judge,
            approve=approval(plan.folder, asked=plan.team.designs and not wanted.yes),
            about={"into": place.source.name, "base": place.base},
        )
        return ground, await run_task(plan, laboratory, watcher)


def _runs() -> Path:
    """Where runs are kept: never in the user's repository."""
    import platformdirs

    return platformdirs.user_state_path("backsmith") / "runs"


def _name(task: "Task") -> str:
    from orchestrator.commands.run import task_name

    return task_name(task)


def _json(result: "TaskRunResult", handed: "HandedOver") -> str:
    """The run's report, and what was handed over."""
    import json
    from dataclasses import asdict

    report = json.loads((result.folder / "report.json").read_text(encoding="utf-8"))
    return json.dumps({**report, "handover": asdict(handed)}, indent=2) + "\n"


def _show(result: "TaskRunResult", handed: "HandedOver", task: "Task") -> None:
    from evals.reports.sources import counted
    from orchestrator.commands.run import show_result
    from orchestrator.terminal import console

    show_result(result, task.task)
    out = console()
    if not handed.branch:
        out.print("\nNothing was handed over: no answer could be used.")
        return
    out.print(
        f"\n  branch     {handed.branch} ({counted(handed.files, 'file')} changed, commit {handed.commit[:12]})"
    )
    if handed.patch:
        out.print(f"  patch      {handed.patch} (git apply)")
    out.print(f"  look       {handed.look}")
    if handed.propose:
        out.print(f"  propose    {handed.propose}")
