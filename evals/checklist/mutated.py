"""What mutants say of the tests joins what was read in them: the kill rate, and each fault that nothing noticed."""

from evals.checklist.findings import bounded
from evals.checklist.tests_cover_errors import ITEM
from evals.code.view import CodeView
from evals.mutants.mutant import MutantReport
from evals.verdict import CheckResult, Evidence, Verdict

LEAST_TRIED = 6
LEAST_RATE = 0.5
"""Some mutants change nothing that anybody could notice, so that no suite of tests kills all; half of them is little
to ask."""


def with_mutants(result: CheckResult, view: CodeView) -> CheckResult:
    """The item's result with the mutants' evidence. Too low a kill rate over enough mutants makes it fail."""
    report = view.mutants
    if report is None or result.item != ITEM:
        return result
    summary = _summary(report)
    survivors = tuple(Evidence(f"no test notices {m.shown}", m.path, m.line) for m in report.survived)
    rate = report.kill_rate
    if rate is not None and rate < LEAST_RATE and report.tried >= LEAST_TRIED:
        from_tests = result.evidence if result.verdict is Verdict.FAIL else ()
        reason = f"the tests notice {len(report.killed)} of {report.tried} small faults put into the code"
        return CheckResult(ITEM, Verdict.FAIL, reason, bounded((*survivors, *from_tests, summary)))
    return CheckResult(ITEM, result.verdict, result.reason, bounded((*result.evidence, summary, *survivors)))


def _summary(report: MutantReport) -> Evidence:
    if not report.tried:
        return Evidence(f"mutants not judged: {report.problem}")
    told = f"the tests notice {len(report.killed)} of {report.tried} mutants tried, out of {report.possible}"
    return Evidence(told + (f"; {report.problem}" if report.problem else ""))
