"""A run as Markdown, for people and for a pull request's comment. All text from outside is escaped."""

from evals.mutants.mutant import MutantReport
from evals.probes.report import ProbeReport
from evals.prose import Prose
from evals.reports.run_report import RoundReport, RunReport, SampleReport
from evals.score import Score, spent
from evals.verdict import Evidence, Verdict
from prompts.quoting import visible

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
_SPECIAL = str.maketrans({c: f"\\{c}" for c in "\\`*_[]<>|#&~"})


def report_markdown(report: RunReport) -> str:
    """The whole report."""
    parts = [f"# {inline(report.task)}", _facts(report)]
    parts += map(_sample, report.samples)
    if report.damaged:
        lines = ", ".join(map(str, report.damaged))
        parts.append(f"> Unreadable lines in the journal, left out: {lines}.")
    return "\n\n".join(parts) + "\n"


def _facts(report: RunReport) -> str:
    sources = sorted({r.source for sample in report.samples for r in sample.rounds})
    rows = [
        ("Model", report.model),
        ("Answers", ", ".join(sources) or "none"),
        ("Team", report.team),
        ("Roles", "; ".join(report.roles)),
        ("Repository", report.repository),
    ]
    return "\n".join(f"- {name}: {inline(value)}" for name, value in rows)


def _sample(sample: SampleReport) -> str:
    verdict = _MARKS[sample.verdict] if sample.verdict else "not finished"
    head = f"## {inline(sample.name)}: {verdict}\n\nBranch `{sample.branch}`, {len(sample.rounds)} round(s)."
    return "\n\n".join([head, *(_round(r) for r in sample.rounds)])


def _round(report: RoundReport) -> str:
    score = report.score
    tests = score.tests
    parts = [
        f"### Round {report.number}: {_MARKS[score.verdict]}",
        f"Commit `{report.commit[:12]}`, format {score.submission.adherence}, "
        f"{len(score.submission.files)} files; tests: {tests.passed} passed, {tests.failed} failed, "
        f"{tests.errored} errored, {tests.skipped} skipped"
        + (", kept from an earlier run." if tests.cached else "."),
        "\n".join(f"- {_place(reason)}" for reason in score.reasons[:_MAX_CASES]),
    ]
    if score.submission.diagnostics:
        parts.append(_diagnostics(score))
    if score.checklist:
        parts.append(_checklist(score))
    if score.probes is not None:
        parts.append(_probes(score.probes))
    if score.mutants is not None:
        parts.append(_mutants(score.mutants))
    if score.prose is not None:
        parts.append(_prose(score.prose))
    if any(case.outcome in {"failed", "errored"} for case in tests.cases):
        parts.append(_failures(score))
    if told := spent(score.usage, score.cost_usd):
        parts.append(f"Tokens: {told}.")
    if score.timings:
        told = ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in score.timings.items())
        parts.append(f"Timings: {told}.")
    return "\n\n".join(parts)


def _diagnostics(score: Score) -> str:
    rows = [
        f"- {d.severity} `{d.code}`, line {d.line}: {inline(d.message)}" for d in score.submission.diagnostics
    ]
    return "Format:\n\n" + "\n".join(rows)


def _checklist(score: Score) -> str:
    rows = ["| item | verdict | evidence |", "|---|---|---|"]
    for check in score.checklist:
        places = [_place(evidence) for evidence in check.evidence[:_MAX_EVIDENCE]]
        more = len(check.evidence) - len(places)
        told = "<br>".join([inline(check.reason), *places, *([f"and {more} more"] if more else [])])
        rows.append(f"| {check.item} | {_MARKS[check.verdict]} | {told} |")
    return "\n".join(rows)


def _probes(report: ProbeReport) -> str:
    """One row for each endpoint and probe, those that failed first."""
    told = f"Probes: {inline(report.told)}."
    if not report.results:
        return told
    ranked = sorted(report.results, key=lambda r: (_WORST.index(r.verdict), r.endpoint))
    rows = ["| endpoint | probe | item | outcome | request and answer |", "|---|---|---|---|---|"]
    rows += [
        f"| {inline(r.endpoint)} | {inline(r.probe)} | {r.item} | {_MARKS[r.verdict]} | {inline(r.message)} |"
        for r in ranked[:_MAX_PROBES]
    ]
    more = f"\n\nand {len(ranked) - _MAX_PROBES} more" if len(ranked) > _MAX_PROBES else ""
    return f"{told}\n\n" + "\n".join(rows) + more


def _mutants(report: MutantReport) -> str:
    """The kill rate, and every mutant that no test noticed."""
    rows = [f"- {inline(m.path)}:{m.line} - {inline(m.shown)}" for m in report.survived[:_MAX_CASES]]
    if len(report.survived) > _MAX_CASES:
        rows.append(f"- and {len(report.survived) - _MAX_CASES} more")
    told = f"Mutants: {inline(report.told)}."
    return f"{told} No test noticed:\n\n" + "\n".join(rows) if rows else told


def _prose(prose: Prose) -> str:
    rows = ["| criterion | verdict | counts | reason | quote |", "|---|---|---|---|---|"]
    rows += [
        f"| {inline(r.criterion)} | {_MARKS[r.verdict]} | {'yes' if r.counts else 'advice'} "
        f"| {inline(r.reason)} | {inline(r.quote)} |"
        for r in prose.rulings
    ]
    return f"Prose: {inline(prose.told)}.\n\n" + "\n".join(rows)


def _failures(score: Score) -> str:
    bad = [case for case in score.tests.cases if case.outcome in {"failed", "errored"}]
    parts = []
    for case in bad[:_MAX_CASES]:
        # Indented by four: no fence that the text could close.
        text = "\n".join("    " + line for line in visible(case.message)[:2000].split("\n"))
        parts.append(f"Test {case.outcome}: {inline(case.id)}\n\n{text}")
    if len(bad) > _MAX_CASES:
        parts.append(f"and {len(bad) - _MAX_CASES} more")
    return "\n\n".join(parts)


def _place(evidence: Evidence) -> str:
    where = f"{inline(evidence.path)}:{evidence.line} - " if evidence.path else ""
    return where + inline(evidence.message)


def inline(text: str) -> str:
    """Text from outside as one line of Markdown that says just that."""
    one_line = " ".join(visible(text).split())
    return one_line[:400].translate(_SPECIAL)
