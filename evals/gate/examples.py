"""Samples that a reviewer of an alarm would look at first. Pure."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from evals.gate.baseline import TaskCounts
from evals.gate.testing import Tested
from evals.results import SampleResult
from evals.verdict import Verdict

_MOST = 5


@dataclass(frozen=True, slots=True)
class FailedSample:
    """A sample that counts in an alarm, and the first thing that is wrong with it."""

    task: str
    sample: str
    why: str


def examples_of(
    samples: Sequence[SampleResult], tests: Sequence[Tested], shared: Mapping[str, TaskCounts]
) -> Iterator[FailedSample]:
    """One failed sample for each task behind an alarm; tasks that fail most beyond their baseline first."""
    alarms = [test for test in tests if test.alarm]
    items = {test.name for test in alarms if test.scope == "item"}
    tasks = {test.name for test in alarms if test.scope == "task"}
    anywhere = any(test.scope == "suite" for test in alarms)
    first: dict[str, FailedSample] = {}
    failed: Counter[str] = Counter()
    every = Counter(sample.task.id for sample in samples if sample.counted)
    for sample in samples:
        name = sample.task.id
        bad = [item for item in items if item in sample.items and sample.items[item].verdict is Verdict.FAIL]
        if name in shared and (bad or (sample.verdict is Verdict.FAIL and (anywhere or name in tasks))):
            failed[name] += 1
            first.setdefault(name, FailedSample(name, sample.name, _why(sample, bad)))

    def excess(name: str) -> float:
        base = shared[name]
        return failed[name] / every[name] - base.failed / base.samples if base.samples else 0.0

    names = sorted(first, key=lambda name: (name not in tasks, -excess(name), name))
    yield from (first[name] for name in names[:_MOST])


def _why(sample: SampleResult, items: Sequence[str]) -> str:
    if items:
        return f"{items[0]}: {sample.items[items[0]].reason}"
    failure = sample.first_failure
    if failure is not None:
        return f"{failure.test}: {failure.message}"
    return next(iter(sample.reasons), "it falls short")
