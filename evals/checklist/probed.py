"""What the probes saw joins what an item read in the code. The same way for every item."""

from evals.checklist.findings import bounded
from evals.code.view import CodeView
from evals.probes.report import ProbeResult
from evals.verdict import CheckResult, Evidence, Verdict

_MOST_UNSEEN = 5


def with_probes(result: CheckResult, view: CodeView) -> CheckResult:
    """The item's result with the probes' evidence.

    An answer that is wrong makes the item fail, whatever the code looks like. Answers that are right are evidence
    beside the code's, and settle nothing that the code leaves open. What could not be asked is told at the end.
    A fail has only what speaks against the code: each piece of its evidence is a finding to whoever reads it.
    """
    if view.probes is None:
        return result
    wrong = view.probes.about(result.item, Verdict.FAIL)
    right = view.probes.about(result.item, Verdict.PASS)
    unseen = [_evidence(r, "not judged: ") for r in view.probes.about(result.item, Verdict.INCONCLUSIVE)]
    told = [*map(_evidence, right), *unseen[:_MOST_UNSEEN]]
    if wrong:
        from_code = result.evidence if result.verdict is Verdict.FAIL else ()
        reason = f"{len(wrong)} requests to the running application were answered as they must not be"
        reason = f"{result.reason}; {reason}" if from_code else reason
        return CheckResult(result.item, Verdict.FAIL, reason, bounded((*map(_evidence, wrong), *from_code)))
    if not told or result.verdict is Verdict.FAIL:
        return result
    return CheckResult(result.item, result.verdict, result.reason, bounded((*result.evidence, *told)))


def _evidence(result: ProbeResult, prefix: str = "") -> Evidence:
    return Evidence(prefix + result.message, result.path, result.line)
