"""A judge model with its rubric and its calibration, ready to judge prose."""

from dataclasses import dataclass

from agents.completion import Model, Parameters, total
from evals.prose import Prose, ProseRuling
from evals.rubric.calibration import Calibration
from evals.rubric.judge import Rulings
from evals.rubric.judge import judge as ask_judge
from evals.rubric.rubric import Rubric
from prompts.task import Task

LONGEST = 4_000_000
"""Bytes of prose that are sent to a judge at most."""


@dataclass(frozen=True, slots=True)
class ProseJudge:
    """``calibration`` is the record of this very judge, rubric and settings; None where there is none."""

    model: Model
    parameters: Parameters
    rubric: Rubric
    calibration: Calibration | None

    async def judge(self, what: str, text: str, asked: str, model: Model | None = None) -> Prose:
        """The rulings on ``text``, asked of ``model`` where another one stands in for the judge's to keep its answers.

        Errors of the provider are raised.
        """
        rulings = await ask_judge(
            model or self.model, self.rubric.criteria, text[:LONGEST], asked=asked, parameters=self.parameters
        )
        counts = counting(self.calibration, rulings)
        usage, cost = total(rulings.completions)
        return Prose(
            what=what,
            judge=self.model.name,
            answered_by=rulings.answered_by,
            rulings=tuple(
                ProseRuling(r.criterion, r.verdict, r.criterion in counts, r.reason, r.quote)
                for r in rulings.rulings
            ),
            advice="" if counts else why_advice(self.calibration),
            usage=usage,
            cost_usd=cost,
        )


def counting(found: Calibration | None, rulings: Rulings) -> frozenset[str]:
    """The criteria whose verdicts count: of a judge that was measured, and that is still the same model."""
    if found is None or (found.answered_by and rulings.answered_by not in found.answered_by):
        return frozenset()
    return frozenset(r.criterion for r in rulings.rulings if found.counts(r.criterion))


def why_advice(found: Calibration | None) -> str:
    """Why nothing that the judge says counts."""
    if found is None:
        return "it was not calibrated"
    return "; ".join(found.shortfalls) or "another model answered than was calibrated"


def question(task: Task) -> str:
    """What was asked, as the judge is told."""
    return "\n".join([task.task, *(f"- {requirement}" for requirement in task.requirements)])
