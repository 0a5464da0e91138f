"""Fresh samples, from a live model, where the gate suspects something."""

import json
from pathlib import Path

from agents.project import find_project
from evals.gate.decision import Decision
from evals.grader import grader_hash
from evals.results import AgentInfo, RunResults, TaskInfo
from evals.suites.suite import Suite, SuiteTask
from orchestrator.eval_engine import Pace
from orchestrator.eval_progress import eval_progress
from orchestrator.eval_run import Where, run_eval
from orchestrator.eval_setup import Wanted, cores, opened, task_info, with_probes
from orchestrator.journal import scan_journal
from orchestrator.model_choice import ModelChoice, model_options
from orchestrator.results import read_results
from orchestrator.run_folder import JOURNAL
from prompts.errors import ConfigError, InfrastructureError

LIVE = frozenset({"live", "cached"})
_SETTINGS = ("temperature", "max_tokens", "seed", "reasoning_effort")


async def fresh_samples(
    run: RunResults,
    decision: Decision,
    suite: Suite,
    epochs: int,
    *,
    base_url: str | None = None,
    budget: tuple[str, ...] = (),
    prompts: Path | None = None,
    sandbox: str = "auto",
) -> RunResults:
    """Run all compared tasks ``epochs`` times with the run's agent, in a folder beside the run's.

    The folder goes on where it stopped; a run that is made anew in the same place gets another. The completion
    cache is left alone: what it has is not fresh. What a provider that is down or a budget keeps from being made
    is missing in the results. Raises ConfigError, before anything is asked, where the run's agent, its tasks or
    the grader are no longer the same.
    """
    agent = next(agent for agent in run.agents if agent.id == decision.agent)
    probes = _same_question(run, decision.agent, suite, decision.compared)
    choice = ModelChoice(None, _settings(agent), budget, base_url, cache=False)
    wanted = Wanted(
        models=(agent.model,),
        roles=(agent.role,),
        teams=(agent.team,),
        epochs=epochs,
        rounds=_rounds(run) or suite.rounds,
        probes=probes,
        tasks=decision.compared,
        overlay=prompts,
    )
    folder = Path(f"{run.folder.rstrip('/')}-fresh-{run.identity[:8]}")
    options = model_options(choice, find_project(Path.cwd()), folder)
    async with opened(suite, wanted, choice, options) as eval_run:
        [fresh] = eval_run.agents.values()
        if (fresh.info.role_hash, fresh.info.parameters) != (agent.role_hash, agent.parameters):
            raise ConfigError(
                f"the role or the settings of {agent.id} are not those of {run.folder} any more",
                "make the run anew with what is to be judged",
            )
        with eval_progress(quiet=False) as progress:
            try:
                await run_eval(
                    eval_run, folder, Pace(jobs=cores()), Where(sandbox), options.spending, progress
                )
            except InfrastructureError as error:
                if not (folder / JOURNAL).exists():
                    raise
                progress.note(f"fresh samples are missing: {error}")
    return read_results(folder)


def _same_question(run: RunResults, agent: str, suite: Suite, names: tuple[str, ...]) -> bool | None:
    """Whether the suite's tasks are probed as they say (None), always or never, as they were in the run.

    Raises ConfigError where they are others, or would be judged by another grader: the money would be lost.
    """
    hint = "make the run anew with what is to be judged"
    graders = {s.grader_hash for s in run.samples if s.counted and s.agent.id == agent}
    if graders - {grader_hash()}:
        raise ConfigError(f"{run.folder} was judged by another version of the checks", hint)
    had = {task.id: task for task in run.tasks}
    have = {task.id: task for task in suite.tasks}
    for probes in (None, True, False):
        if all(name in have and _is(with_probes(have[name], probes), had[name]) for name in names):
            return probes
    changed = [
        name
        for name in names
        if name not in have
        or not any(_is(with_probes(have[name], on), had[name]) for on in (None, True, False))
    ]
    raise ConfigError(
        f"{suite.folder} does not have the tasks of {run.folder}: {', '.join((changed or names)[:5])}", hint
    )


def _is(task: SuiteTask, info: TaskInfo) -> bool:
    now = task_info(task, info.title)
    return (now.hash, now.tests_hash) == (info.hash, info.tests_hash)


def _settings(agent: AgentInfo) -> tuple[str, ...]:
    known = json.loads(agent.parameters) if agent.parameters else {}
    return tuple(f"{name}={known[name]}" for name in _SETTINGS if known.get(name) is not None)


def _rounds(run: RunResults) -> int | None:
    for line in scan_journal(Path(run.folder) / JOURNAL):
        plan = line.record.get("plan") if line.record else None
        if isinstance(plan, dict):
            rounds = plan.get("rounds")
            return rounds if isinstance(rounds, int) else None
    return None
