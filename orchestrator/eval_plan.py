"""What an eval run consists of: its tasks, its agents and the names of its samples.

The plan is the journal's first record; the names of samples follow from it, so that any process, and any
reader, finds the same ones.
"""

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from typing import TYPE_CHECKING

from evals.results import AgentInfo, TaskInfo
from orchestrator.teams import BUILDER
from prompts.errors import StoreError
from prompts.task import slug

if TYPE_CHECKING:
    from pydantic import TypeAdapter


@dataclass(frozen=True, slots=True)
class PlannedSample:
    """One sample to be: its name is safe in git references and stays the same in every run of the same task."""

    name: str
    task: TaskInfo
    agent: AgentInfo
    epoch: int


@dataclass(frozen=True, slots=True)
class EvalPlan:
    """Tasks and agents of a run. The number of epochs is no part of it: a run may be given more later."""

    suite: str
    tasks: tuple[TaskInfo, ...]
    agents: tuple[AgentInfo, ...]
    single: bool = False

    def samples(self, epochs: int) -> Iterator[PlannedSample]:
        """Every sample, epoch by epoch, so that a run that is stopped has seen all tasks equally often."""
        for epoch in range(1, epochs + 1):
            for task in self.tasks:
                for agent in self.agents:
                    yield PlannedSample(self._name(task, agent, epoch), task, agent, epoch)

    def count(self, epochs: int) -> int:
        """How many samples there are."""
        return len(self.tasks) * len(self.agents) * epochs

    def _name(self, task: TaskInfo, agent: AgentInfo, epoch: int) -> str:
        who = "" if self.single else f"-{agent.id}"
        return f"{slug(task.id)}-{task.hash[:8]}{who}-e{epoch}"


def agent_id(model: str, role: str, team: str, taken: Collection[str] = ()) -> str:
    """A short name for an agent: its model, and its role and team where they are not the usual ones.

    ``taken`` are names that other agents of the run have already.
    """
    parts = [model] + [role] * (role != BUILDER) + [team] * (team != "build")
    plain = slug(" ".join(parts))
    if plain not in taken:
        return plain
    return f"{plain}-{hashlib.sha256(chr(0).join(parts).encode('utf-8')).hexdigest()[:6]}"


def roles_hash(digests: Sequence[str]) -> str:
    """One hash for the templates of a team's roles: that of the role itself where there is only one."""
    if len(digests) == 1:
        return digests[0]
    return hashlib.sha256("\n".join(digests).encode("utf-8")).hexdigest()


def write_plan(plan: EvalPlan) -> dict[str, object]:
    """The plan as a JSON value."""
    return {
        "suite": plan.suite,
        "tasks": list(map(asdict, plan.tasks)),
        "agents": list(map(asdict, plan.agents)),
    }


def read_plan(value: object) -> EvalPlan | None:
    """The plan that ``write_plan`` wrote, or that ``backsmith run`` did; None for anything else.

    Raises StoreError for the plan of a version that wrote others.
    """
    if not isinstance(value, Mapping):
        return None
    if "suite" not in value:
        return _single(value)
    try:
        return _adapter().validate_python({key: value[key] for key in ("suite", "tasks", "agents")})
    except (KeyError, ValueError) as error:
        raise StoreError(f"the run was made by another version: {error}") from error


def _single(value: Mapping[str, object]) -> EvalPlan:
    """The plan of a run of one task, which ``backsmith run`` made."""
    title, digest = str(value.get("title", "")), str(value.get("task", ""))
    roles = value.get("roles")
    told = [str(role).split(" ") for role in roles] if isinstance(roles, list) else []
    name, version = (*(told[-1] if told else ()), "", "")[:2]
    role_hash = roles_hash([role[-1] for role in told])
    model, team = str(value.get("model", "")), str(value.get("team", ""))
    task = TaskInfo(
        id=slug(title),
        hash=digest,
        title=title,
        family=slug(title),
        framework=str(value.get("framework", "")),
        database=str(value.get("database", "")),
        tests_hash="",
    )
    agent = AgentInfo(agent_id(model, name or BUILDER, team), model, team, name, version, role_hash)
    return EvalPlan("", (task,), (agent,), single=True)


@cache
def _adapter() -> "TypeAdapter[EvalPlan]":
    from pydantic import TypeAdapter

    return TypeAdapter(EvalPlan)
