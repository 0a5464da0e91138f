"""What fails on the way of an eval: infrastructure, budgets, defects of ours."""

from pathlib import Path

import pytest

from agents.completion import Request
from agents.spending import Limit, Spending
from agents.submission import Answer
from evals.judgement import Judgement
from evals.verdict import Verdict
from orchestrator.eval_engine import Pace
from orchestrator.results import read_results
from prompts.errors import (
    BudgetReachedError,
    CassetteMissError,
    ConfigError,
    InfrastructureError,
    ProviderError,
)
from prompts.task import Task
from tests.orchestrator import answers
from tests.orchestrator.engines import Budgeted, Scripted, passes, run, sometimes_ours
from tests.orchestrator.suites import many, write_suite


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
