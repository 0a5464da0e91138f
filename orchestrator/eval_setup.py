"""From a suite and what a command says to a run that the engine can work on."""

import json
import os
import platform
from collections.abc import Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, replace
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

from agents.completion import Parameters
from agents.models import ModelOptions, close_model, open_model, redactor
from agents.project import Project, find_project, settings_for
from evals.grader import grader_hash
from evals.results import AgentInfo, TaskInfo
from evals.suites.suite import Suite, SuiteTask
from orchestrator.eval_engine import Agent, EvalRun
from orchestrator.eval_plan import EvalPlan, agent_id, roles_hash
from orchestrator.model_choice import ModelChoice, named_model, open_judge
from orchestrator.teams import BUILDER, EXPERT, Team, find_team
from prompts.errors import ConfigError
from prompts.role import Role, load_role
from prompts.task import Task

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a command says beside the suite; empty and None stand for what the suite or project says."""

    models: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    epochs: int | None = None
    rounds: int | None = None
    tests: bool = True
    probes: bool | None = None
    mutant_seconds: float = 0.0
    tasks: tuple[str, ...] = ()
    overlay: Path | None = None


def for_suite(choice: ModelChoice, suite: Suite, replay: str | None) -> ModelChoice:
    """The choice with the suite's own cassette where none was given."""
    if choice.cassette is not None:
        return replace(choice, replay=replay or "exact")
    return replace(choice, cassette=suite.cassette, replay=replay or suite.replay)


@asynccontextmanager
async def opened(
    suite: Suite, wanted: Wanted, choice: ModelChoice, options: ModelOptions
) -> "AsyncIterator[EvalRun]":
    """The run, its models opened; they are closed at the end. Raises ConfigError that says what to mend."""
    project = find_project(Path.cwd())
    tasks = tuple(with_probes(task, wanted.probes) for task in _chosen(suite, wanted.tasks))
    agents: dict[str, Agent] = {}
    judge = None
    try:
        for model, role, team in _combinations(wanted, project):
            agent = _agent(model, role, find_team(team), wanted, choice, project, options, tuple(agents))
            agents[agent.info.id] = agent
        if choice.judge and not any(agent.team.designs for agent in agents.values()):
            raise ConfigError(
                "--judge judges designs, and no team of this eval has an expert", "use --team design-build"
            )
        judge = open_judge(choice.judge, project, options)
        secrets = redactor()
        redact = secrets.redact if secrets else str
        rounds = wanted.rounds or suite.rounds
        plan = EvalPlan(
            suite=suite.name,
            tasks=tuple(task_info(task, redact(task.task.task)) for task in tasks),
            agents=tuple(agent.info for agent in agents.values()),
        )
        yield EvalRun(
            plan=plan,
            epochs=wanted.epochs or suite.epochs,
            tasks={task.id: task for task in tasks},
            agents=agents,
            rounds=rounds,
            tests=wanted.tests,
            mutant_seconds=wanted.mutant_seconds,
            grader=grader_hash(),
            redact=redact,
            prose=judge,
        )
    finally:
        if judge is not None:
            await close_model(judge.model)
        for agent in agents.values():
            await close_model(agent.model)


def environment(sandbox: str) -> dict[str, str]:
    """What a process works with, for the journal."""
    from importlib.metadata import version

    return {
        "backsmith": version("backsmith"),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "sandbox": sandbox,
    }


def cores() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _combinations(wanted: Wanted, project: Project) -> Iterator[tuple[str, str, str]]:
    models = dict.fromkeys(wanted.models or (named_model(None, project),))
    roles = dict.fromkeys(wanted.roles or (BUILDER,))
    teams = dict.fromkeys(wanted.teams or ("build",))
    return product(models, roles, teams)


def _agent(
    model: str,
    role: str,
    team: Team,
    wanted: Wanted,
    choice: ModelChoice,
    project: Project,
    options: ModelOptions,
    taken: Sequence[str],
) -> Agent:
    names = {BUILDER: role, EXPERT: EXPERT}
    roles = {name: load_role(names[name], wanted.overlay) for name in team.roles}
    common = settings_for(model, project, {}, choice.settings)
    builder: Role = roles[BUILDER]
    info = AgentInfo(
        id=agent_id(model, role, team.name, taken),
        model=model,
        team=team.name,
        role=builder.name,
        role_version=builder.version,
        role_hash=roles_hash([one.digest for one in roles.values()]),
        parameters=json.dumps(asdict(common), sort_keys=True),
    )

    def parameters(task: Task) -> Parameters:
        return settings_for(model, project, task.settings, choice.settings) if task.settings else common

    return Agent(info, open_model(model, options), team, roles, parameters)


def _chosen(suite: Suite, named: Sequence[str]) -> Iterator[SuiteTask]:
    import difflib

    known = {task.id: task for task in suite.tasks}
    for name in named or known:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1, 0.6)
            hint = f"did you mean {near[0]}?" if near else f"it has: {', '.join(list(known)[:20])}"
            raise ConfigError(f"the suite {suite.name} has no task {name!r}", hint)
        yield known[name]


def with_probes(task: SuiteTask, wanted: bool | None) -> SuiteTask:
    """The task probed or not as a command says; None leaves it as the suite has it."""
    return task if wanted is None else replace(task, probes=wanted)


def task_info(task: SuiteTask, title: str) -> TaskInfo:
    """The task as results tell it; ``title`` holds no secret."""
    return TaskInfo(
        id=task.id,
        hash=task.task.digest,
        title=title,
        family=task.family,
        framework=task.task.framework,
        database=task.task.database or "",
        tests_hash=task.tests_hash,
    )
