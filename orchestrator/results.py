"""Reads a run's folder back as results, whether ``backsmith run`` or ``backsmith eval`` made it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import cast

from agents.completion import Source, Speaker
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
from evals.verdict import Verdict
from orchestrator.eval_plan import EvalPlan, read_plan
from orchestrator.journal import Record, scan_journal
from orchestrator.run_folder import CODE, JOURNAL
from prompts.errors import ConfigError

_REASONS = 5
_MESSAGE = 4_000
_SHOWN = 5


def read_results(run: Path) -> RunResults:
    """The finished samples of the run in ``run``, finished or not as a whole.

    Raises ConfigError where there is no run. Reads the journal once, record by record.
    """
    plan: EvalPlan | None = None
    epochs = 1
    environment: dict[str, str] = {}
    damaged: list[int] = []
    gathered: dict[str, _Gathered] = {}
    for line in scan_journal(run / JOURNAL):
        record = line.record
        if record is None:
            damaged.append(line.number)
            continue
        kind = record.get("kind")
        if kind == "run" and plan is None:
            plan = read_plan(record.get("plan"))
        elif kind == "start":
            epochs = _number(record.get("epochs")) or epochs
            found = record.get("environment")
            environment = {k: str(v) for k, v in found.items()} if isinstance(found, dict) else {}
        elif isinstance(sample := record.get("sample"), str):
            gathered.setdefault(sample, _Gathered(sample)).take(record)
    if plan is None:
        raise ConfigError(f"{run} holds no run", f"a run folder has a {JOURNAL}; name that folder")
    samples = []
    for sample_plan in plan.samples(epochs):
        known = gathered.get(sample_plan.name)
        if known is not None and known.verdict is not None:
            start = SampleResult(
                sample_plan.name, sample_plan.task, sample_plan.agent, sample_plan.epoch, known.verdict
            )
            samples.append(known.result(start))
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


@dataclass(frozen=True, slots=True)
class _Round:
    """What is kept of a round's score."""

    number: int
    commit: str
    grader: str
    score: Score
    probes: ProbeCounts | None
    mutants: MutantCounts | None


@dataclass(slots=True)
class _Gathered:
    """What the journal says of one sample."""

    name: str
    verdict: Verdict | None = None
    error: str | None = None
    answers: dict[tuple[str, int], Record] = field(default_factory=dict)
    rounds: dict[int, _Round] = field(default_factory=dict)

    def take(self, record: Record) -> None:
        number = _number(record.get("round"))
        match record.get("kind"):
            case "answer" if number is not None:
                kept = {key: value for key, value in record.items() if key != "reasoning"}
                self.answers[str(record.get("step")), number] = kept
            case "score" if number is not None:
                score = score_from(record["score"])
                self.rounds[number] = _Round(
                    number,
                    str(record.get("commit", "")),
                    str(record.get("grader", "")),
                    _short(score),
                    _probes(score),
                    _mutants(score),
                )
            case "sample":
                self.verdict = Verdict(str(record["verdict"]))
                error = record.get("error")
                self.error = None if error is None else str(error)

    def result(self, start: SampleResult) -> SampleResult:
        calls = tuple(self.answers.values())
        costs = [_decimal(call.get("cost_usd")) for call in calls]
        seconds = [call.get("seconds") for call in calls]
        first = next((call for call in calls if call.get("step") == "build"), {})
        rounds = [self.rounds[number] for number in sorted(self.rounds)]
        known = [cost for cost in costs if cost is not None]
        result = replace(
            start,
            error=self.error,
            rounds=len(rounds),
            cost=sum(known, Decimal(0)) if costs and len(known) == len(costs) else None,
            tokens_in=_sum(calls, "input"),
            tokens_out=_sum(calls, "output"),
            tokens_cached=_sum(calls, "cached"),
            latency=sum(s for s in seconds if isinstance(s, int | float))
            if seconds and None not in seconds
            else None,
            prompt_hash=str(first.get("prompt_hash", "")),
            sources=tuple(sorted({_source(call) for call in calls})),
            branch=f"samples/{self.name}",
            commits=tuple(r.commit for r in rounds),
            calls=tuple(_call(call) for call in calls),
        )
        return _with_rounds(result, rounds) if rounds else result


def _with_rounds(result: SampleResult, rounds: list[_Round]) -> SampleResult:
    best = next((r for r in rounds if r.score.verdict is Verdict.PASS), rounds[-1])
    score = best.score
    timings: dict[str, float] = {}
    for part in rounds:
        for stage, seconds in part.score.timings.items():
            timings[stage] = timings.get(stage, 0.0) + seconds
    failed = next((case for case in score.tests.cases if case.outcome in {"failed", "errored"}), None)
    counts = score.tests
    return replace(
        result,
        best_round=best.number,
        adherence=score.submission.adherence,
        tests=TestCounts(counts.passed, counts.failed, counts.errored, counts.skipped, counts.problem),
        items={c.item: ItemResult(c.verdict, c.reason, c.deterministic) for c in score.checklist},
        probes=best.probes,
        mutants=best.mutants,
        first_failure=None if failed is None else TestFailure(failed.id, failed.message[:_MESSAGE]),
        reasons=tuple(reason.message for reason in score.reasons[:_REASONS]),
        timings=timings,
        grader_hash=best.grader,
        environment=score.environment,
        toolchain=score.toolchain,
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


def _short(score: Score) -> Score:
    """A score without what results do not hold, so that ten thousand of them fit into memory."""
    failed = tuple(case for case in score.tests.cases if case.outcome in {"failed", "errored"})[:1]
    checklist = tuple(replace(check, evidence=check.evidence[:1]) for check in score.checklist)
    return replace(
        score,
        tests=replace(score.tests, cases=failed, output=""),
        checklist=checklist,
        reasons=score.reasons[:_REASONS],
        submission=replace(score.submission, files=(), diagnostics=(), migrations=()),
        migrations=(),
        notes=(),
        probes=None,
        mutants=None,
    )


def _call(record: Record) -> CallRef:
    prompt = record.get("prompt")
    messages = prompt if isinstance(prompt, list) else []
    return CallRef(
        step=str(record.get("step")),
        round=_number(record.get("round")) or 0,
        source=_source(record),
        answer=str(record.get("blob", "")),
        prompt=tuple((cast(Speaker, str(speaker)), str(blob)) for speaker, blob in messages),
    )


def _source(record: Record) -> Source:
    return cast(Source, str(record.get("source", "live")))


def _sum(calls: tuple[Record, ...], name: str) -> int | None:
    counts = []
    for call in calls:
        usage = call.get("usage")
        counts.append(_number(usage.get(name)) if isinstance(usage, Mapping) else None)
    known = [count for count in counts if count is not None]
    return sum(known) if counts and len(known) == len(counts) else None


def _number(value: object) -> int | None:
    return value if isinstance(value, int) else None


def _decimal(value: object) -> Decimal | None:
    return None if value is None else Decimal(str(value))
