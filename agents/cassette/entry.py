"""One recorded completion as a folder of readable files.

::

    call.json       the key, model, settings, and everything about the completion but its text
    1-system.md     the messages that were sent, in order, each as it was sent
    2-user.md
    reasoning.md    what the model said it thought, if anything
    response.md     the answer, byte for byte
"""

import dataclasses
import hashlib
import json
import os
import shutil
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from agents.cassette.key import key_of, parameters_json
from agents.completion import Completion, Message, Parameters, Request, Speaker, StopReason, Usage
from agents.redaction import Redactor
from prompts.errors import StoreError
from prompts.problems import first_problem

if TYPE_CHECKING:
    from pydantic import TypeAdapter

CALL = "call.json"
RESPONSE = "response.md"
REASONING = "reasoning.md"
_TEMPORARY = ".writing-"


@dataclass(frozen=True, slots=True)
class RecordedMessage:
    """Where a message's text is, within the entry's folder."""

    speaker: Speaker
    file: str


@dataclass(frozen=True, slots=True)
class Call:
    """What ``call.json`` holds. ``response_sha256`` guards the answer; who edits the answer empties it."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    cassette: Literal[1]
    key: str
    model: str
    task: str
    role: str
    round: int
    epoch: int
    part: int
    messages: tuple[RecordedMessage, ...]
    answered_by: str
    stop_reason: StopReason
    parameters: dict[str, object] = field(default_factory=dict)
    usage: Usage = field(default_factory=Usage)
    cost: Decimal | None = None
    request_id: str | None = None
    first_token_seconds: float | None = None
    seconds: float | None = None
    recorded: str = ""
    response_sha256: str = ""


@lru_cache(maxsize=1)
def _reader() -> "TypeAdapter[Call]":
    from pydantic import TypeAdapter

    return TypeAdapter(Call)


def write_entry(
    folder: Path, request: Request, completion: Completion, redactor: Redactor, *, overwrite: bool
) -> None:
    """Write one entry atomically: it is there as a whole, or not at all.

    Raises StoreError where the folder exists already and ``overwrite`` is not set.
    """
    answer = redactor.redact(completion.text).encode("utf-8", "surrogatepass")
    call = Call(
        cassette=1,
        key=key_of(request, redactor),
        model=request.model,
        task=request.tag.task,
        role=request.tag.role,
        round=request.tag.round,
        epoch=request.tag.epoch,
        part=request.tag.part,
        messages=tuple(
            RecordedMessage(m.speaker, f"{number}-{m.speaker}.md")
            for number, m in enumerate(request.messages, start=1)
        ),
        answered_by=completion.model,
        stop_reason=completion.stop_reason,
        parameters=parameters_json(request.parameters),
        usage=completion.usage,
        cost=completion.cost,
        request_id=completion.request_id,
        first_token_seconds=_rounded(completion.first_token_seconds),
        seconds=_rounded(completion.seconds),
        recorded=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        response_sha256=hashlib.sha256(answer).hexdigest(),
    )
    temporary = Path(tempfile.mkdtemp(prefix=_TEMPORARY, dir=folder.parent))
    try:
        temporary.chmod(0o755)
        for recorded, message in zip(call.messages, request.messages, strict=True):
            (temporary / recorded.file).write_bytes(
                redactor.redact(message.text).encode("utf-8", "surrogatepass")
            )
        if completion.reasoning:
            thoughts = redactor.redact(completion.reasoning).encode("utf-8", "surrogatepass")
            (temporary / REASONING).write_bytes(thoughts)
        # Synced is what was paid for and what tells whether it is whole.
        _write(temporary / RESPONSE, answer)
        text = json.dumps(dataclasses.asdict(call), indent=2, default=str, ensure_ascii=False)
        _write(temporary / CALL, redactor.redact(text + "\n").encode("utf-8", "surrogatepass"))
        _put_in_place(temporary, folder, overwrite=overwrite)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def read_call(folder: Path) -> Call:
    """What is known of an entry without its answer. Raises StoreError for a damaged one."""
    from pydantic import ValidationError

    path = folder / CALL
    try:
        return _reader().validate_json(path.read_bytes())
    except OSError as error:
        raise StoreError(f"{path}: cannot be read: {error.strerror}") from error
    except ValidationError as error:
        raise StoreError(
            f"{path}: {first_problem(error, 'the file')}",
            hint="Restore the entry, or delete it and record it anew.",
        ) from None


def read_completion(folder: Path, call: Call) -> Completion:
    """The recorded completion, its text byte for byte what was recorded. Raises StoreError where it is not."""
    answer = _bytes(folder / RESPONSE)
    if call.response_sha256 and hashlib.sha256(answer).hexdigest() != call.response_sha256:
        raise StoreError(
            f"{folder / RESPONSE}: is not what was recorded (its SHA-256 differs from {CALL})",
            hint=f"Restore the file; or, if it was changed on purpose, empty response_sha256 in {CALL}.",
        )
    reasoning = folder / REASONING
    return Completion(
        text=answer.decode("utf-8", "surrogatepass"),
        stop_reason=call.stop_reason,
        model=call.answered_by,
        reasoning=_bytes(reasoning).decode("utf-8", "surrogatepass") if reasoning.exists() else "",
        usage=call.usage,
        cost=call.cost,
        request_id=call.request_id,
        first_token_seconds=call.first_token_seconds,
        seconds=call.seconds,
        source="replayed",
    )


def read_messages(folder: Path, call: Call) -> tuple[Message, ...]:
    """The messages that were sent."""
    return tuple(
        # The name only: a cassette from elsewhere must not make us read other files.
        Message(m.speaker, _bytes(folder / Path(m.file).name).decode("utf-8", "replace"))
        for m in call.messages
    )


def same_settings(call: Call, parameters: Parameters) -> bool:
    """Whether a recorded call had these settings."""
    return json.dumps(call.parameters, sort_keys=True) == json.dumps(
        parameters_json(parameters), sort_keys=True
    )


def is_unfinished(name: str) -> bool:
    """Whether a folder's name is one of an entry whose writer died."""
    return name.startswith(_TEMPORARY)


def _put_in_place(temporary: Path, folder: Path, *, overwrite: bool) -> None:
    if overwrite and folder.exists():
        old = Path(tempfile.mkdtemp(prefix=_TEMPORARY, dir=folder.parent))
        folder.rename(old / "old")
        temporary.rename(folder)
        shutil.rmtree(old)
    else:
        try:
            # Fails where a folder with anything in it is there already.
            temporary.rename(folder)
        except OSError as error:
            raise StoreError(
                f"{folder}: is recorded already", hint="Say that it shall be overwritten."
            ) from error
    _sync(folder.parent)


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise StoreError(f"{path}: cannot be read: {error.strerror}") from error


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)
