"""Opens everything that an eval needs, runs it, and leaves the run folder whole, whatever happens."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from agents.spending import Spending
from agents.submission import Answer
from evals.judgement import Judgement
from evals.scrutiny import Scrutiny
from orchestrator.eval_engine import EvalEngine, EvalRun, Pace, judge_format
from orchestrator.eval_plan import write_plan
from orchestrator.eval_progress import Progress
from orchestrator.eval_setup import cores, environment
from orchestrator.journal import told_damage
from orchestrator.run_folder import RunFolder
from orchestrator.sample_plan import Judge
from prompts.errors import ConfigError
from prompts.task import Task
from sandbox.warm.mode import WarmMode

ENGINES = ("local", "ray")
# What answers without a provider that would be paid.
_FREE = ("replay", "manual", "")


@dataclass(frozen=True, slots=True)
class Where:
    """Where answers are judged: the isolation's name, and the engine; ``address`` is the Ray cluster's.

    ``cache``: whether trials whose outcome is known on this machine are taken as known; ``warm``: which tests are
    forked from a process that has their packages imported.
    """

    sandbox: str = "auto"
    engine: str = "local"
    address: str | None = None
    cache: bool = True
    warm: WarmMode = "auto"


@dataclass(frozen=True, slots=True)
class _Court:
    """A judge, what it judges in, and how many answers it takes at a time."""

    judge: Judge
    sandbox: str
    places: int


async def run_eval(
    run: EvalRun, folder: Path, pace: Pace, where: Where, spending: Spending, progress: Progress
) -> None:
    """Run what is left of an eval in ``folder``. Raises as ``EvalEngine.run`` does."""
    plan = {
        **write_plan(run.plan),
        "rounds": run.rounds,
        "tests": run.tests,
        "mutant_seconds": run.mutant_seconds,
        **({"judge": run.prose.model.name} if run.prose else {}),
    }
    async with RunFolder(folder, plan, run.redact) as kept, _court(run, where) as court:
        spending.charge("", kept.spent)
        told = {**environment(court.sandbox), "engine": where.engine}
        kept.started({"epochs": run.epochs, "environment": told})
        if damage := told_damage(kept.damaged):
            progress.note(damage)
        for model in dict.fromkeys(agent.info.model for agent in run.agents.values()):
            if model.partition("/")[0] not in _FREE and not spending.counts(model):
                progress.note(f"the price of {model} is unknown: limit its calls or tokens as well as money")
        paced = pace if pace.jobs else replace(pace, jobs=court.places)
        engine = EvalEngine(run, kept, court.judge, paced, progress.tick)
        progress.attach(engine)
        await engine.run()


@asynccontextmanager
async def _court(run: EvalRun, where: Where) -> AsyncIterator[_Court]:
    if where.engine not in ENGINES:
        raise ConfigError(f"no engine is called {where.engine!r}", f"use one of: {', '.join(ENGINES)}")
    if where.engine == "ray":
        if not run.tests:
            raise ConfigError(
                "--engine ray spreads what happens in sandboxes, and --no-tests leaves that out"
            )
        from orchestrator.eval_ray import ray_judge, sandbox_worker

        worker = sandbox_worker(where.sandbox, _scrutiny(run), where.warm)
        async with ray_judge(where.address, worker) as (judge, places):
            yield _Court(judge, where.sandbox, places)
    elif not run.tests:
        yield _Court(judge_format, "none", cores())
    else:
        async with _local(where, _scrutiny(run)) as court:
            yield court


def _scrutiny(run: EvalRun) -> dict[str, Scrutiny]:
    """How closely answers are looked at, by the hash of the task as it is judged."""
    return {
        task.judged.digest: Scrutiny(task.probes, run.mutant_seconds, task.scripts)
        for task in run.tasks.values()
    }


@asynccontextmanager
async def _local(where: Where, scrutiny: Mapping[str, Scrutiny]) -> AsyncIterator[_Court]:
    from orchestrator.sandboxes import open_sandbox
    from orchestrator.verify import verify
    from sandbox.trial import Laboratory
    from sandbox.trial_cache import TrialCache

    isolation = open_sandbox(where.sandbox)
    cache = TrialCache() if where.cache else None
    async with Laboratory(isolation, cache=cache, warm=where.warm) as laboratory:

        async def judge(answer: Answer, task: Task) -> Judgement:
            return await verify(answer, task, laboratory, scrutiny.get(task.digest, Scrutiny()))

        yield _Court(judge, isolation.name, cores())
