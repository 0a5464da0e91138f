"""What a provider's batch API offers, whatever its shape."""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from agents.completion import Request, StopReason, Usage
from agents.providers.faults import Fault


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a batch is. ``ended``: results can be collected, whatever became of the single requests."""

    batch: str
    total: int
    succeeded: int
    failed: int
    ended: bool


@dataclass(frozen=True, slots=True)
class Answered:
    """One request's answer, as the provider's batch gave it."""

    text: str
    stop_reason: StopReason
    model: str | None = None
    reasoning: str = ""
    usage: Usage = field(default_factory=Usage)
    request_id: str | None = None


Outcome = Answered | Fault


class BatchService(Protocol):
    """One model behind a provider's batch API. Raises ``Fault`` for what goes wrong with the batch as a whole."""

    async def submit(self, requests: Mapping[str, Request], token: str) -> str:
        """Submit requests by their keys (64 characters at most), marked by ``token``; gives the batch's id."""

    async def find(self, token: str, total: int, since: float) -> tuple[str, ...]:
        """Ids of batches that may be the one submitted with ``token``, of ``total`` requests, after ``since``."""

    async def progress(self, batch: str) -> Progress:
        """How far the batch is."""

    def results(self, batch: str) -> AsyncGenerator[tuple[str, Outcome], None]:
        """The outcome of each request by its key, in any order."""

    async def aclose(self) -> None:
        """Let go of all connections."""
