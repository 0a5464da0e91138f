"""A run as a value that reports are made of. The field names are the JSON report's own."""

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from evals.plain_json import dump
from evals.score import Score
from evals.verdict import Verdict

if TYPE_CHECKING:
    from pydantic import TypeAdapter


@dataclass(frozen=True, slots=True)
class RoundReport:
    """One round: its commit in the run's repository and its score. ``source`` tells live from replayed."""

    number: int
    commit: str
    source: str
    model: str
    score: Score


@dataclass(frozen=True, slots=True)
class SampleReport:
    """One sample; ``verdict`` is None while it is not finished."""

    name: str
    branch: str
    verdict: Verdict | None
    rounds: tuple[RoundReport, ...]

    @property
    def best(self) -> RoundReport | None:
        """The round that counts: the first that passes, else the last."""
        passed = (r for r in self.rounds if r.score.verdict is Verdict.PASS)
        return next(passed, self.rounds[-1] if self.rounds else None)


@dataclass(frozen=True, slots=True)
class RunReport:
    """A whole run. ``roles`` are ``name version digest``; ``damaged`` the journal's unreadable lines."""

    folder: str
    repository: str
    task: str
    model: str
    team: str
    roles: tuple[str, ...]
    samples: tuple[SampleReport, ...]
    damaged: tuple[int, ...] = ()


def report_json(report: RunReport) -> str:
    """The report as indented JSON."""
    return dump(_adapter(), report, indent=2) + "\n"


@cache
def _adapter() -> "TypeAdapter[RunReport]":
    from pydantic import TypeAdapter

    return TypeAdapter(RunReport)
