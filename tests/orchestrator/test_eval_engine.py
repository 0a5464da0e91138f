"""The engine of evals: every sample once, whatever fails on the way. Models answer by script, judges by rule."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from agents.completion import Completion, Model, Parameters, Request, Usage
from agents.spending import Amounts, Limit, Spending
from agents.submission import Answer
from evals.judgement import Judgement
from evals.results import AgentInfo, RunResults, TaskInfo
from evals.suites.reading import load_suite
from evals.verdict import Evidence, Verdict
from orchestrator.eval_engine import Agent, EvalEngine, EvalRun, Pace, judge_format
from orchestrator.eval_plan import EvalPlan, write_plan
from orchestrator.results import read_results
from orchestrator.run_folder import RunFolder
from orchestrator.sample import Judge
from orchestrator.teams import BUILDER, find_team
from prompts.errors import (
    BudgetReachedError,
    CassetteMissError,
    ConfigError,
    InfrastructureError,
    ProviderError,
    StoreError,
)
from prompts.role import load_role
from prompts.task import Task
from sandbox.report import TestReport
from sandbox.trial import Trial
from tests.orchestrator import answers
from tests.orchestrator.suites import many, write_suite

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


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    return write_suite(tmp_path / "suite", many(6))


async def test_every_task_is_answered_by_every_agent_in_every_epoch(suite: Path, tmp_path: Path) -> None:
    model = Scripted()
    results = await run(suite, tmp_path / "run", model, passes, agents=("one", "two"), epochs=3)
    found = [(s.task.id, s.agent.id, s.epoch) for s in results.samples]
    assert len(found) == len(set(found)) == results.planned == 6 * 2 * 3
    assert set(model.asked.values()) == {1}
    assert not results.partial
    assert all(s.verified and s.cost == Decimal("0.25") and s.tokens_out == 5 for s in results.samples)


async def test_what_is_finished_is_not_run_again_and_epochs_can_be_added(suite: Path, tmp_path: Path) -> None:
    await run(suite, tmp_path / "run", Scripted(), passes)
    model = Scripted()
    results = await run(suite, tmp_path / "run", model, passes, epochs=2)
    assert len(model.asked) == 6, "the second epoch alone"
    assert len(results.samples) == 12


async def test_an_answer_that_is_kept_is_judged_and_not_asked_for_again(suite: Path, tmp_path: Path) -> None:
    async def no_sandbox(answer: Answer, task: Task) -> Judgement:
        raise StoreError("the disk is full")

    first = Scripted()
    with pytest.raises(StoreError, match="disk is full"):
        await run(suite, tmp_path / "run", first, no_sandbox)
    assert read_results(tmp_path / "run").partial
    second = Scripted()
    results = await run(suite, tmp_path / "run", second, passes)
    assert not set(first.asked) & set(second.asked), "no answer is paid for twice"
    assert len(results.samples) == 6


async def test_infrastructure_gets_another_chance(suite: Path, tmp_path: Path) -> None:
    model = Scripted(lambda _, tries: answers.GOOD if tries > 2 else ProviderError("the line is cut"))
    results = await run(suite, tmp_path / "run", model, passes)
    assert set(model.asked.values()) == {3}
    assert all(sample.verified for sample in results.samples)


async def test_what_infrastructure_keeps_from_a_verdict_is_counted_apart_and_tried_next_time(
    suite: Path, tmp_path: Path
) -> None:
    def rule(request: Request, tries: int) -> str | Exception:
        return ProviderError("gone") if "task-0002" in request.tag.sample else answers.GOOD

    results = await run(suite, tmp_path / "run", Scripted(rule), passes)
    [error] = results.errors
    assert (error.error, error.counted, error.verdict) == ("gone", False, Verdict.INCONCLUSIVE)
    assert results.inconclusive, "one of six is more than five percent"
    assert not results.partial
    again = Scripted()
    results = await run(suite, tmp_path / "run", again, passes)
    assert list(again.asked.values()) == [1]
    assert not results.errors
    assert len(results.samples) == 6


async def test_a_sandbox_that_fails_is_tried_again_with_the_same_answer(suite: Path, tmp_path: Path) -> None:
    model = Scripted()
    results = await run(suite, tmp_path / "run", model, sometimes_ours(lambda call: call <= 3))
    assert set(model.asked.values()) == {1}
    assert all(sample.verified for sample in results.samples)


async def test_a_sandbox_that_never_works_ends_in_errors(suite: Path, tmp_path: Path) -> None:
    results = await run(suite, tmp_path / "run", Scripted(), sometimes_ours(lambda _: True))
    assert [sample.error for sample in results.samples] == ["the server did not come up"] * 6
    assert results.inconclusive


async def test_what_is_not_on_the_cassette_is_not_asked_for_again(suite: Path, tmp_path: Path) -> None:
    model = Scripted(lambda *_: CassetteMissError("not recorded"))
    results = await run(suite, tmp_path / "run", model, passes)
    assert set(model.asked.values()) == {1}
    assert len(results.errors) == 6


async def test_a_run_in_which_nothing_works_stops(tmp_path: Path) -> None:
    suite = write_suite(tmp_path / "suite", many(60))
    model = Scripted(lambda *_: ProviderError("the key is wrong"))
    with pytest.raises(InfrastructureError, match=r"20 samples in a row .* the key is wrong"):
        await run(suite, tmp_path / "run", model, passes, pace=Pace(calls=4, retries=0))
    assert len(model.asked) < 30


async def test_a_defect_of_ours_costs_one_sample(suite: Path, tmp_path: Path) -> None:
    async def judge(answer: Answer, task: Task) -> Judgement:
        if "task-0003" in task.task:
            raise RecursionError("too deep")
        return await passes(answer, task)

    results = await run(suite, tmp_path / "run", Scripted(), judge)
    assert [sample.error for sample in results.errors] == ["internal error: RecursionError: too deep"]
    assert sum(sample.verified for sample in results.samples) == 5


async def test_a_wrong_configuration_stops_the_run(suite: Path, tmp_path: Path) -> None:
    model = Scripted(lambda *_: ConfigError("the cassette holds answers of two models"))
    with pytest.raises(ConfigError, match="two models"):
        await run(suite, tmp_path / "run", model, passes)


async def test_a_budget_stops_the_run_and_a_larger_one_goes_on(suite: Path, tmp_path: Path) -> None:
    first = Budgeted(Spending(Limit(calls=4)))
    with pytest.raises(BudgetReachedError, match="4 calls"):
        await run(suite, tmp_path / "run", first, passes)
    assert len(read_results(tmp_path / "run").samples) == len(first.asked) == 4
    second = Budgeted(Spending(Limit(calls=4)))
    results = await run(suite, tmp_path / "run", second, passes)
    assert len(second.asked) == 2
    assert len(results.samples) == 6


async def test_a_sample_s_own_budget_ends_that_sample_alone(suite: Path, tmp_path: Path) -> None:
    model = Budgeted(Spending(sample=Limit(tokens=12_000)))
    dear = "task-0002"
    model.dear = dear
    results = await run(suite, tmp_path / "run", model, passes)
    assert [error.task.id for error in results.errors] == [dear]
    assert "the sample's budget" in str(results.errors[0].error)
    assert sum(sample.verified for sample in results.samples) == 5


async def test_interrupted_it_goes_on_where_it_was(suite: Path, tmp_path: Path) -> None:
    async def stuck_but_for_one(answer: Answer, task: Task) -> Judgement:
        if "0001" not in task.task:
            await asyncio.Event().wait()
        return await passes(answer, task)

    model = Scripted()
    pace = Pace(jobs=6)
    async with engine(suite, tmp_path / "run", model, stuck_but_for_one, pace) as prepared:
        work = asyncio.create_task(prepared.run())
        await until(lambda: prepared.tally.done == 1 and prepared.lanes.judging == 5)
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work
    assert len(read_results(tmp_path / "run").samples) == 1
    again = Scripted()
    results = await run(suite, tmp_path / "run", again, passes)
    assert not again.asked, "all answers were there"
    assert len(results.samples) == 6


class Together:
    """Holds whoever comes until that many are there at once; says how many that were at most."""

    def __init__(self, wanted: int) -> None:
        self.here = self.most = 0
        self._wanted = wanted
        self._enough = asyncio.Event()

    async def wait(self) -> None:
        self.here += 1
        self.most = max(self.most, self.here)
        if self.here >= self._wanted:
            self._enough.set()
        await asyncio.wait_for(self._enough.wait(), 60)
        await asyncio.sleep(0.001)
        self.here -= 1


async def test_a_slow_provider_does_not_idle_the_sandbox_nor_the_reverse(tmp_path: Path) -> None:
    suite = write_suite(tmp_path / "suite", many(30))
    asked, judged = Together(12), Together(3)

    class Slow(Scripted):
        async def complete(self, request: Request, on_text: Any = None) -> Completion:
            await asked.wait()
            return await super().complete(request, on_text)

    async def judge(answer: Answer, task: Task) -> Judgement:
        await judged.wait()
        return await passes(answer, task)

    results = await run(suite, tmp_path / "run", Slow(), judge, pace=Pace(calls=12, jobs=3))
    assert asked.most == 12, "calls wait side by side, and no more of them than were allowed"
    assert judged.most == 3, "the sandbox is full, and never fuller"
    assert len(results.samples) == 30


async def test_answers_do_not_pile_up_before_a_slow_sandbox(tmp_path: Path) -> None:
    suite = write_suite(tmp_path / "suite", many(60))
    model = Scripted()
    release = asyncio.Event()

    async def stuck(answer: Answer, task: Task) -> Judgement:
        await release.wait()
        return await passes(answer, task)

    pace = Pace(calls=8, jobs=2)
    async with engine(suite, tmp_path / "run", model, stuck, pace) as prepared:
        work = asyncio.create_task(prepared.run())
        await until(lambda: prepared.lanes.queued >= pace.waiting and not prepared.lanes.calling)
        assert prepared.lanes.judging == 2
        assert prepared.lanes.queued <= pace.waiting + pace.calls
        assert len(model.asked) < 30, "no more calls are paid for than the sandbox will soon take"
        release.set()
        await work
    assert len(read_results(tmp_path / "run").samples) == 60


async def test_without_tests_only_the_format_is_judged(tmp_path: Path) -> None:
    recorded = {"good": answers.GOOD, "broken": "FILE: a.py\n---\nx", "empty": "I cannot do that."}
    suite = write_suite(tmp_path / "suite", recorded)
    model = Scripted(lambda request, _: recorded[request.tag.sample.split("-")[0]])
    results = await run(suite, tmp_path / "run", model, judge_format, tests=False)
    verdicts = {sample.task.id: str(sample.verdict) for sample in results.samples}
    assert verdicts == {"good": "inconclusive", "broken": "fail", "empty": "fail"}
    assert not results.errors


async def test_a_score_that_is_kept_is_not_made_again_however_it_reads(suite: Path, tmp_path: Path) -> None:
    async def never(answer: Answer, task: Task) -> Judgement:
        raise AssertionError("it was judged before the process was killed")

    await run(suite, tmp_path / "run", Scripted(), judge_format, tests=False)
    journal = tmp_path / "run/journal.jsonl"
    lines = journal.read_bytes().split(b"\n")
    journal.write_bytes(b"\n".join(line for line in lines if b'"kind":"sample"' not in line))
    results = await run(suite, tmp_path / "run", Scripted(), never, tests=False)
    assert [sample.error for sample in results.samples] == [None] * 6


async def test_another_run_is_not_mixed_in(suite: Path, tmp_path: Path) -> None:
    await run(suite, tmp_path / "run", Scripted(), passes)
    with pytest.raises(ConfigError, match=r"agents: .* became"):
        await run(suite, tmp_path / "run", Scripted(), passes, agents=("other",))
