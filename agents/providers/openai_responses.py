"""OpenAI's Responses API."""

import json
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Any

from agents.batch.service import Answered, Outcome
from agents.completion import Request, StopReason, Usage
from agents.providers.faults import Fault, kind_of, message_of
from agents.providers.openai_client import open_client
from agents.providers.registry import Endpoint
from agents.providers.sdk_errors import StreamState, require_event_stream, translating
from agents.providers.wire import Began, Counted, Ended, Piece, Text, Thought

if TYPE_CHECKING:
    from openai import AsyncOpenAI

_THOUGHTS = ("response.reasoning_summary_text.delta", "response.reasoning_text.delta")
_LAST = ("response.completed", "response.incomplete", "response.failed")


def open_wire(endpoint: Endpoint) -> "ResponsesWire":
    """OpenAI itself, or a gateway in front of it."""
    return ResponsesWire(open_client(endpoint, own_service=True), endpoint.name)


class ResponsesWire:
    """One model behind the Responses API."""

    def __init__(self, client: "AsyncOpenAI", model: str) -> None:
        self._client = client
        self._model = model

    async def aclose(self) -> None:
        """Let go of all connections."""
        await self._client.close()

    async def stream(self, request: Request) -> AsyncGenerator[Piece, None]:
        """Send one request, once, and give its pieces as they arrive."""
        import openai

        state = StreamState()
        refused = False
        with translating(openai, state):
            stream = await self._client.responses.create(**responses_body(request, self._model))
            async with stream:
                require_event_stream(stream.response, state)
                yield Began(request_id=state.request_id)
                async for event in stream:
                    kind = event.type
                    delta = getattr(event, "delta", None)
                    if kind == "response.output_text.delta" and isinstance(delta, str):
                        yield Text(delta)
                    elif kind in _THOUGHTS and isinstance(delta, str):
                        yield Thought(delta)
                    elif kind == "response.refusal.delta" and isinstance(delta, str):
                        refused = True
                        yield Text(delta)
                    elif kind == "error":
                        raise _fault(event, state)
                    elif kind in _LAST:
                        for piece in _last_pieces(event.response, refused, state):
                            yield piece


def responses_body(request: Request, model: str) -> dict[str, Any]:
    """The arguments of the SDK's ``responses.create``."""
    settings = request.parameters
    extra = dict(settings.extra)
    body: dict[str, Any] = {"model": model, "stream": True, "store": bool(extra.pop("store", False))}
    messages = list(request.messages)
    if messages and messages[0].speaker == "system":
        body["instructions"] = messages.pop(0).text
    body["input"] = [{"role": m.speaker, "content": m.text} for m in messages]
    if settings.max_tokens is not None:
        body["max_output_tokens"] = settings.max_tokens
    if settings.temperature is not None:
        body["temperature"] = settings.temperature
    reasoning = {"effort": settings.reasoning_effort, "summary": extra.pop("reasoning_summary", None)}
    if reasoning := {name: value for name, value in reasoning.items() if value is not None}:
        body["reasoning"] = reasoning
    text: dict[str, Any] = {}
    if "verbosity" in extra:
        text["verbosity"] = extra.pop("verbosity")
    if settings.json_schema is not None:
        schema = json.loads(settings.json_schema)
        text["format"] = {"type": "json_schema", "name": "answer", "schema": schema, "strict": False}
    if text:
        body["text"] = text
    return body | extra


def responses_answer(response: Any, request_id: str | None) -> Outcome:
    """A whole Response of the SDK as an answer, or as the fault that it reports."""
    parts = [part for item in response.output or () if item.type == "message" for part in item.content]
    refusal = "".join(part.refusal for part in parts if part.type == "refusal")
    thoughts = [part for item in response.output or () if item.type == "reasoning" for part in item.summary]
    try:
        pieces = _last_pieces(response, bool(refusal), StreamState(request_id=request_id))
    except Fault as fault:
        return fault
    return Answered(
        text=refusal or "".join(part.text for part in parts if part.type == "output_text"),
        stop_reason=next(piece.stop_reason for piece in pieces if isinstance(piece, Ended)),
        model=response.model or None,
        reasoning="".join(part.text for part in thoughts),
        usage=next((piece.usage for piece in pieces if isinstance(piece, Counted)), Usage()),
        request_id=request_id,
    )


def _last_pieces(response: Any, refused: bool, state: StreamState) -> list[Piece]:
    if response.status == "failed" or response.error is not None:
        raise _fault(response.error, state)
    pieces: list[Piece] = [Began(model=response.model or None)]
    if response.usage is not None:
        pieces.append(Counted(_usage(response.usage)))
    stop: StopReason = "refusal" if refused else "end"
    if response.status == "incomplete":
        reason = getattr(response.incomplete_details, "reason", None)
        stop = (
            "length" if reason == "max_output_tokens" else "filter" if reason == "content_filter" else "other"
        )
    pieces.append(Ended(stop))
    return pieces


def _fault(error: Any, state: StreamState) -> Fault:
    body = {"code": getattr(error, "code", None), "message": getattr(error, "message", None)}
    message = message_of(body, "the response failed without saying why")
    return Fault(kind_of(None, body, message), message, request_id=state.request_id)


def _usage(counted: Any) -> Usage:
    read = getattr(counted, "input_tokens_details", None)
    written = getattr(counted, "output_tokens_details", None)
    return Usage(
        input=getattr(counted, "input_tokens", None),
        output=getattr(counted, "output_tokens", None),
        cached=getattr(read, "cached_tokens", None),
        cache_written=getattr(read, "cache_write_tokens", None),
        reasoning=getattr(written, "reasoning_tokens", None),
    )
