"""What a judge model says of an answer's prose, as a value: advice, but for what its calibration lets count."""

from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from agents.completion import Usage
from evals.verdict import Evidence, Verdict

CALIBRATIONS = Path("calibrations")
"""Where records of how judges were measured are kept and looked for unless told otherwise."""


@dataclass(frozen=True, slots=True)
class ProseRuling:
    """One criterion's verdict. ``counts``: it decides, because the judge was measured by this criterion.

    ``quote`` stands in the prose word for word, or is empty.
    """

    criterion: str
    verdict: Verdict
    counts: bool
    reason: str
    quote: str = ""


@dataclass(frozen=True, slots=True)
class Prose:
    """All rulings. ``what`` was judged: a ``design``, an ``answer``; ``answered_by`` is the model that really judged.

    ``advice`` says why verdicts are advice alone; empty where some count.
    """

    what: str
    judge: str
    answered_by: str
    rulings: tuple[ProseRuling, ...]
    advice: str = ""
    usage: Usage = field(default_factory=Usage)
    cost_usd: Decimal | None = None

    @property
    def failures(self) -> tuple[Evidence, ...]:
        """What counts and fails, as reasons of a verdict."""
        return tuple(
            Evidence(f"{self.what}: {ruling.criterion}: {ruling.reason}")
            for ruling in self.rulings
            if ruling.counts and ruling.verdict is Verdict.FAIL
        )

    @property
    def told(self) -> str:
        """In one line: who judged what, how it came out, and whether that decides anything."""
        counts = ", ".join(
            f"{count} {verdict}"
            for verdict in Verdict
            if (count := sum(r.verdict is verdict for r in self.rulings))
        )
        counted = sum(ruling.counts for ruling in self.rulings)
        weight = f"advice, for {self.advice}" if self.advice else f"{counted} of {len(self.rulings)} count"
        return f"{self.what} judged by {self.judge}: {counts} ({weight})"
