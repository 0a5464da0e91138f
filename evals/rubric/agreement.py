"""How well two raters agree. Pure: labels in, numbers out."""

import random
from collections import Counter
from collections.abc import Sequence
from itertools import combinations

from evals.metrics.intervals import Interval, percentile

Pair = tuple[str, str]
_RESAMPLES = 1000
_SEED = 20_240_601


def cohen_kappa(pairs: Sequence[Pair]) -> float | None:
    """Cohen's kappa, agreement beyond chance: (observed - expected) / (1 - expected).

    Source: J. Cohen, "A coefficient of agreement for nominal scales", Educational and Psychological Measurement 20
    (1960). None where it is undefined: with no pairs, or where both raters only ever say one and the same thing.
    """
    total = len(pairs)
    if not total:
        return None
    observed = sum(left == right for left, right in pairs) / total
    first, second = Counter(left for left, _ in pairs), Counter(right for _, right in pairs)
    expected = sum(first[category] * second[category] for category in first) / total**2
    return None if expected == 1 else (observed - expected) / (1 - expected)


def kappa_interval(groups: Sequence[Sequence[Pair]]) -> Interval | None:
    """The 95% bootstrap interval of kappa. Whole groups are drawn, since labels of one text are not independent.

    The seed is fixed: the same answers give the same interval. None where kappa is undefined in most draws.
    """
    if not groups:
        return None
    draw = random.Random(_SEED)  # noqa: S311 - statistics, not secrets
    found: list[float] = []
    for _ in range(_RESAMPLES):
        chosen = draw.choices(groups, k=len(groups))
        kappa = cohen_kappa([pair for group in chosen for pair in group])
        if kappa is not None:
            found.append(kappa)
    if len(found) * 2 < _RESAMPLES:
        return None
    return Interval(percentile(found, 2.5), percentile(found, 97.5))


def consistency(repeats: Sequence[Sequence[str]]) -> float | None:
    """How often two answers to the same question are equal: the share among all pairs of repeats.

    Each entry holds one question's answers. None where no question was asked twice.
    """
    pairs = [left == right for answers in repeats for left, right in combinations(answers, 2)]
    return sum(pairs) / len(pairs) if pairs else None
