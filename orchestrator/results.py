"""Reads a run's folder back as results, whether ``backsmith run`` or ``backsmith eval`` made it."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import TypeVar, cast

from agents.completion import Source, Speaker
from agents.submission import Adherence
from evals.results import (
    CallRef,
    ItemResult,
    MutantCounts,
    ProbeCounts,
    RunResults,
    SampleResult,
    TestCounts,
    TestFailure,
)
from evals.score import Score, score_from
from evals.verdict import Evidence, Verdict
from orchestrator.eval_plan import EvalPlan, PlannedSample, read_plan
from orchestrator.journal import Record, scan_journal
from orchestrator.run_folder import CODE, JOURNAL
from prompts.errors import ConfigError

T = TypeVar("T")
N = TypeVar("N", int, float, Decimal)

_REASONS = 5
_MESSAGE = 4_000
_SHOWN = 5


def read_results(run: Path) -> RunResults:
    """The finished samples of the run in ``run``, finished or not as a whole.

    Raises ConfigError where there is no run. Reads the journal once, record by record.
    """
    plan: EvalPlan | None = None
    identity = began = ended = ""
    epochs = 1
    environment: dict[str, str] = {}
    damaged: list[int] = []
    gathered: dict[str, _Gathered] = {}
    pool = _Pool()
    for line in scan_journal(run / JOURNAL):
        record = line.record
        if record is None:
            damaged.append(line.number)
            continue
        ended = str(record.get("at", ended))
        began = began or ended
        kind = record.get("kind")
        if kind == "run" and plan is None:
            plan = read_plan(record.get("plan"))
            first = json.dumps(record, sort_keys=True)
            identity = hashlib.sha256(first.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        elif kind == "start":
            epochs = _number(record.get("epochs")) or epochs
            told = record.get("environment")
            environment = {k: str(v) for k, v in told.items()} if isinstance(told, dict) else {}
        elif isinstance(sample := record.get("sample"), str):
            known = gathered.get(sample)
            if known is None:
                known = gathered[sample] = _Gathered(sample)
            known.take(record, pool)
    if plan is None:
        raise ConfigError(f"{run} holds no run", f"a run folder has a {JOURNAL}; name that folder")
    samples = []
    for planned in plan.samples(epochs):
        found = gathered.pop(planned.name, None)
        if found is not None and found.verdict is not None:
            samples.append(found.result(planned, found.verdict, pool))
    return RunResults(
        folder=str(run),
        repository=str(run / CODE),
        suite=plan.suite,
        tasks=plan.tasks,
        agents=plan.agents,
        epochs=epochs,
        planned=plan.count(epochs),
        samples=tuple(samples),
        damaged=tuple(damaged),
        environment=environment,
        identity=identity,
        began=began,
        ended=ended,
    )


def read_scores(run: Path, samples: frozenset[str] | None = None) -> Iterator[tuple[str, int, Score]]:
    """The whole scores of a run's rounds (of the named samples alone, or of all), in the journal's order.

    A round that was judged twice (a process was killed, infrastructure failed) comes twice; the last one counts.
    """
    for line in scan_journal(run / JOURNAL):
        record = line.record
        if record is None or record.get("kind") != "score":
            continue
        name, number = record.get("sample"), record.get("round")
        if isinstance(name, str) and isinstance(number, int) and (samples is None or name in samples):
            yield name, number, score_from(record["score"])


def failures_seen(run: Path, samples: frozenset[str]) -> dict[tuple[str, str], tuple[Evidence, ...]]:
    """By sample and item: what the check saw, in the last round that fails the item."""
    return {
        (name, check.item): check.evidence
        for name, _, score in (read_scores(run, samples) if samples else ())
        for check in score.checklist
        if check.verdict is Verdict.FAIL
    }


@dataclass(frozen=True, slots=True)
class _Call:
    """What is kept of a call's record."""

    ref: CallRef
    cost: Decimal | None
    tokens: tuple[int | None, int | None, int | None]
    seconds: float | None
    prompt_hash: str


@dataclass(frozen=True, slots=True)
class _Round:
    """What is kept of a round's score: what results hold, so that ten thousand of them fit into memory."""

    number: int
    commit: str
    grader: str
    verdict: Verdict
    adherence: Adherence
    tests: TestCounts
    items: Mapping[str, ItemResult]
    first_failure: TestFailure | None
    reasons: tuple[str, ...]
    notes: tuple[str, ...]
    timings: Mapping[str, float]
    environment: str
    toolchain: str
    probes: ProbeCounts | None
    mutants: MutantCounts | None


class _Pool:
    """Lets equal values be one object: most samples of a run share their reasons, prompts and hashes."""

    def __init__(self) -> None:
        self._known: dict[object, object] = {}

    def same(self, value: T) -> T:
        """The first value that is equal to this one."""
        return cast(T, self._known.setdefault(value, value))


