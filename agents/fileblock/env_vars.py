"""The ENV_VARS section: names and example values. Rules V1 to V8 of docs/fileblock.md."""

import re
from dataclasses import dataclass

from agents.fileblock.bodies import Body, unbulleted
from agents.submission import EnvVar

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}$")
_CAPITAL_NAME = re.compile(r"[A-Z_][A-Z0-9_]{0,127}$")
_UNUSUAL_NAME = re.compile(r"[A-Za-z0-9_.-]{1,128}$")
_CODE = re.compile(r"\*{0,2}`([^`]+)`\*{0,2}(.*)$")
_PREFIXES = ("export ", "set ", "SET ", "setx ", "ENV ", "declare -x ")
_VALUE_COLUMNS = ("value", "default", "example", "sample")
_DOUBLE_QUOTED = re.compile(r'"((?:[^"\\]++|\\.)*)"')
_ESCAPE = re.compile(r"\\(.)")
_REMARK = re.compile(r"[ \t]#")


@dataclass(frozen=True, slots=True)
class Variables:
    """What a section names, in order, and the lines (from 0) that could not be read."""

    env_vars: tuple[EnvVar, ...]
    unread: tuple[tuple[int, str], ...] = ()


def read_env_vars(body: Body) -> Variables:
    """The variables that the section's lines name. The last value of a name counts. Prose names none."""
    found: dict[str, EnvVar] = {}
    unread: list[tuple[int, str]] = []
    column = 1
    for number, line in body:
        bare = line.strip()
        if bare.startswith("|"):
            cells = [cell.strip(" \t`*") for cell in bare.strip("|").split("|")]
            column = _value_column(cells, column)
            variable = _read_row(cells, column)
        else:
            variable, attempted = _read_line(bare)
            if variable is None and attempted:
                unread.append((number, bare))
        if variable is not None:
            found[variable.name] = variable
    return Variables(tuple(found.values()), tuple(unread))


def _value_column(cells: list[str], column: int) -> int:
    """The column of the values, where the row is a table's head that names it."""
    if not cells or _CAPITAL_NAME.match(cells[0]):
        return column
    for index, cell in enumerate(cells[1:], 1):
        if any(word in cell.lower() for word in _VALUE_COLUMNS):
            return index
    return 0 if any(cell.strip("-: ") for cell in cells) else column


def _read_row(cells: list[str], column: int) -> EnvVar | None:
    if not _CAPITAL_NAME.match(cells[0]):
        return None
    value = cells[column] if 0 < column < len(cells) else ""
    return EnvVar(cells[0], "" if value in {"-", "–", "—"} else value)


def _read_line(line: str) -> tuple[EnvVar | None, bool]:
    """The variable that a line names, and whether the line looks as if it should name one."""
    if line.startswith(("#", "//", "<!--")):
        return None, False
    text, bulleted = unbulleted(line)
    code = _CODE.match(text)
    if code:
        text = code[1] + code[2]
    for prefix in _PREFIXES:
        text = text.removeprefix(prefix)
    name, equals, value = text.partition("=")
    name = name.strip(" \t`*")
    if equals and not value.startswith("=") and _NAME.match(name):
        return EnvVar(name, read_value(value)), True
    if equals and _UNUSUAL_NAME.match(name):
        return None, True
    name, colon, value = text.partition(":")
    name = name.strip(" \t`*")
    if colon and _CAPITAL_NAME.match(name) and not value.startswith("//"):
        return EnvVar(name, read_value(value.lstrip("*"))), True
    name, _, behind = text.partition(" ")
    name = name.strip("`*")
    alone = not behind or bulleted or behind.startswith(("(", "- ", "– ", "— ", "#"))
    if alone and len(name) > 1 and _CAPITAL_NAME.match(name):
        return EnvVar(name, ""), True
    return None, False


def read_value(text: str) -> str:
    """The value that stands behind a name: without quotes and remark."""
    value = text.strip()
    quoted = _DOUBLE_QUOTED.match(value)
    if quoted:
        return _ESCAPE.sub(_unescaped, quoted[1])
    if value[:1] in {"'", "`"}:
        end = value.find(value[0], 1)
        if end > 0:
            return value[1:end]
    if value.startswith("#"):
        return ""
    remark = _REMARK.search(value)
    return value[: remark.start()].rstrip() if remark else value


def _unescaped(match: re.Match[str]) -> str:
    return {"n": "\n", '"': '"', "\\": "\\", "`": "`", "$": "$"}.get(match[1], match[0])
