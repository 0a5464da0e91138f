"""Shows a comparison of two runs to a person."""

import math
from typing import TYPE_CHECKING

from evals.compare.comparison import Change, Comparison, Example, MetricChange, Shown, Side, TaskChange
from evals.metrics.summary import Rate, percent
from evals.reports.sources import counted, sources_told
from orchestrator.show_table import show_table
from prompts.quoting import one_line, visible

if TYPE_CHECKING:
    from rich.console import Console

_SHARES = ("verified", "tests", "probes", "mutants", "format_clean", "item:")
_DIFF_LINES = 60


def show_comparison(console: "Console", comparison: Comparison, diffs: int) -> None:
    """Both sides, the differences with their error bars, and the tasks that changed."""
    for name, side in (("first", comparison.first), ("second", comparison.second)):
        console.print(f"{name:7} {_side(side)}")
    if comparison.same_run:
        console.print("the same run twice: it differs from itself in nothing", style="yellow")
    console.print()
    _metrics(console, comparison)
    left = diffs
    changes: tuple[Change, ...] = ("regressed", "improved")
    for change in changes:
        tasks = comparison.changed(change)
        if tasks:
            console.print(
                f"\n{change} ({len(tasks)})", style="bold red" if change == "regressed" else "bold green"
            )
        for task in tasks:
            console.print(f"  {_task(task)}")
            if task.example:
                _example(console, task.example, left > 0)
                left -= 1
    unchanged = len(comparison.changed("unchanged"))
    console.print(f"\nunchanged: {counted(unchanged, 'task')}")
    for name, why in comparison.not_comparable.items():
        console.print(f"not comparable: {one_line(name, 80)}: {why}", style="yellow")
    for where, names in (("first", comparison.only_first), ("second", comparison.only_second)):
        if names:
            console.print(f"only in the {where} run: {one_line(', '.join(names), 400)}", style="yellow")


def rate_told(rate: Rate) -> str:
    """A rate with its interval, in percent."""
    if rate.value is None:
        return "nothing judged"
    interval = f"{percent(rate.low)} to {percent(rate.high)}"
    return f"{percent(rate.value)} ({rate.count} of {rate.of}; {interval})"


def _side(side: Side) -> str:
    sources = sources_told(side.sources)
    counts = (
        (side.errors, "kept from a verdict by infrastructure"),
        (side.inconclusive, "left open"),
        (side.planned - side.samples, f"of {side.planned} missing: the run is not finished"),
    )
    left_out = "".join(f"; {count} {why}" for count, why in counts if count)
    role = f"{side.agent.role} {side.agent.role_version}".strip()
    who = f"{side.agent.model} ({role}, team {side.agent.team})"
    return f"{one_line(side.run, 120)}: {one_line(who, 160)}: {rate_told(side.verified)}; {sources}{left_out}"


def _metrics(console: "Console", comparison: Comparison) -> None:
    heads = ("metric", "first", "second", "difference", "95% interval", "could have seen", "tasks")
    show_table(console, heads, [_metric(metric) for metric in comparison.metrics])


def _metric(metric: MetricChange) -> tuple[str, ...]:
    share = metric.metric.startswith(_SHARES)

    def told(value: float, sign: str = "") -> str:
        return f"{value * 100:{sign}.1f}%" if share else f"{value:{sign}.4g}"

    found = metric.difference
    # Two shares differ by 100% at most, however wide the scatter.
    most = 1.0 if share else math.inf
    low, high = (found.interval.low, found.interval.high) if found.interval else (0.0, 0.0)
    interval = f"{told(max(low, -most), '+')} to {told(min(high, most), '+')}" if found.interval else "-"
    seen = told(found.detectable) if found.detectable is not None else "-"
    if found.detectable is not None and found.detectable > most:
        seen = "none"
    return (
        metric.metric,
        told(metric.first),
        told(metric.second),
        told(found.mean, "+"),
        interval,
        seen,
        str(found.tasks),
    )


def _task(task: TaskChange) -> str:
    counts = f"{task.first.count}/{task.first.of} -> {task.second.count}/{task.second.of}"
    return f"{one_line(task.task, 80)}: {counts}, p {task.p:.2g}"


def _example(console: "Console", example: Example, with_diffs: bool) -> None:
    for side in (example.first, example.second):
        console.print(f"    {_shown(side)}", style="dim")
    if not with_diffs:
        return
    for name, diff in (("prompt", example.prompt_diff), ("answer", example.answer_diff)):
        if not diff:
            console.print(f"    {name}: the same")
            continue
        lines = visible(diff).split("\n")
        console.print(f"    {name}:")
        for line in lines[:_DIFF_LINES]:
            style = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1], "")
            console.print(f"      {line[:200]}", style=style)
        if len(lines) > _DIFF_LINES:
            console.print(f"      and {len(lines) - _DIFF_LINES} more lines (--json has them)")


def _shown(side: Shown) -> str:
    failure = side.first_failure
    why = f"{failure.test}: {failure.message}" if failure else "; ".join(side.reasons[:2])
    return one_line(f"{side.sample}: {side.verdict}" + (f": {why}" if side.verdict != "pass" else ""), 300)
