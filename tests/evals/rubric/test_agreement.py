"""Agreement, held against published values and its own laws."""

from math import isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.rubric.agreement import Pair, cohen_kappa, consistency, kappa_interval

CATEGORIES = st.sampled_from(["pass", "fail", "not-applicable"])


def table(rows: list[list[int]]) -> list[Pair]:
    """The pairs behind a table of counts: first rater by row, second by column."""
    return [
        (str(i), str(j)) for i, row in enumerate(rows) for j, count in enumerate(row) for _ in range(count)
    ]


@pytest.mark.parametrize(
    ("rows", "kappa"),
    [
        ([[106, 10, 4], [22, 28, 10], [2, 12, 6]], 0.429),  # Fleiss, Cohen, Everitt, Psychol. Bulletin 72 (1969)
        ([[88, 14, 18], [10, 40, 10], [2, 6, 12]], 0.492),  # Cohen, Psychol. Bulletin 70 (1968), unweighted
        ([[20, 5], [10, 15]], 0.4),  # fifty grant proposals, the usual textbook example
        ([[45, 15], [25, 15]], 0.1304),
        ([[25, 35], [5, 35]], 0.2593),
    ],
)  # fmt: skip
def test_published_values(rows: list[list[int]], kappa: float) -> None:
    found = cohen_kappa(table(rows))
    assert found is not None and isclose(found, kappa, abs_tol=0.0006)


def test_agreement_as_chance_would_have_it_is_nothing() -> None:
    assert cohen_kappa(table([[9, 9], [9, 9]])) == 0


def test_where_both_say_one_thing_only_there_is_no_kappa() -> None:
    assert cohen_kappa([("pass", "pass")] * 9) is None
    assert cohen_kappa([]) is None


@given(st.lists(st.tuples(CATEGORIES, CATEGORIES), min_size=1, max_size=40))
def test_laws(pairs: list[Pair]) -> None:
    kappa = cohen_kappa(pairs)
    if kappa is None:
        assert len(set(pairs)) == 1
        return
    assert -1 <= kappa <= 1
    turned = cohen_kappa([(right, left) for left, right in pairs])
    assert turned is not None and isclose(kappa, turned, abs_tol=1e-9)
    assert (kappa == 1) == all(left == right for left, right in pairs)


def test_consistency_is_the_share_of_equal_pairs_of_repeats() -> None:
    assert consistency([["a", "a", "a"], ["a", "a", "b"]]) == 4 / 6
    assert consistency([["a"], ["b"]]) is None


def test_the_interval_holds_the_value_and_narrows_with_more_texts() -> None:
    few = [table([[3, 1], [1, 3]]) for _ in range(4)] + [table([[0, 2], [2, 0]])]
    narrow = kappa_interval(few * 12)
    wide = kappa_interval(few)
    whole = cohen_kappa([pair for group in few for pair in group])
    assert whole is not None and wide is not None and narrow is not None
    assert wide.low <= narrow.low <= whole <= narrow.high <= wide.high
    assert kappa_interval(few) == wide
    assert kappa_interval([]) is None
