import math
import random

import pytest
from scipy import stats

from evals.metrics.differences import TaskPair, paired_difference


def pairs(*gaps: float, families: str = "") -> list[TaskPair]:
    names = families or "".join(chr(ord("a") + i) for i in range(len(gaps)))
    return [
        TaskPair(f"t{i}", family, 0.25, 0.25 + gap)
        for i, (gap, family) in enumerate(zip(gaps, names, strict=True))
    ]


def test_with_a_family_for_each_task_it_is_the_paired_t_test() -> None:
    gaps = [0.1, -0.2, 0.4, 0.0, 0.3]
    found = paired_difference(pairs(*gaps))
    theirs = stats.ttest_1samp(gaps, 0)
    low, high = theirs.confidence_interval(0.95)
    assert found is not None and found.interval is not None
    assert found.mean == pytest.approx(0.12)
    assert found.mean / found.error == pytest.approx(theirs.statistic)  # type: ignore[operator]
    assert (found.interval.low, found.interval.high) == pytest.approx((low, high))


def test_kin_that_move_together_widen_the_error() -> None:
    """The formula of Miller 2024, section 2.2, by hand: families (0.3, 0.3) and (-0.1, -0.1)."""
    found = paired_difference(pairs(0.3, 0.3, -0.1, -0.1, families="aabb"))
    alone = paired_difference(pairs(0.3, 0.3, -0.1, -0.1))
    assert found is not None and alone is not None
    assert found.error == pytest.approx(math.sqrt((0.4**2 + 0.4**2) * 2 / 1) / 4)
    assert found.error > alone.error  # type: ignore[operator]
    assert (found.tasks, found.families) == (4, 2)


def test_one_family_gives_a_difference_and_no_error_bar() -> None:
    found = paired_difference(pairs(0.5, 0.1, families="aa"))
    assert found is not None
    assert found.mean == pytest.approx(0.3)
    assert (found.error, found.interval, found.detectable) == (None, None, None)
    assert paired_difference([]) is None


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    """Clusters of three tasks that share a shift; the true difference is 0.05."""
    rng = random.Random(7)
    held = 0
    for _ in range(2000):
        made = []
        for family in range(8):
            shift = rng.gauss(0.05, 0.2)
            made += [TaskPair(f"{family}-{i}", str(family), 0.0, shift + rng.gauss(0, 0.1)) for i in range(3)]
        found = paired_difference(made)
        assert found is not None and found.interval is not None
        held += found.interval.low <= 0.05 <= found.interval.high
    assert held / 2000 == pytest.approx(0.95, abs=0.02)


def test_the_detectable_difference_is_seen_four_times_in_five() -> None:
    rng = random.Random(11)
    true = 2.8016 * 0.3 / math.sqrt(60)  # (1.96 + 0.8416) standard errors
    seen = 0
    for _ in range(1000):
        found = paired_difference([TaskPair(str(i), str(i), 0.0, rng.gauss(true, 0.3)) for i in range(60)])
        assert found is not None and found.interval is not None
        assert found.detectable == pytest.approx(true, rel=0.5)
        seen += found.interval.low > 0
    assert seen / 1000 == pytest.approx(0.8, abs=0.04)
