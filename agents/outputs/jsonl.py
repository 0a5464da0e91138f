"""Outputs as JSON, one a line: ``{"id", "task", "output"}`` and what else is known of each."""

import codecs
import gzip
import hashlib
import json
import zlib
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from agents.completion import StopReason, Usage
from agents.outputs.output import UNNAMED, Output
from prompts.errors import ConfigError
from prompts.problems import first_problem
from prompts.quoting import one_line

LARGEST = 256 * 1024 * 1024
"""Bytes of one line."""

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
    """The outputs of a file (compressed where its name ends in .gz), line by line.

    Raises ConfigError that names the line. A line that repeats an earlier one is refused: counted twice, an answer
    would look surer than it is.
    """
    seen: dict[tuple[str, str, str, bytes], str] = {}
    for number, data in _lines(path):
        place = f"{path}:{number}"
        line = _line(data, place)
        if line.epoch is None:
            digest = hashlib.sha256(line.output.encode("utf-8")).digest()
            first = seen.setdefault((line.model, line.task, str(line.id), digest), place)
            if first != place:
                raise ConfigError(
                    f"{place}: the id {line.id!r} stands at {first} already, with the same output",
                    "leave out the copy, or give the samples of a task an epoch each",
                )
        yield Output(
            place=f"{place} ({one_line(str(line.id), 100)})",
            task=line.task,
            text=line.output,
            model=line.model,
            epoch=line.epoch,
            stop_reason=line.stop_reason,
            usage=Usage(input=line.tokens_in, output=line.tokens_out),
            cost=line.cost_usd,
            seconds=line.seconds,
        )


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    try:
        with gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb") as file:
            number = 0
            while data := file.readline(LARGEST + 1):
                number += 1
                if len(data) > LARGEST:
                    raise ConfigError(f"{path}:{number}: the line is longer than {LARGEST} bytes")
                if number == 1:
                    data = data.removeprefix(codecs.BOM_UTF8)
                if data.strip():
                    yield number, data
    except (OSError, EOFError, zlib.error) as error:
        raise ConfigError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from error


def _line(data: bytes, place: str) -> Line:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{place} is no UTF-8: {error.reason}", "JSON lines are written in UTF-8"
        ) from error
    problem = ""
    for prepare in (bytes, _without_lone_surrogates):
        try:
            return Line.model_validate_json(prepare(data))
        except ValidationError as error:
            problem = first_problem(error, "the line")
    raise ConfigError(
        f"{place}: {problem}", 'a line is an object: {"id": "1", "task": "NAME", "output": "..."}'
    )


def _without_lone_surrogates(data: bytes) -> bytes:
    """The line with a mark for each half of a character, as tools write them that cut texts."""
    try:
        return json.dumps(json.loads(data), ensure_ascii=False).encode("utf-8", "replace")
    except (ValueError, RecursionError):
        return data
