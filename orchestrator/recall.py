"""What a run's journal holds: what is done, where the rest stands, and what git has to point to."""

from dataclasses import dataclass, field
from pathlib import Path

from agents.spending import Amounts
from evals.verdict import Verdict
from orchestrator.completion_record import amounts_of
from orchestrator.journal import scan_journal


@dataclass(frozen=True, slots=True)
class Step:
    """One call of a sample: who was asked (``design``, ``judge``, ``build``, ``review``) in which round."""

    sample: str
    kind: str
    round: int

    @property
    def label(self) -> str:
        """The step as a part of a git reference."""
        return f"{self.kind}-{self.round}"


@dataclass(slots=True)
class Held:
    """What a journal holds. Numbers are offsets in it: of answers by sample and step, of scores by sample and round.

    ``damaged`` are the numbers of unreadable lines, ``spent`` is what live calls took, ``done`` has the verdicts of
    finished samples, and ``references`` are those of git that answers and scores need.
    """

    plan: object = None
    damaged: list[int] = field(default_factory=list)
    spent: Amounts = field(default_factory=Amounts)
    done: dict[str, Verdict] = field(default_factory=dict)
    answers: dict[str, dict[Step, int]] = field(default_factory=dict)
    scores: dict[str, dict[int, int]] = field(default_factory=dict)
    references: dict[str, str] = field(default_factory=dict)


def recall(journal: Path) -> Held:
    """All that a journal holds; nothing where there is none. Raises StoreError where it cannot be read."""
    held = Held()
    for line in scan_journal(journal):
        record = line.record
        if record is None:
            held.damaged.append(line.number)
            continue
        sample, number = str(record.get("sample")), record.get("round")
        match record.get("kind"):
            case "run" if held.plan is None:
                held.plan = record.get("plan")
            case "answer" if isinstance(number, int):
                step = Step(sample, str(record.get("step")), number)
                held.answers.setdefault(sample, {})[step] = line.offset
                held.spent += amounts_of(record)
                held.references[call_reference(step)] = str(record.get("call"))
            case "score" if isinstance(number, int):
                held.scores.setdefault(sample, {})[number] = line.offset
                held.references[branch_reference(sample)] = str(record["commit"])
            case "sample" if record.get("error") is None:
                held.done[sample] = Verdict(str(record["verdict"]))
    return held


def spent_before(journal: Path) -> Amounts:
    """What the live calls in a journal took; nothing where there is none."""
    spent = Amounts()
    for line in scan_journal(journal):
        if line.record is not None and line.record.get("kind") == "answer":
            spent += amounts_of(line.record)
    return spent


def call_reference(step: Step) -> str:
    """The reference that keeps an answer and its prompt."""
    return f"refs/backsmith/calls/{step.sample}/{step.label}"


def branch_reference(sample: str) -> str:
    """The branch on which a sample's rounds are commits."""
    return f"refs/heads/samples/{sample}"
