from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from evals.metrics.passes import pass_at_k, pass_hat_k

counts = st.integers(1, 9).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n), st.integers(1, n)))


@given(counts)
def test_are_the_shares_of_all_choices_of_k_samples(case: tuple[int, int, int]) -> None:
    samples, passed, k = case
    outcomes = [index < passed for index in range(samples)]
    chosen = list(combinations(outcomes, k))
    assert pass_at_k(samples, passed, k) == pytest.approx(sum(map(any, chosen)) / len(chosen))
    assert pass_hat_k(samples, passed, k) == pytest.approx(sum(map(all, chosen)) / len(chosen))


@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n), st.integers(1, n))))
def test_are_what_drawing_without_replacement_gives(case: tuple[int, int, int]) -> None:
    samples, passed, k = case
    drawn = stats.hypergeom(samples, passed, k)
    assert pass_at_k(samples, passed, k) == pytest.approx(drawn.sf(0), abs=1e-9)
    assert pass_hat_k(samples, passed, k) == pytest.approx(drawn.pmf(k), abs=1e-9)


def test_the_numbers_of_the_paper_stay_finite_for_many_samples() -> None:
    assert pass_at_k(2000, 1000, 1) == pytest.approx(0.5)
    assert pass_at_k(2000, 20, 100) == pytest.approx(1 - 0.358, abs=5e-3)


@pytest.mark.parametrize(("samples", "passed", "k"), [(3, 1, 4), (3, 1, 0), (0, 0, 1), (2, 3, 1)])
def test_k_above_n_is_refused(samples: int, passed: int, k: int) -> None:
    with pytest.raises(ValueError, match=r"k is|samples cannot"):
        pass_at_k(samples, passed, k)
    with pytest.raises(ValueError, match=r"k is|samples cannot"):
        pass_hat_k(samples, passed, k)
