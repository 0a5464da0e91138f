"""What stands in a block: fences taken off, and content that is no whole file. Rules F1 to F5 of docs/fileblock.md."""

import re
from dataclasses import dataclass

from agents.fileblock.marks import read_mark

PROSE_EXTENSIONS = frozenset({"md", "markdown", "mdx", "rst", "txt", "adoc", "asciidoc", "html", "htm"})
_DIFF_EXTENSIONS = frozenset({"diff", "patch"})
_MARKDOWN_INFO = frozenset({"md", "markdown", "mdx"})

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
_COMMENT = re.compile(r"(?:#|//|--|/\*|<!--|;|%|\*|\{/\*|\(\*|\"\"\"|\[|\(|<|\.\.\.|…)[#/*!\-.… \t]{0,16}")
_OBJECT = (
    r"(?:code|file|files|implementation|implementations|logic|function|functions|method|methods|class|classes|imports?|"
    r"content|contents|routes?|endpoints?|handlers?|models?|tests?|definitions?|fields?|configuration|config|"
    r"settings|setup|body|module|component|script|stuff|parts?|lines)"
)
_LEFT_OUT = re.compile(
    rf"(?:(?:the |your |all )?(?:rest|remainder) of (?:the |your |this )?(?:existing |original |previous )?{_OBJECT}\b"
    rf"|(?:\.\.\.|…) ?(?:the |your |all )?(?:existing|remaining|previous|unchanged|other|rest|same as|omitted|truncated|snip)\b"
    rf"|(?:the |your |all )?(?:existing|remaining|previous|unchanged) {_OBJECT}(?: \w+)?"
    rf"(?:$| ?(?:\.\.\.|…|here\b|unchanged|(?:remains?|stays?|is|are) (?:the same|unchanged|as before)|goes here|omitted))"
    rf"|{_OBJECT}(?: \w+)? (?:remains?|stays?|is|are) (?:the same|unchanged|omitted|as before)"
    rf"|(?:unchanged|same as before|as before|omitted for brevity|snip(?:ped)?|truncated)$"
    rf"|{_OBJECT} omitted\b)",
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
    lowered = text.lower() if text.isascii() else text
    for word in _ELISION_WORDS:
        at = lowered.find(word)
        while at >= 0:
            start = text.rfind("\n", 0, at) + 1
            end = text.find("\n", at)
            end = len(text) if end < 0 else end
            if end - start <= 200:
                line = text[start:end].strip()
                if _elides(line):
                    return Flaw("elided", text.count("\n", 0, start), line)
            at = lowered.find(word, end)
    return None


def _elides(line: str) -> bool:
    """Whether a line is nothing but a remark that code was left out."""
    comment = _COMMENT.match(line)
    if comment is None:
        return False
    said = line[comment.end() :].rstrip(' \t*/->}])"!.…:')
    dots = comment[0].rstrip(" \t").endswith(("...", "…"))
    if dots:
        said = "... " + said
    elif line.rstrip(' \t*/->}])"').endswith(("...", "…")):
        said += "..."
    return _LEFT_OUT.match(said) is not None
