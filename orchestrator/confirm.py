"""Fresh samples of what the gate suspects, from a live model."""

import json
from pathlib import Path

from agents.project import find_project
from evals.gate.decision import Decision
from evals.results import AgentInfo, RunResults
from evals.suites.suite import Suite
from orchestrator.eval_engine import Pace
from orchestrator.eval_progress import eval_progress
from orchestrator.eval_run import Where, run_eval
from orchestrator.eval_setup import Wanted, cores, opened
from orchestrator.journal import scan_journal
from orchestrator.model_choice import ModelChoice, model_options
from orchestrator.results import read_results
from orchestrator.run_folder import JOURNAL
from prompts.errors import ConfigError

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
    """Run the suspects' tasks ``epochs`` times with the run's agent, in a folder beside the run's.

    The folder goes on where it stopped. The completion cache is left alone: what it has is not fresh. Raises
    ConfigError where the run's answers did not come from a live model, or its agent is no longer the same.
    """
    agent = next(agent for agent in run.agents if agent.id == decision.agent)
    if not {"live", "cached"} & set(decision.sources):
        told = ", ".join(decision.sources) or "none"
        raise ConfigError(
            f"the answers of {run.folder} are not live ({told})", "suspects are confirmed by a live model"
        )
    choice = ModelChoice(None, _settings(agent), budget, base_url, cache=False)
    wanted = Wanted(
        models=(agent.model,),
        roles=(agent.role,),
        teams=(agent.team,),
        epochs=epochs,
        rounds=_rounds(run) or suite.rounds,
        tasks=suspected_tasks(decision),
        overlay=prompts,
    )
    folder = Path(f"{run.folder.rstrip('/')}-fresh")
    options = model_options(choice, find_project(Path.cwd()), folder)
    async with opened(suite, wanted, choice, options) as eval_run:
        [fresh] = eval_run.agents.values()
        if (fresh.info.role_hash, fresh.info.parameters) != (agent.role_hash, agent.parameters):
            raise ConfigError(
                f"the role or the settings of {agent.id} are not those of {run.folder} any more",
                "make the run anew with what is to be judged",
            )
        with eval_progress(quiet=False) as progress:
            await run_eval(eval_run, folder, Pace(jobs=cores()), Where(sandbox), options.spending, progress)
    return read_results(folder)


def suspected_tasks(decision: Decision) -> tuple[str, ...]:
    """The tasks to run again: the suspects, or all that were compared where a wider test is one."""
    suspects = decision.suspects
    if any(test.scope != "task" for test in suspects):
        return decision.compared
    return tuple(test.name for test in suspects)


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
