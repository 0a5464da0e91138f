"""One small fault in one file, and what came of all that were tried."""

import hashlib
from dataclasses import dataclass
from typing import Literal

Kind = Literal["guard", "validation", "status", "query", "conflict", "comparison"]


@dataclass(frozen=True, slots=True)
class Mutant:
    """A replacement of ``start`` to ``end`` (bytes of the file's UTF-8 text) by ``text``. ``was`` stood there."""

    path: str
    line: int
    kind: Kind
    start: int
    end: int
    was: str
    text: str

    def put_into(self, source: str) -> str:
        """The file's text with the fault in it."""
        data = source.encode("utf-8", "surrogatepass")
        return (data[: self.start] + self.text.encode() + data[self.end :]).decode("utf-8", "surrogatepass")

    @property
    def lines(self) -> range:
        """The lines that it changes, from 1."""
        return range(self.line, self.line + self.was.count("\n") + 1)

    @property
    def shown(self) -> str:
        """What was done, in one short line."""
        return f"{_KINDS[self.kind]}: `{_short(self.was)}` became `{_short(self.text)}`"


@dataclass(frozen=True, slots=True)
class MutantReport:
    """``survived`` are those that the tests let pass, ``killed`` those that they noticed, out of ``possible``.

    ``problem`` says why none, or not all, could be tried.
    """

    killed: tuple[Mutant, ...] = ()
    survived: tuple[Mutant, ...] = ()
    possible: int = 0
    problem: str = ""

    @property
    def tried(self) -> int:
        """How many came to a verdict."""
        return len(self.killed) + len(self.survived)

    @property
    def kill_rate(self) -> float | None:
        """The share that the tests noticed; None where none was tried."""
        return len(self.killed) / self.tried if self.tried else None

    @property
    def told(self) -> str:
        """In one line: how many the tests noticed, out of how many, and why not all were tried."""
        return mutants_told(len(self.killed), len(self.survived), self.possible, self.problem)


def mutants_told(killed: int, survived: int, possible: int, problem: str) -> str:
    """In one line: how many mutants the tests noticed, out of how many, and why not all were tried."""
    if not killed + survived:
        return f"not judged: {problem}" if problem else "none came to a verdict"
    told = f"{killed} of {killed + survived} noticed by the tests, out of {possible} possible"
    return told + (f"; {problem}" if problem else "")


def in_order(mutants: tuple[Mutant, ...]) -> tuple[Mutant, ...]:
    """The order in which mutants are tried: one of each kind in turn, drawn by hash, so that a short time sees all
    kinds and the same code always the same mutants.
    """
    by_kind: dict[str, list[Mutant]] = {}
    for mutant in sorted(mutants, key=_drawn):
        by_kind.setdefault(mutant.kind, []).append(mutant)
    lanes = [by_kind[kind] for kind in sorted(by_kind)]
    return tuple(lane[n] for n in range(max(map(len, lanes), default=0)) for lane in lanes if n < len(lane))


_KINDS = {
    "guard": "a guard removed",
    "validation": "a validation dropped",
    "status": "a status changed",
    "query": "a query put together from text",
    "conflict": "a conflict's check removed",
    "comparison": "a comparison inverted",
}


def _drawn(mutant: Mutant) -> str:
    return hashlib.sha256(f"{mutant.path}:{mutant.was}:{mutant.text}:{mutant.start}".encode()).hexdigest()


def _short(text: str) -> str:
    plain = " ".join("".join(c if c.isprintable() else " " for c in text[:200]).split())
    return plain if len(plain) <= 70 else plain[:69] + "\N{HORIZONTAL ELLIPSIS}"
