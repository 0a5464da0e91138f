"""Model settings as a person gives them (``temperature=0.2``), checked before anything is sent."""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from agents.completion import Parameters
from prompts.errors import ConfigError

if TYPE_CHECKING:
    from agents.providers.registry import ProviderSpec

EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
COMMON = ("temperature", "max_tokens", "seed", "reasoning_effort", "stop")

# Options of a compatible server that are not known here: body.NAME goes into the request as it is.
RAW = "body."

Value = str | int | float | bool


def parse_settings(pairs: Iterable[str], provider: str) -> Parameters:
    """``NAME=VALUE`` texts as Parameters for ``provider``. Raises ConfigError for what it does not know."""
    values: dict[str, object] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise ConfigError(
                f"model setting {pair!r} has no value", hint="Write NAME=VALUE, as in temperature=0.2"
            )
        if name == "stop" and "stop" in values:
            values["stop"] = [*_texts(values["stop"]), value]
        else:
            values[name.strip()] = value
    return read_settings(values, provider)


def read_settings(values: Mapping[str, object], provider: str) -> Parameters:
    """A mapping of settings (of a task, a project file or options) as Parameters for ``provider``.

    Raises ConfigError for a setting that the provider does not have, and for a value that it cannot be.
    """
    spec = _spec(provider)
    parameters = Parameters()
    extra: dict[str, Value] = {}
    for name, value in values.items():
        if name in COMMON:
            if name in spec.refused:
                raise ConfigError(f"{provider} has no setting {name!r}", hint=spec.refused[name])
            parameters = _with(parameters, name, value)
        elif name in spec.extra or (spec.raw_options and name.startswith(RAW) and len(name) > len(RAW)):
            extra[name] = _scalar(name, value)
        else:
            raise _unknown(name, provider, (*COMMON, *spec.extra), raw=spec.raw_options)
    return replace(parameters, extra=tuple(sorted(extra.items())))


def _spec(provider: str) -> "ProviderSpec":
    """What the provider knows. Replay and manual know what any provider does: it is part of what is matched."""
    from agents.providers.registry import OFFLINE, ProviderSpec, find, providers

    if provider not in OFFLINE:
        return find(provider)
    extra = {name for spec in providers().values() for name in spec.extra}
    return ProviderSpec(provider, OFFLINE[provider], "", extra=tuple(sorted(extra)), raw_options=True)


def merge(*layers: Parameters) -> Parameters:
    """Several layers of settings, the later ones over the earlier ones."""
    merged = Parameters()
    for layer in layers:
        changed: dict[str, object] = {
            name: value
            for name in ("temperature", "max_tokens", "seed", "reasoning_effort", "json_schema")
            if (value := getattr(layer, name)) is not None
        }
        if layer.stop:
            changed["stop"] = layer.stop
        changed["extra"] = tuple(sorted((dict(merged.extra) | dict(layer.extra)).items()))
        merged = replace(merged, **changed)  # type: ignore[arg-type] # names and types come from the same class
    return merged


def _with(parameters: Parameters, name: str, value: object) -> Parameters:
    if name == "temperature":
        return replace(parameters, temperature=_number(name, value, 0, 2))
    if name == "max_tokens":
        return replace(parameters, max_tokens=_whole(name, value, 1, 10_000_000))
    if name == "seed":
        return replace(parameters, seed=_whole(name, value, -(2**63), 2**63 - 1))
    if name == "stop":
        return replace(parameters, stop=tuple(_texts(value)))
    effort = str(value)
    if effort not in EFFORTS:
        near = difflib.get_close_matches(effort, EFFORTS, n=1)
        meant = f"Did you mean {near[0]!r}? " if near else ""
        raise ConfigError(
            f"model setting reasoning_effort={effort!r} is unknown",
            hint=f"{meant}Known: {', '.join(EFFORTS)}",
        )
    return replace(parameters, reasoning_effort=effort)


def _number(name: str, value: object, least: float, most: float) -> float:
    try:
        number = float(str(value))
    except ValueError:
        number = float("nan")
    if isinstance(value, bool) or not least <= number <= most:
        raise ConfigError(f"model setting {name}={value!r} must be a number from {least:g} to {most:g}")
    return number


def _whole(name: str, value: object, least: int, most: int) -> int:
    try:
        number = int(str(value).replace("_", ""))
    except ValueError:
        number = least - 1
    if isinstance(value, bool) or not least <= number <= most:
        raise ConfigError(f"model setting {name}={value!r} must be a whole number from {least} to {most}")
    return number


def _texts(value: object) -> list[str]:
    if isinstance(value, list | tuple):
        return [str(text) for text in value]
    return [str(value)]


def _scalar(name: str, value: object) -> Value:
    """YAML values keep their type; option texts become a truth value or a number where they read as one."""
    if isinstance(value, bool | int | float):
        return value
    if not isinstance(value, str):
        raise ConfigError(f"model setting {name} must be a text, a number or true/false")
    if value.lower() in {"true", "false"}:
        return value.lower() == "true"
    for kind in (int, float):
        try:
            return kind(value)
        except ValueError:
            continue
    return value


def _unknown(name: str, provider: str, known: tuple[str, ...], *, raw: bool) -> ConfigError:
    near = difflib.get_close_matches(name, known, n=1)
    meant = f"Did you mean {near[0]!r}? " if near else ""
    other = f" Write {RAW}{name}=... to send it as it is." if raw else ""
    return ConfigError(
        f"unknown model setting {name!r} for {provider}", hint=f"{meant}Known: {', '.join(known)}.{other}"
    )
