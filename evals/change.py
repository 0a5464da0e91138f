"""The verdict on a change of code that was there before: what it broke, what it mended, what it added.

A test that failed at the base commit is not blamed on the change, and neither is what the checklist finds on lines
that the change did not touch. Pure, as ``evals.judgement`` is.
"""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from agents.submission import Answer
from evals.judgement import Judgement, judge_answer
from evals.mutants.mutant import MutantReport
from evals.probes.report import ProbeReport
from evals.verdict import CheckResult, Evidence, Verdict
from sandbox.report import TestCase, TestReport
from sandbox.trial import Trial

if TYPE_CHECKING:
    from evals.code.view import CodeView

_BAD = frozenset({"failed", "errored"})
_MOST_NAMED = 10
_LARGEST_DIFF = 4_000


@dataclass(frozen=True, slots=True)
class TestChange:
    """How the tests of two commits differ, by their ids.

    ``broken`` passed before and do not pass now; ``gone`` passed before and were not run now; ``mended`` failed
    before and pass now; ``added`` were not there before and pass; ``added_bad`` were not there and fail; ``old``
    failed before and fail still. ``proving`` are those that pass now and do not pass over the base's code: they show
    the change. ``idle`` were not there before and pass over the base's code as well.
    """

    __test__ = False

    broken: tuple[TestCase, ...] = ()
    gone: tuple[str, ...] = ()
    mended: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    added_bad: tuple[TestCase, ...] = ()
    old: tuple[str, ...] = ()
    proving: tuple[str, ...] = ()
    idle: tuple[str, ...] = ()
    kept: int = 0


def compare_tests(before: TestReport, after: TestReport, without: TestReport | None = None) -> TestChange:
    """Tell fail-to-pass from pass-to-pass and from what is new.

    ``without`` is how the change's tests end over the base's code; a test that is not in it could not even be
    collected there. Without it, what is new or mended is taken to show the change.
    """
    bare = {case.id: case.outcome for case in without.cases} if without else {}
    then = {case.id: case.outcome for case in before.cases}
    now = {case.id for case in after.cases}
    cases = after.cases
    return TestChange(
        broken=tuple(c for c in cases if c.outcome in _BAD and then.get(c.id) == "passed"),
        gone=tuple(id for id, outcome in then.items() if outcome == "passed" and id not in now),
        mended=tuple(c.id for c in cases if c.outcome == "passed" and then.get(c.id) in _BAD),
        added=tuple(c.id for c in cases if c.outcome == "passed" and c.id not in then),
        added_bad=tuple(c for c in cases if c.outcome in _BAD and then.get(c.id) in {None, "skipped"}),
        old=tuple(c.id for c in cases if c.outcome in _BAD and then.get(c.id) in _BAD),
        proving=tuple(
            c.id
            for c in cases
            if c.outcome == "passed"
            and bare.get(c.id) != "passed"
            and (then.get(c.id) != "passed" or bare.get(c.id) in _BAD)
        ),
        idle=tuple(
            c.id
            for c in cases
            if c.outcome == "passed" and c.id not in then and bare.get(c.id) == "passed" and not c.hidden
        ),
        kept=sum(c.outcome == "passed" and then.get(c.id) == "passed" for c in cases),
    )


def judge_change(
    answer: Answer,
    before: Trial,
    after: Trial | None,
    checks: tuple[CheckResult, ...],
    timings: Mapping[str, float] | None = None,
    probes: ProbeReport | None = None,
    mutants: MutantReport | None = None,
    without: Trial | None = None,
) -> Judgement:
    """Judge a change by its tests before and after, and by ``checks`` (of changed lines alone).

    Fails where a test that passed fails or is gone, where a new test fails, and where no test shows the change:
    none passes now that does not pass ``without`` it, in the trial of its tests over the base's code. Inconclusive
    where the tests ran neither before nor after.
    """
    if after is None:
        return judge_answer(answer, None, checks, timings)
    if _ran_neither(before.report, after.report):
        report = replace(
            after.report,
            ours=True,
            problem=f"the tests could not be run at the base commit either: {before.report.problem}",
        )
        return judge_answer(answer, replace(after, report=report), checks, timings, probes, mutants)
    if without is not None and without.report.ours:
        note = f"the change's tests could not be tried without it: {without.report.problem}"
        after, without = replace(after, notes=(*after.notes, note)), None
    change = compare_tests(before.report, after.report, without.report if without else None)
    judged = judge_answer(answer, _blamed(after, change), checks, timings, probes, mutants)
    if after.report.problem or change.proving:
        return judged
    found = f" ({_named(change.idle)} pass without it as well)" if change.idle else ""
    missing = Evidence(
        f"tests: no test shows the change{found}; add tests that fail without it and pass with it"
    )
    known = judged.reasons if judged.verdict is Verdict.FAIL else ()
    return replace(judged, verdict=Verdict.FAIL, reasons=(*known, missing))


