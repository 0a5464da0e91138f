"""The overview's plots: SVG and tables, drawn with attributes alone (the report's policy allows no inline style)."""

import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from urllib.parse import quote

from evals.metrics.summary import Rate, Summary
from evals.metrics.summary import percent as share_told
from evals.results import SampleResult
from evals.verdict import Verdict
from prompts.quoting import one_line

_MOST_ROWS = 60
_MOST_CELLS = 20_000


def text(value: str, limit: int = 200) -> str:
    """Text from outside, safe inside an element or an attribute."""
    return escape(one_line(value, limit), quote=True)


def percent(value: float | None) -> str:
    """A share in whole percent; a dash for none."""
    return "-" if value is None else share_told(value)


def rates(title: str, rows: Sequence[tuple[str, Rate]], link: str = "") -> str:
    """Rates with Wilson's intervals, one row each. ``link``: names lead to the samples with that filter."""
    shown = rows[:_MOST_ROWS]
    lines = "".join(_rate_row(_linked(name, link) if link else text(name), rate) for name, rate in shown)
    more = f"<p class=more>and {len(rows) - len(shown)} more</p>" if len(rows) > len(shown) else ""
    return f"<section class=plot><h3>{text(title)}</h3><div class=rates>{lines}</div>{more}</section>"


def _linked(name: str, link: str) -> str:
    return f'<a href="#/samples?{link}={quote(name, safe="", errors="replace")}">{text(name)}</a>'


def _rate_row(name: str, rate: Rate) -> str:
    """One row; ``name`` is markup."""
    if rate.value is None:
        return f"<div class=rate><span class=label>{name}</span><span class=none>nothing judged</span></div>"
    low, high, at = rate.low * 100, rate.high * 100, rate.value * 100
    said = f"{percent(rate.value)}, {rate.count} of {rate.of}, interval {percent(rate.low)} to {percent(rate.high)}"
    return (
        f"<div class=rate><span class=label>{name}</span>"
        f'<svg viewBox="0 0 100 10" preserveAspectRatio="none" role="img" aria-label="{text(said)}">'
        f'<rect class="track" x="0" y="4" width="100" height="2"/>'
        f'<rect class="span" x="{low:.2f}" y="3" width="{max(high - low, 0.3):.2f}" height="4"/>'
        f'<rect class="dot" x="{min(max(at - 0.4, 0), 99.2):.2f}" y="0" width="0.8" height="10"/></svg>'
        f"<span class=value>{percent(rate.value)} <small>{rate.count}/{rate.of}</small></span></div>"
    )


def cost_and_quality(groups: Sequence[Summary], names: Mapping[str, str]) -> str:
    """Dollars a sample against the verified rate, one mark a group; nothing where no cost is known."""
    head = "<section class=plot><h3>Cost against quality</h3>"
    points = []
    for group in groups:
        told = group.samples - group.cost_usd.unknown
        if group.cost_usd.total is not None and told and group.verified.value is not None:
            points.append(
                (names.get(group.name, group.name), float(group.cost_usd.total) / told, group.verified)
            )
    if not points:
        return ""
    most = max(cost for _, cost, _ in points) or 1.0
    step = 10 ** math.floor(math.log10(most))
    top = next(step * k for k in (1, 1.5, 2, 3, 4, 5, 7.5, 10) if step * k >= most * 0.999)
    left, right, upper, lower = 50, 620, 15, 255
    marks, table = [], []
    for share in (0, 0.25, 0.5, 0.75, 1):
        y = lower - (lower - upper) * share
        x = left + (right - left) * share
        marks.append(f'<line class="grid" x1="{left}" x2="{right}" y1="{y:g}" y2="{y:g}"/>')
        marks.append(
            f'<text class="axis" x="{left - 8}" y="{y + 4:g}" text-anchor="end">{share * 100:g}%</text>'
        )
        marks.append(
            f'<text class="axis" x="{x:g}" y="{lower + 20}" text-anchor="middle">${top * share:.3g}</text>'
        )
    taken: list[tuple[float, float]] = []
    for name, cost, verified in points:
        x = left + (right - left) * cost / top
        at, low, high = (
            lower - (lower - upper) * v for v in (verified.value or 0, verified.low, verified.high)
        )
        marks.append(f'<line class="span" x1="{x:.1f}" x2="{x:.1f}" y1="{low:.1f}" y2="{high:.1f}"/>')
        marks.append(f'<circle class="dot" cx="{x:.1f}" cy="{at:.1f}" r="5"/>')
        table.append(
            f"<tr><th scope=row>{text(name)}</th><td>${cost:.4f}</td><td>{percent(verified.value)}</td></tr>"
        )
        if len(points) <= 12 and not any(abs(x - a) < 120 and abs(at - b) < 14 for a, b in taken):
            taken.append((x, at))
            side = ("end", x - 9) if x > (left + right) / 2 else ("start", x + 9)
            marks.append(
                f'<text class="name" x="{side[1]:.1f}" y="{at - 7:.1f}" text-anchor="{side[0]}">{text(name, 32)}</text>'
            )
    return (
        f'{head}<div class=scroll tabindex=0 role=region aria-label="Plot of cost against quality">'
        f'<svg class="scatter" viewBox="0 0 640 300" role="img" '
        f'aria-label="Verified rate against dollars for a sample; the table below has the numbers">'
        f'{"".join(marks)}<text class="axis" x="{right}" y="{lower + 38}" text-anchor="end">dollars a sample</text>'
        f"</svg></div><details><summary>Numbers</summary><table><thead><tr><th scope=col>who</th>"
        f"<th scope=col>cost of a sample</th><th scope=col>verified</th></tr></thead>"
        f"<tbody>{''.join(table)}</tbody></table></details></section>"
    )


