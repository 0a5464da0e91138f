"""Turns a score into what goes back to the model in a repair round."""

from evals.score import Score
from evals.verdict import Verdict
from prompts.finding import Finding, FindingKind

_TEST_OUTPUT = 6_000


def findings_of(score: Score) -> tuple[Finding, ...]:
    """Everything in the score that the model can mend; empty where there is nothing."""
    found = [
        Finding("format", f"{d.code}: {d.message}", path=d.path, line=d.line)
        for d in score.submission.diagnostics
        if d.severity == "error"
    ]
    found += _tests(score)
    for check in score.checklist:
        if check.verdict is Verdict.FAIL:
            found += [
                Finding("check", f"{check.item}: {evidence.message}", path=evidence.path, line=evidence.line)
                for evidence in check.evidence
            ]
    own = score.probes.own if score.probes else ()
    if unmet := sum(r.verdict is Verdict.FAIL for r in own):
        # As with hidden tests: that it falls short, never what they ask.
        what = (
            f"{unmet} of {len(own)} probes that you cannot see fail: hold the code against every requirement"
        )
        found.append(Finding("test", what))
    if not found and score.verdict is Verdict.FAIL:
        # Those of a design's judge are not the builder's to mend.
        prose = score.prose.failures if score.prose else ()
        found += [Finding("format", reason.message) for reason in score.reasons if reason not in prose]
    return tuple(dict.fromkeys(found))


def _tests(score: Score) -> list[Finding]:
    tests = score.tests
    if tests.ours:
        return []
    bad = [case for case in tests.cases if case.outcome in {"failed", "errored"}]
    found = [Finding("test", f"{case.outcome}: {case.id}", case.message) for case in bad if not case.hidden]
    if unseen := sum(case.hidden for case in bad):
        # The model is told that it falls short, and never what these tests ask or say.
        of = sum(case.hidden for case in tests.cases)
        what = f"{unseen} of {of} tests that you cannot see fail: hold the code against every requirement"
        found.append(Finding("test", what))
    if tests.problem:
        kind: FindingKind = "test" if score.environment else "environment"
        first, _, rest = tests.problem.partition("\n")
        detail = "\n".join(part for part in (rest, tests.output[-_TEST_OUTPUT:]) if part)
        found.append(Finding(kind, first, detail))
    if found:
        # What failed before the tests may be why they failed; where they passed it does not matter.
        failed = [step for step in score.migrations if not step.ok]
        found += [Finding("environment", f"migration failed: {s.text[:200]}", s.message) for s in failed]
    return found
