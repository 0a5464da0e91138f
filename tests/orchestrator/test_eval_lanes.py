"""Models and sandbox side by side: neither waits for the other, nothing piles up."""

import asyncio
from pathlib import Path
from typing import Any

from agents.completion import Completion, Request
from agents.submission import Answer
from evals.judgement import Judgement
from orchestrator.eval_engine import Pace
from orchestrator.results import read_results
from prompts.task import Task
from tests.orchestrator.engines import (
    Scripted,
    engine,
    passes,
    run,
    until,
)
from tests.orchestrator.suites import many, write_suite


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
