"""A run of one task as Markdown, for people and for a pull request's comment. All text from outside is escaped."""

from collections.abc import Iterator

from evals.mutants.mutant import MutantReport
from evals.probes.report import TASK, ProbeReport, ProbeResult
from evals.prose import Prose
from evals.reports.markdown_text import fitted, indented, inline
from evals.reports.run_report import RoundReport, RunReport, SampleReport
from evals.reports.sources import counted, sources_named
from evals.score import Score, spent
from evals.verdict import Evidence, Verdict

_MARKS = {
    Verdict.PASS: "pass",
    Verdict.FAIL: "**fail**",
    Verdict.NOT_APPLICABLE: "not-applicable",
    Verdict.INCONCLUSIVE: "inconclusive",
}
_MAX_CASES = 30
_MAX_EVIDENCE = 8
_MAX_PROBES = 60
_WORST = (Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.PASS, Verdict.NOT_APPLICABLE)
_MESSAGE = 2_000


def report_markdown(report: RunReport) -> str:
    """The whole report, the verdict first; the newest round stands before the older ones."""
    parts = [f"# {inline(report.task)}", *map(_verdict, report.samples), _facts(report)]
    if report.damaged:
        lines = ", ".join(map(str, report.damaged[:20]))
        parts.append(f"> Unreadable lines in the journal, left out: {lines}.")
    for sample in report.samples:
        parts += _sample(sample)
    return fitted(parts)


def _verdict(sample: SampleReport) -> str:
    """How the sample ended, and the first thing that this rests on."""
    best = sample.best
    if sample.verdict is None or best is None:
        return "**not finished**" if sample.verdict is None else f"**{sample.verdict}**: no answer was judged"
    why = f": {_place(best.score.reasons[0])}" if best.score.reasons else ""
    return f"**{sample.verdict}** after {counted(len(sample.rounds), 'round')}{why}"


def _facts(report: RunReport) -> str:
    sources = sorted({r.source for sample in report.samples for r in sample.rounds})
    rows = [
        ("Model", report.model),
        ("Answers", sources_named(sources)),
        ("Team", report.team),
        ("Roles", "; ".join(report.roles)),
        ("Repository", report.repository),
    ]
    return "\n".join(f"- {name}: {inline(value)}" for name, value in rows)


def _sample(sample: SampleReport) -> Iterator[str]:
    verdict = _MARKS[sample.verdict] if sample.verdict else "not finished"
    yield f"## {inline(sample.name)}: {verdict}"
    yield f"Branch `{sample.branch}`, {counted(len(sample.rounds), 'round')}."
    for one in reversed(sample.rounds):
        yield from _round(one)


def _round(report: RoundReport) -> Iterator[str]:
    score = report.score
    tests = score.tests
    yield f"### Round {report.number}: {_MARKS[score.verdict]}"
    yield (
        f"Commit `{report.commit[:12]}`, format {score.submission.adherence}, "
        f"{counted(len(score.submission.files), 'file')}; tests: {tests.passed} passed, {tests.failed} failed, "
        f"{tests.errored} errored, {tests.skipped} skipped"
        + (", kept from an earlier run." if tests.cached else ".")
    )
    yield _listed([_place(reason) for reason in score.reasons])
    if score.submission.diagnostics:
        yield _diagnostics(score)
    if score.checklist:
        yield _checklist(score)
    if score.probes is not None:
        yield _probes(score.probes)
    if score.mutants is not None:
        yield _mutants(score.mutants)
    if score.prose is not None:
        yield _prose(score.prose)
    yield from _failures(score)
    if told := spent(score.usage, score.cost_usd):
        yield f"Tokens: {told}."
    if score.timings:
        told = ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in score.timings.items())
        yield f"Timings: {told}."


def _diagnostics(score: Score) -> str:
    rows = [
        f"{d.severity} `{d.code}`, line {d.line}: {inline(d.message)}" for d in score.submission.diagnostics
    ]
    return "Format:\n\n" + _listed(rows)


def _checklist(score: Score) -> str:
    rows = ["| item | verdict | evidence |", "|---|---|---|"]
    for check in score.checklist:
        told = [e for e in check.evidence if e.path or e.message != check.reason]
        places = [_place(evidence) for evidence in told[:_MAX_EVIDENCE]]
        more = len(told) - len(places)
        cell = "<br>".join([inline(check.reason), *places, *([f"and {more} more"] if more else [])])
        rows.append(f"| {inline(check.item)} | {_MARKS[check.verdict]} | {cell} |")
    return "\n".join(rows)


def _probes(report: ProbeReport) -> str:
    """One row for each endpoint and probe, those that failed first."""
    told = f"Probes: {inline(report.told)}."
    if not report.results:
        return told
    ranked = sorted(report.results, key=lambda r: (_WORST.index(r.verdict), r.endpoint))
    rows = ["| endpoint | probe | item | outcome | request and answer |", "|---|---|---|---|---|"]
    rows += [
        f"| {inline(r.endpoint)} | {inline(r.probe)} | {_item(r)} | {_MARKS[r.verdict]} | {inline(r.message)} |"
        for r in ranked[:_MAX_PROBES]
    ]
    more = f"\n\nand {len(ranked) - _MAX_PROBES} more" if len(ranked) > _MAX_PROBES else ""
    return f"{told}\n\n" + "\n".join(rows) + more


def _item(result: ProbeResult) -> str:
    return "the task's own" if result.item == TASK else inline(result.item)


def _mutants(report: MutantReport) -> str:
    """The kill rate, and every mutant that no test noticed."""
    rows = [f"{inline(m.path)}:{m.line} - {inline(m.shown)}" for m in report.survived]
    told = f"Mutants: {inline(report.told)}."
    return f"{told} No test noticed:\n\n{_listed(rows)}" if rows else told


def _prose(prose: Prose) -> str:
    rows = ["| criterion | verdict | counts | reason | quote |", "|---|---|---|---|---|"]
    rows += [
        f"| {inline(r.criterion)} | {_MARKS[r.verdict]} | {'yes' if r.counts else 'advice'} "
        f"| {inline(r.reason)} | {inline(r.quote)} |"
        for r in prose.rulings
    ]
    return f"Prose: {inline(prose.told)}.\n\n" + "\n".join(rows)


def _failures(score: Score) -> Iterator[str]:
    bad = [case for case in score.tests.cases if case.outcome in {"failed", "errored"}]
    for case in bad[:_MAX_CASES]:
        own = " (the task's own)" if case.hidden else ""
        yield f"Test {case.outcome}: {inline(case.id)}{own}"
        if case.message:
            yield indented(case.message, _MESSAGE)
    if len(bad) > _MAX_CASES:
        yield f"and {len(bad) - _MAX_CASES} more"


def _listed(rows: list[str]) -> str:
    more = [f"and {len(rows) - _MAX_CASES} more"] if len(rows) > _MAX_CASES else []
    return "\n".join(f"- {row}" for row in (*rows[:_MAX_CASES], *more))


def _place(evidence: Evidence) -> str:
    where = f"{inline(evidence.path)}:{evidence.line} - " if evidence.path else ""
    return where + inline(evidence.message)
