"""The first page of the HTML report, which needs no script."""

from collections.abc import Sequence

from evals.metrics.breakdown import Breakdown
from evals.metrics.summary import Amount, Summary
from evals.reports.html import plots
from evals.reports.sources import counted, sources_told
from evals.results import RunResults


def overview(run: RunResults, found: Breakdown) -> str:
    """Headline, plots and tables of a run."""
    agents, tasks = found.by["agent"], found.by["task"]
    names = {agent.id: f"{agent.model} · {agent.team}" for agent in run.agents}
    by_agent = [(names.get(group.name, group.name), group.verified) for group in agents]
    by = [(names.get(group.name, group.name), group) for group in agents]
    parts = [
        _headline(run, found.overall),
        plots.facts(_facts(run, found.overall)),
        "<div class=grid2>",
        plots.rates("Verified, by agent", [("all", found.overall.verified), *by_agent])
        if len(by_agent) > 1
        else plots.rates("Verified", by_agent),
        plots.rounds(found.overall),
        plots.rates("Verified, by task", [(group.name, group.verified) for group in tasks]),
        _at_work(run, found.overall, by),
        plots.rates("Checklist", [(item, rate.passed) for item, rate in found.overall.items.items()]),
        "</div>",
        plots.cost_and_quality(agents if len(agents) > 1 else tasks, names),
        plots.heat_map(run.samples),
    ]
    for dimension in ("framework", "database", "family"):
        if len(found.by[dimension]) > 1:
            groups = [(group.name, group.verified) for group in found.by[dimension]]
            parts.append(plots.rates(f"Verified, by {dimension}", groups))
    parts.append(_table("Metrics", (found.overall, *agents) if len(agents) > 1 else (found.overall,), names))
    return "".join(parts)


def _headline(run: RunResults, overall: Summary) -> str:
    rate = overall.verified
    state = []
    if run.partial:
        state.append(f"Not finished: {run.planned - len(run.samples)} of {run.planned} samples are missing.")
    if run.inconclusive:
        state.append("Inconclusive: too many samples could not be judged.")
    if run.damaged:
        state.append(f"Unreadable lines of the journal, left out: {', '.join(map(str, run.damaged[:20]))}.")
    warning = "".join(f"<p class=warning>{plots.text(line)}</p>" for line in state)
    return (
        f"<p class=headline><strong>{plots.percent(rate.value)}</strong> verified "
        f"<span>{rate.count} of {rate.of} samples, 95% interval {plots.percent(rate.low)} to "
        f"{plots.percent(rate.high)}</span></p>{warning}"
    )


def _at_work(run: RunResults, overall: Summary, agents: Sequence[tuple[str, Summary]]) -> str:
    """What probes and mutants showed; nothing where no sample has any."""
    groups = [("all", overall), *agents] if len(agents) > 1 else list(agents)
    shown = []
    if any(sample.probes for sample in run.samples):
        shown.append(plots.rates("Probes answered as they must be", [(name, g.probes) for name, g in groups]))
    if any(sample.mutants for sample in run.samples):
        shown.append(plots.rates("Mutants that the tests notice", [(name, g.mutants) for name, g in groups]))
    return "".join(shown)


def _facts(run: RunResults, overall: Summary) -> dict[str, str]:
    rows = {
        "Suite": run.suite or "(one task)",
        "Samples": f"{overall.samples} ({_size(run)})",
        "Answers": sources_told(overall.sources),
        "Not judged": f"infrastructure errors: {overall.errors}, inconclusive: {overall.inconclusive}",
        "Format": ", ".join(f"{count} {kind}" for kind, count in overall.adherence.items()) or "-",
        "Cost": _dollars(overall.cost_usd),
    }
    rows.update({name.capitalize(): value for name, value in run.environment.items()})
    return rows


def _size(run: RunResults) -> str:
    parts = ((len(run.tasks), "task"), (len(run.agents), "agent"), (run.epochs, "epoch"))
    return ", ".join(counted(count, noun) for count, noun in parts)


def _table(title: str, groups: Sequence[Summary], names: dict[str, str]) -> str:
    head = (
        "who", "samples", "verified", "pass@k", "pass^k", "tests passed", "format clean",
        "cost", "per verified", "tokens in / out", "seconds p50 / p90 / p99",
    )  # fmt: skip
    columns = "".join(f"<th scope=col>{name}</th>" for name in head)
    rows = "".join(_row(group, names.get(group.name, group.name)) for group in groups)
    return (
        f'<section class=plot><h3>{title}</h3><div class=scroll tabindex=0 role=region aria-label="{title}">'
        f"<table class=numbers><thead><tr>{columns}</tr></thead><tbody>{rows}</tbody></table></div></section>"
    )


def _row(group: Summary, name: str) -> str:
    formats = sum(group.adherence.values())
    latency = group.latency
    told = [
        f"{seconds:.1f}" if seconds is not None else "-"
        for seconds in (latency.p50, latency.p90, latency.p99)
    ]
    per = f"${group.cost_per_verified:.4f}" if group.cost_per_verified is not None else "-"
    cells = (
        str(group.samples),
        plots.percent(group.verified.value),
        "<br>".join(f"@{at.k} {plots.percent(at.any)}" for at in group.at_k) or "-",
        "<br>".join(f"^{at.k} {plots.percent(at.all)}" for at in group.at_k) or "-",
        plots.percent(group.tests.value),
        plots.percent(group.adherence.get("clean", 0) / formats if formats else None),
        _dollars(group.cost_usd),
        per,
        f"{_count(group.tokens_in)} / {_count(group.tokens_out)}",
        " / ".join(told),
    )
    return f"<tr><th scope=row>{plots.text(name)}</th>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _dollars(amount: Amount) -> str:
    if amount.total is None:
        return "unknown"
    return f"${amount.total:.2f}" + (f" + {amount.unknown} unknown" if amount.unknown else "")


def _count(amount: Amount) -> str:
    return "?" if amount.total is None else f"{amount.total:,}" + ("+" if amount.unknown else "")
