"""Runs many samples: task x agent x epoch, side by side, into one run folder that can always be gone on with."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from agents.completion import Model, Parameters
from agents.submission import Answer
from evals.judgement import Judgement
from evals.results import AgentInfo
from evals.suites.suite import SuiteTask
from evals.verdict import Evidence, Verdict
from orchestrator.eval_lanes import Lanes
from orchestrator.eval_plan import EvalPlan, PlannedSample
from orchestrator.run_folder import RunFolder
from orchestrator.sample import FinishedSample, SampleRun
from orchestrator.sample_plan import Judge, SamplePlan
from orchestrator.teams import Team
from orchestrator.watcher import Silent
from prompts.errors import (
    BacksmithError,
    BudgetReachedError,
    CassetteMissError,
    ConfigError,
    InfrastructureError,
    SampleBudgetReachedError,
    StoreError,
)
from prompts.role import Role
from prompts.task import Task

if TYPE_CHECKING:
    from evals.rubric.prose import ProseJudge

# After so many samples in a row that infrastructure kept from a verdict, the rest would fare no better.
_FAILED_IN_A_ROW = 20
_LONGEST_PAUSE = 30.0


@dataclass(frozen=True, slots=True)
class Agent:
    """Who answers, ready to be asked. ``parameters`` gives the settings for a task."""

    info: AgentInfo
    model: Model
    team: Team
    roles: Mapping[str, Role]
    parameters: Callable[[Task], Parameters]


@dataclass(frozen=True, slots=True)
class Pace:
    """How much happens at once, and how often infrastructure gets another chance.

    ``calls``: samples with their model at a time; ``jobs``: answers in the sandbox at a time (0: as many as there
    are places for); ``retries``: how often a sample is tried again after infrastructure failed, ``pause`` seconds
    later, then twice as many.
    """

    calls: int = 256
    jobs: int = 2
    retries: int = 2
    pause: float = 1.0

    @property
    def waiting(self) -> int:
        """How many answers may wait for the sandbox: enough that it never idles between two of them."""
        return 4 * self.jobs


@dataclass(slots=True)
class Tally:
    """What has become of the run's samples. ``kept`` of them were finished by earlier processes."""

    planned: int
    kept: int = 0
    passed: int = 0
    failed: int = 0
    inconclusive: int = 0
    errors: int = 0
    cost: Decimal = Decimal(0)
    unpriced: int = 0
    last_error: str = ""

    @property
    def done(self) -> int:
        """How many have ended, whatever the end."""
        return self.passed + self.failed + self.inconclusive + self.errors

    def count(self, verdict: Verdict) -> None:
        """Count a finished sample."""
        if verdict is Verdict.PASS:
            self.passed += 1
        elif verdict is Verdict.FAIL:
            self.failed += 1
        else:
            self.inconclusive += 1


@dataclass(frozen=True, slots=True)
class EvalRun:
    """What is to be run. ``rounds`` is the most answers of a sample; ``tests``: whether answers are tried.

    ``mutant_seconds`` is how long small faults in an answer are run against its tests; ``prose`` judges the designs
    of teams that have an expert.
    """

    plan: EvalPlan
    epochs: int
    tasks: Mapping[str, SuiteTask]
    agents: Mapping[str, Agent]
    rounds: int = 1
    tests: bool = True
    mutant_seconds: float = 0.0
    grader: str = ""
    redact: Callable[[str], str] = field(default=str)
    prose: "ProseJudge | None" = None


