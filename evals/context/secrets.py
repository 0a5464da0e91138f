"""Secrets in files that are about to be shown: the lines that hold them are left out, or the whole file is."""

import posixpath
import re

from evals.checklist.findings import MOST
from evals.checklist.key_formats import key_format
from evals.checklist.no_hardcoded_secrets import check
from evals.code.view import build_view
from evals.verdict import Verdict

LEFT_OUT = "[left out: a secret]"
_FILES = re.compile(
    r"^(?:\.env(?:\.(?!example|sample|template|dist)[\w.-]+)?|id_(?:rsa|dsa|ecdsa|ed25519)|\.netrc|\.pgpass|\.npmrc|\.pypirc"
    r"|credentials(?:\.json)?|secrets?\.(?:ya?ml|json|toml)|.*\.(?:pem|key|p12|pfx|jks|keystore|kdbx))$"
)
_BLOCK = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")


def is_secret_file(path: str) -> bool:
    """Whether a file is one of those that exist to hold secrets."""
    return _FILES.match(posixpath.basename(path)) is not None


def without_keys(line: str) -> str:
    """A line of its own, or what is said in place of one that holds a key of a known form."""
    return LEFT_OUT if key_format(line) else line


def secret_lines(path: str, text: str) -> frozenset[int] | None:
    """The lines (from 1) that hold a secret; None where they are too many, or a private key stands in the file."""
    if _BLOCK.search(text):
        return None
    found = {number for number, line in enumerate(text.split("\n"), 1) if key_format(line[:4000])}
    result = check(build_view({path: text}))
    if result.verdict is Verdict.FAIL:
        if len(result.evidence) >= MOST:
            return None
        found |= {evidence.line for evidence in result.evidence if evidence.line}
    return frozenset(found)


def without_secrets(path: str, text: str) -> tuple[str | None, int]:
    """The text with the lines that hold secrets left out, and how many they are; None: it is not to be shown."""
    if is_secret_file(path):
        return None, 0
    lines = secret_lines(path, text)
    if lines is None:
        return None, 0
    if not lines:
        return text, 0
    kept = [LEFT_OUT if number in lines else line for number, line in enumerate(text.split("\n"), 1)]
    return "\n".join(kept), len(lines)
