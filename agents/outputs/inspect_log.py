"""The answers in a log of Inspect AI (``.eval`` or JSON), as outputs to score.

The format is that of ``inspect_ai.log.EvalLog``: https://inspect.aisi.org.uk/eval-logs.html. A sample's id is
the task's, or its metadata names it as ``task``. Nothing of what the log says of scores is taken over.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from agents.completion import StopReason, Usage
from agents.outputs.inspect_archive import LARGEST, Archive
from agents.outputs.output import Output
from prompts.errors import ConfigError
from prompts.problems import first_problem

_STOPS: Mapping[str, StopReason] = {
    "stop": "end",
    "max_tokens": "length",
    "model_length": "length",
    "content_filter": "filter",
}


def _plain(content: object) -> object:
    """The text of a message's content, which is a text or a list of parts."""
    if not isinstance(content, list):
        return content
    texts = [part.get("text") for part in content if isinstance(part, dict) and part.get("type") == "text"]
    return "".join(text for text in texts if isinstance(text, str))


class _Lenient(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class _Message(_Lenient):
    content: Annotated[str, BeforeValidator(_plain)] = ""


class _Choice(_Lenient):
    message: _Message = _Message()
    stop_reason: str = "stop"


class _Tokens(_Lenient):
    input_tokens: int | None = Field(default=None, ge=0)
    output_tokens: int | None = Field(default=None, ge=0)


class _ModelOutput(_Lenient):
    choices: tuple[_Choice, ...] = ()
    usage: _Tokens | None = None
    time: float | None = Field(default=None, ge=0, allow_inf_nan=False)


class _Sample(_Lenient):
    id: str | int
    epoch: int = Field(ge=1)
    output: _ModelOutput = _ModelOutput()
    metadata: dict[str, object] = {}
    error: object = None


class _Eval(_Lenient):
    model: str


class _Header(_Lenient):
    version: Literal[1, 2] = 2
    eval: _Eval


def read_inspect(path: Path) -> Iterator[Output]:
    """The outputs of a log, sample by sample. Raises ConfigError for what is no such log.

    Samples that ended in an error before the model answered are left out.
    """
    if path.suffix.lower() == ".eval":
        with Archive(path) as archive:
            header = _header(archive.read("header.json"), path)
            for name in archive.names("samples/"):
                yield from _output(archive.read(name), header.eval.model, f"{path}:{name}")
        return
    log = _json(_bytes(path), path)
    header = _header(json.dumps({key: log[key] for key in ("version", "eval") if key in log}).encode(), path)
    samples = log.get("samples")
    for number, sample in enumerate(samples if isinstance(samples, list) else (), start=1):
        yield from _output(json.dumps(sample).encode(), header.eval.model, f"{path}: sample {number}")


def _output(data: bytes, model: str, place: str) -> Iterator[Output]:
    try:
        sample = _Sample.model_validate_json(data)
    except ValidationError as error:
        raise ConfigError(
            f"{place} is no sample of Inspect AI: {first_problem(error, 'the object')}"
        ) from error
    choice = sample.output.choices[0] if sample.output.choices else None
    if choice is None and sample.error is not None:
        return
    named = sample.metadata.get("task")
    usage = sample.output.usage or _Tokens()
    yield Output(
        place=place,
        task=named if isinstance(named, str) else str(sample.id),
        text=choice.message.content if choice else "",
        model=model,
        epoch=sample.epoch,
        stop_reason=_STOPS.get(choice.stop_reason, "other") if choice else "other",
        usage=Usage(input=usage.input_tokens, output=usage.output_tokens),
        seconds=sample.output.time,
    )


def _header(data: bytes, path: Path) -> _Header:
    try:
        return _Header.model_validate_json(data)
    except ValidationError as error:
        raise ConfigError(f"{path} is no log of Inspect AI: {first_problem(error, 'the object')}") from error


def _json(data: bytes, path: Path) -> dict[str, object]:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path} is no JSON: {error}") from error
    if not isinstance(found, dict):
        raise ConfigError(f"{path} is no log of Inspect AI: not an object")
    return found


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(16 * LARGEST + 1)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error
    if len(data) > 16 * LARGEST:
        raise ConfigError(f"{path} is larger than {16 * LARGEST} bytes", "write the log as .eval")
    return data
