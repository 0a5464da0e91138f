import random
from itertools import product
from math import comb, prod

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from evals.gate.exact import PValue, Table, broken, fisher, step_down, stratified


@st.composite
def tables(draw: st.DrawFn, most: int = 6) -> Table:
    samples, base = draw(st.integers(0, most)), draw(st.integers(0, most))
    return Table(draw(st.integers(0, samples)), samples, draw(st.integers(0, base)), base)


@given(tables(most=25))
def test_fisher_is_scipys(table: Table) -> None:
    cells = [
        [table.failed, table.samples - table.failed],
        [table.base_failed, table.base_samples - table.base_failed],
    ]
    assert fisher(table).value == pytest.approx(stats.fisher_exact(cells, "greater").pvalue, abs=1e-9)


def by_hand(strata: list[Table]) -> tuple[float, float]:
    """The chance of more failures than seen, and of just so many, over all outcomes with the same totals."""
    seen = sum(t.failed for t in strata)
    more = same = 0.0
    for counts in product(*(range(t.samples + 1) for t in strata)):
        chance = prod(
            comb(t.samples, x)
            * (comb(t.base_samples, t.failed + t.base_failed - x) if x <= t.failed + t.base_failed else 0)
            / comb(t.samples + t.base_samples, t.failed + t.base_failed)
            for x, t in zip(counts, strata, strict=True)
        )
        more += chance * (sum(counts) > seen)
        same += chance * (sum(counts) == seen)
    return more, same


@given(st.lists(tables(most=4), min_size=1, max_size=4))
def test_the_stratified_test_is_exact(strata: list[Table]) -> None:
    more, same = by_hand(strata)
    assert stratified(strata).value == pytest.approx(more + same, abs=1e-9)
    mid = stratified(strata, mid=True)
    assert mid.value == pytest.approx(1.0 if same > 1 - 1e-12 else more + same / 2, abs=1e-9)
    assert any(p == pytest.approx(mid.value, abs=1e-12) for p in mid.attainable)


def test_one_stratum_is_fishers_test() -> None:
    table = Table(3, 3, 1, 20)
    assert stratified([table]).value == pytest.approx(fisher(table).value) == pytest.approx(4 / 1771)


def test_large_suites_use_the_normal_limit() -> None:
    rng = random.Random(3)
    strata = []
    for _ in range(60):
        rate = rng.uniform(0.05, 0.6)
        strata.append(
            Table(
                sum(rng.random() < rate + 0.04 for _ in range(20)),
                20,
                sum(rng.random() < rate for _ in range(60)),
                60,
            )
        )
    assert stratified(strata, exact_work=0).value == pytest.approx(stratified(strata).value, rel=0.1)
    huge = [Table(300, 1000, 250, 1000)] * 60
    assert stratified(huge).value < 1e-12
    assert stratified([Table(250, 1000, 250, 1000)] * 60).value == pytest.approx(0.5, abs=0.02)


@given(st.lists(tables(most=4), min_size=1, max_size=3))
def test_broken_strata_are_looked_for_by_an_exact_test(strata: list[Table]) -> None:
    """Among all outcomes with the same totals, those with so small a p-value are as likely as it says."""
    found = broken(strata).value
    chance = 0.0
    for counts in product(*(range(t.samples + 1) for t in strata)):
        others = [t.failed + t.base_failed - x for x, t in zip(counts, strata, strict=True)]
        if all(0 <= y <= t.base_samples for y, t in zip(others, strata, strict=True)):
            outcome = [
                Table(x, t.samples, y, t.base_samples) for x, y, t in zip(counts, others, strata, strict=True)
            ]
            likely = prod(
                comb(t.samples, t.failed)
                * comb(t.base_samples, t.base_failed)
                / comb(t.samples + t.base_samples, t.failed + t.base_failed)
                for t in outcome
            )
            chance += likely * (broken(outcome).value <= found * (1 + 1e-9))
    assert found == pytest.approx(chance, abs=1e-9)


def test_two_weak_signs_are_a_strong_one_together() -> None:
    """Three failures of three where two of twenty failed are rare, and among forty such tasks not so rare."""
    usual, bad = [Table(0, 3, 4, 20), Table(1, 3, 4, 20)] * 19, Table(3, 3, 2, 20)
    once, twice = [bad, *usual], [bad, bad, *usual]
    assert min(step_down([fisher(t) for t in twice])) > 0.15
    assert broken(twice).value < 0.015 < 0.1 < broken(once).value


def test_better_tasks_do_not_hide_a_broken_one() -> None:
    bad = Table(3, 3, 1, 20)
    assert broken([bad]).value == fisher(bad).value
    assert stratified([bad, *[Table(0, 3, 3, 20)] * 30]).value > 0.5
    assert broken([bad, *[Table(0, 3, 3, 20)] * 30]).value < 0.02


def test_a_deep_task_is_broken_when_it_fails_far_more_and_not_when_it_mends() -> None:
    before = Table(10, 100, 10, 100)
    assert broken([Table(90, 100, 10, 100), before]).value < 1e-15
    assert broken([Table(40, 100, 10, 100), before]).value < 1e-3
    assert broken([before, before]).value > 0.1
    assert broken([Table(0, 100, 100, 100), before]).value > 0.1


@given(st.lists(tables(), min_size=1, max_size=8))
def test_the_correction_is_never_harsher_than_holms(strata: list[Table]) -> None:
    found = [fisher(table) for table in strata]
    corrected = step_down(found)
    order = sorted(range(len(found)), key=lambda i: found[i].value)
    harshest = 0.0
    for place, index in enumerate(order):
        harshest = min(1.0, max(harshest, (len(found) - place) * found[index].value))
        assert found[index].value <= corrected[index] + 1e-9
        assert corrected[index] <= harshest + 1e-9


def test_the_correction_is_holms_for_continuous_tests() -> None:
    values = [0.01, 0.04, 0.03, 0.005]
    assert step_down([PValue(p) for p in values]) == pytest.approx((0.03, 0.06, 0.06, 0.02))


def test_tasks_that_never_fail_cost_the_others_nothing() -> None:
    broken, sound = Table(3, 3, 1, 20), Table(0, 3, 0, 20)
    alone = step_down([fisher(broken)])
    among = step_down([fisher(broken), *[fisher(sound)] * 500])
    assert among[0] == alone[0] == pytest.approx(4 / 1771)


def test_families_without_change_hold_a_small_value_as_often_as_the_level_says() -> None:
    rng = random.Random(5)
    alarms = 0
    for _ in range(4000):
        found = []
        for rate in (0.02, 0.1, 0.3, 0.5) * 3:
            here = sum(rng.random() < rate for _ in range(5))
            found.append(fisher(Table(here, 5, sum(rng.random() < rate for _ in range(20)), 20)))
        alarms += min(step_down(found)) <= 0.05
    assert alarms / 4000 <= 0.05


def test_more_failures_than_samples_are_refused() -> None:
    with pytest.raises(ValueError, match="more failures"):
        Table(4, 3, 0, 3)
