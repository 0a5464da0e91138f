"""What is known of a value in a test: texts, numbers, answers to requests, functions."""

import re
from dataclasses import dataclass, field, replace
from functools import lru_cache
from http import HTTPStatus
from itertools import islice
from typing import TypeVar

from evals.code import nodes as n
from evals.code.project import Found
from evals.code.syntax import Scalar

_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_NUMBERED = re.compile(r"HTTP_(\d{3})")
_STATUSES = {status.name.replace("_", ""): status.value for status in HTTPStatus}
T = TypeVar("T")
MOST = 48


@dataclass(frozen=True, slots=True)
class Request:
    """One request that a test makes. ``path`` is None where it is not known; holes in it are ``{}``."""

    method: str
    path: str | None
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Expectation:
    """A status that a test expects of a request's answer; 0 where only the body is looked at."""

    request: Request
    status: int


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a value: its possible texts and numbers, answers, statuses of answers, and functions."""

    texts: frozenset[str] = frozenset()
    numbers: frozenset[int] = frozenset()
    answers: frozenset[Request] = frozenset()
    statuses: frozenset[Request] = frozenset()
    functions: tuple["Bound", ...] = ()
    keyed: tuple[tuple[str, "Known"], ...] = ()


@dataclass(frozen=True, slots=True)
class Bound:
    """A function with the variables that it was made among."""

    found: Found
    env: "dict[str, Known]" = field(hash=False, compare=False)


NOTHING = Known()


def status_of(expr: n.Attr) -> int:
    """The number behind ``status.HTTP_404_NOT_FOUND``, ``http.StatusNotFound`` and their kin, or 0."""
    numbered = _NUMBERED.match(expr.name)
    if numbered:
        return int(numbered[1])
    base = n.last(expr.base)
    if base not in {"HTTPStatus", "http", "status", "codes", "StatusCodes", "HttpStatus"}:
        return 0
    plain = _CAMEL.sub("_", expr.name.removeprefix("Status")).upper().replace("_", "")
    return _STATUSES.get(plain, 0)


def union(values: list[Known]) -> Known:
    """What is known of a value that is one of several."""
    known = [value for value in values if value is not NOTHING]
    if not known:
        return NOTHING
    if len(known) == 1:
        return known[0]
    return Known(
        _some([v.texts for v in known]), _some([v.numbers for v in known]),
        _some([v.answers for v in known]), _some([v.statuses for v in known]),
        tuple(f for v in known for f in v.functions)[:4], tuple(k for v in known for k in v.keyed)[:MOST],
    )  # fmt: skip


def _some(sets: list[frozenset[T]]) -> frozenset[T]:
    filled = [one for one in sets if one]
    if len(filled) <= 1:
        return filled[0] if filled else frozenset()
    kept = filled[0].union(*filled[1:])
    return kept if len(kept) <= MOST else frozenset(islice(kept, MOST))


def known_const(value: Scalar) -> Known:
    """A literal: a text or a whole number; nothing is known of others."""
    if isinstance(value, str):
        return _known_text(value[:300])
    return _known_number(value) if type(value) is int else NOTHING


@lru_cache(maxsize=4096)
def _known_text(text: str) -> Known:
    return Known(texts=frozenset({text}))


@lru_cache(maxsize=1024)
def _known_number(number: int) -> Known:
    return Known(numbers=frozenset({number}))


def joined(values: list[Known]) -> Known:
    """Texts put together; a part that is not known is a hole. Numbers and statuses pass through ``+``."""
    texts = {""}
    for value in values:
        pieces = value.texts or ({str(x) for x in value.numbers} if len(value.numbers) == 1 else {"{}"})
        texts = {(t + p)[:300] for t in sorted(texts)[:MOST] for p in sorted(pieces)[:MOST]}
    merged = union(values)
    return replace(merged, texts=frozenset(sorted(texts)[:MOST]), keyed=(), functions=())


def formatted(args: list[Known]) -> Known:
    """What ``Sprintf`` makes: every verb is a hole."""
    texts = {re.sub(r"%[-+# 0-9.]*[a-zA-Z]", "{}", t) for t in args[0].texts}
    return Known(texts=frozenset(texts))


def path_of(text: str) -> str | None:
    """The path of a URL text, or None where it is none."""
    plain = re.sub(r"^(https?://[^/]+|\{\})(?=/)", "", text)
    if not plain.startswith("/"):
        return None
    return plain.partition("?")[0].partition("#")[0] or "/"
