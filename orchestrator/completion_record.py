"""A completion as the journal holds it: everything but its text, which is a blob of the run's repository."""

import hashlib
from collections.abc import Sequence
from dataclasses import fields
from decimal import Decimal
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from agents.completion import Completion, Message, Usage
from agents.spending import Amounts
from orchestrator.journal import Record

if TYPE_CHECKING:
    from pydantic import TypeAdapter

_FIELDS = (
    "model",
    "stop_reason",
    "source",
    "usage",
    "request_id",
    "first_token_seconds",
    "seconds",
    "attempts",
    "joins",
    "reasoning",
)
_USAGE = fields(Usage)


def write_completion(completion: Completion) -> dict[str, object]:
    """The record's fields."""
    cost = None if completion.cost is None else str(completion.cost)
    return {
        "model": completion.model,
        "stop_reason": completion.stop_reason,
        "source": completion.source,
        "usage": {field.name: getattr(completion.usage, field.name) for field in _USAGE},
        "cost_usd": cost,
        "request_id": completion.request_id,
        "first_token_seconds": completion.first_token_seconds,
        "seconds": completion.seconds,
        "attempts": completion.attempts,
        "joins": list(completion.joins),
        "reasoning": completion.reasoning,
    }


def read_completion(record: Record, text: str) -> Completion:
    """The completion that a record and its text make up."""
    known = {key: record[key] for key in _FIELDS if key in record}
    cost = record.get("cost_usd")
    return _adapter().validate_python(
        {"text": text, "cost": None if cost is None else Decimal(str(cost)), **known}
    )


def amounts_of(record: Record) -> Amounts:
    """What a live call took; nothing for an answer that was had for nothing."""
    if record.get("source") != "live":
        return Amounts()
    usage, cost, attempts = record.get("usage"), record.get("cost_usd"), record.get("attempts")
    counts = [usage.get("input"), usage.get("output")] if isinstance(usage, dict) else []
    tokens = sum(count for count in counts if isinstance(count, int))
    calls = attempts if isinstance(attempts, int) else 1
    return Amounts(Decimal(0) if cost is None else Decimal(str(cost)), tokens, calls)


def prompt_hash(messages: Sequence[Message]) -> str:
    """SHA-256 (hex) over speakers and texts; equal for equal prompts alone."""
    if not messages:
        return hashlib.sha256().hexdigest()
    total = _begun(messages[0]).copy()
    for message in messages[1:]:
        _feed(total, message)
    return total.hexdigest()


@lru_cache(maxsize=32)
def _begun(first: Message) -> "hashlib._Hash":
    """The hash of the first message, which is the same for many prompts."""
    total = hashlib.sha256()
    _feed(total, first)
    return total


def _feed(total: "hashlib._Hash", message: Message) -> None:
    for part in (message.speaker, message.text):
        data = part.encode("utf-8", "surrogatepass")
        total.update(len(data).to_bytes(8, "big") + data)


@cache
def _adapter() -> "TypeAdapter[Completion]":
    from pydantic import TypeAdapter

    return TypeAdapter(Completion)
