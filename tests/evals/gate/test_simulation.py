import random

import pytest

from evals.gate.baseline import count
from evals.gate.simulation import TaskWorld, broken, drop, simulate, unchanged, world_of
from evals.verdict import Verdict
from tests.evals.results import outcomes, run

RATES = [0.98] * 24 + [0.9] * 8 + [0.7] * 4 + [0.4] * 4
WORLD = [TaskWorld(f"t{i}", rate, {"a": (1 - rate) * 0.1}, 20, 3) for i, rate in enumerate(RATES)]


def test_the_gate_rarely_cries_wolf_and_sees_what_it_should() -> None:
    """A small edition of benchmarks/gate.py; the bounds leave room for chance."""
    quiet = simulate("unchanged", WORLD, unchanged, 300, random.Random(1))
    assert quiet.alarms / quiet.runs <= 0.07
    lower = simulate("drop", WORLD, drop(10), 150, random.Random(2))
    assert lower.alarms / lower.runs >= 0.8
    two = simulate("broken", WORLD, broken(2), 150, random.Random(3))
    assert two.alarms / two.runs >= 0.8
    assert two.scopes["task"] > two.scopes["suite"]
    assert two.interval.low < two.alarms / two.runs < two.interval.high


def test_fresh_samples_make_the_gate_both_calmer_and_keener() -> None:
    quiet = simulate("unchanged", WORLD, unchanged, 300, random.Random(1), fresh=6)
    assert quiet.alarms / quiet.runs <= 0.05
    lower = simulate("drop", WORLD, drop(10), 100, random.Random(2), fresh=6)
    assert lower.alarms / lower.runs >= 0.88


def test_changes_are_what_they_say() -> None:
    rng = random.Random(4)
    lower = drop(10)(WORLD, rng)
    assert sum(t.passes for t in lower) / 40 == pytest.approx(sum(RATES) / 40 - 0.1)
    assert sum(t.passes == 0 for t in broken(2)(WORLD, rng)) == 2
    assert [t.passes for t in drop(99)(WORLD, rng)] == [0] * 40


def test_a_world_is_made_from_ones_own_baseline() -> None:
    items = {"auth-required": Verdict.FAIL, "complete": Verdict.PASS}
    baseline = count(run(outcomes({"a": (20, 0), "b": (10, 10)}, items=items)))
    a, b = world_of(baseline, 3)
    assert a.passes == pytest.approx(20.75 / 21)
    assert b.passes == pytest.approx(10.75 / 21)
    assert (a.base_samples, a.samples) == (20, 3)
    assert set(a.fails) == {"auth-required"}, "an item that never failed is not made to"
