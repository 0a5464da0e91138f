"""Anthropic's Messages API."""

import json
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Any

from agents.batch.service import Answered
from agents.completion import Request, StopReason, Usage
from agents.providers.registry import Endpoint
from agents.providers.sdk_errors import StreamState, require_event_stream, translating
from agents.providers.tls import trusted
from agents.providers.wire import Began, Counted, Ended, Piece, Text, Thought

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic

# The API wants a limit with every request; all current models can answer at this length.
_USUAL_MAX_TOKENS = 32_000
_EFFORTS = {"minimal": "low"}
_STOP: dict[str, StopReason] = {
    "end_turn": "end",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "stop_sequence": "stop",
    "refusal": "refusal",
}


def open_wire(endpoint: Endpoint) -> "MessagesWire":
    """Anthropic itself, or a gateway in front of it."""
    return MessagesWire(open_client(endpoint), endpoint.name)


def open_client(endpoint: Endpoint) -> "AsyncAnthropic":
    """The SDK's client, set up so that every rule about time and retries is ours."""
    import httpx2
    from anthropic import AsyncAnthropic, DefaultAsyncHttpxClient

    token = endpoint.key_variable == "ANTHROPIC_AUTH_TOKEN"
    return AsyncAnthropic(
        api_key=None if token else endpoint.key,
        auth_token=endpoint.key if token else None,
        base_url=endpoint.base_url,
        timeout=httpx2.Timeout(
            endpoint.silence_seconds, connect=endpoint.connect_seconds, pool=endpoint.connect_seconds
        ),
        max_retries=0,
        http_client=DefaultAsyncHttpxClient(verify=trusted()),
        # Spans are ours, the same for every provider (agents.tracing).
        open_telemetry=False,
    )


class MessagesWire:
    """One model behind the Messages API."""

    def __init__(self, client: "AsyncAnthropic", model: str) -> None:
        self._client = client
        self._model = model

    async def aclose(self) -> None:
        """Let go of all connections."""
        await self._client.close()

    async def stream(self, request: Request) -> AsyncGenerator[Piece, None]:
        """Send one request, once, and give its pieces as they arrive."""
        import anthropic

        state = StreamState()
        count = _Count()
        stop: StopReason | None = None
        with translating(anthropic, state):
            stream = await self._client.messages.create(**messages_body(request, self._model))
            async with stream:
                require_event_stream(stream.response, state)
                yield Began(request_id=state.request_id)
                async for event in stream:
                    if event.type == "message_start":
                        yield Began(model=event.message.model or None)
                        yield Counted(count.add(event.message.usage))
                    elif event.type == "content_block_delta":
                        delta: Any = event.delta
                        text = getattr(delta, "text", None) or getattr(delta, "thinking", None)
                        if isinstance(text, str) and text:
                            yield Text(text) if delta.type == "text_delta" else Thought(text)
                    elif event.type == "message_delta":
                        yield Counted(count.add(event.usage))
                        if event.delta.stop_reason is not None:
                            stop = _STOP.get(event.delta.stop_reason, "other")
                    elif event.type == "message_stop" and stop is not None:
                        yield Ended(stop)


def messages_body(request: Request, model: str) -> dict[str, Any]:
    """The arguments of the SDK's ``messages.create``."""
    settings = request.parameters
    extra = dict(settings.extra)
    body: dict[str, Any] = {
        "model": model,
        "stream": True,
        "max_tokens": settings.max_tokens or _USUAL_MAX_TOKENS,
        "messages": [
            {"role": m.speaker, "content": m.text} for m in request.messages if m.speaker != "system"
        ],
    }
    cache: dict[str, Any] = {"type": "ephemeral"}
    if (lifetime := extra.pop("cache_ttl", None)) is not None:
        cache["ttl"] = lifetime
    # The role's part is the same for every task of a framework: marked, so that it is read from the cache.
    system = [{"type": "text", "text": m.text} for m in request.messages if m.speaker == "system"]
    if system:
        body["system"] = [*system[:-1], system[-1] | {"cache_control": cache}]
    if settings.stop:
        body["stop_sequences"] = list(settings.stop)
    body |= _thinking(settings.reasoning_effort, extra)
    if settings.json_schema is not None:
        schema = {"type": "json_schema", "schema": json.loads(settings.json_schema)}
        body["output_config"] = body.get("output_config", {}) | {"format": schema}
    return body | extra


def message_answer(message: Any) -> Answered:
    """A whole Message of the SDK as an answer."""
    blocks = message.content or ()
    return Answered(
        text="".join(block.text for block in blocks if block.type == "text"),
        stop_reason=_STOP.get(message.stop_reason, "other"),
        model=message.model or None,
        reasoning="".join(block.thinking for block in blocks if block.type == "thinking"),
        usage=_Count().add(message.usage),
        request_id=message.id,
    )


def _thinking(effort: str | None, extra: dict[str, Any]) -> dict[str, Any]:
    body: dict[str, Any] = {}
    kind, budget = extra.pop("thinking", None), extra.pop("thinking_budget", None)
    display = extra.pop("thinking_display", None)
    if budget is not None:
        body["thinking"] = {"type": "enabled", "budget_tokens": budget}
    elif kind is not None or effort == "none":
        body["thinking"] = {"type": kind or "disabled"}
    if display is not None:
        body.setdefault("thinking", {"type": "adaptive"})["display"] = display
    if effort is not None and effort != "none":
        body["output_config"] = {"effort": _EFFORTS.get(effort, effort)}
    return body


class _Count:
    """Adds up the two places in which a stream reports usage: the start has the input, the end the output."""

    def __init__(self) -> None:
        self._seen: dict[str, int] = {}
        self._reasoning: int | None = None

    def add(self, counted: Any) -> Usage:
        """The usage so far. Counts are cumulative, so the latest of each holds."""
        for name in (
            "input_tokens",
            "output_tokens",
            "cache_read_input_tokens",
            "cache_creation_input_tokens",
        ):
            if isinstance(value := getattr(counted, name, None), int):
                self._seen[name] = value
        details = getattr(counted, "output_tokens_details", None)
        if isinstance(thought := getattr(details, "thinking_tokens", None), int):
            self._reasoning = thought
        read, written = (
            self._seen.get("cache_read_input_tokens"),
            self._seen.get("cache_creation_input_tokens"),
        )
        fresh = self._seen.get("input_tokens")
        return Usage(
            input=None if fresh is None else fresh + (read or 0) + (written or 0),
            output=self._seen.get("output_tokens"),
            cached=read,
            cache_written=written,
            reasoning=self._reasoning,
        )
