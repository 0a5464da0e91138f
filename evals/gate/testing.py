"""The tests of a run's counts against a baseline's, and how they share one false-alarm rate. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from evals.gate.baseline import ItemCounts, TaskCounts
from evals.gate.exact import PValue, Table, broken, fisher, step_down, stratified

ALPHA = 0.05
"""In at most this share of the runs in which nothing has changed, any test at all raises an alarm."""

SCREEN = 6.0
"""A test within this multiple of its level is a suspect: fresh samples could decide it."""

Scope = Literal["suite", "task", "item"]

SHARES: Mapping[Scope, float] = {"suite": 0.6, "task": 0.3, "item": 0.1}
"""How the rate is divided. The suite's share buys the power to see a small loss everywhere; broken tasks show
more clearly; items that fail mostly show in verdicts too."""


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
    return tuple(
        test for scope, tables in _tables(run, baseline).items() for test in _tested(scope, tables, alpha)
    )


def confirm_counts(
    first: Sequence[Tested], run: Counts, fresh: Counts, baseline: Counts, alpha: float = ALPHA
) -> tuple[Tested, ...]:
    """The tests again, on old and fresh samples together. ``fresh`` are of all tasks: of tasks that were chosen for
    what they had shown, the old samples would prove too much.

    Only scopes in which ``first`` has a suspect can alarm. The pooled tests keep their levels by themselves, and a
    look in between that can only acquit raises no false-alarm rate: so the first look may be loose.
    """
    before = {(test.scope, test.name): test for test in first}
    asked = {test.scope for test in first if test.suspect}
    pooled = {name: counts.plus(fresh[name]) if name in fresh else counts for name, counts in run.items()}
    found: list[Tested] = []
    for test in test_counts(pooled, baseline, alpha):
        old = before.get((test.scope, test.name))
        if old is not None:
            alarm, more = test.alarm and test.scope in asked, test.samples - old.samples
            found.append(replace(test, suspect=old.suspect, alarm=alarm, fresh=more))
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


def _tested(scope: Scope, tables: Mapping[str, Sequence[Table]], alpha: float) -> Iterator[Tested]:
    level = alpha * SHARES[scope]
    values = [fisher(s[0]) if scope == "task" else stratified(s, mid=True) for s in tables.values()]
    corrected = step_down(values)
    if scope == "task":
        corrected = _together(values, corrected, broken([strata[0] for strata in tables.values()]).value)
    for (name, strata), value, last in zip(tables.items(), values, corrected, strict=True):
        yield Tested(
            scope=scope,
            name=name,
            failed=sum(t.failed for t in strata),
            samples=sum(t.samples for t in strata),
            base_failed=sum(t.base_failed for t in strata),
            base_samples=sum(t.base_samples for t in strata),
            p=value.value,
            corrected=last,
            level=level,
            suspect=last <= SCREEN * level,
            alarm=last <= level,
        )


def _together(values: Sequence[PValue], corrected: Sequence[float], together: float) -> tuple[float, ...]:
    """Tasks' corrected p-values where one test of all of them together comes first: the likeliest has that
    test's own, as some task is worse where it rejects; the others have theirs, but none below it (a hierarchical
    procedure: Marcus, Peritz and Gabriel 1976, Biometrika 63).
    """
    least = min((value.value for value in values), default=1.0)
    return tuple(
        together if value.value == least else max(together, own)
        for value, own in zip(values, corrected, strict=True)
    )
