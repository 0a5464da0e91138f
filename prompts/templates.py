"""Renders a role's templates. An error in one names its file and line."""

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from prompts.errors import ConfigError
from prompts.role import Role

if TYPE_CHECKING:
    from jinja2 import Environment


def fill(role: Role, name: str, values: Mapping[str, object]) -> str:
    """The role's template ``name`` with ``values``, ending in one newline; values are never templates.

    Raises ConfigError with file and line for a missing template, a syntax error, or a name that has no value.
    """
    import jinja2

    if not any(source.name == name for source in role.sources):
        raise ConfigError(f"the role `{role.name}` has no template {name}")
    try:
        text = _environment(role).get_template(name).render(values)
    except jinja2.TemplateSyntaxError as error:
        place = f"{_path(role, error.name or name)}:{error.lineno}"
        raise ConfigError(
            f"{place}: {error.message}", "see docs/prompts.md for how templates are written"
        ) from None
    except jinja2.TemplateNotFound as error:
        place = _place(role, error, name)
        raise ConfigError(f"{place}: there is no template {error.name} to include") from None
    except jinja2.TemplateError as error:
        raise ConfigError(f"{_place(role, error, name)}: {error.message}") from None
    except RecursionError as error:
        raise ConfigError(f"{_place(role, error, name)}: templates include each other without end") from None
    except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError) as error:
        raise ConfigError(f"{_place(role, error, name)}: {error}") from None
    return text.strip("\n") + "\n"


@lru_cache(maxsize=16)
def _environment(role: Role) -> "Environment":
    import jinja2

    sources = {source.name: (source.text, str(source.path), None) for source in role.sources}
    return jinja2.Environment(
        loader=jinja2.FunctionLoader(sources.get),
        auto_reload=False,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - the output is a prompt in plain text and never becomes HTML
    )


def _path(role: Role, name: str) -> str:
    return next((str(source.path) for source in role.sources if source.name == name), name)


def _place(role: Role, error: BaseException, name: str) -> str:
    """File and line of the innermost template that ``error`` came through."""
    place = _path(role, name)
    paths = {str(source.path) for source in role.sources}
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename in paths:
            place = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place
