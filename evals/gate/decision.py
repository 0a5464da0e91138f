"""The gate's decision: what of a run is worse than its baseline, and what that rests on. Pure.

Two kinds of alarm. A security item that fails where the baseline had no such failure is one by itself, as it is
a finding and no fluctuation. All else is statistics (``evals.gate.testing``).
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Literal

from evals.gate.baseline import (
    Baseline,
    TaskCounts,
    fingerprint,
    holds,
    maker_of,
    of_agent,
    task_counts,
    why_not_comparable,
    without_verdict,
)
from evals.gate.examples import FailedSample, examples_of
from evals.gate.testing import ALPHA, Tested, confirm_counts, test_counts
from evals.plain_json import dump
from evals.reports.sources import counted
from evals.results import RunResults, SampleResult
from evals.verdict import Evidence, Verdict
from prompts.errors import ConfigError

if TYPE_CHECKING:
    from pydantic import TypeAdapter

SECURITY = ("auth-required", "no-hardcoded-secrets", "sql-parameterized")

Outcome = Literal["passed", "regression", "inconclusive"]

_UNJUDGED = "none of its samples could be judged"

FRESH = "-fresh"
"""Ends the names of fresh samples, which are otherwise those of the run's own."""


@dataclass(frozen=True, slots=True)
class SecurityFailure:
    """A security item that fails in a sample of a task on which the baseline had no such failure.

    ``confirmed``: the check is deterministic, so that the same code always fails it. A failure that only a
    model's judgement found is told, and is no alarm. ``evidence`` is what the check saw, where it was asked for.
    """

    task: str
    item: str
    sample: str
    reason: str
    confirmed: bool
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """What the gate found. ``reasons`` say in sentences what the outcome rests on; ``notes`` what to know.

    ``compared`` tasks are in the tests; ``not_comparable`` ones say why not; ``missing`` ones are only in the
    baseline and ``new`` ones only in the run. ``sources`` counts live and replayed samples. ``examples`` are the
    first failed samples behind the alarms.
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
    examples: tuple[FailedSample, ...] = ()

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
    ``fresh`` is a later run of the same agent on all tasks that are compared: see ``confirm_counts``.
    """
    own = of_agent(run, agent)
    samples = own.samples
    counts, trouble = _comparable(samples, baseline.tasks)
    shared = {name: baseline.tasks[name] for name in counts}
    tests = test_counts(counts, shared, alpha) if counts else ()
    notes = _notes(own, baseline)
    every = samples
    if fresh is not None and counts:
        again = _fresh_run(fresh, own, counts)
        later = _fresh(again.samples, counts)
        tests = confirm_counts(tests, counts, later, shared, alpha)
        every += tuple(replace(s, name=s.name + FRESH) for s in again.samples if s.task.id in counts)
        notes += _fresh_notes(again, later)
    security = _security(every, shared)
    outcome, reasons = _outcome(own, baseline, trouble, security, tests)
    run_tasks = dict.fromkeys(sample.task.id for sample in samples)
    return Decision(
        outcome=outcome,
        reasons=reasons,
        notes=tuple(notes),
        run=run.folder,
        suite=run.suite,
        agent=own.agents[0].id,
        compared=tuple(counts),
        not_comparable=trouble,
        missing=tuple(name for name in baseline.tasks if name not in run_tasks),
        new=tuple(name for name in run_tasks if name not in baseline.tasks),
        security=security,
        tests=tests,
        sources=_sources(samples),
        alpha=alpha,
        examples=tuple(examples_of(every, tests, shared)),
    )


def with_evidence(decision: Decision, seen: Mapping[tuple[str, str], tuple[Evidence, ...]]) -> Decision:
    """The decision with what the checks saw, by sample and item."""
    told = (replace(s, evidence=seen.get((s.sample, s.item), s.evidence)) for s in decision.security)
    return replace(decision, security=tuple(told))


def noted(decision: Decision, note: str) -> Decision:
    """The decision with one more note."""
    return replace(decision, notes=(*decision.notes, note))


def decision_json(decision: Decision) -> str:
    """The decision as indented JSON."""
    return dump(_adapter(), decision, indent=2) + "\n"


def _comparable(
    samples: Sequence[SampleResult], known: Mapping[str, TaskCounts]
) -> tuple[dict[str, TaskCounts], dict[str, str]]:
    groups: dict[str, list[SampleResult]] = defaultdict(list)
    for sample in samples:
        if sample.task.id in known:
            groups[sample.task.id] += [sample] if sample.counted else []
    counts: dict[str, TaskCounts] = {}
    trouble: dict[str, str] = {}
    for name, group in groups.items():
        if not group:
            trouble[name] = _UNJUDGED
            continue
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


