"""A suite's run as Markdown, short enough for a pull request's comment. All text from outside is escaped."""

from collections.abc import Sequence

from evals.metrics.breakdown import break_down
from evals.metrics.summary import Amount, Rate, Summary
from evals.reports.markdown import inline
from evals.reports.sources import counted, sources_told
from evals.results import RunResults, SampleResult
from evals.verdict import Verdict

_MOST_TASKS = 100
_MOST_FAILURES = 20
_MOST_OBSERVED = 2
_LONGEST = 60_000
"""Code hosts refuse comments above 65,536 characters."""


def suite_markdown(run: RunResults) -> str:
    """Headline, agents, tasks that are not always verified, items, and the first failures."""
    found = break_down(run)
    parts = [f"# {inline(run.suite)}: {_rate(found.overall.verified)} verified", _facts(run, found.overall)]
    warnings = _warnings(run)
    if warnings:
        parts.append("\n".join(f"> {line}" for line in warnings))
    parts.append(_table("agent", [(_agent(run, group), group) for group in found.by["agent"]]))
    weak = [(inline(group.name), group) for group in found.by["task"] if group.verified.value != 1]
    if weak:
        parts.append(f"## Tasks not always verified ({len(weak)})\n\n" + _table("task", weak[:_MOST_TASKS]))
    parts.append(_items(found.overall))
    failures = [sample for sample in run.samples if sample.verdict is not Verdict.PASS]
    if failures:
        lines = "\n".join(map(_failure, failures[:_MOST_FAILURES]))
        more = f"\n- and {len(failures) - _MOST_FAILURES} more" if len(failures) > _MOST_FAILURES else ""
        parts.append(
            f"<details><summary>What failed ({len(failures)} samples)</summary>\n\n{lines}{more}\n\n</details>"
        )
    text = "\n\n".join(part for part in parts if part)
    return (text if len(text) <= _LONGEST else f"{text[:_LONGEST]}\n\n(cut)") + "\n"


def _facts(run: RunResults, overall: Summary) -> str:
    at_k = ", ".join(f"pass@{at.k} {at.any:.0%}, pass^{at.k} {at.all:.0%}" for at in overall.at_k if at.k > 1)
    rows = [
        f"{counted(overall.samples, 'sample')}: {counted(len(run.tasks), 'task')}, "
        f"{counted(len(run.agents), 'agent')}, {counted(run.epochs, 'epoch')}",
        f"answers: {sources_told(overall.sources)}",
        f"not judged: {overall.errors} infrastructure errors, {overall.inconclusive} inconclusive",
        f"cost: {_dollars(overall.cost_usd)}",
    ]
    if at_k:
        rows.append(at_k)
    if overall.probes.of:
        rows.append(f"probes: {_share(overall.probes)} answered as they must be")
    if overall.mutants.of:
        rows.append(f"mutants: {_share(overall.mutants)} noticed by the tests")
    return "\n".join(f"- {row}" for row in rows)


def _warnings(run: RunResults) -> list[str]:
    found = []
    if run.partial:
        found.append(f"Not finished: {run.planned - len(run.samples)} of {run.planned} samples are missing.")
    if run.inconclusive:
        found.append("Inconclusive: too many samples could not be judged.")
    if run.damaged:
        found.append(f"Unreadable lines in the journal, left out: {', '.join(map(str, run.damaged[:20]))}.")
    return found


def _agent(run: RunResults, group: Summary) -> str:
    agent = next(agent for agent in run.agents if agent.id == group.name)
    return inline(f"{agent.model}, {agent.role} {agent.role_version}, {agent.team}")


def _table(head: str, groups: Sequence[tuple[str, Summary]]) -> str:
    rows = [
        f"| {head} | verified | 95% interval | tests | format clean | cost | p50 s |",
        "|---|---:|---|---:|---:|---:|---:|",
    ]
    for name, group in groups:
        rate, formats = group.verified, sum(group.adherence.values())
        clean = f"{group.adherence.get('clean', 0) / formats:.0%}" if formats else "-"
        tests = "-" if group.tests.value is None else f"{group.tests.value:.0%}"
        seconds = "-" if group.latency.p50 is None else f"{group.latency.p50:.1f}"
        rows.append(
            f"| {name} | {_rate(rate)} ({rate.count}/{rate.of}) | {rate.low:.0%} to {rate.high:.0%} "
            f"| {tests} | {clean} | {_dollars(group.cost_usd)} | {seconds} |"
        )
    return "\n".join(rows)


def _items(overall: Summary) -> str:
    if not overall.items:
        return ""
    rows = ["| item | passed | not applicable | inconclusive |", "|---|---:|---:|---:|"]
    rows += [
        f"| {inline(item)} | {_rate(found.passed)} ({found.passed.count}/{found.passed.of}) "
        f"| {found.not_applicable} | {found.inconclusive} |"
        for item, found in overall.items.items()
    ]
    return "## Checklist\n\n" + "\n".join(rows)


def _failure(sample: SampleResult) -> str:
    failure = sample.first_failure
    why = sample.error or next(iter(sample.reasons), "") or (failure.test if failure else "")
    line = f"- `{sample.name}`: {sample.verdict}: {inline(why)}"
    for probed in (sample.probes.failures if sample.probes else ())[:_MOST_OBSERVED]:
        line += f"\n  - probe {inline(probed.probe)} at {inline(probed.endpoint)}: {inline(probed.message)}"
    for mutant in (sample.mutants.survivors if sample.mutants else ())[:_MOST_OBSERVED]:
        line += f"\n  - no test notices {inline(mutant.shown)} ({inline(mutant.path)}:{mutant.line})"
    return line


def _share(rate: Rate) -> str:
    return f"{_rate(rate)} ({rate.count} of {rate.of})"


def _rate(rate: Rate) -> str:
    return "nothing" if rate.value is None else f"{rate.value:.0%}"


def _dollars(amount: Amount) -> str:
    return "unknown" if amount.total is None else f"${amount.total:.2f}" + ("+" if amount.unknown else "")
