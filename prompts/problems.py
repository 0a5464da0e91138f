"""What is wrong with a file that a person wrote, told by line: one error for all of it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from prompts.errors import ConfigError

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError

    from prompts.yamltext import Mapping

T = TypeVar("T", bound="BaseModel")
Words = Callable[[Sequence[str], Any], tuple[str, str]]
"""Says what is wrong, and a hint: by the names that lead to the place, and the problem as pydantic tells it."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong; ``line`` is 0 where it stands on no line, as what is missing does."""

    line: int
    what: str
    hint: str = ""


def validated(model: type[T], values: Any, root: "Mapping", name: str, words: Words) -> T:
    """The ``model`` made from ``values``, which were read from ``root`` in the file ``name``.

    Raises ConfigError with a line for each thing that is wrong, as ``config_error`` makes it.
    """
    from pydantic import ValidationError

    try:
        return model.model_validate(values)
    except ValidationError as error:
        problems = [_problem(found, root, words) for found in error.errors(include_url=False)]
    raise config_error(name, problems)


def config_error(name: str, problems: Iterable[Problem]) -> ConfigError:
    """One line for each problem of the file ``name``; the hints follow theirs where there are several."""
    ordered = sorted(problems, key=lambda problem: problem.line or 1_000_000)
    lines = [
        f"{name}:{found.line}: {found.what}" if found.line else f"{name}: {found.what}" for found in ordered
    ]
    if len(ordered) == 1:
        return ConfigError(lines[0], ordered[0].hint)
    return ConfigError(
        "\n".join(
            f"{line} ({found.hint})" if found.hint else line
            for line, found in zip(lines, ordered, strict=True)
        )
    )


def problems_found(error: "ValidationError", whole: str) -> list[str]:
    """All that pydantic found, each with its place; ``whole`` stands for the place that has no name."""
    found = error.errors(include_url=False, include_input=False)
    return [f"{'.'.join(map(str, one['loc'])) or whole}: {one['msg']}" for one in found]


def first_problem(error: "ValidationError", whole: str) -> str:
    """The first of ``problems_found``."""
    return problems_found(error, whole)[0]


def _problem(found: Any, root: "Mapping", words: Words) -> Problem:
    from prompts.yamltext import line_at

    place = [str(part) for part in found["loc"]]
    return Problem(line_at(root, place), *words(place, found))
