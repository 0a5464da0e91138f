"""Intervals around what was measured, and the quantiles that they need. Pure and exact enough for reports."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Interval:
    """Where a value lies with the named confidence; ``low <= high``."""

    low: float
    high: float


def wilson(successes: int, trials: int, confidence: float = CONFIDENCE) -> Interval:
    """The score interval of a rate (Wilson 1927, "Probable Inference", JASA 22): good for few trials and for
    rates near 0 and 1, never outside of them. With no trial at all it is 0 to 1."""
    if not 0 <= successes <= trials:
        raise ValueError(f"{successes} of {trials} is no rate")
    if trials == 0:
        return Interval(0.0, 1.0)
    z = normal_quantile((1 + confidence) / 2)
    rate, z2 = successes / trials, z * z
    middle = (rate + z2 / (2 * trials)) / (1 + z2 / trials)
    half = z / (1 + z2 / trials) * math.sqrt(rate * (1 - rate) / trials + z2 / (4 * trials * trials))
    # At the ends the sum is exact but for rounding.
    low = 0.0 if successes == 0 else max(0.0, middle - half)
    high = 1.0 if successes == trials else min(1.0, middle + half)
    return Interval(low, high)


def percentile(values: Sequence[float], percent: float) -> float:
    """The percentile by linear interpolation between the sorted values (as numpy's default does).

    Raises ValueError for no values.
    """
    if not values:
        raise ValueError("no values, no percentile")
    ordered = sorted(values)
    place = (len(ordered) - 1) * percent / 100
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def normal_quantile(probability: float) -> float:
    """The standard normal distribution's quantile."""
    return NormalDist().inv_cdf(probability)


def student_quantile(probability: float, freedom: int) -> float:
    """Student's t quantile for ``freedom`` degrees (at least 1) and a probability from 0.5 up."""
    if freedom < 1 or not 0.5 <= probability < 1:
        raise ValueError("needs at least one degree of freedom and a probability from 0.5 up to 1")
    low, high = 0.0, 1.0
    while student_cdf(high, freedom) < probability:
        low, high = high, high * 2
    for _ in range(100):
        middle = (low + high) / 2
        if student_cdf(middle, freedom) < probability:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def student_cdf(t: float, freedom: int) -> float:
    """Student's distribution function for ``t >= 0``, by the finite sums of Abramowitz and Stegun 26.7.3-4."""
    angle = math.atan(t / math.sqrt(freedom))
    cosine2 = math.cos(angle) ** 2
    odd = freedom % 2
    term = math.cos(angle) if odd else 1.0
    total = 0.0
    for step in range(1 if odd else 0, freedom - 1, 2):
        total += term
        term *= cosine2 * (step + 1) / (step + 2)
    if odd:
        return 0.5 + (angle + math.sin(angle) * total) / math.pi
    return 0.5 + math.sin(angle) * total / 2
