"""From a command's options and the project's file to an open model and its settings."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING

from agents.cache import default_folder
from agents.completion import Model, Parameters
from agents.models import ModelOptions, close_model, open_model
from agents.project import Project, find_project, settings_for
from agents.spending import Limit, Spending
from orchestrator.recall import spent_before
from orchestrator.run_folder import JOURNAL
from prompts.errors import ConfigError

if TYPE_CHECKING:
    from evals.rubric.prose import ProseJudge

_AMOUNTS = ("money", "tokens", "calls", "seconds")


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """What a command says about the model: its name (None: the project's), and how it is called."""

    name: str | None
    settings: tuple[str, ...] = ()
    budget: tuple[str, ...] = ()
    base_url: str | None = None
    cassette: Path | None = None
    replay: str = "exact"
    record: Path | None = None
    overwrite: bool = False
    cache: bool = True
    batch: bool = False
    judge: str | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """An open model with its settings, and the judge of prose, where one was named. Both share the budget."""

    model: Model
    parameters: Parameters
    prose: "ProseJudge | None" = None


def open_choice(
    choice: ModelChoice, task_settings: Mapping[str, object], run: Path
) -> tuple[Model, Parameters]:
    """The model and its settings for the run in ``run``; see ``open_models``."""
    opened = open_models(choice, task_settings, run)
    return opened.model, opened.parameters


def open_models(choice: ModelChoice, task_settings: Mapping[str, object], run: Path) -> Opened:
    """The models for the run in ``run``, whose earlier calls count against the budget.

    The nearer wins: options, then the task, then the project file. Raises ConfigError that says what to mend.
    """
    project = find_project(Path.cwd())
    name = named_model(choice.name, project)
    parameters = settings_for(name, project, task_settings, choice.settings)
    options = model_options(choice, project, run)
    options.spending.charge("", spent_before(run / JOURNAL))
    judge = open_judge(choice.judge, project, options)
    return Opened(open_model(name, options), parameters, judge)


async def close_models(opened: Opened) -> None:
    """Let go of the models' connections."""
    await close_model(opened.model)
    if opened.prose is not None:
        await close_model(opened.prose.model)


def judge_alone(choice: ModelChoice) -> "ProseJudge | None":
    """The judge of prose where no other model is asked."""
    project = find_project(Path.cwd())
    return open_judge(choice.judge, project, model_options(choice, project, Path("runs")))


def open_judge(name: str | None, project: Project, options: ModelOptions) -> "ProseJudge | None":
    """The judge of prose with the project's settings for it, and its calibration among the usual records."""
    if name is None:
        return None
    from evals.prose import CALIBRATIONS
    from evals.rubric.calibration import find_calibration
    from evals.rubric.prose import ProseJudge
    from evals.rubric.rubric import load_rubric

    rubric = load_rubric()
    parameters = settings_for(name, project, {}, ())
    model = open_model(name, options)
    return ProseJudge(
        model, parameters, rubric, find_calibration(CALIBRATIONS, model.name, rubric, parameters)
    )


def named_model(name: str | None, project: Project) -> str:
    """The model that was named, or else the project's. Raises ConfigError where there is neither."""
    name = name or project.model
    if name is None:
        raise ConfigError(
            "no model is named", "give one with --model, or write model = ... into backsmith.toml"
        )
    return name


def model_options(choice: ModelChoice, project: Project, run: Path) -> ModelOptions:
    """How the models of the run in ``run`` are opened; all of them share limits and budgets by sharing this.

    Raises ConfigError for a way of replay or a budget that is none.
    """
    if choice.replay not in {"exact", "by-task"}:
        raise ConfigError(f"--replay {choice.replay!r} is unknown", "use exact or by-task")
    goes_on = run.is_dir() and any(run.iterdir())
    return ModelOptions(
        base_url=choice.base_url,
        cache=default_folder() if choice.cache else None,
        record=choice.record,
        present="overwrite" if choice.overwrite else "reuse" if goes_on else "refuse",
        cassette=choice.cassette,
        by_task=choice.replay == "by-task",
        manual=run / "manual",
        wait=sys.stdin.isatty() and sys.stderr.isatty(),
        on_wait=_say_where,
        batch=run / "batches" if choice.batch else None,
        spending=Spending(_limit(choice.budget, project), project.sample),
    )


def _limit(pairs: tuple[str, ...], project: Project) -> Limit:
    """The run's budget: ``NAME=AMOUNT`` texts over the project's."""
    limit = project.run
    values: dict[str, str] = {}
    for pair in pairs:
        name, _, value = pair.partition("=")
        if name not in _AMOUNTS or not value:
            raise ConfigError(
                f"--budget {pair!r} is unknown", f"write one of {', '.join(_AMOUNTS)}, as in money=2.50"
            )
        values[name] = value
    try:
        for name, value in values.items():
            _check_amount(name, Decimal(value))
        return Limit(
            money=Decimal(values["money"]) if "money" in values else limit.money,
            tokens=int(values["tokens"]) if "tokens" in values else limit.tokens,
            calls=int(values["calls"]) if "calls" in values else limit.calls,
            seconds=float(values["seconds"]) if "seconds" in values else limit.seconds,
        )
    except (ValueError, InvalidOperation) as error:
        raise ConfigError(f"--budget: {' '.join(pairs)} holds no number", "as in money=2.50") from error


def _check_amount(name: str, amount: Decimal) -> None:
    """Raises ConfigError for what is no amount: with nothing to compare it would hold nothing back."""
    if not amount.is_finite() or amount < 0:
        raise ConfigError(
            f"--budget {name}={amount} is no amount", "leave it out where nothing is to limit it"
        )


def _say_where(prompt: Path, answer: Path) -> None:
    from orchestrator.terminal import console

    console(stderr=True).print(f"The prompt is in {prompt}\nWaiting for the answer in {answer}")
