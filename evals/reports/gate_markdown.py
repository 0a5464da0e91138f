"""The gate's decision as Markdown for a pull request. All text from outside is escaped."""

from collections.abc import Iterator

from evals.gate.decision import Decision
from evals.reports.markdown_text import Folded, fitted, inline
from evals.reports.sources import counted, sources_told

_TITLES = {
    "passed": "no regression found",
    "regression": "**regression**",
    "inconclusive": "**inconclusive**",
}
_MOST = 20
_MOST_EVIDENCE = 3


def gate_markdown(decision: Decision) -> str:
    """Outcome, reasons, and what was left out, short enough for a comment."""
    parts: list[str | Folded] = [
        f"### Backsmith gate: {_TITLES[decision.outcome]}",
        "\n".join(_reasons(decision)),
        f"{counted(len(decision.compared), 'task')} compared. Answers: {sources_told(decision.sources)}. "
        f"All tests together raise a false alarm in at most {decision.alpha:.0%} of unchanged runs.",
    ]
    near = [test for test in decision.suspects if not test.alarm]
    if near:
        rows = ["| suspect | run failed | baseline failed | corrected p |", "|---|---:|---:|---:|"]
        rows += [
            f"| {test.scope} {inline(test.name)} | {test.failed} of {test.samples} "
            f"| {test.base_failed} of {test.base_samples} | {test.corrected:.2g} |"
            for test in near[:_MOST]
        ]
        parts.append("\n".join(rows))
    told = [
        f"not comparable: {inline(task)} ({inline(why)})" for task, why in decision.not_comparable.items()
    ]
    told += [f"not in the run: {inline(task)}" for task in decision.missing]
    told += [f"not in the baseline: {inline(task)}" for task in decision.new]
    told += [
        f"unconfirmed: {failure.item} fails in {inline(failure.sample)}: {inline(failure.reason)}"
        for failure in decision.security
        if not failure.confirmed
    ]
    told += [inline(note) for note in decision.notes]
    if told:
        more = [f"and {len(told) - _MOST} more"] if len(told) > _MOST else []
        parts.append(Folded(f"Notes ({len(told)})", [f"- {line}" for line in [*told[:_MOST], *more]]))
    return fitted(parts)


def _reasons(decision: Decision) -> Iterator[str]:
    """What the outcome rests on, and what a reviewer would look at first."""
    yield from (f"- {inline(reason)}" for reason in decision.reasons[:_MOST])
    if len(decision.reasons) > _MOST:
        yield f"- and {len(decision.reasons) - _MOST} more"
    for failure in decision.security[:_MOST]:
        for seen in failure.evidence[:_MOST_EVIDENCE]:
            where = f"{seen.path}:{seen.line}" if seen.line else seen.path
            yield f"  - {inline(failure.sample)}: {inline(f'{where} {seen.message}')}"
    yield from (f"  - {inline(e.sample)}: {inline(e.why)}" for e in decision.examples)
