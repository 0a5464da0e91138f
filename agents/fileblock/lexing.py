"""Whether a place in a file lies inside a string or a comment, where a line of hyphens is ordinary text.

Outside of them no language listed here allows such a line, so it must be the delimiter. The scanners follow strings
and comments only; each reads its text once.
"""

import re
from dataclasses import dataclass, field

# A token is a comment or a whole string; one that does not end in the text matches its opening alone.
_LINE_STRINGS = r'"[^"\\\n]*(?:\\.[^"\\\n]*)*"?' + r"|'[^'\\\n]*(?:\\.[^'\\\n]*)*'?"
_BLOCK_COMMENT = r"/\*(?:[^*]*\*+(?:[^/*][^*]*\*+)*/)?"


@dataclass(frozen=True, slots=True)
class Grammar:
    """The strings and comments of a family of languages.

    ``tokens`` finds the next one. ``spans`` maps the opening of one that may hold line breaks to its closing.
    """

    tokens: re.Pattern[str]
    spans: dict[str, str] = field(default_factory=dict)
    heredocs: bool = False


def _grammar(tokens: str, spans: dict[str, str], *, heredocs: bool = False) -> Grammar:
    return Grammar(re.compile(tokens), spans, heredocs)


PYTHON = _grammar(r'#[^\n]*|"""|' + r"'''|" + _LINE_STRINGS, {'"""': '"""', "'''": "'''"})
TOML = PYTHON
C_LIKE = _grammar(r"//[^\n]*|/\*|" + _LINE_STRINGS, {"/*": "*/"})
SCRIPT = _grammar(r"//[^\n]*|/\*|`|" + _LINE_STRINGS, {"/*": "*/", "`": "`"})
GO = _grammar(r"//[^\n]*|/\*|`|" + _LINE_STRINGS, {"/*": "*/", "`": "\0`"})
JAVA = _grammar(r'//[^\n]*|/\*|"""|' + _LINE_STRINGS, {"/*": "*/", '"""': '"""'})
RUST = _grammar(
    r'//[^\n]*|/\*|r#{1,8}"|' + r"'(?:[^'\\\n]|\\[^\n])'|\"",
    {"/*": "*/", '"': '"'} | {'r{}"'.format("#" * n): '\0"' + "#" * n for n in range(1, 9)},
)
CSS = _grammar(r"/\*|" + _LINE_STRINGS, {"/*": "*/"})
JSON = _grammar(r"//[^\n]*|/\*|" + _LINE_STRINGS, {"/*": "*/"})
SHELL = _grammar(
    r"(?<![^\s;&|(])#[^\n]*|\\.|<<[-~]?[ \t]*(?:\\|'|\")?[A-Za-z_]\w{0,63}|\"|'",
    {'"': '"', "'": "\0'"},
    heredocs=True,
)

_BY_EXTENSION: dict[str, Grammar] = {
    **dict.fromkeys(["py", "pyi", "pyw"], PYTHON),
    "toml": TOML,
    **dict.fromkeys(["json", "jsonc", "ipynb", "webmanifest"], JSON),
    **dict.fromkeys(["js", "jsx", "mjs", "cjs", "ts", "mts", "cts"], SCRIPT),
    "go": GO,
    **dict.fromkeys(["java", "kt", "kts", "scala", "groovy", "gradle", "swift"], JAVA),
    **dict.fromkeys(["c", "h", "cc", "cpp", "cxx", "hpp", "hh", "cs", "proto"], C_LIKE),
    "rs": RUST,
    **dict.fromkeys(["css", "scss", "less"], CSS),
    **dict.fromkeys(["sh", "bash", "zsh"], SHELL),
}


def grammar_of(path: str) -> Grammar | None:
    """The grammar of a file's language, or None where a line of hyphens may be ordinary text."""
    name = path.rsplit("/", 1)[-1]
    stem, dot, extension = name.rpartition(".")
    if not dot or not stem:
        return None
    return _BY_EXTENSION.get(extension.lower())


class Position:
    """A place that moves forward through a file's text, line by line."""

    __slots__ = ("_closing", "_grammar", "_heredoc")

    def __init__(self, grammar: Grammar) -> None:
        self._grammar = grammar
        self._closing = ""
        self._heredoc = ""

    @property
    def inside(self) -> bool:
        """Whether the place lies inside a string or a comment."""
        return bool(self._closing or self._heredoc)

    def advance(self, text: str) -> None:
        """Move over ``text``, which holds whole lines and ends with a line break (or is empty)."""
        at = 0
        while at < len(text):
            if self._heredoc:
                at = self._skip_heredoc(text, at)
            elif self._closing:
                at = self._skip_span(text, at)
            else:
                at = self._skip_code(text, at)

    def _skip_code(self, text: str, at: int) -> int:
        spans = self._grammar.spans
        pending = ""
        end = len(text)
        if self._grammar.heredocs:
            # A heredoc begins on the line after the one that names it.
            end = text.index("\n", at) + 1
        for token in self._grammar.tokens.finditer(text, at, end):
            opening = token[0]
            if opening in spans:
                self._closing = spans[opening]
                self._heredoc = ""
                return token.end()
            if self._grammar.heredocs and opening.startswith("<<"):
                pending = opening.lstrip("<-~ \t\\'\"")
        self._heredoc = pending
        return end

    def _skip_span(self, text: str, at: int) -> int:
        closing = self._closing
        if closing.startswith("\0"):
            closing = closing[1:]
            found = text.find(closing, at)
        elif closing == "*/":
            found = text.find(closing, at)
        else:
            found = _find_unescaped(text, closing, at)
        if found < 0:
            return len(text)
        self._closing = ""
        return found + len(closing)

    def _skip_heredoc(self, text: str, at: int) -> int:
        while at < len(text):
            end = text.index("\n", at)
            line = text[at:end]
            at = end + 1
            if line.strip() == self._heredoc:
                self._heredoc = ""
                break
        return at


_UNESCAPED = {
    closing: re.compile(r"\\.|" + re.escape(closing), re.DOTALL) for closing in ('"""', "'''", '"', "`")
}


def _find_unescaped(text: str, closing: str, at: int) -> int:
    for token in _UNESCAPED[closing].finditer(text, at):
        if token[0] == closing:
            return token.start()
    return -1
