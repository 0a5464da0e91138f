"""Whether a place in a file lies inside a string or a comment, where a line of hyphens is ordinary text.

Outside of them no language listed here allows such a line, so it must be the delimiter. The scanners follow strings
and comments only, and read every text once.
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Span:
    """A string or comment that may hold line breaks. In one that ``escapes``, a backslash hides what follows it."""

    opening: str
    closing: str
    escapes: bool = True

    @property
    def rest(self) -> str:
        """A pattern for what stands between opening and closing, and the closing."""
        closing = re.escape(self.closing)
        if not self.escapes:
            return f".*?{closing}"
        first = re.escape(self.closing[0])
        partial = f"|{first}(?!{re.escape(self.closing[1:])})" if self.closing[1:] else ""
        # No possessive group: before Python 3.11.5 those match wrongly (gh-106052). What is left to
        # backtrack over fails at once, so the time stays in proportion.
        return rf"(?:[^\\{first}]++|\\.{partial})*{closing}"


class Grammar:
    """The strings and comments of a family of languages."""

    def __init__(
        self, *spans: Span, line_comment: str = "//[^\n]*+", strings: str = "\"'", heredocs: bool = False
    ):
        self.heredocs = heredocs
        self.spans = {span.opening: span for span in spans}
        # A span that does not end in the text matches its opening alone, as does one with a string of one line.
        tokens = (
            [line_comment, r"<<[-~]?[ \t]{0,8}(?:\\|'|\")?[A-Za-z_]\w{0,63}"] if heredocs else [line_comment]
        )
        tokens += [re.escape(span.opening) + span.rest for span in spans]
        tokens += [re.escape(span.opening) for span in spans]
        tokens += [rf"{quote}(?:[^{quote}\\\n]++|\\.)*{quote}?" for quote in strings]
        self.tokens = re.compile("|".join(filter(None, tokens)), re.DOTALL)
        self.endings = {span.opening: re.compile(span.rest, re.DOTALL) for span in spans}


_COMMENT = Span("/*", "*/", escapes=False)
_TRIPLE = Span('"""', '"""')

_PYTHON = Grammar(_TRIPLE, Span("'''", "'''"), line_comment="#[^\n]*+")
_C = Grammar(_COMMENT)
_SCRIPT = Grammar(_COMMENT, Span("`", "`"))
_GO = Grammar(_COMMENT, Span("`", "`", escapes=False))
_JAVA = Grammar(_COMMENT, _TRIPLE)
_RUST = Grammar(
    _COMMENT,
    *(Span(f'r{"#" * count}"', f'"{"#" * count}', escapes=False) for count in range(1, 5)),
    Span('"', '"'),
    line_comment=r"//[^\n]*+|'(?:[^'\\\n]|\\[^\n])'",
    strings="",
)
_CSS = Grammar(_COMMENT, line_comment="")
_SHELL = Grammar(
    Span('"', '"'),
    Span("'", "'", escapes=False),
    line_comment=r"(?<![^\s;&|(])#[^\n]*+|\\.",
    strings="",
    heredocs=True,
)

_BY_EXTENSION: dict[str, Grammar] = {
    **dict.fromkeys(["py", "pyi", "pyw", "toml"], _PYTHON),
    **dict.fromkeys(
        ["json", "jsonc", "ipynb", "webmanifest", "c", "h", "cc", "cpp", "cxx", "hpp", "cs", "proto"], _C
    ),
    **dict.fromkeys(["js", "jsx", "mjs", "cjs", "ts", "tsx", "mts", "cts"], _SCRIPT),
    "go": _GO,
    **dict.fromkeys(["java", "kt", "kts", "scala", "groovy", "gradle", "swift"], _JAVA),
    "rs": _RUST,
    **dict.fromkeys(["css", "scss", "less"], _CSS),
    **dict.fromkeys(["sh", "bash", "zsh"], _SHELL),
}


def grammar_of(path: str) -> Grammar | None:
    """The grammar of a file's language, or None where a line of hyphens may be ordinary text."""
    stem, dot, extension = path.rsplit("/", 1)[-1].rpartition(".")
    return _BY_EXTENSION.get(extension.lower()) if dot and stem else None


class Position:
    """A place that moves forward through a file's text, whole lines at a time."""

    __slots__ = ("_grammar", "_heredoc", "_span")

    def __init__(self, grammar: Grammar) -> None:
        self._grammar = grammar
        self._span: Span | None = None
        self._heredoc = ""

    @property
    def inside(self) -> bool:
        """Whether the place lies inside a string or a comment."""
        return self._span is not None or bool(self._heredoc)

    def advance(self, text: str) -> None:
        """Move over ``text``, which ends with a line break (or is empty)."""
        at = 0
        while at < len(text):
            if self._heredoc:
                at = self._skip_heredoc(text, at)
            elif self._span is not None:
                at = self._skip_span(text, at, self._span)
            else:
                at = self._skip_code(text, at)

    def _skip_code(self, text: str, at: int) -> int:
        grammar = self._grammar
        end = len(text)
        if grammar.heredocs:
            # A heredoc begins on the line behind the one that names it.
            end = text.index("\n", at) + 1
        elif not any(text.find(opening, at) >= 0 for opening in grammar.spans):
            return end
        heredoc = ""
        for token in grammar.tokens.finditer(text, at, end):
            opening = token[0]
            if opening in grammar.spans:
                self._span = grammar.spans[opening]
                return token.end()
            if grammar.heredocs and opening.startswith("<<"):
                heredoc = opening.lstrip("<-~ \t\\'\"")
        self._heredoc = heredoc
        return end

    def _skip_span(self, text: str, at: int, span: Span) -> int:
        ending = self._grammar.endings[span.opening].match(text, at)
        if ending is None:
            return len(text)
        self._span = None
        return ending.end()

    def _skip_heredoc(self, text: str, at: int) -> int:
        while at < len(text):
            end = text.index("\n", at)
            line = text[at:end]
            at = end + 1
            if line.strip() == self._heredoc:
                self._heredoc = ""
                break
        return at
