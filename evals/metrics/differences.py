"""What two runs differ by, task by task, and how small a difference they could have seen.

The method is that of Miller 2024, "Adding Error Bars to Evals: A Statistical Approach to Language Model
Evaluations" (arXiv:2411.00640): differences within tasks (section 4.2), standard errors clustered by what tasks
share (section 2.2), power (section 5).
"""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from evals.metrics.intervals import CONFIDENCE, Interval, student_quantile

POWER = 0.8
_NO_SCATTER = 1e-12


@dataclass(frozen=True, slots=True)
class TaskPair:
    """One task's mean in the first and in the second run; ``family`` names what its kin share."""

    task: str
    family: str
    first: float
    second: float


@dataclass(frozen=True, slots=True)
class Difference:
    """The second run's mean less the first's, over the tasks of both.

    ``error`` is the standard error clustered by family; it, ``interval`` and ``detectable`` (the smallest
    true difference that would have been seen with a power of 80%) are None with fewer than two families. The
    latter two are also None where all families differ alike, as where everything passes in both runs: a scatter
    that did not show is no certainty.
    """

    mean: float
    error: float | None
    interval: Interval | None
    detectable: float | None
    tasks: int
    families: int


def paired_difference(pairs: Sequence[TaskPair], confidence: float = CONFIDENCE) -> Difference | None:
    """The mean difference with its clustered standard error; None for no pairs.

    Families are few in most suites: so the sum over clusters is scaled by G / (G - 1) and the interval uses
    Student's t with G - 1 degrees of freedom (Cameron and Miller 2015, "A Practitioner's Guide to
    Cluster-Robust Inference", section VI), where Miller 2024 takes the normal limit; so does the detectable
    difference (Bloom 1995, "Minimum Detectable Effects", Evaluation Review 19), which is never within the interval's
    half width.
    """
    if not pairs:
        return None
    gaps = [pair.second - pair.first for pair in pairs]
    mean = math.fsum(gaps) / len(gaps)
    clusters: dict[str, list[float]] = defaultdict(list)
    for pair, gap in zip(pairs, gaps, strict=True):
        clusters[pair.family].append(gap - mean)
    count = len(clusters)
    if count < 2:
        return Difference(mean, None, None, None, len(pairs), count)
    squares = math.fsum(math.fsum(cluster) ** 2 for cluster in clusters.values())
    error = math.sqrt(squares * count / (count - 1)) / len(pairs)
    if error <= _NO_SCATTER * max(1.0, abs(mean)):
        return Difference(mean, 0.0, None, None, len(pairs), count)
    width = student_quantile((1 + confidence) / 2, count - 1)
    half = width * error
    detectable = (width + student_quantile(POWER, count - 1)) * error
    return Difference(mean, error, Interval(mean - half, mean + half), detectable, len(pairs), count)
