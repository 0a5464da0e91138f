"""The answers in a log of Inspect AI (``.eval`` or JSON), as outputs to score.

The format is that of ``inspect_ai.log.EvalLog``: https://inspect.aisi.org.uk/eval-logs.html. A sample's id is
the task's, or its metadata names it as ``task``. Nothing of what the log says of scores is taken over.
"""

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from agents.completion import StopReason, Usage
from agents.outputs.inspect_archive import LARGEST, Archive
from agents.outputs.output import Output
from prompts.errors import ConfigError
from prompts.problems import first_problem
from prompts.quoting import one_line

_STOPS: Mapping[str, StopReason] = {
    "stop": "end",
    "max_tokens": "length",
    "model_length": "length",
    "content_filter": "filter",
}
_CUT_SHORT = frozenset({"time", "working", "operator"})
"""Limits of a sample that say nothing of its model."""


def _plain(content: object) -> object:
    """The text of a message's content, which is a text or a list of parts; joined as Inspect shows it to scorers."""
    if not isinstance(content, list):
        return content
    texts = [part.get("text") for part in content if isinstance(part, dict) and part.get("type") == "text"]
    return "\n".join(text for text in texts if isinstance(text, str))


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
    input_tokens_cache_read: int | None = Field(default=None, ge=0)
    input_tokens_cache_write: int | None = Field(default=None, ge=0)
    reasoning_tokens: int | None = Field(default=None, ge=0)
    total_cost: Decimal | None = Field(default=None, ge=0, allow_inf_nan=False)

    def usage(self) -> Usage:
        """The same in our terms; Inspect's input leaves out what was read from a cache or written to it."""
        cached = (self.input_tokens_cache_read or 0) + (self.input_tokens_cache_write or 0)
        return Usage(
            input=None if self.input_tokens is None else self.input_tokens + cached,
            output=self.output_tokens,
            cached=self.input_tokens_cache_read,
            reasoning=self.reasoning_tokens,
            cache_written=self.input_tokens_cache_write,
        )


class _ModelOutput(_Lenient):
    choices: tuple[_Choice, ...] = ()
    usage: _Tokens | None = None
    time: float | None = Field(default=None, ge=0, allow_inf_nan=False)


class _Error(_Lenient):
    message: str = ""


class _Limit(_Lenient):
    type: str = ""


class _Sample(_Lenient):
    id: str | int
    epoch: int = Field(ge=1)
    output: _ModelOutput = _ModelOutput()
    metadata: dict[str, object] | None = None
    error: _Error | None = None
    limit: _Limit | None = None
    invalidation: object = None

    def problem(self) -> str:
        """Why the sample has no answer of its model; empty where it has one, be it silence."""
        if self.invalidation is not None:
            return "the log says that the sample is invalid"
        if self.output.choices:
            return ""
        if self.error is not None:
            return f"it ended in an error before the model answered: {self.error.message[:500]}"
        if self.limit is not None and self.limit.type in _CUT_SHORT:
            return f"it was ended before the model answered (limit: {self.limit.type})"
        return ""


class _Dataset(_Lenient):
    samples: int | None = None
    sample_ids: tuple[object, ...] | None = None


class _Settings(_Lenient):
    epochs: int | None = None


class _Eval(_Lenient):
    model: str
    dataset: _Dataset = _Dataset()
    config: _Settings = _Settings()


class _Header(_Lenient):
    version: Literal[1, 2] = 2
    status: str = "started"
    eval: _Eval

    def planned(self) -> int:
        """How many samples the eval was to have; 0 where the log does not say."""
        ids = self.eval.dataset.sample_ids
        each = self.eval.dataset.samples if ids is None else len(ids)
        return (each or 0) * (self.eval.config.epochs or 1)


class _Log(_Header):
    samples: tuple[_Sample, ...] | None = None


_Model = TypeVar("_Model", bound=BaseModel)


def read_inspect(path: Path, note: Callable[[str], None]) -> Iterator[Output]:
    """The outputs of a log, sample by sample. Raises ConfigError for what is no such log.

    Samples without an answer that are no fault of the model (an error came first, or an operator's limit) are
    outputs with a ``problem``. ``note`` is told when samples are missing altogether.
    """
    found = 0
    if path.suffix.lower() == ".eval":
        with Archive(path) as archive:
            # Inspect writes the header last; a log whose eval was killed has what the eval began with.
            start = next(archive.names("header.json"), "_journal/start.json")
            header = _read(_Header, archive.read(start), f"{path} is no log of Inspect AI")
            for name in archive.names("samples/"):
                place = f"{path}:{one_line(name, 200)}"
                sample = _read(_Sample, archive.read(name), f"{place} is no sample of Inspect AI")
                yield _output(sample, header.eval.model, place)
                found += 1
    else:
        log = _read(_Log, _bytes(path), f"{path} is no log of Inspect AI")
        for found, sample in enumerate(log.samples or (), start=1):
            yield _output(sample, log.eval.model, f"{path}: sample {found}")
        header = log
    if found < header.planned():
        note(
            f"{path} has {found} of {header.planned()} samples (its eval: {header.status}); no other is counted"
        )


def _output(sample: _Sample, model: str, place: str) -> Output:
    choice = sample.output.choices[0] if sample.output.choices else None
    named = (sample.metadata or {}).get("task")
    tokens = sample.output.usage or _Tokens()
    return Output(
        place=place,
        task=named if isinstance(named, str) else str(sample.id),
        text=choice.message.content if choice else "",
        model=model,
        epoch=sample.epoch,
        stop_reason=_STOPS.get(choice.stop_reason, "other") if choice else "other",
        usage=tokens.usage(),
        cost=tokens.total_cost,
        seconds=sample.output.time,
        problem=sample.problem(),
    )


def _read(model: type[_Model], data: bytes, what: str) -> _Model:
    try:
        return model.model_validate_json(data)
    except ValidationError as error:
        hint = "outputs as one JSON object a line are named .jsonl"
        raise ConfigError(f"{what}: {first_problem(error, 'the object')}", hint) from error


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(16 * LARGEST + 1)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error
    if len(data) > 16 * LARGEST:
        raise ConfigError(f"{path} is larger than {16 * LARGEST} bytes", "write the log as .eval")
    return data
