"""A person as the model: the prompt goes to a file, the answer is picked up from another."""

import asyncio
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from agents.cassette.key import key_of
from agents.completion import Completion, Request
from agents.redaction import Redactor
from prompts.errors import InfrastructureError, StoreError

OnText = Callable[[str], None]
# Told once where the prompt is and where the answer is waited for.
OnWait = Callable[[Path, Path], None]

_LOOK_EVERY = 0.5


class ManualModel:
    """Writes ``NAME.prompt.md`` into a folder and takes the answer from ``NAME.answer.md`` beside it.

    The name holds the request's key: a prompt that has changed asks for a new answer. When ``wait`` is set,
    waits for the answer to appear and to stop growing; else a missing answer is an InfrastructureError, and
    the same command goes on once the answer is there.
    """

    def __init__(
        self,
        folder: Path,
        *,
        wait: bool = False,
        on_wait: OnWait | None = None,
        redactor: Redactor | None = None,
    ) -> None:
        self._folder = folder
        self._wait = wait
        self._on_wait = on_wait
        self._redactor = redactor or Redactor({})

    @property
    def name(self) -> str:
        """``manual``."""
        return "manual"

    async def complete(self, request: Request, on_text: OnText | None = None) -> Completion:
        """The person's answer."""
        began = time.perf_counter()
        prompt, answer = self._paths(request)
        text = _read(answer)
        if not text:
            self._write_prompt(prompt, request)
            if not self._wait:
                raise InfrastructureError(
                    f"manual: there is no answer yet to {prompt}",
                    hint=f"Put the model's whole answer into {answer} and give the same command again.",
                )
            if self._on_wait is not None:
                self._on_wait(prompt, answer)
            text = await self._waited(answer)
        if on_text is not None:
            on_text(text)
        seconds = time.perf_counter() - began
        text = self._redactor.redact(text)
        return Completion(text=text, stop_reason="end", model="manual", seconds=seconds, source="manual")

    def _paths(self, request: Request) -> tuple[Path, Path]:
        tag = request.tag
        role = "".join(c if c.isalnum() or c == "-" else "-" for c in tag.role)[:80] or "role"
        part = f"-p{tag.part}" if tag.part > 1 else ""
        key = key_of(request, self._redactor)
        name = f"{role}-r{tag.round}-e{tag.epoch}{part}-{key[:12]}"
        return self._folder / f"{name}.prompt.md", self._folder / f"{name}.answer.md"

    def _write_prompt(self, path: Path, request: Request) -> None:
        text = "\n\n".join(
            # One message alone is what a chat window wants pasted; several need to be told apart.
            message.text if len(request.messages) == 1 else f"<!-- {message.speaker} -->\n\n{message.text}"
            for message in request.messages
        )
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=self._folder, prefix=".writing-")
            with os.fdopen(handle, "wb") as file:
                file.write(self._redactor.redact(text).encode("utf-8", "surrogatepass"))
            Path(temporary).replace(path)
        except OSError as error:
            raise StoreError(f"{path}: cannot be written: {error.strerror}") from error

    async def _waited(self, path: Path) -> str:
        before = ""
        while True:
            await asyncio.sleep(_LOOK_EVERY)
            # An editor may still be writing: an answer counts once it stayed the same for one look.
            now = _read(path)
            if now and now == before:
                return now
            before = now


def _read(path: Path) -> str:
    """The answer so far; empty where there is none."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise StoreError(f"{path}: cannot be read: {error.strerror}") from error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise StoreError(f"{path}: is not UTF-8: {error.reason} at byte {error.start}") from error
    return text if text.strip() else ""
