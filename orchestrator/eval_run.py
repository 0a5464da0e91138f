"""Opens everything that an eval needs, runs it, and leaves the run folder whole, whatever happens."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from agents.spending import Spending
from agents.submission import Answer
from evals.judgement import Judgement
from orchestrator.eval_engine import EvalEngine, EvalRun, Pace, judge_format
from orchestrator.eval_plan import write_plan
from orchestrator.eval_progress import Progress
from orchestrator.eval_setup import environment
from orchestrator.run_folder import RunFolder
from orchestrator.sample import Judge
from prompts.task import Task


async def run_eval(
    run: EvalRun, folder: Path, pace: Pace, sandbox: str, spending: Spending, progress: Progress
) -> None:
    """Run what is left of an eval in ``folder``. ``sandbox`` names the isolation. Raises as ``EvalEngine.run`` does."""
    plan = {**write_plan(run.plan), "rounds": run.rounds, "tests": run.tests}
    async with RunFolder(folder, plan, run.redact) as kept, _judge(run, sandbox) as (judge, told):
        spending.charge("", kept.spent)
        kept.started({"epochs": run.epochs, "environment": environment(told)})
        for line in kept.damaged:
            progress.note(f"line {line} of the journal is damaged and is left out")
        engine = EvalEngine(run, kept, judge, pace, progress.tick)
        progress.attach(engine)
        await engine.run()


@asynccontextmanager
async def _judge(run: EvalRun, sandbox: str) -> AsyncIterator[tuple[Judge, str]]:
    """The judge, and the name of the sandbox that it works in."""
    if not run.tests:
        yield judge_format, "none"
        return
    from orchestrator.sandboxes import open_sandbox
    from orchestrator.verify import verify
    from sandbox.trial import Laboratory

    isolation = open_sandbox(sandbox)
    async with Laboratory(isolation) as laboratory:

        async def judge(answer: Answer, task: Task) -> Judgement:
            return await verify(answer, task, laboratory)

        yield judge, isolation.name
