"""A run's metrics as a whole and by what its samples differ in."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from evals.metrics.summary import Summary, summarize
from evals.results import RunResults, SampleResult

DIMENSIONS: Mapping[str, Callable[[SampleResult], str]] = {
    "agent": lambda sample: sample.agent.id,
    "model": lambda sample: sample.agent.model,
    "role": lambda sample: f"{sample.agent.role} {sample.agent.role_version}".rstrip(),
    "framework": lambda sample: sample.task.framework,
    "database": lambda sample: sample.task.database or "none",
    "family": lambda sample: sample.task.family,
    "task": lambda sample: sample.task.id,
}


@dataclass(frozen=True, slots=True)
class Breakdown:
    """``overall`` is all samples; ``by`` has for each dimension one summary a value, in the run's order."""

    overall: Summary
    by: Mapping[str, tuple[Summary, ...]]


def break_down(run: RunResults) -> Breakdown:
    """The metrics of a run."""
    by = {}
    for dimension, value_of in DIMENSIONS.items():
        groups: dict[str, list[SampleResult]] = defaultdict(list)
        for sample in run.samples:
            groups[value_of(sample)].append(sample)
        by[dimension] = tuple(summarize(name, samples) for name, samples in groups.items())
    return Breakdown(summarize("all", run.samples), by)
