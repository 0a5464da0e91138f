"""Says why a request is not on a cassette: the nearest recorded one, and how the prompt differs."""

import difflib
from collections.abc import Iterator, Sequence

from agents.cassette.cassette import Cassette, Place, Slot
from agents.cassette.entry import Call, read_call, read_messages, same_settings
from agents.cassette.key import key_of, parameters_json
from agents.completion import Message, Request
from prompts.errors import CassetteMissError

_CANDIDATES = 12
_LINES_COMPARED = 3000
_LINES_SHOWN = 40
_WIDTH = 160


def miss(cassette: Cassette, request: Request, model: str | None = None) -> CassetteMissError:
    """The error for a request that is not on the cassette."""
    tag = request.tag
    asked = (
        f"{cassette.folder}: no recorded answer for {model or request.model}, role {tag.role}, "
        f"round {tag.round}, epoch {tag.epoch}"
    )
    key = key_of(request, cassette.redactor, model)
    nearest = _nearest(cassette, request)
    if nearest is None:
        plain = len(cassette)
        return CassetteMissError(
            f"{asked} (key {key[:16]}); it holds {plain} recordings without their requests",
            hint="Recordings without requests can only be matched with --replay by-task.",
        )
    slot, call = nearest
    differences = list(_differences(slot, call, request, cassette, model))
    shown = "\n".join(differences)
    return CassetteMissError(
        f"{asked} (key {key[:16]}). The nearest is {slot.folder.name}:\n{shown}",
        hint="Record it anew with --record, or accept the drift with --replay by-task.",
    )


def _nearest(cassette: Cassette, request: Request) -> tuple[Slot, Call] | None:
    place = Place.of(request.tag)
    recorded = [slot for slot in cassette.slots() if slot.key]
    recorded.sort(key=lambda slot: _closeness(slot.place, place), reverse=True)
    lines = _lines(request.messages)
    best: tuple[float, Slot, Call] | None = None
    for slot in recorded[:_CANDIDATES]:
        call = read_call(slot.folder)
        score = 10 * sum(_closeness(slot.place, place)) + _overlap(
            lines, _lines(read_messages(slot.folder, call))
        )
        score += call.model == request.model
        if best is None or score > best[0]:
            best = (score, slot, call)
    return best[1:] if best else None


def _closeness(one: Place, other: Place) -> tuple[int, int, int, int]:
    return (
        8 * (one.task == other.task),
        4 * (one.role == other.role),
        2 * (one.round == other.round and one.part == other.part),
        1 * (one.epoch == other.epoch),
    )


def _overlap(one: Sequence[str], other: Sequence[str]) -> float:
    ours, theirs = set(one), set(other)
    return len(ours & theirs) / max(1, len(ours | theirs))


def _differences(
    slot: Slot, call: Call, request: Request, cassette: Cassette, model: str | None
) -> Iterator[str]:
    tag = request.tag
    pairs = (
        ("model", call.model, model or request.model),
        ("task", slot.place.task, Place.of(tag).task),
        ("role", call.role, tag.role),
        ("round", call.round, tag.round),
        ("epoch", call.epoch, tag.epoch),
        ("part", call.part, tag.part),
    )
    for name, then, now in pairs:
        if then != now:
            yield f"  {name}: recorded {then}, asked {now}"
    if not same_settings(call, request.parameters):
        yield f"  settings: recorded {call.parameters}, asked {parameters_json(request.parameters)}"
    asked = tuple(Message(m.speaker, cassette.redactor.redact(m.text)) for m in request.messages)
    before, after = _lines(read_messages(slot.folder, call)), _lines(asked)
    if before != after:
        yield "  prompt:"
        yield from _diff(before, after)


def _diff(before: Sequence[str], after: Sequence[str]) -> Iterator[str]:
    lines = difflib.unified_diff(
        before[:_LINES_COMPARED], after[:_LINES_COMPARED], "recorded", "asked", lineterm="", n=1
    )
    for number, line in enumerate(lines):
        if number == _LINES_SHOWN:
            yield "    ... (more differences are not shown)"
            return
        yield "    " + (line if len(line) <= _WIDTH else line[:_WIDTH] + "...")
    if max(len(before), len(after)) > _LINES_COMPARED:
        yield f"    ... (only the first {_LINES_COMPARED} lines were compared)"


def _lines(messages: Sequence[Message]) -> list[str]:
    lines: list[str] = []
    for message in messages:
        lines.append(f"[{message.speaker}]")
        lines.extend(message.text.split("\n"))
    return lines
