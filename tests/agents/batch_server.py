"""A loopback server with the batch APIs of OpenAI and Anthropic. Requests are answered by their last message."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.agents.listening import listening, read_request

Row = dict[str, Any]


@dataclass
class Held:
    """A batch that was submitted."""

    id: str
    rows: list[Row]
    endpoint: str = ""
    metadata: dict[str, str] = field(default_factory=dict)
    looks: int = 0


class BatchServer:
    """Batches end after ``looks`` looks. ``verdict`` says by prompt and batch number what becomes of a request.

    It gives "ok", "error" (a passing one), "invalid" (a lasting one), "expired" or "lost" (no result at all).
    """

    def __init__(self) -> None:
        self.looks = 2
        self.verdict: Callable[[str, int], str] = lambda _prompt, _batch: "ok"
        self.batches: dict[str, Held] = {}
        self.files: dict[str, str] = {}
        self.drop_next_submission = False
        self.refuse_next_submission = False
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def prompts(self) -> list[str]:
        """The prompts of all requests that were submitted, in order."""
        return [_prompt(row) for held in self.batches.values() for row in held.rows]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while (asked := await read_request(reader)) is not None:
                answer = self._answer(asked.method, asked.path.split("?")[0], asked.body)
                if answer is None:
                    return
                status, content = answer
                text = content if isinstance(content, str) else json.dumps(content)
                writer.write(
                    f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\n"
                    f"content-length: {len(text.encode())}\r\n\r\n{text}".encode()
                )
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()

    def _answer(self, method: str, path: str, body: bytes) -> tuple[int, Any] | None:
        if method == "POST" and path == "/v1/files":
            name = f"file-{len(self.files)}"
            self.files[name] = body.decode()[body.decode().index('{"custom_id"') :].split("\r\n")[0]
            return 200, {
                "id": name,
                "object": "file",
                "bytes": 1,
                "created_at": 1,
                "filename": "x",
                "purpose": "batch",
            }
        if method == "POST":
            if self.refuse_next_submission:
                self.refuse_next_submission = False
                return 429, {"error": {"type": "rate_limit_error", "message": "slow down"}}
            return self._submit(path, json.loads(body))
        if path.startswith("/v1/files/"):
            return 200, self._openai_results(self.batches[path.split("/")[3]])
        if path.endswith("/results"):
            return 200, self._anthropic_results(self.batches[path.split("/")[4]])
        if path in {"/v1/batches", "/v1/messages/batches"}:
            listed = [self._seen(held, path) for held in reversed(self.batches.values())]
            return 200, {
                "data": listed,
                "has_more": False,
                "first_id": None,
                "last_id": None,
                "object": "list",
            }
        held = self.batches[path.rsplit("/", maxsplit=1)[-1]]
        held.looks += 1
        return 200, self._seen(held, path)

    def _submit(self, path: str, body: dict[str, Any]) -> tuple[int, Any] | None:
        name = f"batch-{len(self.batches)}"
        if "messages" in path:
            held = Held(name, body["requests"])
        else:
            rows = [json.loads(line) for line in self.files[body["input_file_id"]].split("\n") if line]
            held = Held(name, rows, body["endpoint"], body["metadata"])
        self.batches[name] = held
        if self.drop_next_submission:
            self.drop_next_submission = False
            return None
        return 200, self._seen(held, path)

    def _seen(self, held: Held, path: str) -> Any:
        ended = held.looks >= self.looks
        total = len(held.rows)
        if "messages" in path:
            counts = {"processing": 0 if ended else total, "succeeded": total if ended else 0}
            now = datetime.now(UTC).isoformat()
            return {
                "id": held.id, "type": "message_batch", "created_at": now, "expires_at": now,
                "processing_status": "ended" if ended else "in_progress",
                "request_counts": counts | {"errored": 0, "canceled": 0, "expired": 0},
                "results_url": f"{self.url}/v1/messages/batches/{held.id}/results" if ended else None,
            }  # fmt: skip
        return {
            "id": held.id, "object": "batch", "created_at": int(time.time()), "completion_window": "24h",
            "endpoint": held.endpoint, "input_file_id": "x", "metadata": held.metadata,
            "status": "completed" if ended else "in_progress", "output_file_id": held.id if ended else None,
            "request_counts": {"total": total, "completed": total if ended else 0, "failed": 0},
        }  # fmt: skip

    def _verdicts(self, held: Held) -> list[tuple[Row, str]]:
        number = int(held.id.split("-")[1])
        verdicts = [(row, self.verdict(_prompt(row), number)) for row in held.rows]
        return [(row, verdict) for row, verdict in reversed(verdicts) if verdict != "lost"]

    def _openai_results(self, held: Held) -> str:
        lines = ["{damaged"]
        for row, verdict in self._verdicts(held):
            line: Row = {"id": "r", "custom_id": row["custom_id"], "response": None, "error": None}
            if verdict == "expired":
                line["error"] = {"code": "batch_expired", "message": "too late"}
            elif verdict == "ok":
                body = _responses_body(row) if held.endpoint == "/v1/responses" else _chat_body(row)
                line["response"] = {"status_code": 200, "request_id": "req_b", "body": body}
            else:
                error = {"error": {"message": "scripted", "type": "x"}}
                line["response"] = {"status_code": 500 if verdict == "error" else 400, "body": error}
            lines.append(json.dumps(line))
        return "\n".join([*lines, ""])

    def _anthropic_results(self, held: Held) -> str:
        lines = []
        for row, verdict in self._verdicts(held):
            result: Row = {"type": "expired"}
            if verdict == "ok":
                usage = {"input_tokens": 100, "output_tokens": 20}
                message = {
                    "id": "msg_b", "type": "message", "role": "assistant", "model": "m", "stop_reason": "end_turn",
                    "content": [{"type": "thinking", "thinking": "Hm.", "signature": ""},
                                {"type": "text", "text": f"Done: {_prompt(row)}"}],
                    "stop_sequence": None, "usage": usage,
                }  # fmt: skip
                result = {"type": "succeeded", "message": message}
            elif verdict in {"error", "invalid"}:
                kind = "api_error" if verdict == "error" else "invalid_request_error"
                error = {"type": kind, "message": "scripted"}
                result = {"type": "errored", "error": {"type": "error", "error": error}}
            lines.append(json.dumps({"custom_id": row["custom_id"], "result": result}))
        return "\n".join([*lines, ""])


@asynccontextmanager
async def batch_server() -> AsyncIterator[BatchServer]:
    """A server that lives as long as the block."""
    server = BatchServer()
    async with listening(server.serve) as server.port:
        yield server


def _prompt(row: Row) -> str:
    body = row.get("params") or row["body"]
    return str((body.get("input") or body["messages"])[-1]["content"])


def _responses_body(row: Row) -> Row:
    text = {"type": "output_text", "text": f"Done: {_prompt(row)}", "annotations": []}
    return {
        "id": "resp", "object": "response", "created_at": 1, "model": "m", "status": "completed", "error": None,
        "incomplete_details": None,
        "output": [
            {"type": "reasoning", "id": "rs", "summary": [{"type": "summary_text", "text": "Hm."}]},
            {"type": "message", "id": "msg", "role": "assistant", "status": "completed", "content": [text]},
        ],
        "usage": {"input_tokens": 100, "output_tokens": 20, "total_tokens": 120,
                  "input_tokens_details": {"cached_tokens": 0}, "output_tokens_details": {"reasoning_tokens": 0}},
    }  # fmt: skip


def _chat_body(row: Row) -> Row:
    message = {
        "role": "assistant",
        "content": f"Done: {_prompt(row)}",
        "refusal": None,
        "reasoning_content": "Hm.",
    }
    return {
        "id": "c", "object": "chat.completion", "created": 1, "model": "m",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120},
    }  # fmt: skip
