"""The project file: the model, its settings and the budgets that hold for a folder and all below it."""

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from agents.completion import Parameters
from agents.providers.registry import OFFLINE, find
from agents.settings import merge, parse_settings, read_settings
from agents.spending import Limit
from prompts.errors import ConfigError

FILE = "backsmith.toml"

_TABLES = ("model", "settings", "budget")
_BUDGETS = ("run", "sample")
_LIMITS = ("money", "tokens", "calls", "seconds")


@dataclass(frozen=True, slots=True)
class Project:
    """What a project file says; everything may be absent.

    ``common`` holds for every model, ``special`` for a provider or for one ``provider/name``.
    """

    path: Path | None = None
    model: str | None = None
    common: Mapping[str, object] = field(default_factory=dict)
    special: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    run: Limit = field(default_factory=Limit)
    sample: Limit = field(default_factory=Limit)

    def parameters(self, model: str) -> Parameters:
        """The settings for one model: the common ones, its provider's over them, its own over these.

        Raises ConfigError, with the file's name, for a setting that the model's provider does not know.
        """
        provider = model.partition("/")[0]
        read_settings({}, provider)  # an unknown provider is no fault of the file's
        layers = [self.common, self.special.get(provider, {})]
        if model != provider:
            layers.append(self.special.get(model, {}))
        try:
            return merge(*(read_settings(layer, provider) for layer in layers))
        except ConfigError as error:
            raise ConfigError(f"{self.path}: {error}", hint=error.hint) from None


def settings_for(
    model: str, project: Project, task: Mapping[str, object], options: Iterable[str]
) -> Parameters:
    """The settings of a run: those given as options over the task's over the project's."""
    provider = model.partition("/")[0]
    return merge(project.parameters(model), read_settings(task, provider), parse_settings(options, provider))


def find_project(start: Path) -> Project:
    """The project file of a folder: the nearest one in it or above it, up to the repository's root."""
    for folder in (start.resolve(), *start.resolve().parents):
        if (folder / FILE).is_file():
            return load_project(folder / FILE)
        if (folder / ".git").exists():
            break
    return Project()


def load_project(path: Path) -> Project:
    """The project file at ``path``. Raises ConfigError that names the file and the place in it."""
    try:
        table = tomllib.loads(path.read_bytes().decode("utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigError(f"{path}: is no TOML: {error}") from error
    _check_names(path, "", table, _TABLES)
    model = table.get("model")
    if model is not None and not isinstance(model, str):
        raise ConfigError(f"{path}: model must be a text, as in 'anthropic/NAME'")
    settings = _table(path, "settings", table.get("settings", {}))
    special = {name: value for name, value in settings.items() if isinstance(value, dict)}
    for name in special:
        provider = name.partition("/")[0]
        if provider not in OFFLINE:
            try:
                find(provider)
            except ConfigError as error:
                raise ConfigError(f"{path}: settings.{name}: {error}", hint=error.hint) from None
    budget = _table(path, "budget", table.get("budget", {}))
    _check_names(path, "budget.", budget, _BUDGETS)
    return Project(
        path=path,
        model=model,
        common={name: value for name, value in settings.items() if not isinstance(value, dict)},
        special=special,
        run=_limit(path, "budget.run", budget.get("run", {})),
        sample=_limit(path, "budget.sample", budget.get("sample", {})),
    )


def _limit(path: Path, place: str, value: object) -> Limit:
    table = _table(path, place, value)
    _check_names(path, f"{place}.", table, _LIMITS)
    for name, amount in table.items():
        fractions = name in {"money", "seconds"}
        number = isinstance(amount, int | float) and not isinstance(amount, bool)
        if not number or not 0 < float(str(amount)) < 1e12 or (isinstance(amount, float) and not fractions):
            kind = "a number" if fractions else "a whole number"
            raise ConfigError(f"{path}: {place}.{name} must be {kind} above 0, not {amount!r}")
    money, seconds = table.get("money"), table.get("seconds")
    return Limit(
        money=None if money is None else Decimal(str(money)),
        tokens=_whole(table.get("tokens")),
        calls=_whole(table.get("calls")),
        seconds=None if seconds is None else float(str(seconds)),
    )


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) else None


def _table(path: Path, place: str, value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise ConfigError(f"{path}: {place} must be a table", hint=f"Write [{place}] on a line of its own.")
    return value


def _check_names(path: Path, prefix: str, table: Mapping[str, object], known: tuple[str, ...]) -> None:
    for name in table:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            meant = f"Did you mean {prefix}{near[0]}? " if near else ""
            raise ConfigError(f"{path}: {prefix}{name} is unknown", hint=f"{meant}Known: {', '.join(known)}")
