"""The identity of a request: what must be equal for a recorded answer to be the answer."""

import dataclasses
import hashlib
import json
from functools import lru_cache

from agents.completion import Parameters, Request
from agents.redaction import Redactor

_DEFAULTS = Parameters()


def parameters_json(parameters: Parameters) -> dict[str, object]:
    """The settings that were given; those left to the provider are left out."""
    given: dict[str, object] = {}
    for field in dataclasses.fields(parameters):
        value = getattr(parameters, field.name)
        if value != getattr(_DEFAULTS, field.name):
            given[field.name] = dict(value) if field.name == "extra" else value
    return given


def _canonical(request: Request, redactor: Redactor, model: str | None) -> tuple[str, str]:
    """The whole request and the sample's number as one canonical line of JSON.

    It comes in two: as far as many requests share it (their first message), and the rest. Secrets are taken out
    first, so that a key neither holds one nor depends on whose it was.
    """
    parameters = json.dumps(parameters_json(request.parameters), sort_keys=True, separators=(",", ":"))
    messages = [f'["{m.speaker}",{_quoted(redactor.redact(m.text))}]' for m in request.messages]
    return (
        f'{{"epoch":{request.tag.epoch},"messages":[{"".join(messages[:1])}',
        f"{''.join(f',{message}' for message in messages[1:])}],"
        f'"model":{_quoted(model or request.model)},"parameters":{parameters}}}',
    )


@lru_cache(maxsize=128)
def _quoted(text: str) -> str:
    """A text as JSON in ASCII; a run's system messages come again and again."""
    return json.dumps(text)


def key_of(request: Request, redactor: Redactor, model: str | None = None) -> str:
    """SHA-256 (hex) of the canonical request; ``model`` stands in for its own where a replay has no model name."""
    shared, rest = _canonical(request, redactor, model)
    total = _begun(shared).copy()
    total.update(rest.encode("ascii"))
    return total.hexdigest()


@lru_cache(maxsize=32)
def _begun(text: str) -> "hashlib._Hash":
    return hashlib.sha256(text.encode("ascii"))
