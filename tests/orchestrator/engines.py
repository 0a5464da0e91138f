"""Evals whose models answer by script and whose judges decide by rule, for tests of the engine."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

from agents.completion import Completion, Model, Parameters, Request, Usage
from agents.spending import Amounts, Spending
from agents.submission import Answer
from evals.judgement import Judgement
from evals.results import AgentInfo, RunResults, TaskInfo
from evals.suites.reading import load_suite
from evals.verdict import Evidence, Verdict
from orchestrator.eval_engine import Agent, EvalEngine, EvalRun, Pace
from orchestrator.eval_plan import EvalPlan, write_plan
from orchestrator.results import read_results
from orchestrator.run_folder import RunFolder
from orchestrator.sample_plan import Judge
from orchestrator.teams import BUILDER, find_team
from prompts.role import load_role
from prompts.task import Task
from sandbox.report import TestReport
from sandbox.trial import Trial
from tests.orchestrator import answers

Rule = Callable[[Request, int], str | Exception]
QUICK = Pace(pause=0.001)


class Scripted:
    """Answers by a rule of the request and how often its sample has asked; counts how often each sample asks."""

    def __init__(self, rule: Rule = lambda *_: answers.GOOD) -> None:
        self.name = "script/test"
        self.asked: dict[str, int] = {}
        self._rule = rule

    async def complete(self, request: Request, on_text: Any = None) -> Completion:
        sample = request.tag.sample
        self.asked[sample] = self.asked.get(sample, 0) + 1
        await asyncio.sleep(0)
        told = self._rule(request, self.asked[sample])
        if isinstance(told, Exception):
            raise told
        return Completion(told, "end", "script-1", usage=Usage(10, 5), cost=Decimal("0.25"))


class Budgeted(Scripted):
    """Asks the budget before each call, as live models do; a call of ``dear``'s sample may take far more."""

    def __init__(self, spending: Spending) -> None:
        super().__init__()
        self.dear = ""
        self._spending = spending

    async def complete(self, request: Request, on_text: Any = None) -> Completion:
        dear = bool(self.dear) and self.dear in request.tag.sample
        worst = Amounts(tokens=1_000_000 if dear else 1_000, calls=1)
        async with self._spending.reserve(request, worst):
            return await super().complete(request, on_text)


def plan_of(suite: Path, agents: tuple[str, ...]) -> EvalPlan:
    tasks = [
        TaskInfo(task.id, task.task.digest, task.task.task, task.family, "FastAPI", "", task.tests_hash)
        for task in load_suite(suite).tasks
    ]
    infos = [AgentInfo(agent, "script/test", "build", BUILDER, "1", "hash") for agent in agents]
    return EvalPlan("small", tuple(tasks), tuple(infos))


@asynccontextmanager
async def engine(
    suite: Path, folder: Path, model: Model, judge: Judge, pace: Pace = QUICK, **more: Any
) -> AsyncIterator[EvalEngine]:
    plan = plan_of(suite, more.pop("agents", ("script",)))
    roles = {BUILDER: load_role(BUILDER)}
    run = EvalRun(
        plan=plan,
        epochs=more.pop("epochs", 1),
        tasks={task.id: task for task in load_suite(suite).tasks},
        agents={
            a.id: Agent(a, model, find_team("build"), roles, lambda _: Parameters()) for a in plan.agents
        },
        **more,
    )
    async with RunFolder(folder, write_plan(plan)) as kept:
        kept.started({"epochs": run.epochs, "environment": {}})
        yield EvalEngine(run, kept, judge, pace, lambda: None)


async def run(suite: Path, folder: Path, model: Model, judge: Judge, **more: Any) -> RunResults:
    async with engine(suite, folder, model, judge, **more) as prepared:
        await prepared.run()
    return read_results(folder)


async def passes(answer: Answer, _: Task) -> Judgement:
    return Judgement(Verdict.PASS, (Evidence("as the rule says"),), answer, None, ())


def sometimes_ours(broken: Callable[[int], bool]) -> Judge:
    """A judge whose sandbox fails for some of its calls, by their number."""
    calls = 0

    async def judge(answer: Answer, task: Task) -> Judgement:
        nonlocal calls
        calls += 1
        if not broken(calls):
            return await passes(answer, task)
        report = TestReport(problem="the server did not come up", ours=True)
        return Judgement(Verdict.INCONCLUSIVE, (Evidence(report.problem),), answer, Trial(report), ())

    return judge


async def until(condition: Callable[[], bool]) -> None:
    """Wait until something holds; not longer than a loaded machine may need."""
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - what is waited for says nothing when it happens
            await asyncio.sleep(0.005)
