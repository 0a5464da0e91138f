"""The JSON Schema of task files, for editors: wider than ``Task``, as the reader of task files is."""

from typing import Any

from prompts.task import Task

_TEXT = {"type": ["string", "number", "boolean"]}
_TEXTS = {"type": "array", "items": _TEXT}
_FILES = {
    "anyOf": [
        {"type": "string"},
        {"type": "array", "items": {"type": "string"}},
        {"type": "object", "additionalProperties": {"type": "string"}},
    ]
}
# What a person may write for a field beyond what the field itself holds.
_AS_WRITTEN: dict[str, dict[str, Any]] = {
    "requirements": {"anyOf": [{"type": "string"}, {"type": "array"}, {"type": "object"}]},
    "framework": {"anyOf": [_TEXT, _TEXTS]},
    "database": {"anyOf": [_TEXT, _TEXTS, {"type": "null"}]},
    "data_models": {},
    "context": _FILES,
    "hidden_tests": _FILES,
    "env": {"anyOf": [{"type": "object"}, {"type": "array", "items": {"type": "string"}}]},
    "settings": {"type": "object"},
}


def task_schema() -> dict[str, Any]:
    """The schema as a JSON value."""
    schema = Task.model_json_schema()
    for model in (schema, *schema.get("$defs", {}).values()):
        model.pop(
            "description", None
        )  # it speaks to readers of the code; docs/tasks.md speaks to writers of tasks
    for name, written in _AS_WRITTEN.items():
        schema["properties"][name] = {"title": name.replace("_", " ").capitalize(), **written}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
