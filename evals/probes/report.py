"""What the probes found: values that items take as evidence and that are written down."""

from dataclasses import dataclass, replace

from evals.verdict import CheckResult, Evidence, Verdict

TASK = "task"
"""What the results of a task's own probes speak to: no checklist item, but what the task's writer asks for."""


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What one kind of probe found at one endpoint.

    ``item`` is the checklist item that it speaks to. ``message`` shows a request and its response, or says why the
    probe could not be judged. ``path`` and ``line`` are the route's, where the code shows it.
    """

    item: str
    probe: str
    endpoint: str
    verdict: Verdict
    message: str
    path: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class ProbeReport:
    """All results. ``problem`` says why the application could not be asked at all; it then has no results.

    ``start`` is the command that started it, ``requests`` how many it was asked.
    """

    results: tuple[ProbeResult, ...] = ()
    problem: str = ""
    start: str = ""
    requests: int = 0

    @property
    def own(self) -> tuple[ProbeResult, ...]:
        """The results of the task's own probes."""
        return tuple(r for r in self.results if r.item == TASK)

    @property
    def failures(self) -> tuple[ProbeResult, ...]:
        """What was answered as it must not be."""
        return tuple(r for r in self.results if r.verdict is Verdict.FAIL)

    def count(self, verdict: Verdict) -> int:
        """How many results ended so."""
        return sum(r.verdict is verdict for r in self.results)

    @property
    def told(self) -> str:
        """In one line: how many requests, to what, how they ended, and why not everything was asked."""
        if not self.results:
            return f"not judged: {self.problem}" if self.problem else "nothing to judge was found"
        counts = ", ".join(f"{self.count(v)} {v}" for v in Verdict if self.count(v))
        told = f"{self.requests} requests to `{self.start}`: {counts}"
        return told + (f"; {self.problem}" if self.problem else "")

    def about(self, item: str, verdict: Verdict) -> tuple[ProbeResult, ...]:
        """The results for one item that ended so."""
        return tuple(r for r in self.results if r.item == item and r.verdict is verdict)


def own_result(report: ProbeReport | None) -> tuple[CheckResult, ...]:
    """What a task's own probes came to, in the shape of an item's result; nothing where there were none."""
    own = report.own if report else ()
    if not own:
        return ()
    for verdict in (Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.PASS):
        found = tuple(r for r in own if r.verdict is verdict)
        if found:
            evidence = tuple(Evidence(f"probe {r.probe}: {r.message}", r.path, r.line) for r in found)
            return (
                CheckResult(TASK, verdict, f"{len(found)} of {len(own)} of the task's own probes", evidence),
            )
    return ()


def blamed(after: ProbeReport, before: ProbeReport) -> ProbeReport:
    """What a change answers for: what failed ``before`` as well is told and decides nothing."""
    old = {(r.item, r.probe, r.endpoint) for r in before.failures}
    results = tuple(
        replace(r, verdict=Verdict.INCONCLUSIVE, message=f"as at the base commit: {r.message}")
        if r.verdict is Verdict.FAIL and (r.item, r.probe, r.endpoint) in old
        else r
        for r in after.results
    )
    return replace(after, results=results)