def heat_map(samples: Iterable[SampleResult]) -> str:
    """Tasks by checklist items: how often each item passed where it was judged."""
    tally: dict[str, dict[str, list[int]]] = {}
    items: dict[str, None] = {}
    for sample in samples:
        row = tally.setdefault(sample.task.id, {})
        for item, result in sample.items.items():
            items.setdefault(item)
            counts = row.setdefault(item, [0, 0, 0])
            counts[{Verdict.PASS: 0, Verdict.FAIL: 1}.get(result.verdict, 2)] += 1
    head = "<section class=plot><h3>Checklist items by task</h3>"
    if not items:
        return f"{head}<p class=more>No answer came as far as the checklist.</p></section>"
    most = max(1, _MOST_CELLS // len(items))
    columns = "".join(f"<th scope=col>{text(item, 40)}</th>" for item in items)
    rows = "".join(
        f"<tr><th scope=row>{text(task, 60)}</th>{''.join(_cell(row.get(item)) for item in items)}</tr>"
        for task, row in list(tally.items())[:most]
    )
    more = f"<p class=more>and {len(tally) - most} more tasks</p>" if len(tally) > most else ""
    return (
        f'{head}<div class=scroll tabindex=0 role=region aria-label="Checklist items by task">'
        f"<table class=heat><thead><tr><th scope=col>task</th>{columns}</tr></thead><tbody>{rows}</tbody></table></div>"
        f"{more}<p class=more>Share of samples that pass the item where it could be judged; a dash where not.</p>"
        "</section>"
    )


def _cell(counts: Sequence[int] | None) -> str:
    if counts is None or counts[0] + counts[1] == 0:
        return "<td class=h>-</td>"
    share = counts[0] / (counts[0] + counts[1])
    bucket = 5 if share == 1 else min(4, int(share * 5))
    return f'<td class="h h{bucket}">{percent(share)}</td>'


def rounds(overall: Summary) -> str:
    """How many samples were verified in which round, and how many never were."""
    total = overall.verified.of
    head = "<section class=plot><h3>Rounds to verified</h3>"
    if not total:
        return f"{head}<p class=more>No sample was judged.</p></section>"
    parts = [(f"round {n}", count, f"r{min(n, 4)}") for n, count in overall.rounds.items()]
    parts.append(("never", total - overall.verified.count, "r0"))
    bars, legend, at = [], [], 0.0
    for name, count, kind in parts:
        width = 100 * count / total
        if count:
            bars.append(f'<rect class="{kind}" x="{at:.2f}" y="0" width="{width:.2f}" height="10"/>')
        legend.append(
            f'<li><svg viewBox="0 0 10 10" aria-hidden="true"><rect class="{kind}" width="10" height="10"/></svg>'
            f"{name}: {count} <small>{percent(count / total)}</small></li>"
        )
        at += width
    said = ", ".join(f"{name} {count}" for name, count, _ in parts)
    return (
        f'{head}<svg class="stack" viewBox="0 0 100 10" preserveAspectRatio="none" role="img" '
        f'aria-label="{text(said)}">{"".join(bars)}</svg><ul class=legend>{"".join(legend)}</ul></section>'
    )


def facts(rows: Mapping[str, str]) -> str:
    """Names and values."""
    return (
        "<dl class=facts>"
        + "".join(
            f"<div><dt>{text(name)}</dt><dd>{text(value, 400)}</dd></div>" for name, value in rows.items()
        )
        + "</dl>"
    )
