"""Models over a cassette: one that replays what is recorded, one that records what another answers."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Literal

from agents.around import Around
from agents.cassette.cassette import Cassette, Slot
from agents.cassette.entry import RESPONSE, read_call, read_completion
from agents.cassette.key import key_of
from agents.cassette.miss import miss
from agents.completion import Completion, Model, Request
from prompts.errors import ConfigError, StoreError

OnText = Callable[[str], None]
Present = Literal["refuse", "reuse", "overwrite"]

_PIECE = 4096


class ReplayModel:
    """Answers from a cassette.

    Strict: only the very same request is answered (model, messages, settings and epoch); everything else
    raises CassetteMissError. ``by_task``: the answer to the same task, role, round, epoch and part is given
    whatever the prompt was then; unless the request is the same after all, its source is ``drifted``.
    An epoch never gets another epoch's answer: that would count one answer twice.

    ``model`` is the recorded model's name; empty where the cassette holds answers of one model only.
    """

    def __init__(self, cassette: Cassette, *, by_task: bool = False, model: str = "") -> None:
        self._cassette = cassette
        self._by_task = by_task
        self._model = model
        self._nameless = False

    @property
    def name(self) -> str:
        """``replay``, or ``replay/provider/name``."""
        return f"replay/{self._model}" if self._model else "replay"

    async def complete(self, request: Request, on_text: OnText | None = None) -> Completion:
        """The recorded completion."""
        # Others get their turn, and a cancellation its chance, as with a model that has to be waited for.
        await asyncio.sleep(0)
        model = self._recorded_model(request)
        found = self._cassette.exact(request, model)
        if found is not None:
            completion = read_completion(found[0].folder, found[1])
        elif self._by_task and (slot := self._drifted(request, model)) is not None:
            completion = replace(_read(slot), source="drifted")
        else:
            raise miss(self._cassette, request, model)
        if on_text is not None:
            for piece in _pieces(completion.text):
                on_text(piece)
        return completion

    def _recorded_model(self, request: Request) -> str:
        if self._model:
            return self._model
        if request.model != self.name:
            return request.model
        if self._nameless:
            return request.model
        models = self._models()
        if len(models) > 1:
            raise ConfigError(
                f"{self._cassette.folder}: holds answers of {', '.join(sorted(models))}",
                hint=f"Say which: --model replay/{min(models)}",
            )
        self._model = models.pop() if models else ""
        self._nameless = not self._model
        return self._model or request.model

    def _models(self) -> set[str]:
        return {read_call(slot.folder).model for slot in self._cassette.slots() if slot.key}

    def _drifted(self, request: Request, model: str) -> Slot | None:
        slots = self._cassette.at(request.tag)
        same_model = [slot for slot in slots if slot.key and read_call(slot.folder).model == model]
        plain = [slot for slot in slots if not slot.key]
        candidates = same_model or plain
        if not candidates and not self._model:
            candidates = slots
        if len(candidates) > 1:
            names = ", ".join(slot.folder.name for slot in candidates[:5])
            raise ConfigError(
                f"{self._cassette.folder}: several recordings match by task: {names}",
                hint="Delete all but one, or replay strictly.",
            )
        return candidates[0] if candidates else None


class Recorder(Around):
    """Passes calls on to another model and keeps what it answers on a cassette.

    ``present`` says what to do with a request that is on it already: ``refuse`` it before anything is paid
    for, ``reuse`` the recorded answer (a run that is resumed), or ``overwrite`` it.
    """

    def __init__(self, model: Model, cassette: Cassette, *, present: Present = "refuse") -> None:
        super().__init__(model)
        self._cassette = cassette
        self._present = present
        self._mine: set[str] = set()

    async def complete(self, request: Request, on_text: OnText | None = None) -> Completion:
        """The other model's completion, recorded before it is given.

        Raises ConfigError for a request that is refused, StoreError where the cassette cannot be read or written.
        """
        key = key_of(request, self._cassette.redactor)
        found = (
            None if self._present == "overwrite" and key not in self._mine else self._cassette.exact(request)
        )
        if found is not None:
            if self._present == "refuse" and key not in self._mine:
                raise ConfigError(
                    f"{found[0].folder}: this request is recorded already",
                    hint="Say that it shall be overwritten, or record into another folder.",
                )
            completion = read_completion(found[0].folder, found[1])
            if on_text is not None:
                on_text(completion.text)
            return completion
        completion = await self._model.complete(request, on_text)
        if key not in self._mine:
            self._mine.add(key)
            self._cassette.write(request, completion, overwrite=self._present == "overwrite")
        return completion


def _read(slot: Slot) -> Completion:
    if slot.key:
        return read_completion(slot.folder, read_call(slot.folder))
    path = slot.folder / RESPONSE
    try:
        text = path.read_bytes().decode("utf-8")
    except OSError as error:
        raise StoreError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise StoreError(f"{path}: is not UTF-8: {error.reason} at byte {error.start}") from error
    return Completion(text=text, stop_reason="end", model="unknown", source="replayed")


def _pieces(text: str) -> Iterator[str]:
    for start in range(0, len(text), _PIECE):
        yield text[start : start + _PIECE]
