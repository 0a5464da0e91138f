"""What a set of samples is worth: rates with their intervals, amounts and percentiles. Field names are JSON's."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

from evals.metrics.intervals import percentile, wilson
from evals.metrics.passes import pass_at_k, pass_hat_k
from evals.results import SampleResult
from evals.verdict import Verdict

T = TypeVar("T", str, int)

KS = (1, 2, 3, 5, 8, 10, 16, 20, 32, 50, 100)


@dataclass(frozen=True, slots=True)
class Rate:
    """``count`` successes among ``of``, with Wilson's interval at 95%; ``value`` is None of nothing."""

    count: int
    of: int
    value: float | None
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class AtK:
    """pass@k (at least one of k samples passes) and pass^k (all of them do), averaged over tasks."""

    k: int
    any: float
    all: float


@dataclass(frozen=True, slots=True)
class ItemRate:
    """A checklist item: how often it passed where it was judged, and how often it was not."""

    passed: Rate
    not_applicable: int
    inconclusive: int


@dataclass(frozen=True, slots=True)
class Amount:
    """A sum over the samples that tell it: ``total`` is None where none does, ``unknown`` counts the others."""

    total: Decimal | int | None
    unknown: int


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Seconds that a model took for a sample; None where no sample tells."""

    p50: float | None
    p90: float | None
    p99: float | None


@dataclass(frozen=True, slots=True)
class Summary:
    """The metrics of one set of samples.

    ``samples`` are all that finished; ``errors`` of them were kept from a verdict by infrastructure and
    ``inconclusive`` were not judged for another cause: neither is in a denominator. ``at_k`` never has a k above
    the number of samples that the least sampled task has. ``probes`` are those that were answered as they must be,
    ``mutants`` those that the tests noticed, both among those judged. ``rounds`` counts verified samples by the
    round that passed.
    """

    name: str
    samples: int
    errors: int
    inconclusive: int
    verified: Rate
    at_k: tuple[AtK, ...]
    tests: Rate
    probes: Rate
    mutants: Rate
    items: Mapping[str, ItemRate]
    adherence: Mapping[str, int]
    rounds: Mapping[int, int]
    cost_usd: Amount
    cost_per_verified: Decimal | None
    tokens_in: Amount
    tokens_out: Amount
    tokens_cached: Amount
    latency: Percentiles
    sources: Mapping[str, int]


def rate(count: int, of: int) -> Rate:
    """The rate of ``count`` among ``of``."""
    interval = wilson(count, of)
    return Rate(count, of, count / of if of else None, interval.low, interval.high)


def percent(share: float) -> str:
    """A share in whole percent, where 0% means none and 100% all: 199 of 200 are no 100%."""
    if 0 < share <= 0.005:
        return "under 1%"
    if 0.995 <= share < 1:
        return "over 99%"
    return f"{share:.0%}"


def summarize(name: str, samples: Sequence[SampleResult]) -> Summary:
    """The metrics of ``samples``."""
    counted = [sample for sample in samples if sample.counted]
    errors = sum(sample.error is not None for sample in samples)
    verified = [sample for sample in counted if sample.verified]
    probes = [sample.probes for sample in counted if sample.probes is not None]
    mutants = [sample.mutants for sample in counted if sample.mutants is not None]
    cost = _amount(sample.cost for sample in samples)
    return Summary(
        name=name,
        samples=len(samples),
        errors=errors,
        inconclusive=len(samples) - len(counted) - errors,
        verified=rate(len(verified), len(counted)),
        at_k=_at_k(counted),
        tests=rate(sum(s.tests.passed for s in counted), sum(s.tests.total for s in counted)),
        probes=rate(sum(p.passed for p in probes), sum(p.passed + p.failed for p in probes)),
        mutants=rate(sum(m.killed for m in mutants), sum(m.killed + m.survived for m in mutants)),
        items=_items(counted),
        adherence=_tally(s.adherence for s in counted if s.adherence is not None),
        rounds=_tally(s.rounds_to_verified for s in verified if s.rounds_to_verified is not None),
        cost_usd=cost,
        cost_per_verified=_per(cost, len(verified)),
        tokens_in=_amount(s.tokens_in for s in samples),
        tokens_out=_amount(s.tokens_out for s in samples),
        tokens_cached=_amount(s.tokens_cached for s in samples),
        latency=_percentiles([s.latency for s in samples if s.latency is not None]),
        sources=_tally(source for s in samples for source in s.sources),
    )


def _at_k(counted: Sequence[SampleResult]) -> tuple[AtK, ...]:
    groups: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for sample in counted:
        groups[sample.task.id, sample.agent.id].append(sample.verified)
    least = min(map(len, groups.values()), default=0)
    found = []
    for k in KS:
        if k <= least:
            pairs = [(len(group), sum(group)) for group in groups.values()]
            some = sum(pass_at_k(n, c, k) for n, c in pairs) / len(pairs)
            every = sum(pass_hat_k(n, c, k) for n, c in pairs) / len(pairs)
            found.append(AtK(k, some, every))
    return tuple(found)


def _items(counted: Sequence[SampleResult]) -> dict[str, ItemRate]:
    tallies: dict[str, Counter[Verdict]] = defaultdict(Counter)
    for sample in counted:
        for item, result in sample.items.items():
            tallies[item][result.verdict] += 1
    return {
        item: ItemRate(
            rate(tally[Verdict.PASS], tally[Verdict.PASS] + tally[Verdict.FAIL]),
            tally[Verdict.NOT_APPLICABLE],
            tally[Verdict.INCONCLUSIVE],
        )
        for item, tally in tallies.items()
    }


def _tally(values: Iterable[T]) -> dict[T, int]:
    return dict(sorted(Counter(values).items()))


def _amount(values: Iterable[Decimal | int | None]) -> Amount:
    every = list(values)
    known = [value for value in every if value is not None]
    return Amount(sum(known) if known else None, len(every) - len(known))


def _per(cost: Amount, verified: int) -> Decimal | None:
    """Dollars for each verified sample; None where a sample's cost is unknown or none was verified."""
    if cost.total is None or cost.unknown or not verified:
        return None
    return Decimal(cost.total) / verified


def _percentiles(seconds: Sequence[float]) -> Percentiles:
    if not seconds:
        return Percentiles(None, None, None)
    return Percentiles(percentile(seconds, 50), percentile(seconds, 90), percentile(seconds, 99))