@dataclass(slots=True)
class _Gathered:
    """What the journal says of one sample."""

    name: str
    verdict: Verdict | None = None
    error: str | None = None
    calls: dict[tuple[str, int], _Call] = field(default_factory=dict)
    rounds: dict[int, _Round] = field(default_factory=dict)

    def take(self, record: Record, pool: _Pool) -> None:
        number = _number(record.get("round"))
        match record.get("kind"):
            case "answer" if number is not None:
                self.calls[pool.same(str(record.get("step"))), number] = _call(record, pool)
            case "score" if number is not None:
                self.rounds[number] = _round(record, number, pool)
            case "sample":
                self.verdict = Verdict(str(record["verdict"]))
                error = record.get("error")
                self.error = None if error is None else pool.same(str(error))

    def result(self, planned: PlannedSample, verdict: Verdict, pool: _Pool) -> SampleResult:
        """The sample, which ended with that verdict."""
        calls = tuple(self.calls.values())
        rounds = [self.rounds[number] for number in sorted(self.rounds)]
        best = next((r for r in rounds if r.verdict is Verdict.PASS), rounds[-1] if rounds else _NO_ROUND)
        tokens = [_sum([call.tokens[place] for call in calls]) for place in range(3)]
        return SampleResult(
            name=self.name,
            task=planned.task,
            agent=planned.agent,
            epoch=planned.epoch,
            verdict=verdict,
            error=self.error,
            rounds=len(rounds),
            best_round=best.number,
            adherence=best.adherence if rounds else None,
            tests=best.tests,
            items=best.items,
            probes=best.probes,
            mutants=best.mutants,
            first_failure=best.first_failure,
            reasons=best.reasons,
            notes=best.notes,
            cost=_sum([call.cost for call in calls]),
            tokens_in=tokens[0],
            tokens_out=tokens[1],
            tokens_cached=tokens[2],
            latency=_sum([call.seconds for call in calls]),
            timings=_added([r.timings for r in rounds]),
            prompt_hash=next((call.prompt_hash for call in calls if call.ref.step == "build"), ""),
            grader_hash=best.grader,
            environment=best.environment,
            toolchain=best.toolchain,
            sources=pool.same(tuple(sorted({call.ref.source for call in calls}))),
            branch=f"samples/{self.name}",
            commits=tuple(r.commit for r in rounds),
            calls=tuple(call.ref for call in calls),
        )


_NO_ROUND = _Round(
    0, "", "", Verdict.INCONCLUSIVE, "broken", TestCounts(), {}, None, (), (), {}, "", "", None, None
)


def _round(record: Record, number: int, pool: _Pool) -> _Round:
    score = score_from(record["score"])
    tests = score.tests
    failed = next((case for case in tests.cases if case.outcome in {"failed", "errored"}), None)
    counts = TestCounts(tests.passed, tests.failed, tests.errored, tests.skipped, tests.problem)
    return _Round(
        number=number,
        commit=str(record.get("commit", "")),
        grader=pool.same(str(record.get("grader", ""))),
        verdict=score.verdict,
        adherence=score.submission.adherence,
        tests=pool.same(counts),
        items={
            pool.same(check.item): pool.same(ItemResult(check.verdict, check.reason, check.deterministic))
            for check in score.checklist
        },
        first_failure=None if failed is None else TestFailure(failed.id, failed.message[:_MESSAGE]),
        reasons=pool.same(tuple(reason.message for reason in score.reasons[:_REASONS])),
        notes=pool.same(score.notes[:_SHOWN]),
        timings={pool.same(stage): seconds for stage, seconds in score.timings.items()},
        environment=pool.same(score.environment),
        toolchain=pool.same(score.toolchain),
        probes=_probes(score),
        mutants=_mutants(score),
    )


def _probes(score: Score) -> ProbeCounts | None:
    found = score.probes
    if found is None:
        return None
    return ProbeCounts(
        found.count(Verdict.PASS),
        found.count(Verdict.FAIL),
        found.count(Verdict.INCONCLUSIVE),
        found.requests,
        found.problem,
        found.failures[:_SHOWN],
    )


def _mutants(score: Score) -> MutantCounts | None:
    found = score.mutants
    if found is None:
        return None
    counts = (len(found.killed), len(found.survived), found.possible)
    return MutantCounts(*counts, found.problem, found.survived[:_SHOWN])


def _call(record: Record, pool: _Pool) -> _Call:
    prompt, usage, cost = record.get("prompt"), record.get("usage"), record.get("cost_usd")
    counts = usage if isinstance(usage, dict) else {}
    seconds = record.get("seconds")
    messages = prompt if isinstance(prompt, list) else []
    ref = CallRef(
        step=pool.same(str(record.get("step"))),
        round=_number(record.get("round")) or 0,
        source=cast(Source, pool.same(str(record.get("source", "live")))),
        answer=str(record.get("blob", "")),
        prompt=tuple(pool.same((cast(Speaker, str(speaker)), str(blob))) for speaker, blob in messages),
    )
    return _Call(
        ref,
        None if cost is None else Decimal(str(cost)),
        (_number(counts.get("input")), _number(counts.get("output")), _number(counts.get("cached"))),
        seconds if isinstance(seconds, int | float) else None,
        str(record.get("prompt_hash", "")),
    )


def _sum(values: Sequence[N | None]) -> N | None:
    """What they come to; None of nothing, and where one is unknown."""
    known = [value for value in values if value is not None]
    return sum(known[1:], start=known[0]) if known and len(known) == len(values) else None


def _added(timings: Sequence[Mapping[str, float]]) -> Mapping[str, float]:
    if len(timings) == 1:
        return timings[0]
    total: dict[str, float] = {}
    for one in timings:
        for stage, seconds in one.items():
            total[stage] = total.get(stage, 0.0) + seconds
    return total


def _number(value: object) -> int | None:
    return value if isinstance(value, int) else None
