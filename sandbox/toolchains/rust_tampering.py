"""Finds, in Rust sources alone, tests that end their own process, and what prints results as libtest does.

libtest prints its events where tests can print as well, so a test that prints all of them and then ends the process
with exit code 0 could not be told from libtest itself.
"""

import re
from collections.abc import Iterator, Mapping

_TOKENS = re.compile(r'/\*.*?(?:\*/|\Z)|//[^\n]*|"(?:[^"\\]|\\.)*"?', re.DOTALL)
_EXIT = re.compile(r"(?<![\w.])(?:_exit|exit|quick_exit|exit_group)[ \t]*\(", re.ASCII)
_IMPORTED = re.compile(r"\bprocess[ \t]*::[ \t]*(?:exit\b|\{[^{}\n]{0,200}\bexit\b)", re.ASCII)
_EVENT = re.compile(r'\\?"type\\?"[ \t]*:[ \t]*\\?"(?:test|suite)\\?"', re.ASCII)
_OUTCOME = re.compile(r'\\?"event\\?"[ \t]*:[ \t]*\\?"ok\\?"', re.ASCII)
_TESTS_BEGIN = "#[cfg(test)]"


def tampering(files: Mapping[str, str]) -> tuple[str, ...]:
    """Places (``path:line what``) where tests could talk over their runner."""
    return tuple(
        what for path, text in files.items() if path.endswith(".rs") for what in _in_file(path, text)
    )


def _in_file(path: str, text: str) -> Iterator[str]:
    begin = 0 if _is_test(path) else text.find(_TESTS_BEGIN)
    if begin >= 0:
        code = _TOKENS.sub(lambda token: re.sub(r"[^\n]", " ", token.group()), text[begin:])
        for pattern in (_EXIT, _IMPORTED):
            if found := pattern.search(code):
                yield f"{path}:{text.count(chr(10), 0, begin + found.start()) + 1} a test ends its own process"
                break
    if (event := _EVENT.search(text)) and _OUTCOME.search(text):
        yield f"{path}:{text.count(chr(10), 0, event.start()) + 1} prints results as the test runner does"


def _is_test(path: str) -> bool:
    return path.startswith("tests/") or "/tests/" in path
