"""The engine of evals: every sample once, and only once, however often it is begun."""

import asyncio
from decimal import Decimal
from pathlib import Path

import pytest

from agents.submission import Answer
from evals.judgement import Judgement
from orchestrator.eval_engine import Pace, judge_format
from orchestrator.results import read_results
from prompts.errors import (
    ConfigError,
    StoreError,
)
from prompts.task import Task
from tests.orchestrator import answers
from tests.orchestrator.engines import (
    Scripted,
    engine,
    passes,
    run,
    until,
)
from tests.orchestrator.suites import write_suite


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
    with pytest.raises(ConfigError, match="agents: no longer script, other besides"):
        await run(suite, tmp_path / "run", Scripted(), passes, agents=("other",))
