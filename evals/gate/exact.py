"""Exact one-sided tests of whether failures became more frequent, from counts alone.

All of them condition on the totals of each table, so that the number of failures in the run follows a
hypergeometric distribution where nothing has changed. No rate has to be assumed.
"""

import math
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from statistics import NormalDist

_TIE = 1 + 1e-9
_NOTHING, _LEAST = 1e-20, 1e-300
_STEPS = 12
EXACT_WORK = 4_000_000
"""Multiplications that an exact test of many strata may take; above that its normal limit is as good."""

BROKEN_SHARE = 0.1
PASSES_LEFT: Mapping[float, float] = {0.05: 0.8, 0.3: 0.1, 0.6: 0.1}
"""What ``broken`` supposes: that this share of the strata broke, and how likely what share of their passes is left."""


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
    shares = [_chances(t.samples, t.base_samples, t.failed + t.base_failed) for t in tables]
    return _of_sum(shares, sum(map(_place, tables)), mid, exact_work)


def broken(tables: Sequence[Table], *, exact_work: int = EXACT_WORK) -> PValue:
    """The test that a few of the strata broke, whichever they are, and the others did not change.

    Its statistic is the sum over the strata of ``log(1 - share + share * LR)``, where LR says how much likelier the
    counts are if the stratum broke. That is the likelihood ratio for sparse mixtures: it sees several weak signs
    together, where the least of single p-values sees one (Donoho and Jin 2004, Annals of Statistics 32). Terms are
    whole numbers of steps, so that the distribution of their sum is known and the p-value exact at any rates.
    """
    shares, seen = [], 0
    for table in tables:
        scores, share = _scored(table.samples, table.base_samples, table.failed + table.base_failed)
        shares.append(share)
        seen += scores[_place(table)]
    return _of_sum(shares, seen, False, exact_work)


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


def _place(table: Table) -> int:
    """The failures beyond the fewest that the totals allow."""
    return table.failed - _least(table.samples, table.base_samples, table.failed + table.base_failed)


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
def _scored(samples: int, base_samples: int, failures: int) -> tuple[tuple[int, ...], tuple[float, ...]]:
    """The term of ``broken`` for each possible number of failures, and the chance of each term, from 0 up.

    Where the stratum broke, the run says nothing of the baseline's rate, which then can be any.
    """
    chances = _chances(samples, base_samples, failures)
    every, least = samples + base_samples, _least(samples, base_samples, failures)
    passes = (every - failures + 1) / (every + 2)
    terms = []
    for failed, chance in enumerate(chances, start=least):
        ways = math.lgamma(samples + 1) - math.lgamma(failed + 1) - math.lgamma(samples - failed + 1)
        likely = _log_sum(
            math.log(weight)
            + failed * math.log1p(-left * passes)
            + (samples - failed) * math.log(left * passes)
            for left, weight in PASSES_LEFT.items()
        )
        ratio = ways + likely + math.log((every + 1) / (base_samples + 1) / max(chance, _LEAST))
        mixed = _log_sum([math.log(1 - BROKEN_SHARE), math.log(BROKEN_SHARE) + ratio])
        terms.append(round(_STEPS * mixed))
    scores = tuple(term - terms[0] for term in accumulate(terms, max))
    share = [0.0] * (scores[-1] + 1)
    for score, chance in zip(scores, chances, strict=True):
        share[score] += chance
    return scores, tuple(share)


def _log_sum(logs: Iterable[float]) -> float:
    """The logarithm of the sum of what these are the logarithms of."""
    terms = tuple(logs)
    return max(terms) + math.log(math.fsum(math.exp(term - max(terms)) for term in terms))


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


def _of_sum(shares: Sequence[Sequence[float]], seen: int, mid: bool, exact_work: int) -> PValue:
    """The p-value of a sum of independent scores; ``shares`` are the chances of each score, from 0 up."""
    if all(len(share) == 1 for share in shares):
        return PValue(1.0, (1.0,))
    total = _sum(shares, exact_work)
    if total is None:
        return _normal_limit(shares, seen)
    levels = [*_tail_sums(total), _NOTHING]
    if mid:
        levels = [(t + u) / 2 for t, u in zip(levels, [*levels[1:], 0.0], strict=True)]
    return PValue(levels[min(seen, len(levels) - 1)], tuple(sorted(levels)))


def _sum(shares: Sequence[Sequence[float]], most: int) -> list[float] | None:
    """The distribution of the sum of independent scores, or None where it takes too many multiplications."""
    total = [1.0]
    for share in shares:
        chances = [(shift, chance) for shift, chance in enumerate(share) if chance]
        most -= len(total) * len(chances)
        if most < 0:
            return None
        longer = [0.0] * (len(total) + len(share) - 1)
        for shift, chance in chances:
            for place, before in enumerate(total, start=shift):
                longer[place] += before * chance
        while longer[-1] < _NOTHING:
            longer.pop()
        total = longer
    return total


def _normal_limit(shares: Sequence[Sequence[float]], seen: int) -> PValue:
    expected = variance = 0.0
    for share in shares:
        mean = math.fsum(score * chance for score, chance in enumerate(share))
        expected += mean
        variance += math.fsum((score - mean) ** 2 * chance for score, chance in enumerate(share))
    return PValue(NormalDist().cdf((expected + 0.5 - seen) / math.sqrt(variance)))
