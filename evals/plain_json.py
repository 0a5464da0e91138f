"""Writes values as JSON whatever texts they hold."""

import json
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from pydantic import TypeAdapter

T = TypeVar("T")


def dump(adapter: "TypeAdapter[T]", value: T, indent: int | None = None) -> str:
    """The value as JSON. Lone surrogates, which a model's JSON can bring in and UTF-8 cannot hold, become U+FFFD."""
    try:
        return adapter.dump_json(value, indent=indent).decode("utf-8")
    except ValueError:
        text = json.dumps(adapter.dump_python(value), default=str, ensure_ascii=False, indent=indent)
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
