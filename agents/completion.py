"""What is asked of a model and what comes back, as values that every provider shares."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Literal, Protocol

Speaker = Literal["system", "user", "assistant"]
StopReason = Literal["end", "length", "stop", "refusal", "filter", "other"]
Source = Literal["live", "replayed", "drifted", "cached", "manual"]


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a conversation."""

    speaker: Speaker
    text: str


@dataclass(frozen=True, slots=True)
class Parameters:
    """Model settings; ``None`` leaves the provider's default. ``extra`` holds options of one provider.

    ``json_schema`` is the text of a JSON Schema object that the answer must follow (structured output).
    """

    temperature: float | None = None
    max_tokens: int | None = None
    seed: int | None = None
    reasoning_effort: str | None = None
    stop: tuple[str, ...] = ()
    extra: tuple[tuple[str, str | int | float | bool], ...] = ()
    json_schema: str | None = None


@dataclass(frozen=True, slots=True)
class CallTag:
    """Where a call stands in the run. Not sent to the provider; ``task`` is the task's content hash.

    ``part`` counts the calls that one answer took (2 is the first continuation of a truncated answer).
    ``sample`` names the sample for budgets; it is not part of what is recorded.
    """

    task: str
    role: str
    round: int = 1
    epoch: int = 1
    part: int = 1
    sample: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """One call: the whole conversation and the settings. ``model`` is the full name, ``provider/name``."""

    model: str
    messages: tuple[Message, ...]
    tag: CallTag
    parameters: Parameters = field(default_factory=Parameters)


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of a call; ``None`` where the provider did not say.

    ``cached`` (read from the provider's prompt cache) and ``cache_written`` are part of ``input``;
    ``reasoning`` is part of ``output``.
    """

    input: int | None = None
    output: int | None = None
    cached: int | None = None
    reasoning: int | None = None
    cache_written: int | None = None


@dataclass(frozen=True, slots=True)
class Completion:
    """One answer of a model.

    ``text`` is the answer alone, ``reasoning`` what the model said it thought. ``cost`` is in US dollars and
    ``None`` where it is unknown (never 0 for unknown). Latencies are in seconds. ``model`` is the model that
    really answered. ``source`` says whether it was live; ``drifted`` is a replay whose prompt has changed.
    ``attempts`` counts the requests that were sent for it. ``joins`` holds the offsets in ``text`` where a
    truncated answer was continued and joined.
    """

    text: str
    stop_reason: StopReason
    model: str
    reasoning: str = ""
    usage: Usage = field(default_factory=Usage)
    cost: Decimal | None = None
    request_id: str | None = None
    first_token_seconds: float | None = None
    seconds: float | None = None
    source: Source = "live"
    attempts: int = 1
    joins: tuple[int, ...] = ()


class Model(Protocol):
    """Whoever answers. ``on_text`` gets the answer's text piece by piece as it arrives.

    A piece is never empty, but for one sign: when a stream was cut and the call is made again, ``on_text``
    gets one empty string, and the answer's text starts over. Raises ProviderError (or CassetteMissError)
    where no completion can be had. ``agents.models.close_model`` lets go of connections.
    """

    @property
    def name(self) -> str:
        """The full name, ``provider/name``."""

    async def complete(self, request: Request, on_text: Callable[[str], None] | None = None) -> Completion:
        """One call, from the request to the whole completion."""


def total(completions: Sequence[Completion]) -> tuple[Usage, Decimal | None]:
    """Sums over calls; a cost or count that is unknown for one call is unknown for the sum."""
    usage = Usage()
    for name in ("input", "output", "cached", "reasoning"):
        counts = [getattr(completion.usage, name) for completion in completions]
        if counts and all(count is not None for count in counts):
            usage = replace(usage, **{name: sum(counts)})
    costs = [completion.cost for completion in completions]
    known = [cost for cost in costs if cost is not None]
    return usage, sum(known, Decimal(0)) if costs and len(known) == len(costs) else None
