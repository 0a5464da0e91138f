"""Anthropic's Message Batches API."""

from collections.abc import AsyncGenerator, Mapping
from typing import TYPE_CHECKING, Any

from agents.batch.service import Outcome, Progress
from agents.completion import Request
from agents.providers.anthropic_messages import message_answer, messages_body, open_client
from agents.providers.faults import Fault, kind_of, message_of
from agents.providers.registry import Endpoint
from agents.providers.sdk_errors import StreamState, translating

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic


def open_batches(endpoint: Endpoint) -> "AnthropicBatches":
    """Batches of the Messages API."""
    return AnthropicBatches(open_client(endpoint), endpoint.name)


class AnthropicBatches:
    """One model behind the Message Batches API."""

    def __init__(self, client: "AsyncAnthropic", model: str) -> None:
        self._client = client
        self._model = model

    async def aclose(self) -> None:
        """Let go of all connections."""
        await self._client.close()

    async def submit(self, requests: Mapping[str, Request], token: str) -> str:
        """Make a batch. The API has no place for a mark."""
        import anthropic

        rows: list[Any] = []
        for key, request in requests.items():
            body = messages_body(request, self._model)
            body.pop("stream")
            rows.append({"custom_id": key, "params": body})
        with translating(anthropic, StreamState()):
            return (await self._client.messages.batches.create(requests=rows)).id

    async def find(self, token: str, total: int, since: float) -> tuple[str, ...]:
        """Batches of the same size that were made since then, the oldest first."""
        import anthropic

        found: list[str] = []
        with translating(anthropic, StreamState()):
            async for batch in self._client.messages.batches.list(limit=100):
                # A minute for clocks that differ.
                if batch.created_at.timestamp() < since - 60:
                    break
                if _total(batch.request_counts) == total:
                    found.append(batch.id)
        return tuple(reversed(found))

    async def progress(self, batch: str) -> Progress:
        """How far the batch is."""
        import anthropic

        with translating(anthropic, StreamState()):
            seen = await self._client.messages.batches.retrieve(batch)
        counts = seen.request_counts
        return Progress(
            batch=batch,
            total=_total(counts),
            succeeded=counts.succeeded,
            failed=counts.errored + counts.canceled + counts.expired,
            ended=seen.processing_status == "ended",
        )

    async def results(self, batch: str) -> AsyncGenerator[tuple[str, Outcome], None]:
        """The outcome of each request."""
        import anthropic

        with translating(anthropic, StreamState()):
            async for row in await self._client.messages.batches.results(batch):
                yield row.custom_id, _outcome(row.result, batch)


def _outcome(result: Any, batch: str) -> Outcome:
    if result.type == "succeeded":
        return message_answer(result.message)
    if result.type == "errored":
        # {"type": "error", "error": {"type": ..., "message": ...}}
        error = result.error.error
        body = {"type": error.type, "message": error.message}
        return Fault(kind_of(None, body, error.message), message_of(body, "the request failed"))
    if result.type == "canceled":
        return Fault("conflict", f"batch {batch} was cancelled before this request was answered")
    return Fault("server", f"the request expired in batch {batch}")


def _total(counts: Any) -> int:
    return int(counts.processing + counts.succeeded + counts.errored + counts.canceled + counts.expired)
