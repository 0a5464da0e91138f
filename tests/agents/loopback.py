"""A loopback server that speaks the providers' wire formats, and does wrong what it is told to.

The formats follow the providers' published shapes: server-sent events of the Responses API, of Chat
Completions and of the Messages API. The real SDK clients talk to it.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.agents.listening import listening, read_request

END = "end"


@dataclass(frozen=True)
class Reply:
    """What the server does with one request. Delays are in seconds."""

    text: str = "Hello, world."
    thought: str = ""
    stop: str = END  # end, length, refusal, filter
    status: int = 200
    body: Any = None  # with a status of 400 and more, or with another content type
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "text/event-stream"
    before_headers: float = 0
    before_text: float = 0
    between: float = 0
    cut_after: int | None = None  # events; then the connection is dropped
    end_after: int | None = None  # events; then the stream ends as if it were whole
    malformed_after: int | None = None  # events; then one that is not JSON, or ``malformed``
    malformed: str = "{not json"
    error_event: Mapping[str, Any] | None = None  # sent in place of the text
    usage: bool = True
    piece: int = 5


def fault(status: int, message: str = "scripted fault", *, kind: str = "", **headers: str) -> Reply:
    """An error response of the shape that both providers share."""
    error = {"type": kind or "error", "code": kind or None, "message": message}
    return Reply(
        status=status, body={"error": error}, headers={k.replace("_", "-"): v for k, v in headers.items()}
    )


@dataclass(frozen=True)
class Seen:
    """One request as the server got it."""

    path: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]


class Loopback:
    """The running server. Replies come from ``script`` in order, then from ``usual``."""

    def __init__(self) -> None:
        self.script: list[Reply] = []
        self.usual: Callable[[int], Reply] = lambda _: Reply()
        self.answering: Callable[[Seen], Reply] | None = None  # in place of ``usual``, by what was asked
        self.seen: list[Seen] = []
        self.models: list[dict[str, Any]] = []
        self.capacity: int | None = None
        self.active = 0
        self.idle = asyncio.Event()
        self.most_active = 0
        self.port = 0

    @property
    def url(self) -> str:
        """The base URL for Anthropic's SDK."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def v1(self) -> str:
        """The base URL for OpenAI's SDK."""
        return f"{self.url}/v1"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, with as many requests as the client sends over it."""
        try:
            while (asked := await read_request(reader)) is not None:
                request = Seen(asked.path, asked.headers, json.loads(asked.body or b"{}"))
                if not await self._answer(request, writer):
                    break
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _answer(self, request: Seen, writer: asyncio.StreamWriter) -> bool:
        if request.path.endswith("/models"):
            listed = Reply(content_type="application/json", body={"object": "list", "data": self.models})
            return await _plain(listed, writer)
        if self.script:
            reply = self.script.pop(0)
        else:
            reply = self.answering(request) if self.answering else self.usual(len(self.seen))
        self.seen.append(request)
        self.active += 1
        self.idle.clear()
        self.most_active = max(self.most_active, self.active)
        try:
            if self.capacity is not None and self.active > self.capacity:
                reply = fault(429, "too many at once")
            await asyncio.sleep(reply.before_headers)
            if reply.status >= 400 or reply.content_type != "text/event-stream":
                return await _plain(reply, writer)
            return await _stream(reply, request, writer)
        finally:
            self.active -= 1
            if not self.active:
                self.idle.set()


@asynccontextmanager
async def loopback() -> AsyncIterator[Loopback]:
    """A server that lives as long as the block."""
    server = Loopback()
    async with listening(server.serve) as server.port:
        yield server


async def _plain(reply: Reply, writer: asyncio.StreamWriter) -> bool:
    content = reply.body if isinstance(reply.body, str) else json.dumps(reply.body)
    kind = reply.content_type if reply.status < 400 else "application/json"
    _head(writer, reply, kind, f"content-length: {len(content.encode())}")
    writer.write(content.encode())
    await writer.drain()
    return True


async def _stream(reply: Reply, request: Seen, writer: asyncio.StreamWriter) -> bool:
    _head(writer, reply, "text/event-stream", "transfer-encoding: chunked")
    await writer.drain()
    delay = reply.before_text
    for number, (written, is_text) in enumerate(_events(reply, request)):
        if number == reply.cut_after:
            writer.transport.abort()
            return False
        if number == reply.end_after:
            break
        broken = number == reply.malformed_after
        event = f"event: message_delta\ndata: {reply.malformed}\n\n{written}" if broken else written
        if is_text:
            await asyncio.sleep(delay)
            delay = reply.between
        data = event.encode()
        writer.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        if reply.between or reply.before_text or reply.cut_after is not None:
            await writer.drain()
    writer.write(b"0\r\n\r\n")
    await writer.drain()
    return True


def _head(writer: asyncio.StreamWriter, reply: Reply, kind: str, length: str) -> None:
    lines = [f"HTTP/1.1 {reply.status} Scripted", f"content-type: {kind}", length]
    lines += ["request-id: req_loopback", "x-request-id: req_loopback"]
    lines += [f"{name}: {value}" for name, value in reply.headers.items()]
    writer.write("\r\n".join([*lines, "", ""]).encode())


def _events(reply: Reply, request: Seen) -> Iterator[tuple[str, bool]]:
    """The reply's events in the format of the path that was asked, each with whether it carries text."""
    if request.path.endswith("/responses"):
        return _responses(reply, request)
    if request.path.endswith("/chat/completions"):
        return _chat(reply, request)
    return _messages(reply, request)


