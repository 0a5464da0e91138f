"""Verdicts and the evidence behind them."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """What a judgement ends as. What could not be judged is INCONCLUSIVE, never PASS."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    FAIL = "fail"
    NOT_APPLICABLE = "not-applicable"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a verdict rests on: a place in a file and what is there.

    ``line`` is 1-based, 0 means the whole file. ``path`` is empty where the evidence is a test or an
    observation named in ``message``.
    """

    message: str
    path: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One checklist item's verdict. ``evidence`` is never empty; ``reason`` says in one line why.

    ``deterministic``: the same submission always gets the same verdict (a model's judgement is not).
    """

    item: str
    verdict: Verdict
    reason: str
    evidence: tuple[Evidence, ...]
    deterministic: bool = True

    def __post_init__(self) -> None:
        if not self.evidence:
            raise ValueError(f"verdict of {self.item} without evidence")
