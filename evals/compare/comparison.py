"""Two runs side by side: what improved, what regressed, and what cannot be compared. Pure.

Field names are those of ``compare --json``.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal

from evals.gate.baseline import of_agent, task_counts, why_not_comparable
from evals.gate.exact import Table, fisher
from evals.metrics.differences import Difference, TaskPair, paired_difference
from evals.metrics.summary import Rate, rate
from evals.plain_json import dump
from evals.results import AgentInfo, RunResults, SampleResult, TestFailure
from evals.verdict import Verdict
from prompts.errors import ConfigError

if TYPE_CHECKING:
    from pydantic import TypeAdapter

Change = Literal["improved", "regressed", "unchanged"]
Value = Callable[[SampleResult], float | None]
Texts = Callable[[SampleResult, SampleResult], tuple[str, str]]
"""The differences of two samples' first prompts and of their answers that count, as unified diffs."""


@dataclass(frozen=True, slots=True)
class Side:
    """One run's samples of one agent: of ``planned`` ones ``samples`` are there, of which ``errors`` were kept from a
    verdict by infrastructure and ``inconclusive`` left open. ``sources`` tells live from replayed.
    """

    run: str
    agent: AgentInfo
    planned: int
    samples: int
    errors: int
    inconclusive: int
    verified: Rate
    sources: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Shown:
    """One sample of a changed task, as an example."""

    sample: str
    epoch: int
    verdict: Verdict
    first_failure: TestFailure | None
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Example:
    """Two samples that show a change, and what they differ by."""

    first: Shown
    second: Shown
    prompt_diff: str
    answer_diff: str


@dataclass(frozen=True, slots=True)
class TaskChange:
    """One task in both runs. ``p`` is Fisher's exact test for it alone: twice the smaller tail, not corrected."""

    task: str
    family: str
    change: Change
    first: Rate
    second: Rate
    p: float
    example: Example | None


@dataclass(frozen=True, slots=True)
class MetricChange:
    """The paired difference of one metric over tasks: ``verified``, ``tests``, ``item:NAME``, ``cost_usd``..."""

    metric: str
    first: float
    second: float
    difference: Difference


@dataclass(frozen=True, slots=True)
class Comparison:
    """All that two runs differ by; ``metrics`` has ``verified`` first.

    ``same_run``: both sides are the same agent's samples of the same run. ``not_comparable`` tasks are in both runs,
    ``only_first`` and ``only_second`` have no sample in the other one.
    """

    first: Side
    second: Side
    metrics: tuple[MetricChange, ...]
    tasks: tuple[TaskChange, ...]
    not_comparable: Mapping[str, str]
    only_first: tuple[str, ...]
    only_second: tuple[str, ...]
    same_run: bool = False

    def changed(self, change: Change) -> tuple[TaskChange, ...]:
        """The tasks that changed so, the clearest first."""
        found = [task for task in self.tasks if task.change == change]
        return tuple(sorted(found, key=lambda task: (task.p, task.task)))


def compare(
    first: RunResults,
    second: RunResults,
    *,
    first_agent: str | None = None,
    second_agent: str | None = None,
    texts: Texts | None = None,
) -> Comparison:
    """Compare one agent of each run; ``texts`` makes the diffs of examples, which are empty without it."""
    here, there = of_agent(first, first_agent), of_agent(second, second_agent)
    before, after = _by_task(here.samples), _by_task(there.samples)
    shared = [task for task in before if task in after]
    trouble = {task: why for task in shared if (why := _trouble(before[task], after[task]))}
    kept = [task for task in shared if task not in trouble]
    judged = [{task: _judged(group[task]) for task in kept} for group in (before, after)]
    return Comparison(
        first=_side(here),
        second=_side(there),
        metrics=_metrics(*judged),
        tasks=tuple(_task_change(judged[0][task], judged[1][task], texts) for task in kept),
        not_comparable=trouble,
        only_first=tuple(task for task in before if task not in after),
        only_second=tuple(task for task in after if task not in before),
        same_run=bool(first.identity) and (first.identity, here.agents) == (second.identity, there.agents),
    )


def comparison_json(comparison: Comparison) -> str:
    """The comparison as indented JSON."""
    return dump(_adapter(), comparison, indent=2) + "\n"


def _by_task(samples: Sequence[SampleResult]) -> dict[str, list[SampleResult]]:
    groups: dict[str, list[SampleResult]] = defaultdict(list)
    for sample in samples:
        groups[sample.task.id].append(sample)
    return dict(groups)


def _judged(samples: Sequence[SampleResult]) -> list[SampleResult]:
    return [sample for sample in samples if sample.counted]


def _trouble(before: Sequence[SampleResult], after: Sequence[SampleResult]) -> str:
    one, two = _judged(before), _judged(after)
    if not (one and two):
        where = "either" if not (one or two) else "the second" if one else "the first"
        return f"no sample of {where} run could be judged"
    try:
        return why_not_comparable(task_counts(one), task_counts(two))
    except ConfigError as error:
        return str(error)