def _pieces(reply: Reply) -> Iterator[str]:
    for start in range(0, len(reply.text), reply.piece):
        yield reply.text[start : start + reply.piece]


def _data(value: Mapping[str, Any], name: str = "") -> str:
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(value)}\n\n"


def _responses(reply: Reply, request: Seen) -> Iterator[tuple[str, bool]]:
    base: dict[str, Any] = {
        "id": "resp_1", "object": "response", "created_at": 1, "model": f"{request.body['model']}-2026-01-01",
        "output": [], "status": "in_progress", "error": None, "incomplete_details": None, "usage": None,
        "parallel_tool_calls": True, "tool_choice": "auto", "tools": [], "instructions": None, "metadata": {},
    }  # fmt: skip
    number = iter(range(1_000_000))

    def event(kind: str, **values: Any) -> str:
        return _data({"type": kind, "sequence_number": next(number), **values}, kind)

    yield event("response.created", response=base), False
    if reply.thought:
        place = {"item_id": "rs_1", "output_index": 0, "summary_index": 0}
        yield event("response.reasoning_summary_text.delta", delta=reply.thought, **place), False
    if reply.error_event is not None:
        yield (
            event("response.failed", response=base | {"status": "failed", "error": reply.error_event}),
            False,
        )
        return
    kind = "response.refusal.delta" if reply.stop == "refusal" else "response.output_text.delta"
    for piece in _pieces(reply):
        yield event(kind, delta=piece, item_id="msg_1", output_index=0, content_index=0, logprobs=[]), True
    reason = {"length": "max_output_tokens", "filter": "content_filter"}.get(reply.stop)
    status = "incomplete" if reason else "completed"
    usage = {
        "input_tokens": 100, "output_tokens": 20, "total_tokens": 120,
        "input_tokens_details": {"cached_tokens": 40, "cache_write_tokens": 10},
        "output_tokens_details": {"reasoning_tokens": 5},
    }  # fmt: skip
    details = {"reason": reason} if reason else None
    last = base | {"status": status, "incomplete_details": details, "usage": usage if reply.usage else None}
    yield event(f"response.{status}", response=last), False


def _chat(reply: Reply, request: Seen) -> Iterator[tuple[str, bool]]:
    base = {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": request.body["model"],
    }

    def chunk(delta: Mapping[str, Any], finish: str | None = None) -> str:
        return _data({**base, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})

    yield chunk({"role": "assistant", "content": ""}), False
    if reply.thought:
        yield chunk({"reasoning_content": reply.thought}), False
    if reply.error_event is not None:
        yield _data({"error": reply.error_event}), False
        return
    for piece in _pieces(reply):
        yield chunk({"refusal": piece} if reply.stop == "refusal" else {"content": piece}), True
    finish = {"length": "length", "filter": "content_filter"}.get(reply.stop, "stop")
    yield chunk({}, finish), False
    if reply.usage:
        usage = {
            "prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120,
            "prompt_tokens_details": {"cached_tokens": 40},
            "completion_tokens_details": {"reasoning_tokens": 5},
        }  # fmt: skip
        yield _data({**base, "choices": [], "usage": usage}), False
    yield "data: [DONE]\n\n", False


def _messages(reply: Reply, request: Seen) -> Iterator[tuple[str, bool]]:
    usage = {"input_tokens": 50, "output_tokens": 1}
    usage |= {"cache_read_input_tokens": 40, "cache_creation_input_tokens": 10}
    message: dict[str, Any] = {
        "id": "msg_1", "type": "message", "role": "assistant", "content": [], "stop_reason": None,
        "model": f"{request.body['model']}-20260101", "stop_sequence": None, "usage": usage,
    }  # fmt: skip
    yield _data({"type": "message_start", "message": message}, "message_start"), False
    yield _data({"type": "ping"}, "ping"), False
    if reply.thought:
        yield from _block(0, {"type": "thinking", "thinking": "", "signature": ""},
                          [{"type": "thinking_delta", "thinking": reply.thought}])  # fmt: skip
    if reply.error_event is not None:
        yield _data({"type": "error", "error": reply.error_event}, "error"), False
        return
    deltas = [{"type": "text_delta", "text": piece} for piece in _pieces(reply)]
    yield from _block(1 if reply.thought else 0, {"type": "text", "text": ""}, deltas)
    stop = {"length": "max_tokens", "refusal": "refusal"}.get(reply.stop, "end_turn")
    last = {"output_tokens": 20, "output_tokens_details": {"thinking_tokens": 5}}
    delta = {"stop_reason": stop, "stop_sequence": None}
    yield _data({"type": "message_delta", "delta": delta, "usage": last}, "message_delta"), False
    yield _data({"type": "message_stop"}, "message_stop"), False


def _block(index: int, block: Mapping[str, Any], deltas: list[dict[str, str]]) -> Iterator[tuple[str, bool]]:
    start = {"type": "content_block_start", "index": index, "content_block": block}
    yield _data(start, "content_block_start"), False
    for delta in deltas:
        event = {"type": "content_block_delta", "index": index, "delta": delta}
        yield _data(event, "content_block_delta"), delta["type"] == "text_delta"
    yield _data({"type": "content_block_stop", "index": index}, "content_block_stop"), False
