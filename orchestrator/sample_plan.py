"""What a sample is: the task, who answers it, where it is done, and who judges."""

from collections.abc import Awaitable, Callable, Container, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from agents.completion import Model, Parameters
from agents.submission import Answer
from evals.judgement import Judgement
from orchestrator.teams import Team
from prompts.repository import RepositoryContext
from prompts.role import Role
from prompts.task import Task, slug

if TYPE_CHECKING:
    from evals.rubric.prose import ProseJudge

# Judges an answer to a task; raises InfrastructureError where it cannot be judged at all.
Judge = Callable[[Answer, Task], Awaitable[Judgement]]


class Ground(Protocol):
    """The repository that a sample is done in."""

    @property
    def files(self) -> Mapping[str, str]:
        """The texts of the base commit, which edits are for."""

    @property
    def others(self) -> Container[str]:
        """The paths of files that are no text."""

    @property
    def context(self) -> RepositoryContext:
        """What the model is told about it."""

    def check(self, answer: Answer) -> Answer:
        """The answer with what of it cannot stand in the repository taken out and told."""


@dataclass(frozen=True, slots=True)
class SamplePlan:
    """What a sample is: a task, who answers it, and how often a failing answer may be repaired.

    ``judged`` is the task as the judge has it, where that is more than the model is told (hidden tests); ``named``
    the sample's name, where it does not follow from the task. ``grader`` is noted with each score. ``ground`` is
    the repository that it is done in, where there is one. ``approve`` gets the expert's design and returns the one
    to build by, which ``prose`` judges.
    """

    task: Task
    model: Model
    team: Team
    roles: Mapping[str, Role]
    rounds: int = 3
    epoch: int = 1
    parameters: Parameters = field(default_factory=Parameters)
    redact: Callable[[str], str] = str
    judged: Task | None = None
    ground: Ground | None = None
    named: str = ""
    grader: str = ""
    approve: Callable[[str], str] | None = None
    prose: "ProseJudge | None" = None

    @property
    def context(self) -> RepositoryContext | None:
        """What the model is told about the repository, where there is one."""
        return self.ground.context if self.ground else None

    @property
    def name(self) -> str:
        """The sample's name, safe in git references; it shows no secret that the task's title may hold."""
        return self.named or f"{slug(self.redact(self.task.task))}-{self.task.digest[:8]}-e{self.epoch}"
