"""Secrets in files that are not code: ``.env``, YAML, TOML, INI, properties, JSON, SQL."""

import posixpath
import re
from collections.abc import Iterator

from evals.checklist.findings import shown
from evals.checklist.key_formats import key_format
from evals.checklist.secret_shapes import PLACEHOLDER, dsn_password, secret_name, secret_value, url_password
from evals.code.files import LARGEST, CodeFile

_ENTRY = re.compile(
    r"""^\s*(?:-\s+|export\s+|ENV\s+|ARG\s+)?["']?([A-Za-z_][\w.-]{1,80})["']?\s*[:=]\s*(\S.{0,400})$"""
)
_FALLBACK = re.compile(r"^\$\{[\w.]+(?::-|-|:(?![?+=]))([^}]*)\}$")
_PERMISSIONS = frozenset({"read", "write", "none"})  # of a workflow: "id-token: write"
_LOCKS = {
    "package-lock.json",
    "yarn.lock",
    "pnpm-lock.yaml",
    "poetry.lock",
    "uv.lock",
    "Cargo.lock",
    "go.sum",
}


def in_file(file: CodeFile) -> Iterator[tuple[int, str]]:
    """Line and message of each secret in a file that no reader lowers. Examples and documentation hold none."""
    name = posixpath.basename(file.path)
    if file.language or file.part not in {"configuration", "other", "migration"} or len(file.text) > LARGEST:
        return
    if name in _LOCKS or name.endswith((".lock", ".svg", ".csv")):
        return
    for number, line in enumerate(file.text.split("\n"), 1):
        if len(line) > 2000 or line.lstrip().startswith(("#", "//", ";", "--")):
            continue
        message = _line(line, assigns=not name.endswith((".sql", ".sh", ".bash", ".bat")))
        if message:
            yield number, message


def _line(line: str, *, assigns: bool) -> str:
    """What one line holds; ``assigns`` is false where ``name = value`` is a condition, as in SQL."""
    kind = key_format(line)
    if kind:
        return f"a line has the format of a {kind}"
    password = url_password(line) or dsn_password(line)
    if password and not PLACEHOLDER.search(password):
        return "a connection string holds a password"
    match = _ENTRY.match(line)
    if match is None or not assigns:
        return ""
    name, value = match[1], match[2].strip().rstrip(",").strip("\"'")
    fallback = _FALLBACK.match(value)
    if fallback:
        known = secret_name(name) and bool(fallback[1].strip())
        return f"{shown(name, 40)} falls back to a literal" if known else ""
    if value in _PERMISSIONS:
        return ""
    known = secret_name(name) and secret_value(value) and not PLACEHOLDER.search(value)
    return f"{shown(name, 40)} is a literal" if known and " " not in value else ""