class EvalEngine:
    """Runs the samples of a run that are not finished yet. ``tally`` and ``lanes`` may be looked at meanwhile."""

    def __init__(
        self, run: EvalRun, folder: RunFolder, judge: Judge, pace: Pace, on_change: Callable[[], None]
    ) -> None:
        self._run = run
        self._folder = folder
        self._pace = pace
        self._stopped: InfrastructureError | None = None
        self._in_a_row = 0
        self.tally = Tally(run.plan.count(run.epochs))
        self.lanes = Lanes(pace.calls, pace.jobs, pace.waiting, judge, on_change)

    async def run(self) -> None:
        """Run all samples that are left.

        Raises BudgetReachedError when the budget is used up, InfrastructureError when one sample after the
        other fails for causes of ours, StoreError when the run folder cannot be written; in each case everything
        so far is kept, and what was under way goes on next time.
        """
        try:
            async with asyncio.TaskGroup() as group:
                for planned in self._left():
                    await self.lanes.room()
                    if self._stopped is not None:
                        break
                    group.create_task(self._sample(planned))
                    await asyncio.sleep(0)
        except BaseExceptionGroup as errors:
            # Samples that stop the run do so for one cause: the first one tells it.
            first = errors.subgroup(BacksmithError)
            raise (first or errors).exceptions[0] from None
        if self._stopped is not None:
            raise self._stopped

    def _left(self) -> Iterator[PlannedSample]:
        for planned in self._run.plan.samples(self._run.epochs):
            verdict = self._folder.done(planned.name)
            if verdict is None:
                yield planned
            else:
                self._folder.forget(planned.name)
                self.tally.kept += 1
                self.tally.count(verdict)

    async def _sample(self, planned: PlannedSample) -> None:
        async with self.lanes.sample():
            try:
                await self._tried(planned)
            except BudgetReachedError as error:
                self._stopped = error

    async def _tried(self, planned: PlannedSample) -> None:
        """Run a sample, again where infrastructure failed, and mark it as finished."""
        plan = self._plan(planned)
        pause = self._pace.pause
        for left in range(self._pace.retries, -1, -1):
            finished, problem, again = await self._once(plan)
            if problem is None or not (left and again) or self._stopped is not None:
                break
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
        verdict = finished.best.score.verdict if finished and problem is None else Verdict.INCONCLUSIVE
        await self._folder.finish(
            planned.name,
            verdict,
            len(finished.rounds) if finished else 0,
            error=problem,
            task=planned.task.id,
            agent=planned.agent.id,
            epoch=planned.epoch,
        )
        self._count(finished, verdict, problem)
        self._folder.forget(planned.name)

    async def _once(self, plan: SamplePlan) -> tuple[FinishedSample | None, str | None, bool]:
        """One try: the sample, what infrastructure kept it from a verdict, and whether to try again."""
        try:
            finished = await SampleRun(plan, self._folder, self.lanes.judge, Silent()).run()
        except SampleBudgetReachedError as error:
            return None, str(error), False
        except (BudgetReachedError, StoreError, ConfigError):
            raise
        except InfrastructureError as error:
            # What is not on the cassette will not be there a second later either.
            return None, str(error), not isinstance(error, CassetteMissError)
        except Exception as error:
            # A defect of ours that one answer brings to light must not cost the other samples; it is counted apart.
            return None, f"internal error: {type(error).__name__}: {error}", False
        return finished, finished.problem, True

    def _plan(self, planned: PlannedSample) -> SamplePlan:
        task, agent = self._run.tasks[planned.task.id], self._run.agents[planned.agent.id]
        return SamplePlan(
            task=task.task,
            model=agent.model,
            team=agent.team,
            roles=agent.roles,
            rounds=self._run.rounds,
            epoch=planned.epoch,
            parameters=agent.parameters(task.task),
            redact=self._run.redact,
            judged=task.judged,
            named=planned.name,
            grader=self._run.grader,
            prose=self._run.prose if agent.team.designs else None,
        )

    def _count(self, finished: FinishedSample | None, verdict: Verdict, problem: str | None) -> None:
        tally = self.tally
        if finished is not None:
            if finished.cost is None:
                tally.unpriced += 1
            else:
                tally.cost += finished.cost
        if problem is None:
            self._in_a_row = 0
            tally.count(verdict)
            return
        tally.errors += 1
        tally.last_error = problem
        self._in_a_row += 1
        if self._in_a_row >= _FAILED_IN_A_ROW and self._stopped is None:
            self._stopped = InfrastructureError(
                f"{self._in_a_row} samples in a row got no verdict, the last one because of: {problem}",
                "mend the cause; what there is so far is kept",
            )


async def judge_format(answer: Answer, _: Task) -> Judgement:
    """Judges without trying anything: a broken answer fails, every other one is left open."""
    broken = tuple(Evidence(f"{d.code}: {d.message}", d.path, d.line) for d in answer.errors)
    if broken or not answer.submission.files:
        reasons = broken or (Evidence("the answer holds no file that could be tried"),)
        return Judgement(Verdict.FAIL, reasons, answer, None, ())
    reason = Evidence("the format holds; nothing was tried, as was asked")
    return Judgement(Verdict.INCONCLUSIVE, (reason,), answer, None, ())
