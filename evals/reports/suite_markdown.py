"""A suite's run as Markdown, short enough for a pull request's comment. All text from outside is escaped."""

from collections.abc import Sequence

from evals.metrics.breakdown import break_down
from evals.metrics.summary import Amount, Rate, Summary, percent
from evals.reports.agent_names import full_names
from evals.reports.markdown_text import Folded, fitted, inline
from evals.reports.sources import counted, sources_told
from evals.results import RunResults, SampleResult
from evals.verdict import Verdict

_MOST_TASKS = 100
_MOST_FAILURES = 20
_MOST_OBSERVED = 2


def suite_markdown(run: RunResults) -> str:
    """Headline, what it rests on, agents, tasks that are not always verified, items, and the first failures."""
    found = break_down(run)
    names = full_names(run.agents)
    parts: list[str | Folded] = [f"# {_headline(run, found.overall.verified)}", _basis(run, found.overall)]
    if warnings := _warnings(run):
        parts.append("\n".join(f"> {line}" for line in warnings))
    parts.append(_facts(run, found.overall))
    parts.append(_table("agent", [(inline(names[group.name]), group) for group in found.by["agent"]]))
    weak = [(inline(group.name), group) for group in found.by["task"] if group.verified.value != 1]
    if weak:
        more = f"\n\nand {len(weak) - _MOST_TASKS} more tasks" if len(weak) > _MOST_TASKS else ""
        parts += [
            f"## Tasks not always verified ({len(weak)})",
            _table("task", weak[:_MOST_TASKS]) + more,
        ]
    parts.append(_items(found.overall))
    failures = [sample for sample in run.samples if sample.verdict is not Verdict.PASS]
    if failures:
        lines = [*map(_failure, failures[:_MOST_FAILURES])]
        if len(failures) > _MOST_FAILURES:
            lines.append(f"- and {len(failures) - _MOST_FAILURES} more")
        parts.append(Folded(f"Not verified ({counted(len(failures), 'sample')})", lines))
    return fitted(parts)


def _headline(run: RunResults, rate: Rate) -> str:
    told = "nothing was judged" if rate.value is None else f"{_rate(rate)} verified"
    state = ", not finished" if run.partial else ", inconclusive" if run.inconclusive else ""
    return f"{inline(run.suite)}: {told}{state}"


def _basis(run: RunResults, overall: Summary) -> str:
    """One sentence: what the headline counts, and what it does not."""
    rate, left = overall.verified, len(run.samples) - overall.verified.of
    told = f"{rate.count} of {counted(rate.of, 'judged sample' if left else 'sample')} verified"
    span = f" (95% interval {percent(rate.low)} to {percent(rate.high)})" if rate.of else ""
    apart = (
        f"; {counted(left, 'sample')} could not be judged: {overall.errors} by infrastructure errors"
        if left
        else ""
    )
    return f"{told}{span}{apart}."


def _facts(run: RunResults, overall: Summary) -> str:
    at_k = ", ".join(
        f"pass@{at.k} {percent(at.any)}, pass^{at.k} {percent(at.all)}" for at in overall.at_k if at.k > 1
    )
    rows = [
        f"{counted(overall.samples, 'sample')}: {counted(len(run.tasks), 'task')}, "
        f"{counted(len(run.agents), 'agent')}, {counted(run.epochs, 'epoch')}",
        f"answers: {sources_told(overall.sources)}",
        f"not judged: {counted(overall.errors, 'infrastructure error')}, {overall.inconclusive} inconclusive",
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


def _table(head: str, groups: Sequence[tuple[str, Summary]]) -> str:
    rows = [
        f"| {head} | verified | 95% interval | tests | format clean | cost | p50 s |",
        "|---|---:|---|---:|---:|---:|---:|",
    ]
    for name, group in groups:
        rate, formats = group.verified, sum(group.adherence.values())
        clean = percent(group.adherence.get("clean", 0) / formats) if formats else "-"
        tests = "-" if group.tests.value is None else percent(group.tests.value)
        seconds = "-" if group.latency.p50 is None else f"{group.latency.p50:.1f}"
        rows.append(
            f"| {name} | {_rate(rate)} ({rate.count}/{rate.of}) | {_interval(rate)} "
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
    return "-" if rate.value is None else percent(rate.value)


def _interval(rate: Rate) -> str:
    return f"{percent(rate.low)} to {percent(rate.high)}" if rate.of else "-"


def _dollars(amount: Amount) -> str:
    return "unknown" if amount.total is None else f"${amount.total:.2f}" + ("+" if amount.unknown else "")
