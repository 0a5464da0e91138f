"""One answer judged by a model: a ruling for each criterion, with the words it rests on."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, Field

from agents.completion import CallTag, Completion, Message, Model, Parameters, Request
from agents.structured import ask
from evals.rubric.rubric import Criterion
from evals.verdict import Verdict
from prompts.judging import judge_prompt

_SHORTEST_QUOTE = 8
_MARKS = re.compile(r"[\s`*_\"'\u2018\u2019\u201c\u201d]+")
_ELISION = re.compile(r"\s*(?:\.\.\.|\u2026|\[\.\.\.\])\s*")


class JudgedCriterion(BaseModel):
    """What the judge says of one criterion. The reason comes before the verdict, so that it is not made up for it."""

    criterion: str
    quote: str = Field(description="words of the answer, copied exactly; empty where nothing is there")
    reason: str
    verdict: Literal["pass", "fail", "not-applicable"]


class Judged(BaseModel):
    """The judge's whole answer."""

    rulings: list[JudgedCriterion] = Field(max_length=60)


@dataclass(frozen=True, slots=True)
class Ruling:
    """One criterion's verdict. ``quote`` stands in the answer word for word, or is empty."""

    criterion: str
    verdict: Verdict
    reason: str
    quote: str = ""


@dataclass(frozen=True, slots=True)
class Rulings:
    """The rulings on one answer in the rubric's order, and the calls that they took."""

    rulings: tuple[Ruling, ...]
    completions: tuple[Completion, ...]

    @property
    def answered_by(self) -> str:
        """The model that really answered, as the provider names it."""
        return self.completions[-1].model if self.completions else ""


async def judge(
    model: Model,
    criteria: Sequence[Criterion],
    answer: str,
    *,
    asked: str = "",
    parameters: Parameters | None = None,
    repeat: int = 1,
) -> Rulings:
    """Ask ``model`` to judge an answer. ``repeat`` numbers independent askings of the same question.

    A criterion is inconclusive where the judge gave no ruling, two that differ, or a pass whose quotation does not
    stand in the answer. Errors of the provider are raised.
    """
    system, told = judge_prompt([c.told for c in criteria], answer, asked)
    task = hashlib.sha256(told.encode("utf-8")).hexdigest()
    request = Request(
        model.name,
        (Message("system", system), Message("user", told)),
        CallTag(task, "judge", epoch=repeat),
        parameters or Parameters(),
    )
    structured = await ask(model, request, Judged)
    if structured.value is None:
        why = structured.problems[0] if structured.problems else "no object"
        silent = f"the judge gave no verdicts that could be read: {why}"
        return Rulings(
            tuple(Ruling(c.id, Verdict.INCONCLUSIVE, silent) for c in criteria), structured.completions
        )
    return Rulings(read_rulings(structured.value, criteria, answer), structured.completions)


def read_rulings(judged: Judged, criteria: Sequence[Criterion], answer: str) -> tuple[Ruling, ...]:
    """The judge's answer, held against the text that it speaks of."""
    plain = _plain(answer)
    found = []
    for criterion in criteria:
        said = [r for r in judged.rulings if r.criterion.strip().lower().strip("`") == criterion.id]
        if not said:
            found.append(Ruling(criterion.id, Verdict.INCONCLUSIVE, "the judge gave no verdict"))
        elif len({r.verdict for r in said}) > 1:
            found.append(
                Ruling(criterion.id, Verdict.INCONCLUSIVE, "the judge gave two verdicts that differ")
            )
        else:
            found.append(_held(said[0], criterion.id, plain))
    return tuple(found)


def _held(said: JudgedCriterion, criterion: str, plain: str) -> Ruling:
    quote = said.quote.strip()
    stands = _stands(quote, plain)
    if said.verdict == "pass" and not stands:
        what = "quotes words that do not stand in the answer" if quote else "quotes nothing"
        return Ruling(criterion, Verdict.INCONCLUSIVE, f"the judge says pass and {what}")
    return Ruling(criterion, Verdict(said.verdict), said.reason.strip(), quote if stands else "")


def _stands(quote: str, plain: str) -> bool:
    """Whether a quotation stands in a text, quotation marks, line ends and elisions aside."""
    pieces = [piece for piece in map(_plain, _ELISION.split(quote)) if piece]
    return sum(map(len, pieces)) >= _SHORTEST_QUOTE and all(piece in plain for piece in pieces)


def _plain(text: str) -> str:
    return _MARKS.sub(" ", text).strip(" .,;:").lower()
