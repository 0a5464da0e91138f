"""Labelled answers, by which a judge is measured. Ours ship in ``labelled/``; others can bring their own folder."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from evals.rubric.rubric import Rubric
from prompts.errors import ConfigError
from prompts.problems import first_problem

SHIPPED = Path(__file__).parent / "labelled"
Wanted = Literal["pass", "fail", "not-applicable"]


class Label(BaseModel):
    """What a person says of one answer by one criterion, and why."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    verdict: Wanted
    why: str = Field(min_length=10)


class Part(BaseModel):
    """One answer, or a part of one, with its labels by criterion."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,60}$")
    framework: str
    asked: str
    text: str = Field(min_length=40)
    labels: dict[str, Label] = Field(min_length=1)


class _Topic(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    topic: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class LabelledSet:
    """All parts of a folder, in the order of its files. ``digest`` is the SHA-256 (hex) of texts and labels."""

    parts: tuple[Part, ...]
    digest: str

    @property
    def labels(self) -> int:
        """How many labels there are."""
        return sum(len(part.labels) for part in self.parts)


def load_labels(rubric: Rubric, folder: Path | None = None) -> LabelledSet:
    """The labelled parts of a folder's YAML files. Raises ConfigError with the file and what is wrong."""
    place = folder or SHIPPED
    paths = sorted(place.glob("*.yaml"))
    if not paths:
        raise ConfigError(f"{place} holds no labelled answers (*.yaml)", "see docs/rubric.md for their form")
    known = {criterion.id for criterion in rubric.criteria}
    parts: dict[str, Part] = {}
    for path in paths:
        try:
            topic = _Topic.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise ConfigError(f"{path} cannot be read: {error}") from None
        except ValidationError as error:
            raise ConfigError(
                f"{path}: {first_problem(error, 'the file')}", "see docs/rubric.md for their form"
            ) from None
        for part in topic.parts:
            if part.id in parts:
                raise ConfigError(f"{path}: the part {part.id} stands in the set twice")
            if strange := sorted(part.labels.keys() - known):
                raise ConfigError(
                    f"{path}: {part.id} is labelled by {strange[0]}, which the rubric does not have"
                )
            parts[part.id] = part
    shape = [part.model_dump(mode="json") for part in parts.values()]
    digest = hashlib.sha256(json.dumps(shape, sort_keys=True).encode("utf-8")).hexdigest()
    return LabelledSet(tuple(parts.values()), digest)
