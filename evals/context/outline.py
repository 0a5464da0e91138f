"""What is known of every file of a repository, whatever the task: its words, its imports, how long it is. Pure.

Found without parsing, since all files of a repository are read so; ``evals.context.definitions`` reads the few that
are shown.
"""

import re
import string
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter

from evals.code.files import language_of

_LARGEST = 400_000
_WORDS_OF, _WORDS_OF_DATA = 40_000, 8_000
_IMPORTS_IN = 20_000
_MOST_WORDS = 300
_MOST_IMPORTS = 80
_LONGEST_WORD = 60
_BLANKED = bytes(byte if chr(byte) in string.ascii_letters else 32 for byte in range(256))
_PARTS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+")
_ENDINGS = ("ing", "ies", "ed", "es", "s")
# Each begins with a fixed character, so that `re` runs ahead to it.
_SIGNATURE = re.compile(
    r"\n[ \t]{0,8}(?:(?:(?:export|default|public|private|protected|internal|static|abstract|final|open|async|override"
    r"|sealed|data|unsafe|pub(?:\([a-z]+\))?)[ \t]+)+"
    r"|(?:fn|func|def|class|struct|enum|trait|interface|impl|module|object|record|function|type)[ \t])"
    r"([^\n{;=]{1,200})|\n(?:const|let|var)[ \t]+(\w{1,80})"
)
_LINE_IMPORT = re.compile(r"\n[ \t]*(?:from|import|use)[ \t]+(?:static[ \t]+)?[\"']?([\w./@:-]{1,200})")
_GO_IMPORT = re.compile(r"\n[ \t]+(?:[\w.]+[ \t]+)?\"([\w./@-]{1,200})\"(?=\n)")
_SCRIPT_IMPORT = re.compile(r"(?:require\(|from[ \t])[ \t]*[\"']([\w./@-]{1,200})[\"']")
_SCRIPT_ENDING = re.compile(r"\.[cm]?[jt]sx?$")
_SERVES = (
    "@app.", "router.", "@bp.", "blueprint.", "api.", "urlpatterns", "app.get(", "app.post(", "app.use(", "app.put(",
    "app.delete(", ".GET(", ".POST(", ".PUT(", ".DELETE(", ".Group(", "Mapping(", "@Get(", "@Post(", "@Controller(",
    "include_router", "register_blueprint", "HandleFunc(",
)  # fmt: skip
_STORES = {
    "python": ("Column", "Mapped", "relationship", "models.", "BaseModel", "SQLModel", "Schema", "RootModel"),
    "javascript": ("@Entity", "mongoose", "equelize"),
    "typescript": ("@Entity", "mongoose", "equelize"),
    "go": ("gorm",),
    "java": ("@Entity",),
}
_STORING_FILES = (".prisma", ".sql", ".kt")
OTHER_CODE = (".rs", ".rb", ".cs", ".kt", ".kts", ".php", ".scala", ".swift", ".ex", ".exs")
"""Endings of languages that are read by their lines alone."""


@dataclass(frozen=True, slots=True)
class Outline:
    """One file. ``words`` are the parts of its identifiers with their counts, ``names`` those of its signatures, both
    packed (see ``count_in``); ``imports`` the last names of what it imports, ``lines`` how many it has. ``serves``: it
    may define routes; ``stores``: it may define data models."""

    words: str = ""
    names: str = ""
    imports: tuple[str, ...] = ()
    lines: int = 0
    serves: bool = False
    stores: bool = False


def outline(path: str, text: str) -> Outline:
    """The outline of one file."""
    lines = text.count("\n") + 1
    if len(text) > _LARGEST:
        return Outline(lines=lines)
    language = language_of(path)
    if not language and not path.endswith((*_STORING_FILES, *OTHER_CODE)):
        return Outline(words=_packed(word_parts(text[:_WORDS_OF_DATA])), lines=lines)
    begun = "\n" + text
    signatures = " ".join(one or other for one, other in _SIGNATURE.findall(begun))
    return Outline(
        words=_packed(word_parts(text[:_WORDS_OF])),
        names=_packed(word_parts(signatures)),
        imports=tuple(dict.fromkeys(_imports(begun[:_IMPORTS_IN], language or "")))[:_MOST_IMPORTS],
        lines=lines,
        serves=bool(language) and any(sign in text for sign in _SERVES),
        stores=path.endswith(_STORING_FILES) or any(sign in text for sign in _STORES.get(language or "", ())),
    )


def word_parts(text: str) -> dict[str, int]:
    """The parts of all identifiers and words of a text, in lower case and without endings, with their counts."""
    counts: dict[str, int] = {}
    for word, count in Counter(text.encode("utf-8", "replace").translate(_BLANKED).split()).items():
        for part in _split(word):
            counts[part] = counts.get(part, 0) + count
    return counts


def count_in(packed: str, word: str) -> int:
    """How often a word (in the form of ``word_parts``) stands among packed words."""
    at = packed.find(f" {word}:")
    if at < 0:
        return 0
    start = at + len(word) + 2
    end = packed.find(" ", start)
    return int(packed[start : end if end >= 0 else None])


def _packed(counts: Mapping[str, int]) -> str:
    """The most frequent words in one string, of which thousands are looked through faster than decoded."""
    most = sorted(counts.items(), key=itemgetter(1), reverse=True)[:_MOST_WORDS]
    return "".join([f" {word}:{count}" for word, count in most])


@lru_cache(maxsize=200_000)
def _split(word: bytes) -> tuple[str, ...]:
    if not 2 < len(word) <= _LONGEST_WORD:
        return ()
    name = word.decode("ascii")
    if name.islower():
        return (_stem(name),)
    return tuple(_stem(part.lower()) for part in _PARTS.findall(name) if len(part) > 2)


@lru_cache(maxsize=200_000)
def _stem(word: str) -> str:
    """A word without its plural or past: enough to let ``limits`` meet ``limit`` and ``limiting``."""
    if word.endswith(_ENDINGS):
        for ending in _ENDINGS:
            if word.endswith(ending) and len(word) - len(ending) > 3:
                return word.removesuffix(ending) + ("y" if ending == "ies" else "")
    return word


def _imports(text: str, language: str) -> Iterator[str]:
    """The last name of each import: the module's own, without what leads to it."""
    found = _LINE_IMPORT.findall(text)
    if language == "go":
        found += _GO_IMPORT.findall(text)
    elif language in {"javascript", "typescript"}:
        found += _SCRIPT_IMPORT.findall(text)
    for name in found:
        plain = name.rstrip("./")
        if "/" in plain:
            last = _SCRIPT_ENDING.sub("", plain.rpartition("/")[2])
        else:
            last = plain.replace(":", ".").rpartition(".")[2]
        if last:
            yield last
