"""Answers that must follow a schema: asked for, checked, and asked for once more where they do not."""

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Generic, TypeVar

from agents.completion import Completion, Message, Model, Request
from prompts.problems import problems_found

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError

T = TypeVar("T", bound="BaseModel")

_PROBLEMS_TOLD = 12
_LONGEST_ECHO = 20_000
# Brackets at which an object may begin that are tried; more are not worth the time on a hostile answer.
_STARTS_TRIED = 20

_ASK = "\n\nAnswer with one JSON object that follows this JSON Schema, and with nothing else:\n\n{schema}\n"
_REPAIR = (
    "Your answer does not follow the schema:\n\n{problems}\n\n"
    "Answer again with the whole corrected JSON object and nothing else."
)


@dataclass(frozen=True, slots=True)
class Structured(Generic[T]):
    """A checked answer. ``value`` is None where even the repaired answer did not follow the schema.

    ``problems`` says what was wrong with the last answer; ``completions`` holds every call that was made.
    """

    value: T | None
    problems: tuple[str, ...]
    completions: tuple[Completion, ...]


async def ask(model: Model, request: Request, schema: type[T]) -> Structured[T]:
    """Ask for an object of ``schema``; on an answer that does not follow it, ask once more with its errors.

    The schema goes to the provider's own structured output where it has one, and into the prompt for those
    servers that would ignore it.
    """
    text = json.dumps(closed(schema.model_json_schema()), sort_keys=True)
    *before, last = request.messages
    request = replace(
        request,
        messages=(*before, replace(last, text=last.text + _ASK.format(schema=text))),
        parameters=replace(request.parameters, json_schema=text),
    )
    first = await model.complete(request)
    value, problems = read(first.text, schema)
    if value is not None or first.stop_reason in {"refusal", "filter"}:
        return Structured(value, problems, (first,))
    listed = "\n".join(f"- {problem}" for problem in problems)
    again = replace(
        request,
        messages=(
            *request.messages,
            Message("assistant", first.text[:_LONGEST_ECHO].rstrip() or "(nothing)"),
            Message("user", _REPAIR.format(problems=listed)),
        ),
        tag=replace(request.tag, part=request.tag.part + 1),
    )
    second = await model.complete(again)
    value, problems = read(second.text, schema)
    return Structured(value, problems, (first, second))


def read(answer: str, schema: type[T]) -> tuple[T | None, tuple[str, ...]]:
    """The object in an answer, or what keeps it from being one. Prose and a fence around it are let pass."""
    from pydantic import ValidationError

    problems: tuple[str, ...] = ()
    for candidate in _objects(answer):
        try:
            return schema.model_validate(candidate), ()
        except ValidationError as error:
            problems = problems or _told(error)
    return None, problems or ("there is no JSON object in the answer",)


def closed(schema: dict[str, object]) -> dict[str, object]:
    """A JSON Schema in which no object takes properties it does not name, as the providers want it."""
    done = {key: _closed_value(value) for key, value in schema.items()}
    if done.get("type") == "object" and "properties" in done:
        done.setdefault("additionalProperties", False)
    return done


def _closed_value(value: object) -> object:
    if isinstance(value, dict):
        return closed(value)
    if isinstance(value, list):
        return [_closed_value(item) for item in value]
    return value


def _objects(answer: str) -> list[object]:
    """JSON objects that begin at one of the answer's first brackets, the longest first.

    The longest is meant; shorter ones are examples in the prose around it.
    """
    found: list[tuple[int, object]] = []
    decoder = json.JSONDecoder()
    at = -1
    for _ in range(_STARTS_TRIED):
        at = answer.find("{", at + 1)
        if at < 0:
            break
        try:
            value, end = decoder.raw_decode(answer, at)
        except (ValueError, RecursionError):
            continue
        found.append((end - at, value))
        at = end - 1
    return [value for _, value in sorted(found, key=lambda pair: pair[0], reverse=True)]


def _told(error: "ValidationError") -> tuple[str, ...]:
    found = problems_found(error, "the object")
    more = [f"and {len(found) - _PROBLEMS_TOLD} more"] if len(found) > _PROBLEMS_TOLD else []
    return (*found[:_PROBLEMS_TOLD], *more)
