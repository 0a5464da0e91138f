"""Measures a judge on labelled answers, and remembers what came out. Only a measured judge counts."""

import asyncio
import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agents.completion import Model, Parameters
from evals.rubric.agreement import Pair, cohen_kappa, consistency, kappa_interval
from evals.rubric.judge import judge
from evals.rubric.labels import LabelledSet, Part
from evals.rubric.rubric import Rubric
from evals.verdict import Verdict
from prompts.errors import ConfigError

LEAST_KAPPA = 0.6
"""Agreement with people from which a judge counts: "substantial" after Landis and Koch, Biometrics 33 (1977)."""

LEAST_LOW = 0.4
"""What the lower end of kappa's 95% interval has to reach, so that a small set cannot let a poor judge pass."""

LEAST_CONSISTENCY = 0.9
"""How often the same question has to get the same answer."""

FEWEST_LABELS = 60
"""A set with fewer labels measures nothing."""

FEWEST_OF_CRITERION = 8
"""A criterion with fewer labels is measured with the others, not by itself."""


class CriterionScore(BaseModel):
    """One criterion's part of the measurement. ``kappa`` is None where it is undefined."""

    model_config = ConfigDict(frozen=True)

    labels: int
    agreement: float
    kappa: float | None


class Calibration(BaseModel):
    """The record of one measurement: who judged by what, on which set, and what came out."""

    model_config = ConfigDict(frozen=True)

    format: int = 1
    judge: str
    answered_by: tuple[str, ...]
    settings: str
    rubric: str
    rubric_digest: str
    set_digest: str
    parts: int
    labels: int
    repeats: int
    agreement: float
    kappa: float | None
    kappa_low: float | None
    kappa_high: float | None
    consistency: float | None
    inconclusive: float = Field(description="the share of askings without a usable verdict")
    criteria: dict[str, CriterionScore]
    date: date

    @property
    def shortfalls(self) -> tuple[str, ...]:
        """Why the judge does not count; empty where it does."""
        found = []
        if self.labels < FEWEST_LABELS:
            found.append(f"the set has {self.labels} labels, {FEWEST_LABELS} are needed")
        if self.kappa is None or self.kappa < LEAST_KAPPA:
            found.append(f"kappa is {_number(self.kappa)}, {LEAST_KAPPA} is needed")
        if self.kappa_low is None or self.kappa_low < LEAST_LOW:
            found.append(f"kappa may be as low as {_number(self.kappa_low)}, {LEAST_LOW} is needed")
        if self.consistency is None or self.consistency < LEAST_CONSISTENCY:
            found.append(f"consistency is {_number(self.consistency)}, {LEAST_CONSISTENCY} is needed")
        return tuple(found)

    def counts(self, criterion: str) -> bool:
        """Whether the judge's verdicts by this criterion decide anything."""
        score = self.criteria.get(criterion)
        if self.shortfalls or score is None:
            return False
        return score.labels < FEWEST_OF_CRITERION or (score.kappa is not None and score.kappa >= LEAST_KAPPA)


@dataclass(frozen=True, slots=True)
class Asked:
    """One part asked once: the verdict by criterion, and who answered."""

    part: Part
    verdicts: dict[str, Verdict]
    answered_by: str


async def calibrate(
    model: Model,
    rubric: Rubric,
    labelled: LabelledSet,
    *,
    today: date,
    parameters: Parameters | None = None,
    repeats: int = 3,
    jobs: int = 4,
    on_done: Callable[[int, int], None] | None = None,
) -> Calibration:
    """Ask the judge about every part ``repeats`` times, at most ``jobs`` at once, and measure its answers."""
    gate = asyncio.Semaphore(jobs)
    total, done = len(labelled.parts) * repeats, 0

    async def one(part: Part, repeat: int) -> Asked:
        nonlocal done
        async with gate:
            found = await judge(
                model,
                rubric.among(part.labels),
                part.text,
                asked=part.asked,
                parameters=parameters,
                repeat=repeat,
            )
        done += 1
        if on_done is not None:
            on_done(done, total)
        return Asked(part, {r.criterion: r.verdict for r in found.rulings}, found.answered_by)

    tasks = [asyncio.ensure_future(one(part, n)) for part in labelled.parts for n in range(1, repeats + 1)]
    try:
        asked = await asyncio.gather(*tasks)
    finally:  # after a first error nobody waits for the others
        for task in tasks:
            task.cancel()
    return measured(asked, rubric, labelled, model.name, parameters, repeats, today)


