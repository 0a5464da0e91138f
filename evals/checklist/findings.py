"""From what an item found to its verdict, the same way for every item."""

import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from evals.code import nodes as n
from evals.code.view import CodeView
from evals.verdict import CheckResult, Evidence, Verdict

MOST = 50
"""Pieces of evidence in one result; further ones are counted."""


@dataclass(slots=True)
class Findings:
    """Collects what speaks against, for, and what could not be judged.

    One thing against makes the item fail; else one thing unknown makes it inconclusive; else what speaks for it
    makes it pass; with nothing at all it does not apply.
    """

    item: str
    against: list[Evidence] = field(default_factory=list)
    unknown: list[Evidence] = field(default_factory=list)
    fine: list[Evidence] = field(default_factory=list)

    def verdict(self, *, failed: str, passed: str, unsure: str, absent: str) -> CheckResult:
        """The result. The four texts say why; each may hold ``{count}``."""
        for found, verdict, reason in (
            (self.against, Verdict.FAIL, failed),
            (self.unknown, Verdict.INCONCLUSIVE, unsure),
            (self.fine, Verdict.PASS, passed),
        ):
            if found:
                unique = tuple(dict.fromkeys(found))
                return CheckResult(self.item, verdict, reason.format(count=len(unique)), bounded(unique))
        return CheckResult(self.item, Verdict.NOT_APPLICABLE, absent, (Evidence(absent),))


def bounded(evidence: Sequence[Evidence]) -> tuple[Evidence, ...]:
    """At most ``MOST`` pieces, with a last one that counts the rest."""
    if len(evidence) <= MOST:
        return tuple(evidence)
    return (*evidence[:MOST], Evidence(f"and {len(evidence) - MOST} more"))


def unread(modules: Sequence[n.Module]) -> list[Evidence]:
    """What of these modules could not be read, as evidence that a verdict is not whole."""
    found = [Evidence(m.problem, m.path, m.problem_line) for m in modules if m.problem]
    found += [
        Evidence("code here could not be read and was left out", m.path, m.cut)
        for m in modules
        if m.cut and not m.problem
    ]
    return found


UNREAD = {".cs": "C#", ".rb": "Ruby", ".kt": "Kotlin", ".php": "PHP", ".ex": "Elixir",
          ".scala": "Scala", ".swift": "Swift", ".c": "C", ".cpp": "C++"}  # fmt: skip
_UNROUTED = re.compile(
    r"springframework\.web|(javax|jakarta)\.ws\.rs|micronaut|@nestjs/|^koa|^hapi|@hapi/|^restify|^aiohttp|^tornado|^falcon"
    r"|^sanic|^litestar|^bottle|^pyramid|gofiber/fiber|rest_framework|^django|^connexion|^strawberry|graphql"
)


def unread_languages(view: CodeView) -> list[Evidence]:
    """Source files in languages that have no reader here: what they hold is not known."""
    found = []
    for file in view.files:
        language = UNREAD.get(posixpath.splitext(file.path)[1].lower())
        if language and file.part != "test":
            found.append(Evidence(f"{language} is not read here", file.path))
    return found


def unread_routes(view: CodeView) -> list[Evidence]:
    """Why no route was found although the code may have some: a language or a framework that is not read here."""
    found = unread_languages(view)
    for module in view.modules_of("source"):
        for stmt in module.body:
            if isinstance(stmt, n.Import) and _UNROUTED.search(stmt.module):
                found.append(
                    Evidence(
                        f"the routes of {shown(stmt.module, 40)} are not read here", module.path, stmt.line
                    )
                )
                break
    return found


def shown(text: str, limit: int = 80) -> str:
    """A piece of untrusted text for a message: one line, no control characters, bounded."""
    plain = "".join(c if c.isprintable() else " " for c in text[: limit * 2])
    plain = " ".join(plain.split())
    return plain if len(plain) <= limit else plain[: limit - 1] + "\N{HORIZONTAL ELLIPSIS}"
