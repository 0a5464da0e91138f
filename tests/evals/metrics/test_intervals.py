import pytest
from scipy import stats

from evals.metrics.intervals import percentile, student_cdf, student_quantile, wilson


@pytest.mark.parametrize("trials", [1, 2, 3, 20, 800, 100_000])
@pytest.mark.parametrize("share", [0.0, 0.03, 0.5, 0.97, 1.0])
@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.99])
def test_wilson_is_scipys(trials: int, share: float, confidence: float) -> None:
    successes = round(trials * share)
    theirs = stats.binomtest(successes, trials).proportion_ci(confidence, method="wilson")
    ours = wilson(successes, trials, confidence)
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-12)


def test_wilson_knows_nothing_without_trials_and_refuses_nonsense() -> None:
    assert (wilson(0, 0).low, wilson(0, 0).high) == (0.0, 1.0)
    with pytest.raises(ValueError, match="no rate"):
        wilson(3, 2)


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 5, 11, 40, 399])
def test_students_distribution_is_scipys(freedom: int) -> None:
    for t in (0.0, 0.3, 1.0, 2.5, 12.0):
        assert student_cdf(t, freedom) == pytest.approx(stats.t.cdf(t, freedom), abs=1e-12)
    for probability in (0.5, 0.9, 0.975, 0.9995):
        theirs = stats.t.ppf(probability, freedom)
        assert student_quantile(probability, freedom) == pytest.approx(theirs, rel=1e-9, abs=1e-9)


def test_percentiles_lie_between_the_values() -> None:
    assert percentile([3, 1, 2, 4], 50) == 2.5
    assert percentile([5.0], 99) == 5.0
    assert percentile(range(101), 95) == 95
    with pytest.raises(ValueError, match="no values"):
        percentile([], 50)
