"""Chat Completions: OpenAI's own, and every server that speaks it (Ollama, vLLM, llama.cpp, OpenRouter)."""

import json
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Any

from agents.batch.service import Answered, Outcome
from agents.completion import Request, StopReason, Usage
from agents.providers.faults import Fault
from agents.providers.openai_client import open_client
from agents.providers.registry import Endpoint
from agents.providers.sdk_errors import StreamState, require_event_stream, translating
from agents.providers.wire import Began, Counted, Ended, Piece, Text, Thought
from agents.settings import RAW

if TYPE_CHECKING:
    from openai import AsyncOpenAI

_STOP: dict[str, StopReason] = {"stop": "end", "length": "length", "content_filter": "filter"}
# Not in OpenAI's own API, so the SDK knows no parameter of these names.
_BEYOND_SDK = ("top_k", "min_p", "repetition_penalty")


def open_openai(endpoint: Endpoint) -> "ChatWire":
    """OpenAI itself."""
    return ChatWire(open_client(endpoint, own_service=True), endpoint.name, own_service=True)


def open_compatible(endpoint: Endpoint) -> "ChatWire":
    """Any other server."""
    return ChatWire(open_client(endpoint, own_service=False), endpoint.name, own_service=False)


async def served_models(endpoint: Endpoint) -> tuple[str, ...]:
    """The names of the models that a compatible server lists."""
    import openai

    client = open_client(endpoint, own_service=False)
    try:
        with translating(openai, StreamState()):
            listed = await client.models.list()
            return tuple(sorted(str(model.id) for model in listed.data))
    finally:
        await client.close()


class ChatWire:
    """One model behind a Chat Completions URL."""

    def __init__(self, client: "AsyncOpenAI", model: str, *, own_service: bool) -> None:
        self._client = client
        self._model = model
        self._own_service = own_service

    async def aclose(self) -> None:
        """Let go of all connections."""
        await self._client.close()

    async def stream(self, request: Request) -> AsyncGenerator[Piece, None]:
        """Send one request, once, and give its pieces as they arrive."""
        import openai

        state = StreamState()
        stop: StopReason | None = None
        with translating(openai, state):
            stream = await self._client.chat.completions.create(
                **chat_body(request, self._model, self._own_service)
            )
            async with stream:
                require_event_stream(stream.response, state)
                yield Began(request_id=state.request_id)
                async for chunk in stream:
                    if chunk.usage is not None:
                        yield Counted(_usage(chunk.usage))
                    for choice in chunk.choices or ():
                        delta = choice.delta
                        thought = getattr(delta, "reasoning_content", None) or getattr(
                            delta, "reasoning", None
                        )
                        if isinstance(thought, str) and thought:
                            yield Thought(thought)
                        if isinstance(delta.refusal, str) and delta.refusal:
                            stop = "refusal"
                            yield Text(delta.refusal)
                        if isinstance(delta.content, str) and delta.content:
                            yield Text(delta.content)
                        if choice.finish_reason is not None and stop != "refusal":
                            stop = _STOP.get(choice.finish_reason, "other")
                            yield Began(model=chunk.model or None)
        if stop is not None:
            yield Ended(stop)


def chat_body(request: Request, model: str, own_service: bool) -> dict[str, Any]:
    """The arguments of the SDK's ``chat.completions.create``."""
    settings = request.parameters
    body: dict[str, Any] = {
        "model": model,
        "messages": [{"role": m.speaker, "content": m.text} for m in request.messages],
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    extra = dict(settings.extra)
    # OpenAI's reasoning models refuse max_tokens; most other servers know only that one.
    field = str(extra.pop("max_tokens_field", "max_completion_tokens" if own_service else "max_tokens"))
    beyond: dict[str, Any] = {}
    if settings.max_tokens is not None:
        beyond[field] = settings.max_tokens
    for name in ("temperature", "seed", "reasoning_effort"):
        if (value := getattr(settings, name)) is not None:
            body[name] = value
    if settings.stop:
        body["stop"] = list(settings.stop)
    if settings.json_schema is not None:
        schema = json.loads(settings.json_schema)
        body["response_format"] = {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}
    for name, option in extra.items():
        if name.startswith(RAW):
            beyond[name.removeprefix(RAW)] = option
        elif name in _BEYOND_SDK:
            beyond[name] = option
        else:
            body[name] = option
    if beyond:
        body["extra_body"] = beyond
    return body


def chat_answer(completion: Any, request_id: str | None) -> Outcome:
    """A whole ChatCompletion of the SDK as an answer."""
    if not completion.choices:
        return Fault("malformed", "the completion holds no choice", request_id=request_id)
    choice = completion.choices[0]
    refusal = choice.message.refusal or ""
    return Answered(
        text=refusal or choice.message.content or "",
        stop_reason="refusal" if refusal else _STOP.get(choice.finish_reason, "other"),
        model=completion.model or None,
        reasoning=getattr(choice.message, "reasoning_content", None) or "",
        usage=_usage(completion.usage),
        request_id=request_id,
    )


def _usage(counted: Any) -> Usage:
    """The counts of a CompletionUsage; servers leave out what they do not know."""
    prompt = getattr(counted, "prompt_tokens_details", None)
    answer = getattr(counted, "completion_tokens_details", None)
    return Usage(
        input=getattr(counted, "prompt_tokens", None),
        output=getattr(counted, "completion_tokens", None),
        cached=getattr(prompt, "cached_tokens", None),
        cache_written=getattr(prompt, "cache_write_tokens", None),
        reasoning=getattr(answer, "reasoning_tokens", None),
    )
