"""``backsmith calibrate``: how far a judge model can be trusted, measured on labelled answers."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from evals.prose import CALIBRATIONS
from orchestrator.commands.options import (
    AskAnew,
    BaseUrl,
    Budget,
    Cassette,
    JudgeModel,
    JudgeSettings,
    Record,
    RubricFile,
)

if TYPE_CHECKING:
    from evals.rubric.calibration import Calibration
    from orchestrator.model_choice import ModelChoice


def calibrate(
    model: JudgeModel = None,
    rubric: RubricFile = None,
    labels: Annotated[Path | None, typer.Option(help="A folder with labelled answers of your own.")] = None,
    repeats: Annotated[int, typer.Option(min=2, max=20, help="How often each answer is judged.")] = 3,
    jobs: Annotated[int, typer.Option(min=1, max=64, help="How many calls at once.")] = 4,
    into: Annotated[Path, typer.Option(help="Where the record is kept.")] = CALIBRATIONS,
    setting: JudgeSettings = None,
    budget: Budget = None,
    base_url: BaseUrl = None,
    cassette: Cassette = None,
    record: Record = None,
    no_cache: AskAnew = False,
    as_json: Annotated[bool, typer.Option("--json", help="The record as JSON on standard output.")] = False,
) -> None:
    """Measure a judge model on labelled answers, and keep the record by which its verdicts count.

    Exits with 0 when the judge counts, with 1 when it falls short, with 3 when the provider fails. Stopped in
    between, the same command goes on: answers are kept in the completion cache.

    \b
    backsmith calibrate --model anthropic/claude-opus-5
    backsmith calibrate --model openai/gpt-5 --repeats 5 --budget money=3
    """
    from orchestrator.model_choice import ModelChoice
    from orchestrator.stopping import stoppable

    choice = ModelChoice(
        model,
        tuple(setting or ()),
        tuple(budget or ()),
        base_url,
        cassette,
        record=record,
        cache=not no_cache,
    )
    found = stoppable(_measure(choice, rubric, labels, repeats, jobs, into, quiet=as_json))
    if as_json:
        sys.stdout.write(found.model_dump_json(indent=2) + "\n")
    else:
        _show(found)
    raise typer.Exit(1 if found.shortfalls else 0)


async def _measure(
    choice: "ModelChoice",
    rubric: Path | None,
    labels: Path | None,
    repeats: int,
    jobs: int,
    into: Path,
    *,
    quiet: bool,
) -> "Calibration":
    from datetime import UTC, datetime

    from agents.models import close_model
    from evals.rubric.calibration import calibrate as measure
    from evals.rubric.calibration import write_calibration
    from evals.rubric.labels import load_labels
    from evals.rubric.rubric import load_rubric
    from orchestrator.model_choice import open_choice
    from orchestrator.terminal import console

    wanted = load_rubric(rubric)
    labelled = load_labels(wanted, labels)
    model, parameters = open_choice(choice, {}, into)
    told = console(stderr=True)

    def say(done: int, total: int) -> None:
        if not quiet and (done == total or done % 20 == 0):
            told.print(f"{done} of {total} judged")

    try:
        found = await measure(
            model, wanted, labelled, today=datetime.now(UTC).date(), parameters=parameters,
            repeats=repeats, jobs=jobs, on_done=say,
        )  # fmt: skip
    finally:
        await close_model(model)
    path = write_calibration(found, into)
    if not quiet:
        told.print(f"The record is in {path}")
    return found


def _show(found: "Calibration") -> None:
    from orchestrator.terminal import console

    out = console()
    answered = ", ".join(name for name in found.answered_by if name != found.judge.partition("/")[2])
    out.print(f"judge        {found.judge}" + (f" (answered by {answered})" if answered else ""))
    out.print(f"rubric       {found.rubric}, {found.rubric_digest[:12]}")
    out.print(f"labelled     {found.parts} answers, {found.labels} labels, {found.set_digest[:12]}")
    between = "" if found.kappa_low is None else f" ({found.kappa_low:.2f} to {found.kappa_high:.2f})"
    out.print(f"kappa        {_number(found.kappa)}{between}")
    out.print(f"agreement    {found.agreement:.2f}")
    out.print(f"consistency  {_number(found.consistency)} over {found.repeats} repeats")
    if found.inconclusive:
        out.print(f"no verdict   {found.inconclusive:.0%} of all askings")
    for name, score in found.criteria.items():
        counts = "counts" if found.counts(name) else "advice only"
        out.print(
            f"  {name:<14} kappa {_number(score.kappa):<9} agreement {score.agreement:.2f}"
            f"  {score.labels:>3} labels  {counts}"
        )
    if found.shortfalls:
        out.print("This judge does not count; its verdicts are advice:", style="bold red")
        for reason in found.shortfalls:
            out.print(f"  {reason}")
    else:
        out.print("This judge counts.", style="green")


def _number(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.2f}"
