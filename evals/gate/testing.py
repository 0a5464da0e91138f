"""The tests of a run's counts against a baseline's, and how they share one false-alarm rate. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from evals.gate.baseline import ItemCounts, TaskCounts
from evals.gate.exact import PValue, Table, fisher, step_down, stratified

ALPHA = 0.05
"""In at most this share of the runs in which nothing has changed, any test at all raises an alarm."""

SCREEN = 3.0
"""A test within this multiple of its level is a suspect: fresh samples could decide it."""

Scope = Literal["suite", "task", "item"]

SHARES: Mapping[Scope, float] = {"suite": 0.6, "task": 0.25, "item": 0.15}
"""How the rate is divided. The suite's share buys the power to see a small loss everywhere; a broken task shows
so clearly that little is needed; items that fail mostly show in verdicts too."""


@dataclass(frozen=True, slots=True)
class Tested:
    """One test: failures of the run and of the baseline, the p-value, and that value corrected for its scope.

    ``alarm``: the corrected value is at or below the scope's ``level``. ``suspect``: it is near enough to it
    that fresh samples would tell. ``fresh`` counts those that were pooled with the run's samples.
    """

    scope: Scope
    name: str
    failed: int
    samples: int
    base_failed: int
    base_samples: int
    p: float
    corrected: float
    level: float
    suspect: bool
    alarm: bool
    fresh: int = 0


Counts = Mapping[str, TaskCounts]


def test_counts(run: Counts, baseline: Counts, alpha: float = ALPHA) -> tuple[Tested, ...]:
    """The suite, each task and each item, tested for more failures in ``run`` than in ``baseline``.

    Only tasks of both count, and they must be comparable. The suite and the items are stratified by task.
    """
    found: list[Tested] = []
    for scope, tables in _tables(run, baseline).items():
        values = [_test(scope, strata) for strata in tables.values()]
        for (name, strata), value, corrected in zip(tables.items(), values, step_down(values), strict=True):
            found.append(_tested(scope, name, strata, value, corrected, alpha))
    return tuple(found)


def confirm_counts(
    first: Sequence[Tested], run: Counts, fresh: Counts, baseline: Counts, alpha: float = ALPHA
) -> tuple[Tested, ...]:
    """The tests again, where ``fresh`` holds samples that were made because of ``first``'s suspects.

    Suspects are tested on their old and fresh samples together, and only they can alarm. A test that would
    have alarmed on the pooled samples is at most stopped early, never started late: so the levels hold without
    a correction for having looked twice. What was no suspect, but could have been, still counts in the
    correction of its scope.
    """
    suspects = {(test.scope, test.name) for test in first if test.suspect}
    pooled = _tables(
        {name: counts.plus(fresh[name]) if name in fresh else counts for name, counts in run.items()},
        baseline,
    )
    found: list[Tested] = []
    for scope, tables in _tables(run, baseline).items():
        values, strata_of = [], []
        for name, old in tables.items():
            strata = pooled[scope][name] if (scope, name) in suspects else old
            value = _test(scope, strata)
            if (scope, name) not in suspects:
                could = value.chance_below(SCREEN * alpha * SHARES[scope]) > 0
                value = PValue(1.0) if could else PValue(1.0, (1.0,))
            values.append(value)
            strata_of.append(strata)
        for name, strata, value, corrected in zip(tables, strata_of, values, step_down(values), strict=True):
            tested = _tested(scope, name, strata, value, corrected, alpha)
            fresh_ones = tested.samples - sum(table.samples for table in tables[name])
            found.append(replace(tested, suspect=(scope, name) in suspects, fresh=fresh_ones))
    return tuple(found)


def _tables(run: Counts, baseline: Counts) -> dict[Scope, dict[str, list[Table]]]:
    tasks = [name for name in run if name in baseline]
    verdicts = {
        name: Table(run[name].failed, run[name].samples, baseline[name].failed, baseline[name].samples)
        for name in tasks
    }
    items = sorted({item for name in tasks for item in (*run[name].items, *baseline[name].items)})
    return {
        "suite": {"suite": list(verdicts.values())},
        "task": {name: [table] for name, table in verdicts.items()},
        "item": {
            item: [_item_table(run[name].items.get(item), baseline[name].items.get(item)) for name in tasks]
            for item in items
        },
    }


def _item_table(run: ItemCounts | None, baseline: ItemCounts | None) -> Table:
    run, baseline = run or ItemCounts(), baseline or ItemCounts()
    return Table(run.failed, run.passed + run.failed, baseline.failed, baseline.passed + baseline.failed)


def _test(scope: Scope, strata: Sequence[Table]) -> PValue:
    return fisher(strata[0]) if scope == "task" else stratified(strata, mid=True)


def _tested(
    scope: Scope, name: str, strata: Sequence[Table], value: PValue, corrected: float, alpha: float
) -> Tested:
    level = alpha * SHARES[scope]
    return Tested(
        scope=scope,
        name=name,
        failed=sum(t.failed for t in strata),
        samples=sum(t.samples for t in strata),
        base_failed=sum(t.base_failed for t in strata),
        base_samples=sum(t.base_samples for t in strata),
        p=value.value,
        corrected=corrected,
        level=level,
        suspect=corrected <= SCREEN * level,
        alarm=corrected <= level,
    )
