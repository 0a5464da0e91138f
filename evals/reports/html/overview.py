"""The first page of the HTML report, which needs no script."""

from collections.abc import Sequence

from evals.metrics.breakdown import Breakdown
from evals.metrics.summary import Amount, Rate, Summary
from evals.reports.agent_names import short_names
from evals.reports.html import plots
from evals.reports.sources import counted, sources_told
from evals.results import RunResults


def overview(run: RunResults, found: Breakdown) -> str:
    """Headline, facts, plots and tables of a run; a plot that would say nothing is left out."""
    overall, agents, tasks = found.overall, found.by["agent"], found.by["task"]
    names = short_names(run.agents)
    groups = [(names[group.name], group) for group in agents]
    if len(groups) > 1:
        groups.insert(0, ("all", overall))
    cards = [
        plots.rates("Verified, by agent" if len(agents) > 1 else "Verified", _verified(groups)),
        plots.rounds(overall),
        plots.rates("Verified, by task", [(g.name, g.verified) for g in tasks], link="task"),
        *_at_work(run, groups),
        *_checklist(overall),
    ]
    known = {tuple((group.name, group.samples) for group in tasks)}
    for dimension in ("role", "framework", "database", "family"):
        parts = tuple((group.name, group.samples) for group in found.by[dimension])
        if len(parts) > 1 and parts not in known:
            known.add(parts)
            shown = [(group.name or "none", group.verified) for group in found.by[dimension]]
            cards.append(plots.rates(f"Verified, by {dimension}", shown))
    return "".join(
        (
            _headline(run, overall),
            plots.facts(_facts(run, overall)),
            f"<div class=cards>{''.join(cards)}</div>",
            plots.cost_and_quality(agents if len(agents) > 1 else tasks, names),
            plots.heat_map(run.samples),
            _table("Metrics", groups),
        )
    )


def _verified(groups: Sequence[tuple[str, Summary]]) -> list[tuple[str, Rate]]:
    return [(name, group.verified) for name, group in groups]


def _checklist(overall: Summary) -> list[str]:
    rows = [(item, rate.passed) for item, rate in overall.items.items()]
    return [plots.rates("Checklist", rows, link="item")] if rows else []


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
    return f"<p class=headline>{_verdict(run, rate)}</p>{warning}"


def _verdict(run: RunResults, rate: Rate) -> str:
    left = len(run.samples) - rate.of
    apart = f"; {counted(left, 'sample')} could not be judged and {'is' if left == 1 else 'are'} not counted"
    if not rate.of:
        return f"<strong>-</strong> nothing judged<span>none of {counted(len(run.samples), 'sample')}</span>"
    return (
        f"<strong>{plots.percent(rate.value)}</strong> verified<span>{rate.count} of "
        f"{counted(rate.of, 'judged sample' if left else 'sample')}, 95% interval {plots.percent(rate.low)} to "
        f"{plots.percent(rate.high)}{apart if left else ''}</span>"
    )


def _at_work(run: RunResults, groups: Sequence[tuple[str, Summary]]) -> list[str]:
    """What probes and mutants showed; nothing where no sample has any."""
    shown = []
    if any(sample.probes for sample in run.samples):
        shown.append(_share("Probes answered as they must be", [(name, g.probes) for name, g in groups]))
    if any(sample.mutants for sample in run.samples):
        shown.append(_share("Mutants noticed by the tests", [(name, g.mutants) for name, g in groups]))
    return shown


def _share(title: str, rows: Sequence[tuple[str, Rate]]) -> str:
    return plots.rates(title, rows if any(rate.of for _, rate in rows) else rows[:1])


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


def _table(title: str, groups: Sequence[tuple[str, Summary]]) -> str:
    head = (
        "agent", "samples", "verified", "pass@k", "pass^k", "tests passed", "format clean",
        "cost", "cost per verified", "tokens in / out", "seconds p50 / p90 / p99",
    )  # fmt: skip
    columns = "".join(f"<th scope=col>{name}</th>" for name in head)
    rows = "".join(_row(name, group) for name, group in groups)
    return (
        f'<section class=plot><h3>{title}</h3><div class=scroll tabindex=0 role=region aria-label="{title}">'
        f"<table class=numbers><thead><tr>{columns}</tr></thead><tbody>{rows}</tbody></table></div></section>"
    )


def _row(name: str, group: Summary) -> str:
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
