"""Two lanes: model calls wait side by side, sandbox work is bounded by the cores; neither idles the other."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from agents.submission import Answer
from evals.judgement import Judgement
from orchestrator.sample_plan import Judge
from prompts.task import Task


class Lanes:
    """Says when another sample may begin, and lets its answers into the sandbox.

    A sample begins while fewer than ``calls`` samples are with their model and fewer than ``waiting`` answers
    wait for one of the ``jobs`` places in the sandbox. So a slow provider never keeps the sandbox from what is
    there already, and a slow sandbox stops new calls before answers pile up.
    """

    def __init__(
        self, calls: int, jobs: int, waiting: int, judge: Judge, on_change: Callable[[], None]
    ) -> None:
        self.calling = 0
        self.queued = 0
        self.judging = 0
        self._calls = calls
        self._waiting = waiting
        self._places = asyncio.Semaphore(jobs)
        self._judge = judge
        self._on_change = on_change
        self._changed = asyncio.Event()

    @asynccontextmanager
    async def sample(self) -> AsyncIterator[None]:
        """The time in which a sample is under way; begins with its model's call."""
        self._step(calling=1)
        try:
            yield
        finally:
            self._step(calling=-1)

    async def room(self) -> None:
        """Wait until another sample may begin."""
        while self.calling >= self._calls or self.queued >= self._waiting:
            self._changed.clear()
            await self._changed.wait()

    async def judge(self, answer: Answer, task: Task) -> Judgement:
        """Judge an answer when there is a place for it; afterwards the sample is its model's again."""
        self._step(calling=-1, queued=1)
        try:
            await self._places.acquire()
        except BaseException:
            self._step(calling=1, queued=-1)
            raise
        self._step(queued=-1, judging=1)
        try:
            return await self._judge(answer, task)
        finally:
            self._places.release()
            self._step(judging=-1, calling=1)

    def _step(self, calling: int = 0, queued: int = 0, judging: int = 0) -> None:
        self.calling += calling
        self.queued += queued
        self.judging += judging
        self._changed.set()
        self._on_change()
