"""The gate's decision: what of a run is worse than its baseline, and what that rests on. Pure.

Two kinds of alarm. A security item that fails where the baseline had no such failure is one by itself, as it is
a finding and no fluctuation. All else is statistics (``evals.gate.testing``).
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal

from evals.gate.baseline import Baseline, Maker, TaskCounts, only_agent, task_counts, why_not_comparable
from evals.gate.testing import ALPHA, Tested, confirm_counts, test_counts
from evals.plain_json import dump
from evals.reports.sources import counted
from evals.results import RunResults, SampleResult
from evals.verdict import Verdict
from prompts.errors import ConfigError

if TYPE_CHECKING:
    from pydantic import TypeAdapter

SECURITY = ("auth-required", "no-hardcoded-secrets", "sql-parameterized")

Outcome = Literal["passed", "regression", "inconclusive"]


@dataclass(frozen=True, slots=True)
class SecurityFailure:
    """A security item that fails in a sample of a task on which the baseline had no such failure.

    ``confirmed``: the check is deterministic, so that the same code always fails it. A failure that only a
    model's judgement found is told, and is no alarm.
    """

    task: str
    item: str
    sample: str
    reason: str
    confirmed: bool


@dataclass(frozen=True, slots=True)
class Decision:
    """What the gate found. ``reasons`` say in sentences what the outcome rests on; ``notes`` what to know.

    ``compared`` tasks are in the tests; ``not_comparable`` ones say why not; ``missing`` ones are only in the
    baseline and ``new`` ones only in the run. ``sources`` counts live and replayed samples.
    """

    outcome: Outcome
    reasons: tuple[str, ...]
    notes: tuple[str, ...]
    run: str
    suite: str
    agent: str
    compared: tuple[str, ...]
    not_comparable: Mapping[str, str]
    missing: tuple[str, ...]
    new: tuple[str, ...]
    security: tuple[SecurityFailure, ...]
    tests: tuple[Tested, ...]
    sources: Mapping[str, int]
    alpha: float = ALPHA

    @property
    def alarms(self) -> tuple[Tested, ...]:
        """The tests that found a regression."""
        return tuple(test for test in self.tests if test.alarm)

    @property
    def suspects(self) -> tuple[Tested, ...]:
        """The tests that fresh samples could decide."""
        return tuple(test for test in self.tests if test.suspect)


def decide(
    run: RunResults,
    baseline: Baseline,
    *,
    agent: str | None = None,
    fresh: RunResults | None = None,
    alpha: float = ALPHA,
) -> Decision:
    """Compare one agent's samples with the baseline.

    A regression outweighs what is inconclusive; a run that is partial or could not be judged never passes.
    ``fresh`` is a later run of the same agent on the suspects' tasks: see ``confirm_counts``.
    """
    samples = only_agent(run, agent)
    counts, trouble = _comparable(samples, baseline.tasks)
    shared = {name: baseline.tasks[name] for name in counts}
    tests = test_counts(counts, shared, alpha) if counts else ()
    notes = _notes(samples, baseline, run.environment)
    if fresh is not None and counts:
        later = _fresh(fresh, samples[0].agent.id, counts)
        tests = confirm_counts(tests, counts, later, shared, alpha)
        notes.append(
            f"suspects were tested again with {sum(c.samples for c in later.values())} fresh samples"
        )
    security = _security(samples, shared)
    outcome, reasons = _outcome(run, bool(counts), security, tests)
    run_tasks = dict.fromkeys(sample.task.id for sample in samples)
    return Decision(
        outcome=outcome,
        reasons=reasons,
        notes=tuple(notes),
        run=run.folder,
        suite=run.suite,
        agent=samples[0].agent.id if samples else "",
        compared=tuple(counts),
        not_comparable=trouble,
        missing=tuple(name for name in baseline.tasks if name not in run_tasks),
        new=tuple(name for name in run_tasks if name not in baseline.tasks),
        security=security,
        tests=tests,
        sources=_sources(samples),
        alpha=alpha,
    )


def decision_json(decision: Decision) -> str:
    """The decision as indented JSON."""
    return dump(_adapter(), decision, indent=2) + "\n"


def _comparable(
    samples: Sequence[SampleResult], known: Mapping[str, TaskCounts]
) -> tuple[dict[str, TaskCounts], dict[str, str]]:
    groups: dict[str, list[SampleResult]] = defaultdict(list)
    for sample in samples:
        if sample.counted and sample.task.id in known:
            groups[sample.task.id].append(sample)
    counts: dict[str, TaskCounts] = {}
    trouble: dict[str, str] = {}
    for name, group in groups.items():
        try:
            found = task_counts(group)
        except ConfigError as error:
            trouble[name] = str(error)
            continue
        why = why_not_comparable(known[name], found)
        if why:
            trouble[name] = why
        else:
            counts[name] = found
    return counts, trouble


def _fresh(fresh: RunResults, agent: str, counts: Mapping[str, TaskCounts]) -> dict[str, TaskCounts]:
    later, trouble = _comparable(only_agent(fresh, agent), counts)
    if trouble:
        name, why = next(iter(trouble.items()))
        raise ConfigError(
            f"the fresh samples of {name} are of {why}", "make them with the same suite and version"
        )
    return later


def _security(
    samples: Sequence[SampleResult], shared: Mapping[str, TaskCounts]
) -> tuple[SecurityFailure, ...]:
    found = []
    for sample in samples:
        counts = shared.get(sample.task.id)
        for item in SECURITY if counts else ():
            result = sample.items.get(item)
            before = counts.items.get(item) if counts else None
            if result and result.verdict is Verdict.FAIL and not (before and before.failed):
                found.append(
                    SecurityFailure(sample.task.id, item, sample.name, result.reason, result.deterministic)
                )
    return tuple(found)


def _outcome(
    run: RunResults, compared: bool, security: Sequence[SecurityFailure], tests: Sequence[Tested]
) -> tuple[Outcome, tuple[str, ...]]:
    grave = [
        f"{s.item} fails in {s.sample}, and never did on {s.task} in the baseline: {s.reason}"
        for s in security
        if s.confirmed
    ]
    grave += [_told(test) for test in tests if test.alarm]
    if grave:
        return "regression", tuple(grave)
    unsure = []
    if run.partial:
        unsure.append(f"the run is not finished: {run.planned - len(run.samples)} samples are missing")
    if run.inconclusive:
        unsure.append(f"{len(run.errors)} of {len(run.samples)} samples could not be judged")
    if not compared:
        unsure.append("no task of the run can be compared with the baseline")
    if unsure:
        return "inconclusive", tuple(unsure)
    suite = next(test for test in tests if test.scope == "suite")
    return "passed", (_told(suite),)


def _told(test: Tested) -> str:
    what = {"suite": "the suite", "task": f"task {test.name}", "item": f"item {test.name}"}[test.scope]
    return (
        f"{what} failed in {test.failed} of {test.samples} samples, "
        f"in the baseline in {test.base_failed} of {test.base_samples} "
        f"(corrected p {test.corrected:.2g}, alarm at {test.level:.2g})"
    )


def _notes(samples: Sequence[SampleResult], baseline: Baseline, environment: Mapping[str, str]) -> list[str]:
    agent = samples[0].agent if samples else None
    notes = []
    if agent is not None:
        maker = Maker(agent.model, agent.team, agent.role, agent.role_version, agent.role_hash)
        pairs = (
            ("model", baseline.maker.model, maker.model),
            ("team", baseline.maker.team, maker.team),
            ("role", baseline.maker.role_told, maker.role_told),
        )
        notes += [
            f"{what} was {was}, is {now}: what is being tried" for what, was, now in pairs if was != now
        ]
    notes += [
        f"{name} was {baseline.environment.get(name) or 'not told'}, is {now}"
        for name, now in environment.items()
        if baseline.environment.get(name) != now
    ]
    alike = _same_answers(samples)
    if alike:
        notes.append(
            f"{counted(alike, 'task')} got the very same answer every time: such samples are one draw, and the "
            "tests take them for several"
        )
    drifted = sum("drifted" in sample.sources for sample in samples)
    if drifted:
        notes.append(
            f"{drifted} samples replay answers to another prompt: they say nothing about the present one"
        )
    return notes


def _same_answers(samples: Sequence[SampleResult]) -> int:
    """How many tasks have several samples and one answer."""
    answers: dict[str, list[tuple[str, ...]]] = defaultdict(list)
    for sample in samples:
        if sample.counted and sample.calls:
            answers[sample.task.id].append(tuple(call.answer for call in sample.calls))
    return sum(len(given) > 1 and len(set(given)) == 1 for given in answers.values())


def _sources(samples: Sequence[SampleResult]) -> dict[str, int]:
    tally: dict[str, int] = {}
    for sample in samples:
        for source in sample.sources:
            tally[source] = tally.get(source, 0) + 1
    return dict(sorted(tally.items()))


@cache
def _adapter() -> "TypeAdapter[Decision]":
    from pydantic import TypeAdapter

    return TypeAdapter(Decision)
