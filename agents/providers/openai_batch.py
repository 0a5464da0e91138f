"""OpenAI's Batch API, for the Responses API and for Chat Completions."""

import io
import json
from collections.abc import AsyncGenerator, Mapping
from typing import TYPE_CHECKING, Any, Literal

from agents.batch.service import Outcome, Progress
from agents.completion import Request
from agents.providers.faults import Fault, kind_of, message_of
from agents.providers.openai_chat import chat_answer, chat_body
from agents.providers.openai_client import open_client
from agents.providers.openai_responses import responses_answer, responses_body
from agents.providers.registry import Endpoint
from agents.providers.sdk_errors import StreamState, translating

if TYPE_CHECKING:
    from openai import AsyncOpenAI
    from openai.types import Batch

Path = Literal["/v1/responses", "/v1/chat/completions"]

_MARK = "backsmith_token"
_ENDED = ("completed", "failed", "expired", "cancelled")


def open_responses(endpoint: Endpoint) -> "OpenAIBatches":
    """Batches of the Responses API."""
    return OpenAIBatches(open_client(endpoint, own_service=True), endpoint.name, "/v1/responses")


def open_chat(endpoint: Endpoint) -> "OpenAIBatches":
    """Batches of Chat Completions."""
    return OpenAIBatches(open_client(endpoint, own_service=True), endpoint.name, "/v1/chat/completions")


class OpenAIBatches:
    """One model behind OpenAI's Batch API."""

    def __init__(self, client: "AsyncOpenAI", model: str, path: Path) -> None:
        self._client = client
        self._model = model
        self._path: Path = path

    async def aclose(self) -> None:
        """Let go of all connections."""
        await self._client.close()

    async def submit(self, requests: Mapping[str, Request], token: str) -> str:
        """Upload the requests as a file and make a batch of it, marked by ``token`` in its metadata."""
        import openai

        lines = [
            json.dumps({"custom_id": key, "method": "POST", "url": self._path, "body": self._body(request)})
            for key, request in requests.items()
        ]
        content = io.BytesIO("\n".join([*lines, ""]).encode("ascii"))
        with translating(openai, StreamState()):
            uploaded = await self._client.files.create(file=("requests.jsonl", content), purpose="batch")
            batch = await self._client.batches.create(
                input_file_id=uploaded.id,
                endpoint=self._path,
                completion_window="24h",
                metadata={_MARK: token},
            )
        return batch.id

    async def find(self, token: str, total: int, since: float) -> tuple[str, ...]:
        """The batch that carries the mark."""
        import openai

        with translating(openai, StreamState()):
            async for batch in self._client.batches.list(limit=100):
                if (batch.metadata or {}).get(_MARK) == token:
                    return (batch.id,)
                if batch.created_at < since - 3600:
                    break
        return ()

    async def progress(self, batch: str) -> Progress:
        """How far the batch is; a batch that failed as a whole is a Fault that says why."""
        import openai

        with translating(openai, StreamState()):
            seen = await self._client.batches.retrieve(batch)
        if seen.status == "failed":
            raise Fault("bad-request", f"batch {batch} was refused: {_refusal(seen)}")
        counts = seen.request_counts
        return Progress(
            batch=batch,
            total=counts.total if counts else 0,
            succeeded=counts.completed if counts else 0,
            failed=counts.failed if counts else 0,
            ended=seen.status in _ENDED,
        )

    async def results(self, batch: str) -> AsyncGenerator[tuple[str, Outcome], None]:
        """The lines of the output file and of the error file."""
        import openai

        with translating(openai, StreamState()):
            seen = await self._client.batches.retrieve(batch)
            for file in (seen.output_file_id, seen.error_file_id):
                if file is None:
                    continue
                content = await self._client.files.content(file)
                for line in content.text.split("\n"):
                    if (row := _row(line)) is not None:
                        yield self._outcome(row)

    def _body(self, request: Request) -> dict[str, Any]:
        if self._path == "/v1/responses":
            body = responses_body(request, self._model)
        else:
            body = chat_body(request, self._model, own_service=True)
            body.pop("stream_options")
            body |= body.pop("extra_body", {})
        body.pop("stream")
        return body

    def _outcome(self, line: dict[str, Any]) -> tuple[str, Outcome]:
        from openai.types.chat import ChatCompletion
        from openai.types.responses import Response

        key = str(line.get("custom_id"))
        response = line.get("response") or {}
        status, body = response.get("status_code"), response.get("body")
        if line.get("error") or status != 200 or not isinstance(body, dict):
            error = line.get("error") or body
            message = message_of(error, "the request failed without saying why")
            return key, Fault(kind_of(status, error, message), message, status=status)
        if self._path == "/v1/responses":
            return key, responses_answer(Response.construct(**body), response.get("request_id"))
        return key, chat_answer(ChatCompletion.construct(**body), response.get("request_id"))


def _row(line: str) -> dict[str, Any] | None:
    """A line of results; a damaged one is none, and its request has no result."""
    try:
        row = json.loads(line)
    except ValueError:
        return None
    return row if isinstance(row, dict) else None


def _refusal(batch: "Batch") -> str:
    errors = (batch.errors.data if batch.errors else None) or []
    return "; ".join(f"line {e.line}: {e.message}" for e in errors[:5]) or "no reason was given"