def _ran_neither(before: TestReport, after: TestReport) -> bool:
    ran_before = any(case.outcome == "passed" for case in before.cases)
    ran_after = any(case.outcome == "passed" for case in after.cases)
    return bool(before.problem and after.problem) and not ran_before and not ran_after


def _blamed(after: Trial, change: TestChange) -> Trial:
    """The trial with the cases that the change answers for, and notes about the others."""
    old = set(change.old)
    cases = [case for case in after.report.cases if case.id not in old]
    cases += [
        TestCase(id, "failed", "passed at the base commit and is not run any more") for id in change.gone
    ]
    notes = [f"tests: {_counts(change)}"]
    if change.old:
        notes.append(f"failed at the base commit as well, and are not blamed: {_named(change.old)}")
    if change.mended:
        notes.append(f"failed at the base commit and pass now: {_named(change.mended)}")
    if change.idle:
        notes.append(f"new, but pass without the change as well, and do not test it: {_named(change.idle)}")
    report = replace(after.report, cases=tuple(cases))
    return replace(after, report=report, notes=(*after.notes, *notes))


def _counts(change: TestChange) -> str:
    parts = [
        (change.kept, "pass as before"),
        (len(change.mended), "mended"),
        (len(change.added), "new and passing"),
        (len(change.broken), "broken"),
        (len(change.gone), "gone"),
        (len(change.added_bad), "new and failing"),
        (len(change.old), "failing as before"),
    ]
    return ", ".join(f"{count} {what}" for count, what in parts if count) or "none"


def _named(ids: tuple[str, ...]) -> str:
    more = f" and {len(ids) - _MOST_NAMED} more" if len(ids) > _MOST_NAMED else ""
    return ", ".join(ids[:_MOST_NAMED]) + more


def changed_lines(before: str | None, after: str) -> frozenset[int]:
    """The lines (from 1) of ``after`` that are not as they were; all of a new file. Next to a deletion: both sides."""
    now = after.split("\n")
    if before is None:
        return frozenset(range(1, len(now) + 1))
    then = before.split("\n")
    start = 0
    while start < min(len(then), len(now)) and then[start] == now[start]:
        start += 1
    end = 0
    while end < min(len(then), len(now)) - start and then[-1 - end] == now[-1 - end]:
        end += 1
    middle = range(start + 1, len(now) - end + 1)
    if max(len(then), len(now)) - start - end > _LARGEST_DIFF:
        return frozenset(middle)
    found: set[int] = set()
    matcher = difflib.SequenceMatcher(None, then[start : len(then) - end], now[start : len(now) - end], False)
    for tag, _, _, first, stop in matcher.get_opcodes():
        if tag == "delete":
            found |= {start + first, start + first + 1}
        elif tag != "equal":
            found |= set(range(start + first + 1, start + stop + 1))
    return frozenset(line for line in found if 1 <= line <= len(now))


def on_changed_lines(
    checks: tuple[CheckResult, ...],
    changed: Mapping[str, frozenset[int]],
    known: tuple[CheckResult, ...] = (),
) -> tuple[CheckResult, ...]:
    """The checks with only those failures that the change answers for: on changed lines, in changed files as a whole,
    or, of imports that lead nowhere, such as were not among the ``known`` ones."""
    before = {(check.item, e.path, e.message) for check in known for e in check.evidence}
    return tuple(_narrowed(check, changed, before) for check in checks)


def with_observed(checks: tuple[CheckResult, ...], view: "CodeView") -> tuple[CheckResult, ...]:
    """Checks of a change, narrowed already, with what probes and mutants showed, which are narrowed by themselves."""
    from evals.checklist.mutated import with_mutants
    from evals.checklist.probed import with_probes

    return tuple(with_mutants(with_probes(check, view), view) for check in checks)


def _narrowed(
    check: CheckResult, changed: Mapping[str, frozenset[int]], before: set[tuple[str, str, str]]
) -> CheckResult:
    if check.verdict not in {Verdict.FAIL, Verdict.INCONCLUSIVE}:
        return check
    kept = tuple(
        e
        for e in check.evidence
        if (e.path in changed and (not e.line or e.line in changed[e.path]))
        or (check.item == "complete" and before and (check.item, e.path, e.message) not in before)
    )
    if kept:
        return replace(check, evidence=kept)
    said = f"nothing on changed lines ({len(check.evidence)} elsewhere)"
    return CheckResult(check.item, Verdict.NOT_APPLICABLE, said, (Evidence(said),))
