"""What stands in a block: fences taken off, and content that is no whole file. Rules F1 to F5 of docs/fileblock.md."""

import re
from collections.abc import Collection
from dataclasses import dataclass

from agents.fileblock.marks import read_mark

PROSE_EXTENSIONS = frozenset({"md", "markdown", "mdx", "rst", "txt", "adoc", "asciidoc", "html", "htm"})
_DIFF_EXTENSIONS = frozenset({"diff", "patch"})
_MARKDOWN_INFO = frozenset({"md", "markdown", "mdx"})

_LANGUAGES: dict[str, tuple[str, ...]] = {
    "py": ("python", "python3"),
    "js": ("javascript", "node", "jsx"),
    "mjs": ("javascript", "js"),
    "ts": ("typescript",),
    "tsx": ("typescript", "ts"),
    "go": ("golang",),
    "rs": ("rust",),
    "rb": ("ruby",),
    "cs": ("csharp", "c#"),
    "kt": ("kotlin",),
    "sql": ("postgresql", "postgres", "mysql", "sqlite"),
    "sh": ("bash", "shell"),
    "md": ("markdown",),
    "yml": ("yaml",),
    "yaml": ("yml",),
    "txt": ("text", "plaintext"),
    "mod": ("go", "go.mod"),
    "dockerfile": ("docker",),
}
# A line can only leave code out if it holds one of these words.
_ELISION_WORDS = (
    "existing",
    "rest of",
    "unchanged",
    "remaining",
    "omitted",
    "same as",
    "previous",
    "as before",
    "other ",
    "truncated",
    "snip",
)
_COMMENT = re.compile(r"(?:#|//|--|/\*|<!--|;|%|\{/\*|\(\*|\"\"\"|\[|\(|<|\.\.\.|…)[#/*!\-.… \t\[(]{0,16}")
_CODE = (
    r"(?:code|file|implementations?|logic|functions?|methods?|class(?:es)?|imports|routes|endpoints|handlers|tests|"
    r"module|component|schema|tables|queries)"
)
_PART = (
    rf"(?:{_CODE}|contents?|models?|definitions?|fields?|config(?:uration)?|settings|setup|body|script|stuff|parts?|"
    r"lines)"
)
_ADJECTIVE = r"(?:existing|remaining|previous|unchanged|original)"
_THE = r"(?:(?:all |keep )?(?:of )?(?:the |your |this |my )?)"
_STATE = (
    r"(?: ?(?:[-–—(,:] ?)?(?:(?:remains?|stays?|is|are) )?(?:the same|unchanged|as before|as is|same as before|"
    r"goes here|here|omitted|stays|continues|not shown|above|below|from before)(?: for brevity| as before| here)?)"
)
# With an ellipsis beside it, or saying that something stayed as it was, a remark is sure to stand for code.
_SURELY = re.compile(
    rf"(?:{_THE}(?:rest|remainder) of {_THE}(?:{_ADJECTIVE} )?{_PART}{_STATE}"
    rf"|{_THE}{_ADJECTIVE} (?:\w+ ){{0,2}}{_PART}{_STATE}"
    rf"|{_THE}(?:other |{_ADJECTIVE} )?(?:\w+ )?{_PART}{_STATE})$",
    re.IGNORECASE,
)
_WITH_DOTS = re.compile(
    rf"(?:{_THE}(?:rest|remainder) of {_THE}|{_THE}{_ADJECTIVE}\b|(?:the )?rest$|{_THE}other (?:\w+ )?{_PART}"
    rf"|(?:same as|as before|omitted|truncated|snip|code)\b)",
    re.IGNORECASE,
)
_ALONE = re.compile(
    rf"{_THE}(?:(?:rest|remainder) of {_THE}(?:{_ADJECTIVE} )?{_CODE}|existing {_CODE}|(?:code|{_CODE} code) omitted)$",
    re.IGNORECASE,
)
_DIFF_FIRST = re.compile(
    r"diff --git |@@ -\d|\*\*\* Begin Patch|Index: \S|--- (?:a/|/dev/null|\S)|={7,}$|<{5,9} "
)
_SEARCH = re.compile(r"^<{5,9} ?(?:SEARCH|ORIGINAL|HEAD|UPDATED|CURRENT)\b", re.MULTILINE)
_REPLACE = re.compile(r"^>{5,9} ?\S", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Flaw:
    """Why content is no whole file: the code of its diagnostic, and the line (from 0) within the content."""

    code: str
    line: int
    text: str


def without_fence(lines: list[str], path: str) -> tuple[list[str], bool]:
    """The lines without the code fence that encloses all of them, and whether there was one."""
    first, last = 0, len(lines) - 1
    while first < last and not lines[first].strip():
        first += 1
    while last > first and not lines[last].strip():
        last -= 1
    if last <= first or lines[first].lstrip(" ")[:3] not in {"```", "~~~"}:
        return lines, False
    opener, closer = read_mark(lines[first], 1), read_mark(lines[last], 1)
    if opener is None or closer is None or opener.kind != "fence" or closer.kind != "fence":
        return lines, False
    character = opener.text[0]
    if closer.text != character or closer.size < opener.size:
        return lines, False
    if extension(path) in PROSE_EXTENSIONS and opener.text[1:].lower() not in _MARKDOWN_INFO:
        return lines, False
    return lines[first + 1 : last], True


def find_flaw(text: str, path: str) -> Flaw | None:
    """What keeps the text from being the whole file it should be, or None."""
    kind = extension(path)
    if kind not in _DIFF_EXTENSIONS:
        flaw = _find_diff(text)
        if flaw is not None:
            return flaw
    if kind in PROSE_EXTENSIONS or kind in _DIFF_EXTENSIONS:
        return None
    return _find_elision(text)


def elided_line(text: str, path: str, known: Collection[str] = ()) -> str | None:
    """The line of a piece that only says that code was left out, unless it is one of the ``known`` lines."""
    if extension(path) in PROSE_EXTENSIONS | _DIFF_EXTENSIONS:
        return None
    kept = "\n".join(line for line in text.split("\n") if line not in known)
    flaw = _find_elision(kept)
    return None if flaw is None else flaw.text


def names_language(info: str, path: str) -> bool:
    """Whether a fence's info string names the language of a file."""
    word = info.lower().split(" ", 1)[0].strip("{}.")
    kind = extension(path) or path.rsplit("/", 1)[-1].lower()
    return bool(word) and (word == kind or word in _LANGUAGES.get(kind, ()))


def extension(path: str) -> str:
    """What follows the last dot of a path's last part, in lower case."""
    return path.rsplit("/", 1)[-1].rpartition(".")[2].lower()


def _find_diff(text: str) -> Flaw | None:
    start = text[:4096].lstrip("\n")
    first, _, behind = start.partition("\n")
    if _DIFF_FIRST.match(first) and (
        not first.startswith(("---", "===", "Index")) or behind.startswith(("+++ ", "@@ -", "=====", "--- "))
    ):
        return Flaw("diff", 0, first)
    if "<<<<<" in text and ">>>>>" in text:
        search = _SEARCH.search(text)
        if search and _REPLACE.search(text, search.end()):
            return Flaw("diff", text.count("\n", 0, search.start()), search[0])
    return None


def _find_elision(text: str) -> Flaw | None:
    lowered = text.lower()
    if len(lowered) != len(text):
        lowered = text
    for word in _ELISION_WORDS:
        at = lowered.find(word)
        while at >= 0:
            start = text.rfind("\n", 0, at) + 1
            end = text.find("\n", at)
            end = len(text) if end < 0 else end
            if end - start <= 200 and _elides(text, start, end):
                return Flaw("elided", text.count("\n", 0, start), text[start:end].strip())
            at = lowered.find(word, end)
    return None


def _elides(text: str, start: int, end: int) -> bool:
    """Whether the line from ``start`` to ``end`` is nothing but a remark that code was left out."""
    line = text[start:end].strip()
    comment = _COMMENT.match(line)
    if comment is None:
        return False
    said = line[comment.end() :].rstrip(' \t*/->}])"!.…:')
    if "..." in comment[0] or "…" in comment[0] or line.rstrip(' \t*/->}])"').endswith(("...", "…")):
        return _WITH_DOTS.match(said) is not None or _SURELY.match(said) is not None
    if _SURELY.match(said) is None and _ALONE.match(said) is None:
        return False
    # A remark within a longer comment is part of a sentence about something else.
    before = text[text.rfind("\n", 0, max(0, start - 1)) + 1 : max(0, start - 1)][:200].strip()
    after = text[end + 1 : end + 201].split("\n", 1)[0].strip()
    opening = comment[0][:1]
    return not (before.startswith(opening) or after.startswith(opening))
