"""Probes that a person wrote for a task: requests in order, and how each must be answered. See docs/evals.md."""

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue, StringConstraints

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Status = Annotated[str, BeforeValidator(str), StringConstraints(pattern=r"^[1-5](\d\d|xx)$")]
Kind = Literal["string", "number", "integer", "boolean", "array", "object", "null"]
REFERENCE = re.compile(r"\$\{([^}]{0,60})\}")
"""A saved value in a request or an expectation: ``${name}``."""

UNIQUE = "unique"
"""The name that always has a value: a text that no other run of the probe has."""


class Condition(BaseModel):
    """What a value must be; everything that is said must hold. A plain value stands for ``equals``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    equals: JsonValue = Field(default=None, description="The very value; numbers by value, not as written.")
    unlike: JsonValue = Field(default=None, alias="not", description="Any value but this one.")
    contains: JsonValue = Field(
        default=None, description="A part of a text, an element of a list, or a key of an object."
    )
    type: Kind | None = None
    length: int | None = Field(default=None, ge=0, description="How long a text, list or object is.")
    at_least: float | None = None
    at_most: float | None = None
    absent: bool | None = Field(
        default=None, description="true: there must be no such value; false: there must be."
    )


def _condition(value: object) -> object:
    return value if isinstance(value, dict | Condition) else {"equals": value}


def _listed(value: object) -> object:
    return value if isinstance(value, list | tuple) else [value]


Must = Annotated[Condition, BeforeValidator(_condition, json_schema_input_type=Condition | JsonValue)]


class Expectation(BaseModel):
    """How a request must be answered."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    status: Annotated[
        tuple[Status, ...], BeforeValidator(_listed, json_schema_input_type=int | str | list[int | str])
    ] = Field(default=("2xx",), min_length=1, description="The status, or several: 201, 4xx, [409, 422].")
    values: dict[str, Must] = Field(
        default={},
        alias="json",
        description="Conditions on the body's JSON by path: `.`, `id`, `items.0.name`.",
    )
    headers: dict[str, Must] = Field(default={}, description="Conditions on headers; they are texts.")


class Step(BaseModel):
    """One request, and what must come back."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    request: Annotated[
        str, StringConstraints(pattern=r"^(GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS) /\S{0,2000}$")
    ] = Field(description="Method and path: `POST /accounts/${id}/withdraw`.")
    headers: dict[str, str] = {}
    payload: JsonValue = Field(default=None, alias="json", description="The body, sent as JSON.")
    body: str | None = Field(default=None, description="The body as text, where it is not `json`.")
    expect: Expectation = Expectation()
    save: dict[Name, Text] = Field(
        default={},
        description="Values to keep for later steps: a name, and a path in the JSON or `header NAME`.",
    )


class Script(BaseModel):
    """One probe: it fails at the first step that is answered as it must not be."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Text
    steps: tuple[Step, ...] = Field(min_length=1, max_length=200)


class ScriptFile(BaseModel):
    """What ``probes.yaml`` says."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    probes: tuple[Script, ...] = Field(min_length=1, max_length=100)


def references(value: Any) -> list[str]:
    """The names that a value refers to, wherever in it."""
    if isinstance(value, str):
        return REFERENCE.findall(value)
    if isinstance(value, dict):
        return [name for pair in value.items() for part in pair for name in references(part)]
    if isinstance(value, list | tuple):
        return [name for item in value for name in references(item)]
    return []
