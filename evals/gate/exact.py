"""Exact one-sided tests of whether failures became more frequent, from counts alone.

All of them condition on the totals of each table, so that the number of failures in the run follows a
hypergeometric distribution where nothing has changed. No rate has to be assumed.
"""

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

_TIE = 1 + 1e-9
EXACT_WORK = 4_000_000
"""Multiplications that an exact stratified test may take; above that its normal limit is as good."""


@dataclass(frozen=True, slots=True)
class Table:
    """Failures of a run and of its baseline on one task (one stratum)."""

    failed: int
    samples: int
    base_failed: int
    base_samples: int

    def __post_init__(self) -> None:
        if not (0 <= self.failed <= self.samples and 0 <= self.base_failed <= self.base_samples):
            raise ValueError(f"{self} holds more failures than samples")


@dataclass(frozen=True, slots=True)
class PValue:
    """One test's p-value, and every p-value (rising) that it could have had with the same totals.

    ``attainable`` is empty for a continuous test, which can have any.
    """

    value: float
    attainable: tuple[float, ...] = ()

    def chance_below(self, level: float) -> float:
        """How likely a p-value of at most ``level`` is where nothing has changed."""
        if not self.attainable:
            return level
        place = bisect_right(self.attainable, level * _TIE)
        return self.attainable[place - 1] if place else 0.0


def fisher(table: Table) -> PValue:
    """Fisher's exact test that the run fails more often than its baseline."""
    tails = _tails(table.samples, table.base_samples, table.failed + table.base_failed)
    return PValue(tails[table.failed], tuple(sorted(tails)))


def stratified(tables: Sequence[Table], *, mid: bool = False, exact_work: int = EXACT_WORK) -> PValue:
    """The Cochran-Mantel-Haenszel test in its exact form: the failures of all strata together, against the
    distribution that the strata's totals give them (Mehta, Patel and Gray 1985, JASA 80).

    ``mid`` counts half the chance of just what was seen (Lancaster's mid-p): closer to its level on average
    than the exact test, which discreteness makes timid, at the price of a guarantee for every single
    case. Above ``exact_work`` multiplications the classical statistic, with its continuity correction, takes over.
    """
    seen = sum(table.failed for table in tables)
    shares = [
        s for t in tables if len(s := _chances(t.samples, t.base_samples, t.failed + t.base_failed)) > 1
    ]
    fixed = sum(_least(t.samples, t.base_samples, t.failed + t.base_failed) for t in tables)
    if _work(shares) > exact_work:
        return _normal_limit(tables, seen)
    if not shares:
        return PValue(1.0, (1.0,))
    tails = _tail_sums(_sum_of(shares))
    place = seen - fixed
    after = [*tails[1:], 0.0]
    levels = [(t + u) / 2 if mid else t for t, u in zip(tails, after, strict=True)]
    return PValue(levels[place], tuple(sorted(levels)))


def step_down(tests: Sequence[PValue]) -> tuple[float, ...]:
    """Each test's p-value, corrected for having made all of them: at most ``level`` of all families of tests
    in which nothing has changed hold one at or below ``level``, however the tests depend on each other.

    It is Holm's step-down procedure in which a test counts only with the chance that it really had of such
    a p-value, not with the level itself (Tarone 1990, Biometrics 46; Westfall and Wolfinger 1997, The American
    Statistician 51). A task that never failed cannot give a small p-value and so costs the others nothing.
    It is never less powerful than Holm's own, to which it comes down for continuous tests.
    """
    order = sorted(range(len(tests)), key=lambda index: tests[index].value)
    corrected = [1.0] * len(tests)
    highest = 0.0
    for place, index in enumerate(order):
        level = tests[index].value
        chance = math.fsum(tests[other].chance_below(level) for other in order[place:])
        highest = min(1.0, max(highest, chance))
        if highest == 1.0:
            break
        corrected[index] = highest
    return tuple(corrected)


def _least(samples: int, base_samples: int, failures: int) -> int:
    return max(0, failures - base_samples)


@lru_cache(maxsize=65_536)
def _chances(samples: int, base_samples: int, failures: int) -> tuple[float, ...]:
    """The chance of each number of failures in the run, from the least possible up."""
    ways = math.comb(samples + base_samples, failures)
    least, most = _least(samples, base_samples, failures), min(samples, failures)
    return tuple(
        math.comb(samples, here) * math.comb(base_samples, failures - here) / ways
        for here in range(least, most + 1)
    )


@lru_cache(maxsize=65_536)
def _tails(samples: int, base_samples: int, failures: int) -> tuple[float, ...]:
    """By the number of failures in the run (from 0): the chance of at least so many."""
    least = _least(samples, base_samples, failures)
    return (1.0,) * least + tuple(_tail_sums(_chances(samples, base_samples, failures)))


def _tail_sums(chances: Sequence[float]) -> list[float]:
    tails: list[float] = []
    total = 0.0
    for chance in reversed(chances):
        total += chance
        tails.append(min(1.0, total))
    tails.reverse()
    tails[0] = 1.0
    return tails


def _work(shares: Sequence[Sequence[float]]) -> int:
    length = work = 0
    for share in shares:
        work += length * len(share)
        length += len(share) - 1
    return work


def _sum_of(shares: Sequence[Sequence[float]]) -> list[float]:
    """The distribution of the sum of independent counts."""
    total = [1.0]
    for share in shares:
        longer = [0.0] * (len(total) + len(share) - 1)
        for shift, chance in enumerate(share):
            for place, before in enumerate(total, start=shift):
                longer[place] += before * chance
        total = longer
    return total


def _normal_limit(tables: Sequence[Table], seen: int) -> PValue:
    expected = variance = 0.0
    for t in tables:
        every = t.samples + t.base_samples
        if every < 2:
            expected += t.failed
            continue
        failures = t.failed + t.base_failed
        expected += t.samples * failures / every
        variance += t.samples * t.base_samples * failures * (every - failures) / (every**2 * (every - 1))
    if variance == 0:
        return PValue(1.0, (1.0,))
    return PValue(NormalDist().cdf((expected + 0.5 - seen) / math.sqrt(variance)))
