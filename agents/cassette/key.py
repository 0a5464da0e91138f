"""The identity of a request: what must be equal for a recorded answer to be the answer."""

import dataclasses
import hashlib
import json

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


def canonical(request: Request, redactor: Redactor, model: str | None = None) -> str:
    """The whole request and the sample's number as one canonical line of JSON.

    Secrets are taken out first, so that a key neither holds one nor depends on whose it was.
    ``model`` stands in for the request's own where a replay has no model name.
    """
    return json.dumps(
        {
            "epoch": request.tag.epoch,
            "messages": [[m.speaker, redactor.redact(m.text)] for m in request.messages],
            "model": model or request.model,
            "parameters": parameters_json(request.parameters),
        },
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=True,
    )


def key_of(request: Request, redactor: Redactor, model: str | None = None) -> str:
    """SHA-256 (hex) of the canonical request."""
    return hashlib.sha256(canonical(request, redactor, model).encode("ascii")).hexdigest()