def _side(run: RunResults) -> Side:
    samples, counted = run.samples, _judged(run.samples)
    sources: dict[str, int] = defaultdict(int)
    for sample in samples:
        for source in sample.sources:
            sources[source] += 1
    verified = rate(sum(sample.verified for sample in counted), len(counted))
    errors = sum(sample.error is not None for sample in samples)
    return Side(
        run=run.folder,
        agent=run.agents[0],
        planned=run.planned,
        samples=len(samples),
        errors=errors,
        inconclusive=len(samples) - len(counted) - errors,
        verified=verified,
        sources=dict(sorted(sources.items())),
    )


_VALUES: Mapping[str, Value] = {
    "verified": lambda sample: float(sample.verified),
    "tests": lambda sample: sample.tests.passed / sample.tests.total if sample.tests.total else None,
    "probes": lambda sample: _share(sample.probes.passed, sample.probes.failed) if sample.probes else None,
    "mutants": lambda sample: (
        _share(sample.mutants.killed, sample.mutants.survived) if sample.mutants else None
    ),
    "format_clean": lambda sample: None if sample.adherence is None else float(sample.adherence == "clean"),
    "rounds": lambda sample: float(sample.rounds),
    "cost_usd": lambda sample: None if sample.cost is None else float(sample.cost),
    "tokens_out": lambda sample: None if sample.tokens_out is None else float(sample.tokens_out),
    "latency": lambda sample: sample.latency,
}


def _share(good: int, bad: int) -> float | None:
    return good / (good + bad) if good + bad else None


def _item_value(item: str) -> Value:
    judged = {Verdict.PASS: 1.0, Verdict.FAIL: 0.0}
    return lambda sample: judged.get(sample.items[item].verdict) if item in sample.items else None


def _metrics(
    before: Mapping[str, Sequence[SampleResult]], after: Mapping[str, Sequence[SampleResult]]
) -> tuple[MetricChange, ...]:
    every = [sample for group in (*before.values(), *after.values()) for sample in group]
    items = dict.fromkeys(item for sample in every for item in sample.items)
    values = {**_VALUES, **{f"item:{item}": _item_value(item) for item in items}}
    found = []
    for name, value in values.items():
        pairs = []
        for task, samples in before.items():
            one, two = _mean(samples, value), _mean(after[task], value)
            if one is not None and two is not None:
                pairs.append(TaskPair(task, samples[0].task.family, one, two))
        difference = paired_difference(pairs)
        if difference is not None:
            count = len(pairs)
            first, second = sum(p.first for p in pairs) / count, sum(p.second for p in pairs) / count
            found.append(MetricChange(name, first, second, difference))
    return tuple(found)


def _mean(samples: Sequence[SampleResult], value: Value) -> float | None:
    """The mean over the samples that have a value; None where none has."""
    known = [found for found in map(value, samples) if found is not None]
    return sum(known) / len(known) if known else None


def _task_change(
    before: Sequence[SampleResult], after: Sequence[SampleResult], texts: Texts | None
) -> TaskChange:
    first = rate(sum(s.verified for s in before), len(before))
    second = rate(sum(s.verified for s in after), len(after))
    gap = (second.value or 0.0) - (first.value or 0.0)
    change: Change = "improved" if gap > 0 else "regressed" if gap < 0 else "unchanged"
    worse = fisher(Table(second.of - second.count, second.of, first.of - first.count, first.of)).value
    better = fisher(Table(first.of - first.count, first.of, second.of - second.count, second.of)).value
    example = None if change == "unchanged" else _example(before, after, change, texts)
    task = before[0].task
    return TaskChange(task.id, task.family, change, first, second, min(1.0, 2 * min(worse, better)), example)


def _example(
    before: Sequence[SampleResult], after: Sequence[SampleResult], change: Change, texts: Texts | None
) -> Example:
    """Two samples that ended differently; of the same epoch where there are such."""
    was = change == "regressed"
    ones = [sample for sample in before if sample.verified is was]
    others = [sample for sample in after if sample.verified is not was]
    epochs = {sample.epoch: sample for sample in others}
    one = next((sample for sample in ones if sample.epoch in epochs), ones[0])
    two = epochs.get(one.epoch, others[0])
    prompt, answer = texts(one, two) if texts else ("", "")
    return Example(_shown(one), _shown(two), prompt, answer)


def _shown(sample: SampleResult) -> Shown:
    return Shown(sample.name, sample.epoch, sample.verdict, sample.first_failure, sample.reasons)


@cache
def _adapter() -> "TypeAdapter[Comparison]":
    from pydantic import TypeAdapter

    return TypeAdapter(Comparison)
