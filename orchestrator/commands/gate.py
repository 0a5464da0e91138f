"""``backsmith gate``: is a run worse than its baseline?  ``backsmith gate simulate``: how sure would that be?"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from orchestrator.commands.options import BaseUrl, OneObject, Sandbox

if TYPE_CHECKING:
    from evals.gate.decision import Decision
    from evals.gate.simulation import World
    from evals.results import RunResults


class _RunFirst(TyperGroup):
    """A group whose commands may be left out: ``gate RUN`` is ``gate check RUN``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the command's name in front where none is named."""
        if args and args[0] not in self.commands:
            args = ["check", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(cls=_RunFirst, no_args_is_help=True, rich_markup_mode=None, add_completion=False)


@app.callback()
def gate() -> None:
    """Tell whether a run is worse than its baseline: `gate RUN --baseline FILE`, `gate simulate`."""


@app.command()
def check(
    run: Annotated[Path, typer.Argument(help="The run's folder.")],
    baseline: Annotated[
        Path, typer.Option("--baseline", "-b", help="The file that `backsmith bless` wrote.")
    ],
    fresh: Annotated[
        Path | None,
        typer.Option(help="A later run of the same tasks: suspects are decided by both runs' samples."),
    ] = None,
    confirm: Annotated[
        str | None,
        typer.Option(
            help="The run's suite: where there are suspects, ask its live model for fresh samples, which then decide."
        ),
    ] = None,
    fresh_epochs: Annotated[
        int | None,
        typer.Option(help="Fresh samples of each task (default: as many as the run has).", min=1, max=1000),
    ] = None,
    budget: Annotated[
        list[str] | None,
        typer.Option(
            help="The most that --confirm may spend: money=2.50, tokens=N, calls=N. Can be repeated."
        ),
    ] = None,
    base_url: BaseUrl = None,
    prompts: Annotated[Path | None, typer.Option(help="The folder that overlays the role templates.")] = None,
    sandbox: Sandbox = "auto",
    agent: Annotated[
        str | None, typer.Option(help="The agent to judge, by id or model, where the run has several.")
    ] = None,
    alpha: Annotated[float, typer.Option(help="The total false-alarm rate.", min=0.0001, max=0.5)] = 0.05,
    markdown: Annotated[
        Path | None, typer.Option(help="Write Markdown for a pull request to this file; - prints it.")
    ] = None,
    as_json: OneObject = False,
) -> None:
    """Tell whether a run is worse than its baseline.

    First the hard rule: a security item that fails where the baseline had no such failure. Then statistics over
    the suite, each task and each checklist item, with one false-alarm rate for all of them together. A changed
    prompt or model is what is being tried; tasks whose text, tests or grader changed are left out and told.

    Exits with 0 when nothing is worse, 1 for a regression, 3 when the run says nothing (not finished, too many
    infrastructure errors, nothing to compare).

    \b
    backsmith gate runs/NAME --baseline suites/mine/baseline.json
    backsmith gate RUN --baseline FILE --confirm suites/mine --budget money=5
    backsmith gate simulate --baseline evals/baseline.json --samples 3
    """
    from evals.gate.decision import decide, decision_json, noted
    from evals.reports.gate_markdown import gate_markdown
    from orchestrator.baseline_file import load_baseline
    from orchestrator.exit_codes import FALLS_SHORT, INCONCLUSIVE, VERIFIED
    from orchestrator.report_files import put_text
    from orchestrator.results import read_results
    from orchestrator.show_gate import show_decision
    from orchestrator.stopping import stoppable
    from orchestrator.terminal import console
    from prompts.errors import ConfigError

    if fresh and confirm is not None:
        raise ConfigError("--fresh and --confirm exclude each other", "--confirm makes the fresh run itself")
    if as_json and str(markdown) == "-":
        raise ConfigError("--json and --markdown - would both be printed", "write one of them to a file")
    results, known = read_results(run), load_baseline(baseline)
    later = read_results(fresh) if fresh else None
    found = decide(results, known, agent=agent, fresh=later, alpha=alpha)
    if confirm is not None and found.suspects:
        from evals.suites.reading import find_suite, load_suite
        from orchestrator.confirm import LIVE, fresh_samples
        from prompts.role import default_overlay

        if LIVE.isdisjoint(found.sources):
            told = ", ".join(found.sources) or "none"
            note = f"no fresh samples were asked for: the answers of this run are not live ({told})"
            confirm, found = None, noted(found, note)
    if confirm is not None and found.suspects:
        later = stoppable(
            fresh_samples(
                results,
                found,
                load_suite(find_suite(confirm)),
                fresh_epochs or results.epochs,
                base_url=base_url,
                budget=tuple(budget or ()),
                prompts=prompts or default_overlay(),
                sandbox=sandbox,
            )
        )
        found = decide(results, known, agent=agent, fresh=later, alpha=alpha)
    found = _with_evidence(found, run, later)
    if markdown is not None:
        put_text(markdown, gate_markdown(found))
    if as_json:
        sys.stdout.write(decision_json(found))
    elif str(markdown) != "-":
        show_decision(console(), found)
    codes = {"passed": VERIFIED, "regression": FALLS_SHORT, "inconclusive": INCONCLUSIVE}
    raise typer.Exit(codes[found.outcome])


def _with_evidence(found: "Decision", run: Path, later: "RunResults | None") -> "Decision":
    """The decision with what the checks saw, in the run and in the fresh one."""
    from evals.gate.decision import FRESH, with_evidence
    from orchestrator.results import failures_seen

    failing = frozenset(failure.sample for failure in found.security)
    seen = failures_seen(run, failing)
    if later is not None:
        again = failures_seen(Path(later.folder), frozenset(name.removesuffix(FRESH) for name in failing))
        seen |= {(name + FRESH, item): evidence for (name, item), evidence in again.items()}
    return with_evidence(found, seen)


@app.command()
def simulate(
    baseline: Annotated[
        Path | None, typer.Option("--baseline", "-b", help="Take tasks, rates and sample counts from here.")
    ] = None,
    samples: Annotated[int, typer.Option(help="Samples of each task in a run.", min=1, max=1000)] = 3,
    fresh: Annotated[
        int,
        typer.Option(help="Fresh samples of each task that suspects are tested again with.", min=0, max=1000),
    ] = 0,
    rates: Annotated[
        str, typer.Option(help="Without a baseline: true rates of tasks, as RATExTASKS.")
    ] = "0.98x24,0.9x8,0.7x4,0.4x4",
    baseline_samples: Annotated[
        int, typer.Option(help="Without a baseline: its samples of each task.", min=1, max=10_000)
    ] = 20,
    points: Annotated[
        float,
        typer.Option("--drop", help="The drop of the suite's rate to look for, in points.", min=0, max=100),
    ] = 10,
    tasks: Annotated[
        int, typer.Option("--broken", help="The number of tasks that break, to look for.", min=0)
    ] = 2,
    alpha: Annotated[float, typer.Option(help="The total false-alarm rate.", min=0.0001, max=0.5)] = 0.05,
    runs: Annotated[int, typer.Option(help="Simulated runs of each kind.", min=10, max=1_000_000)] = 4000,
    seed: Annotated[int, typer.Option(help="The same seed gives the same figures.")] = 1,
    as_json: OneObject = False,
) -> None:
    """Tell how often the gate would cry wolf over a suite, and what it would catch.

    Draws a baseline and a run from the suite's rates, again and again, and puts each pair through the gate's
    statistics (the hard rule is no matter of chance).

    \b
    backsmith gate simulate --baseline evals/baseline.json --samples 3
    backsmith gate simulate --rates 0.95x30,0.6x10 --samples 5 --fresh 10
    """
    import json
    import random
    from dataclasses import asdict

    from evals.gate.simulation import broken, drop, unchanged
    from evals.gate.simulation import simulate as simulate_runs
    from evals.reports.sources import counted
    from orchestrator.show_gate import show_caught
    from orchestrator.terminal import console

    world = _world(baseline, samples, rates, baseline_samples)
    hit = min(tasks, len(world))
    kinds = (
        ("nothing changed", unchanged),
        (f"the rate drops by {points:g} points", drop(points)),
        (f"{hit} of {counted(len(world), 'task')} {'breaks' if hit == 1 else 'break'}", broken(hit)),
    )
    found = []
    for name, change in kinds:
        with console(stderr=True).status(f"simulating: {name}"):
            rng = random.Random(seed)  # noqa: S311 - figures, no secrets
            found.append(simulate_runs(name, world, change, runs, rng, fresh=fresh, alpha=alpha))
    if as_json:
        sys.stdout.write(json.dumps({"alpha": alpha, "runs": list(map(asdict, found))}, indent=2) + "\n")
    else:
        show_caught(console(), world, found)


def _world(baseline: Path | None, samples: int, rates: str, baseline_samples: int) -> "World":
    from evals.gate.simulation import TaskWorld, world_of
    from orchestrator.baseline_file import load_baseline
    from prompts.errors import ConfigError

    if baseline is not None:
        return world_of(load_baseline(baseline), samples)
    found: list[TaskWorld] = []
    for part in rates.split(","):
        rate, _, count = part.partition("x")
        try:
            passes, many = float(rate), int(count or 1)
        except ValueError:
            passes, many = -1.0, 0
        if not 0 <= passes <= 1 or not 1 <= many <= 10_000:
            raise ConfigError(f"--rates: {part!r} is no rate", "write RATExTASKS, as in 0.95x30,0.6x10")
        found += [
            TaskWorld(f"task {len(found) + i + 1}", passes, {}, baseline_samples, samples)
            for i in range(many)
        ]
    return found