def measured(
    asked: Sequence[Asked],
    rubric: Rubric,
    labelled: LabelledSet,
    name: str,
    parameters: Parameters | None,
    repeats: int,
    today: date,
) -> Calibration:
    """What the askings come to. Every repeat counts as an answer of its own; an inconclusive one is a disagreement."""
    groups: dict[str, list[Pair]] = {part.id: [] for part in labelled.parts}
    by_criterion: dict[str, list[Pair]] = {}
    answers: dict[tuple[str, str], list[str]] = {}
    for one in asked:
        for criterion, label in one.part.labels.items():
            verdict = one.verdicts.get(criterion, Verdict.INCONCLUSIVE).value
            pair = (label.verdict, verdict)
            groups[one.part.id].append(pair)
            by_criterion.setdefault(criterion, []).append(pair)
            answers.setdefault((one.part.id, criterion), []).append(verdict)
    pairs = [pair for group in groups.values() for pair in group]
    interval = kappa_interval(list(groups.values()))
    counts = Counter(criterion for part in labelled.parts for criterion in part.labels)
    return Calibration(
        judge=name,
        answered_by=tuple(sorted({one.answered_by for one in asked} - {""})),
        settings=settings_text(parameters),
        rubric=f"{rubric.name} {rubric.version}",
        rubric_digest=rubric.digest,
        set_digest=labelled.digest,
        parts=len(labelled.parts),
        labels=labelled.labels,
        repeats=repeats,
        agreement=_share(pairs),
        kappa=cohen_kappa(pairs),
        kappa_low=interval.low if interval else None,
        kappa_high=interval.high if interval else None,
        consistency=consistency(list(answers.values())),
        inconclusive=sum(said == Verdict.INCONCLUSIVE for _, said in pairs) / len(pairs),
        criteria={
            c.id: CriterionScore(
                labels=counts[c.id],
                agreement=_share(by_criterion[c.id]),
                kappa=cohen_kappa(by_criterion[c.id]),
            )
            for c in rubric.criteria
            if c.id in by_criterion
        },
        date=today,
    )


def settings_text(parameters: Parameters | None) -> str:
    """Model settings as one stable text: a judge with other settings is another judge."""
    from agents.cassette.key import parameters_json

    return json.dumps(parameters_json(parameters or Parameters()), sort_keys=True)


def write_calibration(record: Calibration, folder: Path) -> Path:
    """Keep a record under the judge's, the rubric's and the settings' names; an older one is replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{_slug(record.judge)}-{record.rubric_digest[:12]}.json"
    path.write_text(record.model_dump_json(indent=2) + "\n", encoding="utf-8")
    return path


def find_calibration(
    folder: Path, judge_name: str, rubric: Rubric, parameters: Parameters | None = None
) -> Calibration | None:
    """The latest record of this very judge, rubric and settings; None where there is none.

    Raises ConfigError for a record that cannot be read.
    """
    found: list[Calibration] = []
    for path in sorted(folder.glob("*.json")) if folder.is_dir() else ():
        try:
            record = Calibration.model_validate_json(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{path} cannot be read: {error}") from None
        except ValidationError:
            raise ConfigError(
                f"{path} is no calibration record", "calibrate the judge anew, or move the file"
            ) from None
        same = (record.judge, record.rubric_digest, record.settings)
        if same == (judge_name, rubric.digest, settings_text(parameters)):
            found.append(record)
    return max(found, key=lambda record: record.date, default=None)


def _share(pairs: Sequence[Pair]) -> float:
    return sum(left == right for left, right in pairs) / len(pairs)


def _number(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.2f}"


def _slug(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9.]+", "-", name).strip("-") or "judge"
