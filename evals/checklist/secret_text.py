"""Secrets in languages that have no reader here (C#, Ruby, PHP, Kotlin, ...): by their text, line by line.

Only what stands in one statement is seen: a literal under a secret's name, a fallback beside the variable's name, a
literal key handed to a signer. Comments are left out. Every pattern is tight, so a line takes time in proportion to
its length.
"""

import posixpath
import re
from collections.abc import Iterator

from evals.checklist.findings import UNREAD, shown
from evals.checklist.key_formats import key_format
from evals.checklist.secret_shapes import dsn_password, secret_name, secret_value, url_password
from evals.code.files import LARGEST, CodeFile

_NAME = r"""["']([A-Za-z][\w.:]{2,60})["']"""
_LITERAL = r"""["']([^"'\n]{1,160})["']"""
_SECOND = re.compile(
    rf"\b(?:ENV\.fetch|getenv|env|get_env|env_or|env_or_default)\s*\(\s*{_NAME}\s*,\s*{_LITERAL}"
)
_AFTER = re.compile(
    rf"(?:\bENV|\bgetenv|GetEnvironmentVariable|_ENV|_SERVER|\benv|configuration)\s*[(\[]\s*{_NAME}\s*[)\]]"
    rf"(?:\.(?:presence|strip|to_s|chomp)\b)?\s*(?:\?\?\s*|\|\|\s*|\?:\s*){_LITERAL}",
    re.IGNORECASE,
)
_DECLARED = re.compile(
    rf"(?:\b(?:const|static|let|var|val|final|string|define)\b|\$|^)\s*\(?[\"']?\$?(\w{{3,60}})[\"']?\s*"
    rf"(?::\s*\w[\w<>' ]{{0,30}})?(?:=>?|,)\s*{_LITERAL}"
)
_SIGNED = re.compile(rf"\bSymmetricSecurityKey\(Encoding\.\w+\.GetBytes\s*\(\s*{_LITERAL}")
_BLOCK = re.compile(rf"\bENV\.fetch\s*\(\s*{_NAME}\s*\)\s*(?:\{{|do\b)\s*{_LITERAL}")
_TAGS = ("#", "//", "/*", "*", "--")


def in_unread_source(file: CodeFile) -> Iterator[tuple[int, str]]:
    """Line and message of each secret in a source file that no reader lowers; tests hold none."""
    ending = posixpath.splitext(file.path)[1].lower()
    if ending not in UNREAD or file.part == "test" or len(file.text) > LARGEST:
        return
    lines = file.text.split("\n")
    for number, line in enumerate(lines, 1):
        plain = line.strip()
        if len(line) > 2000 or not plain or plain.startswith(_TAGS):
            continue
        whole = " ".join([plain, *(_continued(lines, number))])
        message = _message(plain, whole)
        if message:
            yield number, message


def _continued(lines: list[str], number: int) -> Iterator[str]:
    """The following lines that go on with an expression: ``?? "..."``, ``.presence || "..."``."""
    for following in lines[number : number + 3]:
        plain = following.strip()
        if not plain.startswith((".", "??", "||", "?:")) or len(plain) > 400:
            break
        yield plain


def _message(line: str, whole: str) -> str:
    for pattern in (_SECOND, _AFTER, _BLOCK):
        match = pattern.search(whole)
        if match and secret_name(match[1]) and match[2].strip():
            return f"{shown(match[1], 40)} falls back to a literal when it is not in the environment"
    kind = key_format(line)
    if kind:
        return f"a literal has the format of a {kind}"
    if url_password(line) or dsn_password(line):
        return "a connection string holds a password"
    match = _SIGNED.search(line)
    if match:
        return "a signer is given a literal key"
    match = _DECLARED.search(line)
    if match and secret_name(match[1]) and secret_value(match[2]) and match[1].lower() != match[2].lower():
        return f"{shown(match[1], 40)} is a literal"
    return ""
