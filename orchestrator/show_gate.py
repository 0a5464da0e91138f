"""Shows what the gate decided, and what it could decide, to a person."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from evals.gate.decision import Decision
from evals.gate.simulation import Caught, World
from evals.reports.sources import counted, sources_told
from orchestrator.show_table import show_table
from prompts.quoting import one_line

if TYPE_CHECKING:
    from rich.console import Console

_MOST = 20
_MOST_EVIDENCE = 3
STYLES = {"passed": "bold green", "regression": "bold red", "inconclusive": "bold yellow"}


def show_decision(console: "Console", decision: Decision) -> None:
    """The outcome, what it rests on, every test that came near an alarm, and what was left out."""
    from rich.text import Text

    console.print(
        Text.assemble(
            (decision.outcome.upper(), STYLES[decision.outcome]), f"  {one_line(decision.run, 120)}"
        )
    )
    console.print(
        f"  {counted(len(decision.compared), 'task')} compared; answers: {sources_told(decision.sources)}"
    )
    _grounds(console, decision)
    near = [test for test in decision.suspects if not test.alarm]
    for test in near:
        name = test.name if test.scope != "suite" else "the suite"
        told = f"{test.failed} of {test.samples} failed, baseline {test.base_failed} of {test.base_samples}"
        console.print(
            f"  suspect: {one_line(name, 80)}: {told}, corrected p {test.corrected:.2g}", style="yellow"
        )
    if near and {"live", "cached"} & set(decision.sources) and not any(test.fresh for test in decision.tests):
        console.print(
            "  fresh samples would decide the suspects: --confirm SUITE asks the live model for them"
        )
    for task, why in decision.not_comparable.items():
        console.print(f"  not comparable: {one_line(task, 80)}: {why}", style="yellow")
    for what, names in (("not in the run", decision.missing), ("not in the baseline", decision.new)):
        if names:
            console.print(f"  {what}: {one_line(', '.join(names), 300)}", style="yellow")
    for note in decision.notes:
        console.print(f"  note: {one_line(note, 300)}", style="dim")


def _grounds(console: "Console", decision: Decision) -> None:
    """What the outcome rests on: sentences, then what the checks saw and samples that failed."""
    for reason in decision.reasons[:_MOST]:
        console.print(f"  - {one_line(reason, 400)}")
    if len(decision.reasons) > _MOST:
        console.print(f"  - and {len(decision.reasons) - _MOST} more (--json has them)")
    for failure in decision.security[:_MOST]:
        if not failure.confirmed:
            text = f"{failure.item} fails in {failure.sample} by a model's judgement alone: {failure.reason}"
            console.print(f"  unconfirmed: {one_line(text, 400)}", style="yellow")
        for seen in failure.evidence[:_MOST_EVIDENCE]:
            where = (
                f"{seen.path}:{seen.line}  "
                if seen.path and seen.line
                else f"{seen.path}  " * bool(seen.path)
            )
            console.print(f"      {failure.sample}  {one_line(where + seen.message, 300)}")
    for example in decision.examples:
        console.print(f"      {example.sample}  {one_line(example.why, 300)}")
    if decision.outcome == "regression":
        console.print(f"  see: backsmith report {one_line(decision.run, 200)} --html report.html")


def show_caught(console: "Console", world: World, found: Sequence[Caught]) -> None:
    """How often each kind of simulated run raised an alarm, with its interval."""
    samples = sorted({task.samples for task in world})
    deep = sorted({task.base_samples for task in world})
    mean = sum(task.passes for task in world) / len(world) if world else 0.0
    console.print(
        f"{counted(len(world), 'task')}, {_span(samples)} samples each against a baseline of {_span(deep)}; "
        f"mean rate {mean:.0%}; {found[0].runs} simulated runs of each kind"
    )
    rows = []
    heads = ("when", "alarms", "95% interval", "suite", "task", "item", "fresh samples asked for")
    asked = any(one.again for one in found)
    for one in found:
        scopes = [f"{one.scopes.get(scope, 0) / one.runs:.1%}" for scope in ("suite", "task", "item")]
        interval = f"{one.interval.low:.1%} to {one.interval.high:.1%}"
        again = [f"{one.again / one.runs:.1%}"] if asked else []
        rows.append((one.name, f"{one.alarms / one.runs:.1%}", interval, *scopes, *again))
    show_table(console, heads if asked else heads[:-1], rows)


def _span(values: Sequence[int]) -> str:
    return str(values[0]) if len(values) == 1 else f"{values[0]} to {values[-1]}"
