"""Outputs as JSON, one a line: ``{"id", "task", "output"}`` and what else is known of each."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from agents.completion import StopReason, Usage
from agents.outputs.output import UNNAMED, Output
from prompts.errors import ConfigError
from prompts.problems import first_problem

Name = Annotated[str, StringConstraints(min_length=1, max_length=500)]


class Line(BaseModel):
    """One line. Other fields than these are left alone."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str | int = Field(description="What the file calls the sample; for messages.")
    task: Name = Field(description="The task's id in the suite.")
    output: str = Field(description="The model's whole answer.")
    model: Name = UNNAMED
    epoch: int | None = Field(default=None, ge=1, description="Which sample of its task it is.")
    stop_reason: StopReason = "end"
    tokens_in: int | None = Field(default=None, ge=0)
    tokens_out: int | None = Field(default=None, ge=0)
    cost_usd: Decimal | None = Field(default=None, ge=0)
    seconds: float | None = Field(default=None, ge=0, allow_inf_nan=False)


def read_jsonl(path: Path) -> Iterator[Output]:
    """The outputs of a file, line by line. Raises ConfigError that names the line."""
    try:
        with path.open(encoding="utf-8", newline="\n") as file:
            for number, text in enumerate(file, start=1):
                if text.strip():
                    yield _output(text, f"{path}:{number}")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is no UTF-8: {error.reason}", "JSON lines are written in UTF-8") from error
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error


def _output(text: str, place: str) -> Output:
    try:
        line = Line.model_validate_json(text)
    except ValidationError as error:
        hint = 'a line is an object: {"id": "1", "task": "NAME", "output": "..."}'
        raise ConfigError(f"{place}: {first_problem(error, 'the line')}", hint) from error
    return Output(
        place=f"{place} ({line.id})",
        task=line.task,
        text=line.output,
        model=line.model,
        epoch=line.epoch,
        stop_reason=line.stop_reason,
        usage=Usage(input=line.tokens_in, output=line.tokens_out),
        cost=line.cost_usd,
        seconds=line.seconds,
    )
