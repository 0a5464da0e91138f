import math
import random

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st
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


@pytest.mark.parametrize("gap", [0.0, 0.1, -1 / 3, 1234.5])
def test_families_that_all_differ_alike_show_no_scatter_and_no_certainty(gap: float) -> None:
    """Everything passes in both runs: that the runs could have seen any difference at all is not known."""
    found = paired_difference(pairs(gap, gap, gap, gap, gap, gap, gap))
    assert found is not None
    assert found.mean == pytest.approx(gap)
    assert (found.error, found.interval, found.detectable) == (0.0, None, None)


@given(st.lists(st.tuples(st.integers(0, 6), st.floats(-1, 1), st.floats(-1, 1)), min_size=2, max_size=30))
def test_the_error_is_that_of_least_squares_with_clusters(rows: list[tuple[int, float, float]]) -> None:
    """The sandwich of Liang and Zeger for a regression on the constant alone, by matrices."""
    made = [TaskPair(str(i), str(family), one, two) for i, (family, one, two) in enumerate(rows)]
    found = paired_difference(made)
    assert found is not None
    gaps = numpy.array([two - one for _, one, two in rows])
    ones = numpy.ones((len(rows), 1))
    bread = numpy.linalg.inv(ones.T @ ones)
    left = gaps - bread @ ones.T @ gaps
    families = sorted({family for family, _, _ in rows})
    if len(families) < 2:
        assert found.error is None
        return
    own = numpy.array([family for family, _, _ in rows])
    scores = [ones[own == family].T @ left[own == family] for family in families]
    meat = sum(numpy.outer(score, score) for score in scores) * len(families) / (len(families) - 1)
    assert found.error == pytest.approx(math.sqrt((bread @ meat @ bread).item()), abs=1e-9)


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


def test_the_detectable_difference_is_more_than_the_interval_hides() -> None:
    """With few families the quantiles of the normal limit would promise what the interval cannot show."""
    for families in (2, 3, 5, 20):
        found = paired_difference(pairs(*[0.1 * i for i in range(families)]))
        assert found is not None and found.interval is not None and found.detectable is not None
        times = stats.t.ppf(0.975, families - 1) + stats.t.ppf(0.8, families - 1)
        assert found.detectable == pytest.approx(times * found.error)
        assert found.detectable > (found.interval.high - found.interval.low) / 2


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
