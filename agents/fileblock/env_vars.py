"""The ENV_VARS section: names and example values. Rules V1 to V6 of docs/fileblock.md."""

import re
from collections.abc import Iterable

from agents.submission import EnvVar

_BULLET = re.compile(r"(?:[-*+•]|\d{1,3}[.)])[ \t]+")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}$")
_UPPER_NAME = re.compile(r"[A-Z_][A-Z0-9_]{1,127}$")


def read_env_vars(lines: Iterable[str]) -> tuple[EnvVar, ...]:
    """The variables that the section's lines name, in order; the last value of a name counts. Prose names none."""
    found: dict[str, EnvVar] = {}
    for line in lines:
        variable = _read_line(line)
        if variable is not None:
            found[variable.name] = variable
    return tuple(found.values())


def _read_line(line: str) -> EnvVar | None:
    text = line.strip()
    bullet = _BULLET.match(text)
    if bullet:
        text = text[bullet.end() :]
    if text.startswith("|"):
        return _read_row(text)
    if text.startswith("`") and text.find("`", 1) > 0:
        code, _, behind = text[1:].partition("`")
        if "=" in code or not behind.lstrip().startswith(("=", ":")):
            text = code
        else:
            text = code + behind
    for command in ("export ", "set ", "SET ", "ENV "):
        text = text.removeprefix(command)
    name, equals, value = text.partition("=")
    name = name.strip(" \t`*")
    if equals and _NAME.match(name):
        return EnvVar(name, _value(value))
    name, colon, value = text.partition(":")
    name = name.strip(" \t`*")
    if colon and _UPPER_NAME.match(name):
        return EnvVar(name, _value(value))
    name = text.split(" ", 1)[0].strip("`*")
    if _UPPER_NAME.match(name) and (name == text.strip("`*") or bullet) and "_" in name:
        return EnvVar(name, "")
    return None


def _read_row(text: str) -> EnvVar | None:
    cells = [cell.strip(" \t`*") for cell in text.strip("|").split("|")]
    if not _UPPER_NAME.match(cells[0]):
        return None
    return EnvVar(cells[0], cells[1] if len(cells) > 1 else "")


def _value(text: str) -> str:
    value = text.strip().strip("`")
    if value[:1] in {'"', "'"}:
        end = value.find(value[0], 1)
        if end > 0:
            return value[1:end]
    return value.split(" #", 1)[0].rstrip()
