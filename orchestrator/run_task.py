"""Runs one task as a run of one sample; what ``backsmith run`` and ``backsmith demo`` share."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from agents.completion import Model, Parameters
from agents.models import redactor
from agents.submission import Answer
from evals.judgement import Judgement
from evals.reports.markdown import report_markdown
from evals.reports.run_report import report_json
from evals.scrutiny import Scrutiny
from orchestrator.journal import told_damage
from orchestrator.reporting import load_report
from orchestrator.run_folder import RunFolder
from orchestrator.sample import FinishedSample, SampleRun
from orchestrator.sample_plan import Ground, Judge, SamplePlan
from orchestrator.teams import Team
from orchestrator.verify import verify
from orchestrator.watcher import Watcher
from prompts.role import Role, load_role
from prompts.task import Task
from sandbox.trial import Laboratory

if TYPE_CHECKING:
    from evals.rubric.prose import ProseJudge


@dataclass(frozen=True, slots=True)
class TaskRun:
    """What to run and where.

    ``ground`` and ``approve`` are as in SamplePlan. ``judge`` stands in for the usual one. ``about`` is what else must
    stay the same for the run to go on.
    """

    task: Task
    model: Model
    team: Team
    folder: Path
    rounds: int = 3
    overlay: Path | None = None
    parameters: Parameters = field(default_factory=Parameters)
    ground: Ground | None = None
    judge: Judge | None = None
    approve: Callable[[str], str] | None = None
    about: Mapping[str, str] = field(default_factory=dict)
    scrutiny: Scrutiny = field(default_factory=Scrutiny)
    prose: "ProseJudge | None" = None


@dataclass(frozen=True, slots=True)
class TaskRunResult:
    """A finished run and where its parts are."""

    sample: FinishedSample
    folder: Path
    repository: Path
    report: Path


async def run_task(wanted: TaskRun, laboratory: Laboratory, watcher: Watcher) -> TaskRunResult:
    """Run the task to its verdict and write ``report.md`` and ``report.json`` into the run's folder."""
    roles = {name: load_role(name, wanted.overlay) for name in wanted.team.roles}
    redact = redactor().redact

    async def usual(answer: Answer, task: Task) -> Judgement:
        return await verify(answer, task, laboratory, wanted.scrutiny)

    async with RunFolder(wanted.folder, _plan(wanted, roles), redact) as folder:
        if damage := told_damage(folder.damaged):
            watcher.note(damage)
        plan = SamplePlan(
            wanted.task,
            wanted.model,
            wanted.team,
            roles,
            wanted.rounds,
            parameters=wanted.parameters,
            redact=redact,
            ground=wanted.ground,
            approve=wanted.approve,
            prose=wanted.prose,
        )
        sample = await SampleRun(plan, folder, wanted.judge or usual, watcher).run()
        verdict = sample.best.score.verdict
        await folder.finish(sample.name, verdict, len(sample.rounds), error=sample.problem)
        repository = folder.workspace.folder
    return TaskRunResult(sample, wanted.folder, repository, write_reports(wanted.folder))


def write_reports(folder: Path) -> Path:
    """Write the reports of a run into its folder, each in one step; returns the Markdown one's path."""
    report = load_report(folder)
    for name, text in (("report.json", report_json(report)), ("report.md", report_markdown(report))):
        fresh = folder / f".{name}.new"
        fresh.write_text(text, encoding="utf-8", errors="surrogatepass")
        fresh.replace(folder / name)
    return folder / "report.md"


def _plan(wanted: TaskRun, roles: Mapping[str, Role]) -> dict[str, object]:
    """What must stay the same for a run to go on; more rounds may be allowed later."""
    return {
        "title": wanted.task.task,
        "framework": wanted.task.framework,
        "database": wanted.task.database or "",
        "task": wanted.task.digest,
        "model": wanted.model.name,
        "team": wanted.team.name,
        "roles": [f"{role.name} {role.version} {role.digest}" for role in roles.values()],
        "parameters": asdict(wanted.parameters),
        **({"judge": wanted.prose.model.name} if wanted.prose else {}),
        **wanted.about,
    }
