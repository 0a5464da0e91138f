"""Completions of live calls, kept on this machine so that the same call is not paid for twice."""

import contextlib
import json
import os
import tempfile
from collections.abc import Callable
from dataclasses import asdict, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from agents.around import Around
from agents.cassette.key import key_of
from agents.completion import Completion, Model, Request
from agents.redaction import Redactor
from prompts.cache_folder import cache_folder

if TYPE_CHECKING:
    from pydantic import TypeAdapter

OnText = Callable[[str], None]


def default_folder() -> Path:
    """Where completions are kept when nothing else is said; may be deleted at any time."""
    return cache_folder() / "completions"


class Cached(Around):
    """Passes calls on to another model unless the very same call was made before.

    The same call means the same model, messages, settings and epoch: the epochs of one task stay independent
    of each other. A damaged entry is no entry. Answers stopped by a filter, or empty, are not kept.
    """

    def __init__(self, model: Model, folder: Path, redactor: Redactor | None = None) -> None:
        super().__init__(model)
        self._folder = folder
        self._redactor = redactor or Redactor({})

    async def complete(self, request: Request, on_text: OnText | None = None) -> Completion:
        """The completion kept from before, marked ``cached``, or a new one."""
        key = key_of(request, self._redactor)
        path = self._folder / key[:2] / f"{key}.json"
        kept = _read(path)
        if kept is not None:
            if on_text is not None and kept.text:
                on_text(kept.text)
            return replace(kept, source="cached")
        completion = await self._model.complete(request, on_text)
        if completion.source == "live" and completion.stop_reason != "filter" and completion.text.strip():
            self._write(path, completion)
        return completion

    def _write(self, path: Path, completion: Completion) -> None:
        kept = replace(
            completion,
            text=self._redactor.redact(completion.text),
            reasoning=self._redactor.redact(completion.reasoning),
        )
        # The cache is a help and no duty: a full disk or a read-only home folder costs no answer that was paid for.
        with contextlib.suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, draft = tempfile.mkstemp(dir=path.parent, prefix=".writing-")
            try:
                with os.fdopen(handle, "w", encoding="utf-8") as file:
                    json.dump(asdict(kept), file, default=str)
                Path(draft).replace(path)
            except BaseException:
                Path(draft).unlink(missing_ok=True)
                raise


@lru_cache(maxsize=1)
def _adapter() -> "TypeAdapter[Completion]":
    from pydantic import TypeAdapter

    return TypeAdapter(Completion)


def _read(path: Path) -> Completion | None:
    from pydantic import ValidationError

    try:
        # By way of json.loads, which takes the lone surrogates that pydantic's own reader refuses.
        return _adapter().validate_python(json.loads(path.read_bytes()))
    except (OSError, ValidationError, ValueError):
        return None
