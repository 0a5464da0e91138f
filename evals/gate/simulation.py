"""How often the gate would cry wolf over a suite, and what it would catch. Pure but for the seed that it is given."""

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod

from evals.gate.baseline import Baseline, ItemCounts, TaskCounts
from evals.gate.testing import ALPHA, confirm_counts, test_counts
from evals.metrics.intervals import Interval, wilson


@dataclass(frozen=True, slots=True)
class TaskWorld:
    """A task's true rates, and how many samples the baseline and a run have of it.

    ``passes`` is the chance that a sample verifies, ``fails`` by item the chance that the item fails in one.
    """

    name: str
    passes: float
    fails: Mapping[str, float]
    base_samples: int
    samples: int


@dataclass(frozen=True, slots=True)
class Caught:
    """In how many of ``runs`` simulated runs the gate raised an alarm, and in how many for each scope.

    ``again`` counts those in which it asked for fresh samples.
    """

    name: str
    runs: int
    alarms: int
    scopes: Mapping[str, int]
    interval: Interval
    again: int = 0


World = Sequence[TaskWorld]
Change = Callable[[World, random.Random], World]


def world_of(baseline: Baseline, samples: int) -> tuple[TaskWorld, ...]:
    """A world like the one that a baseline was counted in, with ``samples`` of each task in a run.

    Rates are drawn a little towards the suite's own (by one sample's weight): 20 of 20 is not always.
    """
    tasks = baseline.tasks
    every = sum(t.samples for t in tasks.values())
    passes = sum(t.passed for t in tasks.values()) / every if every else 0.5
    items = sorted({item for t in tasks.values() for item in t.items})
    common = {item: _share([t.items.get(item, ItemCounts()) for t in tasks.values()]) for item in items}
    return tuple(
        TaskWorld(
            name=name,
            passes=(t.passed + passes) / (t.samples + 1),
            fails={
                item: (counts.failed + common[item]) / (counts.passed + counts.failed + 1)
                for item, counts in t.items.items()
                if common[item]
            },
            base_samples=t.samples,
            samples=samples,
        )
        for name, t in tasks.items()
    )


def unchanged(world: World, _: random.Random) -> World:
    """Nothing is different: every alarm is false."""
    return world


def drop(points: float) -> Change:
    """The suite's mean rate falls by so many points: each answer that would pass is as likely to be spoilt."""

    def change(world: World, _: random.Random) -> World:
        mean = sum(t.passes for t in world) / len(world)
        kept = max(0.0, 1 - points / 100 / mean) if mean else 1.0
        return [replace(t, passes=t.passes * kept) for t in world]

    return change


def broken(count: int) -> Change:
    """So many tasks, anew at random in each run, never pass."""

    def change(world: World, rng: random.Random) -> World:
        chosen = set(rng.sample(range(len(world)), min(count, len(world))))
        return [replace(t, passes=0.0) if i in chosen else t for i, t in enumerate(world)]

    return change


def simulate(
    name: str,
    world: World,
    change: Change,
    runs: int,
    rng: random.Random,
    *,
    fresh: int = 0,
    alpha: float = ALPHA,
) -> Caught:
    """Draw a baseline and a changed run ``runs`` times and put each through the gate's tests.

    ``fresh`` is the number of samples of each task that suspects are tested again with; 0 for none.
    """
    scopes: Counter[str] = Counter()
    alarms = again = 0
    for _ in range(runs):
        base = {t.name: _draw(t, t.passes, t.base_samples, rng) for t in world}
        truth = change(world, rng)
        run = {t.name: _draw(t, t.passes, t.samples, rng) for t in truth}
        tests = test_counts(run, base, alpha)
        if fresh and any(test.suspect for test in tests):
            again += 1
            later = {t.name: _draw(t, t.passes, fresh, rng) for t in truth}
            tests = confirm_counts(tests, run, later, base, alpha)
        raised = {test.scope for test in tests if test.alarm}
        scopes.update(raised)
        alarms += bool(raised)
    return Caught(name, runs, alarms, dict(scopes), wilson(alarms, runs), again)


def _share(counts: Sequence[ItemCounts]) -> float:
    failed, passed = sum(c.failed for c in counts), sum(c.passed for c in counts)
    return failed / (failed + passed) if failed else 0.0


def _draw(task: TaskWorld, passes: float, samples: int, rng: random.Random) -> TaskCounts:
    sound = prod(1 - rate for rate in task.fails.values())
    rest = min(1.0, passes / sound) if sound else 0.0
    chance = rng.random
    failed = dict.fromkeys(task.fails, 0)
    passed = 0
    for _ in range(samples):
        fine = chance() < rest
        for item, rate in task.fails.items():
            if chance() < rate:
                failed[item] += 1
                fine = False
        passed += fine
    items = {item: ItemCounts(passed=samples - count, failed=count) for item, count in failed.items()}
    return TaskCounts("", "", "", task.name, samples, passed, items)
