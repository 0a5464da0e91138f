"""The verdict on one answer, from all that is known about it. Pure: values in, a value out."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from agents.submission import Answer
from evals.mutants.mutant import MutantReport
from evals.probes.report import ProbeReport
from evals.verdict import CheckResult, Evidence, Verdict
from sandbox.trial import Trial


@dataclass(frozen=True, slots=True)
class Judgement:
    """One answer judged. ``reasons`` are what the verdict rests on, worst first; never empty.

    ``timings`` are seconds by stage.
    """

    verdict: Verdict
    reasons: tuple[Evidence, ...]
    answer: Answer
    trial: Trial | None
    checks: tuple[CheckResult, ...]
    timings: Mapping[str, float] = field(default_factory=dict)
    probes: ProbeReport | None = None
    mutants: MutantReport | None = None


def judge_answer(
    answer: Answer,
    trial: Trial | None,
    checks: tuple[CheckResult, ...],
    timings: Mapping[str, float] | None = None,
    probes: ProbeReport | None = None,
    mutants: MutantReport | None = None,
) -> Judgement:
    """Fail where anything that was seen fails; inconclusive where the tests could not be run for a cause of
    ours and nothing else fails; else pass.

    A checklist item that is inconclusive is shown and decides nothing: what a check cannot see is no fault,
    and the tests have spoken. ``trial`` is None where there was nothing to try.
    """
    failures = [
        Evidence(f"{d.code}: {d.message}", d.path, d.line)
        for d in answer.diagnostics
        if d.severity == "error"
    ]
    unclear: list[Evidence] = []
    if trial is None:
        if not failures:
            failures.append(Evidence("the answer holds no file that could be tried"))
    else:
        (unclear if trial.report.ours else failures).extend(_trial_failures(trial))
    for check in checks:
        if check.verdict is Verdict.FAIL:
            first = check.evidence[0]
            failures.append(Evidence(f"{check.item}: {first.message}", first.path, first.line))
    for own in probes.own if probes else ():
        if own.verdict is Verdict.FAIL:
            failures.append(Evidence(f"probe {own.probe}: {own.message}"))
        elif own.verdict is Verdict.INCONCLUSIVE:
            unclear.append(Evidence(f"probe {own.probe} could not be put: {own.message}"))
    verdict = Verdict.FAIL if failures else Verdict.INCONCLUSIVE if unclear else Verdict.PASS
    reasons = [*failures, *unclear] or [_all_good(trial, checks)]
    return Judgement(verdict, tuple(reasons), answer, trial, checks, dict(timings or {}), probes, mutants)


def _trial_failures(trial: Trial) -> list[Evidence]:
    report = trial.report
    found = [Evidence(f"tests: {report.problem}")] if report.problem else []
    for case in report.cases:
        if case.outcome in {"failed", "errored"}:
            first_line = next((line.strip() for line in case.message.split("\n") if line.strip()), "")
            found.append(
                Evidence(f"test {case.outcome}: {case.id}" + (f" - {first_line[:300]}" if first_line else ""))
            )
    if not found and not report.count("passed"):
        found.append(Evidence("tests: none passed (all were skipped)"))
    return found


def _all_good(trial: Trial | None, checks: tuple[CheckResult, ...]) -> Evidence:
    passed = trial.report.count("passed") if trial else 0
    held = sum(check.verdict is Verdict.PASS for check in checks)
    return Evidence(f"all {passed} tests passed; {held} of {len(checks)} checklist items pass, none fails")
