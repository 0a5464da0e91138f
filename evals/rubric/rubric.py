"""The rubric: what each criterion asks, and what passes and fails it. Read from YAML."""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from prompts.errors import ConfigError
from prompts.judging import JudgedBy, judge_prompt
from prompts.problems import first_problem

if TYPE_CHECKING:
    from collections.abc import Iterable

SHIPPED = Path(__file__).parent / "expert.yaml"


class Criterion(BaseModel):
    """One point of the rubric."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[a-z][a-z0-9-]{0,40}$")
    asks: str
    passes: str
    fails: str
    not_applicable: str

    @property
    def told(self) -> JudgedBy:
        """The criterion as a judge reads it."""
        return JudgedBy(self.id, self.asks, self.passes, self.fails, self.not_applicable)


class Rubric(BaseModel):
    """All criteria of one rubric, in order."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    version: str
    criteria: tuple[Criterion, ...] = Field(min_length=1, max_length=40)

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of all that a judge is told, but for the answer: criteria and wording."""
        told = judge_prompt([c.told for c in self.criteria], "")
        return hashlib.sha256("\0".join(told).encode("utf-8")).hexdigest()

    def among(self, ids: "Iterable[str]") -> tuple[Criterion, ...]:
        """The criteria with these ids, in the rubric's order."""
        wanted = set(ids)
        return tuple(c for c in self.criteria if c.id in wanted)


def load_rubric(path: Path | None = None) -> Rubric:
    """The rubric in a file, by default the expert's that ships with the package. Raises ConfigError."""
    place = path or SHIPPED
    try:
        rubric = Rubric.model_validate(yaml.safe_load(place.read_text(encoding="utf-8")))
    except OSError as error:
        raise ConfigError(f"{place} cannot be read: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{place}: not readable as YAML: {error}") from None
    except ValidationError as error:
        raise ConfigError(
            f"{place}: {first_problem(error, 'the file')}", "see docs/rubric.md for its form"
        ) from None
    ids = [criterion.id for criterion in rubric.criteria]
    if twice := sorted({one for one in ids if ids.count(one) > 1}):
        raise ConfigError(f"{place}: the criterion {twice[0]} stands there twice")
    return rubric