def _fresh_run(fresh: RunResults, own: RunResults, names: Collection[str]) -> RunResults:
    """The run of the same agent that is fresh indeed: the same samples would count twice."""
    again = of_agent(fresh, own.agents[0].id)
    parts = fingerprint(own).split("-")
    if not set(parts).isdisjoint(fingerprint(again).split("-")):
        raise ConfigError(
            f"{fresh.folder} holds the samples of {own.folder} itself",
            "fresh samples are those of a later run",
        )
    if maker_of(again.agents[0]).differs(maker_of(own.agents[0])):
        raise ConfigError(
            f"{fresh.folder} is of other templates or settings than {own.folder}",
            "fresh samples are those of the same agent",
        )
    left_out = set(names) - {task.id for task in again.tasks}
    if left_out:
        raise ConfigError(
            f"{fresh.folder} leaves out {len(left_out)} of {counted(len(names), 'task')}, {min(left_out)} first",
            "run all of them again: tasks that were chosen for their failures would prove too much",
        )
    return again


def _fresh(samples: Sequence[SampleResult], counts: Mapping[str, TaskCounts]) -> dict[str, TaskCounts]:
    later, trouble = _comparable([sample for sample in samples if sample.counted], counts)
    if trouble:
        name, why = next(iter(trouble.items()))
        raise ConfigError(
            f"the fresh samples of {name} are not comparable: {why}",
            "make them with the same suite and version",
        )
    return later


def _fresh_notes(again: RunResults, later: Mapping[str, TaskCounts]) -> Iterator[str]:
    judged = sum(counts.samples for counts in later.values())
    yield f"suspects were tested again with {counted(judged, 'fresh sample')}"
    if judged < again.planned:
        yield f"{again.planned - judged} of {again.planned} fresh samples are missing or could not be judged"


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
    run: RunResults,
    baseline: Baseline,
    trouble: Mapping[str, str],
    security: Sequence[SecurityFailure],
    tests: Sequence[Tested],
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
    known = [sample for sample in run.samples if sample.task.id in baseline.tasks]
    open_ones = without_verdict(run.samples) if run.inconclusive else without_verdict(known)
    if open_ones:
        unsure.append(open_ones)
    if not tests:
        unsure.append(f"no task of the run can be compared with the baseline{_whys(trouble)}")
    if unsure:
        return "inconclusive", tuple(unsure)
    suite = next(test for test in tests if test.scope == "suite")
    return "passed", (_told(suite),)


def _whys(trouble: Mapping[str, str]) -> str:
    """Why no task is comparable, the most frequent cause first, and what to do about it."""
    if not trouble:
        return ": they have no task in common"
    causes = Counter(why for why in trouble.values() if why != _UNJUDGED).most_common(2)
    if not causes:
        return f": {_UNJUDGED}"
    told = "; ".join(f"{why} ({counted(many, 'task')})" for why, many in causes)
    return f": {told}; a good run made as this one was, blessed, is a new baseline"


def _told(test: Tested) -> str:
    what = {"suite": "the suite", "task": f"task {test.name}", "item": f"item {test.name}"}[test.scope]
    return (
        f"{what} failed in {test.failed} of {test.samples} samples, "
        f"in the baseline in {test.base_failed} of {test.base_samples} "
        f"(corrected p {test.corrected:.2g}, alarm at {test.level:.2g})"
    )


def _notes(run: RunResults, baseline: Baseline) -> list[str]:
    samples, environment = run.samples, run.environment
    was, now = baseline.maker, maker_of(run.agents[0])
    notes = []
    if holds(baseline, fingerprint(run)):
        notes.append("this run is part of the baseline: it is compared with itself")
    if run.suite != baseline.suite:
        notes.append(f"the baseline is of the suite {baseline.suite!r}, the run of {run.suite!r}")
    pairs = [
        ("model", was.model, now.model),
        ("team", was.team, now.team),
        ("role", was.role_told, now.role_told),
    ]
    if was.parameters and now.parameters:
        pairs.append(("settings", was.settings_told, now.settings_told))
    notes += [f"{what} was {old}, is {new}: what is being tried" for what, old, new in pairs if old != new]
    notes += [
        f"{name} was {baseline.environment.get(name) or 'not told'}, is {here}"
        for name, here in environment.items()
        if baseline.environment.get(name) != here
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
