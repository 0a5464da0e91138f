"""What a task says about who may call what: its field ``auth`` outright, its requirements by a reading of their words.

The reading is documented in docs/checklist.md.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from evals.code.routes import shape
from prompts.access import AccessRule
from prompts.task import Task

_KEY = r"(?:x-)?api[- ]?key|tokens?|log(?:ged)?[- ]?in|login|auth\w*|credentials?|jwt|session|sign(?:ed)?[- ]?in|bearer"
_NEEDS = re.compile(
    rf"\b(?:needs?|requires?|required|must (?:send|have|be)|only (?:with|for)|protected by|guarded by|behind|with)"
    rf"\b[^.;]{{0,40}}\b(?:{_KEY})\b|\b(?:{_KEY})\b[^.;]{{0,24}}\b(?:required|needed|only|protected)\b"
    r"|\bauthenticated\b|\bprotected\b|\bcurrent user\b|\blogged[- ]in\b|\binvalidates? (?:the )?tokens?\b"
    r"|\badmins? only\b|\bonly (?:for )?(?:admins?|members|users|staff)\b|\badmin\b.{0,20}\bonly\b|\bmembers only\b"
    r"|\b401\b",
    re.IGNORECASE,
)
_OWNER = re.compile(
    r"\b(?:author|owner|creator|user)s? only\b|\bonly (?:the |its |their |his |her )?(?:author|owner|creator|own)\b"
    r"|\bonly (?:their|his|her|its|one's) own\b|\bsomeone else's\b|\b(?:other|another) (?:user|person)(?:'s|s')"
    r"|\bper-user ownership\b|\b(?:key|user|token|account) that created\b"
    r"|\b(?:belongs?|belonging) to (?:them|the (?:caller|user))\b"
    r"|\btheir own\b|\bown (?:notes|posts|orders|items|data|tasks|todos|records)\b",
    re.IGNORECASE,
)
_PUBLIC = re.compile(
    r"\bpublic(?:ly)?\b|\bno auth\w*\b|\bwithout (?:auth\w*|a token|login)\b|\banyone\b|\bunauthenticated\b",
    re.IGNORECASE,
)
_WRITES = re.compile(r"\b(?:writes?|writing|mutations?|changes|modif\w+|state-changing)\b", re.IGNORECASE)
_READS = re.compile(r"\b(?:reads?|reading)\b", re.IGNORECASE)
_ALL = re.compile(
    r"\b(?:all|every|each|any)\b[^.;]{0,24}\b(?:endpoints?|routes?|requests?|calls?|operations?)\b",
    re.IGNORECASE,
)
_TALKS = re.compile(rf"\b(?:{_KEY})\b|\bpermissions?\b|\broles?\b", re.IGNORECASE)

OPEN_PATHS = re.compile(
    r"(^|/)(login|signin|register|signup)/|(^|/)(access-?token|login|log-in|signin|sign-in|register|signup|sign-up|token|tokens|refresh|forgot[\w-]*|reset[\w-]*|verify[\w-]*"
    r"|health\w*|healthz|ready\w*|live\w*|ping|status|metrics|docs|redoc|openapi\.json|version|callback|webhook\w*|csrf\w*"
    r"|oauth\w*|sessions?|authenticate|confirm\w*)/?$"
)
"""Paths that are there for people without credentials."""

OWN_PATHS = re.compile(r"(^|/)(me|logout|log-out|signout|sign-out|profile|account/me|whoami)/?$")
"""Paths that make no sense without credentials."""

_API = re.compile(r"^(/(api|rest|v\d+))+(?=/|$)")
_WRITE_METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE"})


@dataclass(frozen=True, slots=True)
class Need:
    """What one endpoint needs: ``required`` (None: nothing said), ``owner``, and the words that say so."""

    required: bool | None
    owner: bool
    words: str


class Reading:
    """One task's requirements, read once."""

    def __init__(self, task: Task | None) -> None:
        self.task = task
        self._rules: tuple[AccessRule, ...] = task.auth.rules if task and task.auth else ()
        self._named: dict[tuple[str, str], Need] = {}
        self._general: list[tuple[str, str]] = []
        for text in task.requirements if task else ():
            endpoints = [e for e in task.endpoints if e.method in text and e.path in text] if task else []
            if endpoints:
                for endpoint in endpoints:
                    self._named.setdefault(
                        (endpoint.method, shape(endpoint.path)), self._need(text, endpoint.path)
                    )
            else:
                self._general.append((text, text.lower()))
        if task:
            self._general.append((task.task, task.task.lower()))
        for rule in self._rules:
            if not rule.below:
                for method in rule.methods:
                    self._named.setdefault((method, rule.path), _ruled(rule, rule.path))

    @property
    def silent(self) -> bool:
        """Whether no word of the task speaks of credentials, roles or owners."""
        if self.task is None:
            return True
        if any(rule.standing != "public" for rule in self._rules):
            return False
        words = " ".join([self.task.task, *self.task.requirements])
        return not (_TALKS.search(words) or _OWNER.search(words) or _NEEDS.search(words))

    def endpoints(self) -> Iterable[tuple[str, str]]:
        """The endpoints that the task names, as method and shape."""
        return self._named

    def need(self, method: str, path: str) -> Need:
        """What the task says of one endpoint of the code: by its field ``auth``, else by its requirements."""
        speaking = [rule for rule in self._rules if not rule.methods or method in rule.methods]
        for covers in (_covers, _ends_like):
            for rule in speaking:
                if covers(rule, path):
                    return _ruled(rule, path)
        named = next(
            (need for (m, s), need in self._named.items() if m == method and same(s, path)),
            Need(None, False, ""),
        )
        if named.required is not None:
            return named
        for text, lowered in self._general:
            need = self._generally(text, lowered, method, path)
            if need is not None:
                return need
        return named

    def _need(self, text: str, path: str) -> Need:
        owner = bool(_OWNER.search(text))
        if OPEN_PATHS.search(path):
            return Need(False, False, text)
        if _NEEDS.search(text) or owner or OWN_PATHS.search(path):
            return Need(True, owner and ("{" in shape(path)), text)
        if _PUBLIC.search(text):
            return Need(False, False, text)
        return Need(None, False, text)

    def _generally(self, text: str, lowered: str, method: str, path: str) -> Need | None:
        """What a sentence without an endpoint says: of writes, of all endpoints, or of a resource by its name."""
        owner = bool(_OWNER.search(text))
        if OPEN_PATHS.search(path) or not (_NEEDS.search(text) or owner):
            return None
        parts = [p for p in shape(path).split("/") if p and p != "{}"]
        about = any(
            re.search(rf"\b{re.escape(_singular(p))}(?:e?s|ies)?\b", lowered) for p in parts if len(p) < 60
        )
        if _WRITES.search(text) and not owner:
            return Need(True, False, text) if method in _WRITE_METHODS else None
        if _READS.search(text) and not owner and not _ALL.search(text):
            return Need(True, False, text) if method == "GET" else None
        if _ALL.search(text) or about:
            return Need(True, owner and "{" in shape(path), text)
        return None


def _ruled(rule: AccessRule, path: str) -> Need:
    words = f"auth: {rule.standing}: {rule.text}"
    if rule.standing == "public":
        return Need(False, False, words)
    return Need(True, rule.standing == "owner" and "{" in shape(path), words)


def _covers(rule: AccessRule, path: str) -> bool:
    """Whether an entry speaks of a path, a prefix such as ``/api/v1`` aside."""
    have = _API.sub("", shape(path)) or "/"
    if not rule.below:
        return rule.path in {have, shape(path)}
    return any(f"{whole}/".startswith(f"{rule.path.rstrip('/')}/") for whole in (have, shape(path)))


def _ends_like(rule: AccessRule, path: str) -> bool:
    return not rule.below and same(rule.path, path)


def same(wanted: str, path: str) -> bool:
    """Whether a route's path is the one that a task names, a prefix such as ``/api/v1`` aside."""
    have = shape(path)
    return have == wanted or (wanted != "/" and not wanted.startswith("/{}") and have.endswith(wanted))


def _singular(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return word[:-3]
    return word[:-1] if word.endswith("s") and len(word) > 3 else word
