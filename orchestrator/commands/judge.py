"""``backsmith judge``: the prose of design answers by the rubric, with a judge model."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from evals.prose import CALIBRATIONS
from orchestrator.commands.options import (
    AskAnew,
    BaseUrl,
    Cassette,
    JudgeModel,
    JudgeSettings,
    Record,
    RubricFile,
)
from prompts.errors import ConfigError

if TYPE_CHECKING:
    from evals.rubric.calibration import Calibration
    from evals.rubric.judge import Rulings
    from orchestrator.model_choice import ModelChoice


def judge(
    answers: Annotated[list[Path], typer.Argument(help="Files with answers in prose (Markdown).")],
    model: JudgeModel = None,
    task: Annotated[Path | None, typer.Option(help="The task that was asked.")] = None,
    rubric: RubricFile = None,
    calibrations: Annotated[Path, typer.Option(help="Where calibration records are.")] = CALIBRATIONS,
    setting: JudgeSettings = None,
    base_url: BaseUrl = None,
    cassette: Cassette = None,
    record: Record = None,
    no_cache: AskAnew = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object for each answer, a line each.")
    ] = False,
) -> None:
    """Judge answers in prose by the rubric. A judge that was not calibrated gives advice and decides nothing.

    Exits with 1 where a verdict that counts is a fail, else with 0; with 3 when the provider fails.

    \b
    backsmith judge design.md --task task.yaml --model anthropic/claude-opus-5
    """
    from orchestrator.model_choice import ModelChoice
    from orchestrator.stopping import stoppable

    choice = ModelChoice(
        model, tuple(setting or ()), (), base_url, cassette, record=record, cache=not no_cache
    )
    failed = stoppable(_judge(answers, choice, task, rubric, calibrations, as_json=as_json))
    raise typer.Exit(1 if failed else 0)


async def _judge(
    answers: list[Path],
    choice: "ModelChoice",
    task: Path | None,
    rubric: Path | None,
    calibrations: Path,
    *,
    as_json: bool,
) -> bool:
    from agents.models import close_model
    from evals.rubric.calibration import find_calibration
    from evals.rubric.judge import judge as ask_judge
    from evals.rubric.prose import counting as decisive
    from evals.rubric.prose import question
    from evals.rubric.rubric import load_rubric
    from orchestrator.model_choice import open_choice
    from prompts.taskfile import load_task

    wanted = load_rubric(rubric)
    texts = [(path, _text(path)) for path in answers]
    asked = load_task(task) if task is not None else None
    told = question(asked) if asked else ""
    model, parameters = open_choice(choice, asked.settings if asked else {}, calibrations)
    found = find_calibration(calibrations, model.name, wanted, parameters)
    failed = False
    try:
        for path, text in texts:
            rulings = await ask_judge(model, wanted.criteria, text, asked=told, parameters=parameters)
            counting = decisive(found, rulings)
            failed |= any(r.verdict == "fail" and r.criterion in counting for r in rulings.rulings)
            if as_json:
                sys.stdout.write(_json(path, rulings, counting, model.name) + "\n")
            else:
                _show(path, rulings, counting, found)
    finally:
        await close_model(model)
    return failed


def _text(path: Path) -> str:
    from evals.rubric.prose import LONGEST

    try:
        if path.stat().st_size > LONGEST:
            raise ConfigError(f"{path} is larger than {LONGEST:,} bytes", "give the prose alone")
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from None


def _json(path: Path, rulings: "Rulings", counting: frozenset[str], judge_name: str) -> str:
    return json.dumps(
        {
            "path": str(path),
            "judge": judge_name,
            "answered_by": rulings.answered_by,
            "rulings": [
                {
                    "criterion": r.criterion,
                    "verdict": r.verdict.value,
                    "counts": r.criterion in counting,
                    "reason": r.reason,
                    "quote": r.quote,
                }
                for r in rulings.rulings
            ],
        }
    )


def _show(path: Path, rulings: "Rulings", counting: frozenset[str], found: "Calibration | None") -> None:
    from evals.rubric.prose import why_advice
    from orchestrator.terminal import console
    from prompts.quoting import one_line

    out = console()
    out.print(one_line(str(path), 200))
    for ruling in rulings.rulings:
        mark = "" if ruling.criterion in counting else "  (advice)"
        out.print(f"  {ruling.verdict.value:<14} {ruling.criterion}{mark}: {one_line(ruling.reason, 400)}")
        if ruling.quote:
            out.print(f'  {"":<14} "{one_line(ruling.quote, 200)}"')
    if not counting:
        why = why_advice(found)
        out.print(f"  These verdicts are advice and decide nothing: {why} (see: backsmith calibrate --help)")
