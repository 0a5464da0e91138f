"""The baseline: what a suite's tasks and items came to when somebody said that it was good. Pure values.

As JSON it is sorted and has one number a line, so that git shows and merges what changed.
"""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING

from evals.results import RunResults, SampleResult
from evals.verdict import Verdict
from prompts.errors import ConfigError

if TYPE_CHECKING:
    from pydantic import TypeAdapter

FORMAT = 1


@dataclass(frozen=True, slots=True)
class ItemCounts:
    """A checklist item's verdicts over the samples of one task."""

    passed: int = 0
    failed: int = 0
    not_applicable: int = 0
    inconclusive: int = 0

    def plus(self, other: "ItemCounts") -> "ItemCounts":
        """Both counts together."""
        return ItemCounts(
            self.passed + other.passed,
            self.failed + other.failed,
            self.not_applicable + other.not_applicable,
            self.inconclusive + other.inconclusive,
        )


@dataclass(frozen=True, slots=True)
class TaskCounts:
    """One task's samples: counts, and hashes of all that they came from.

    ``task``, ``tests`` and ``grader`` must be the same for counts to be comparable; ``prompts`` and
    ``environments`` are told, and may differ: they are what is being tried, or what answers asked for.
    """

    task: str
    tests: str
    grader: str
    family: str
    samples: int
    passed: int
    items: Mapping[str, ItemCounts] = field(default_factory=dict)
    prompts: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()

    @property
    def failed(self) -> int:
        """Samples that were judged and did not pass."""
        return self.samples - self.passed

    def plus(self, later: "TaskCounts") -> "TaskCounts":
        """Both sets of samples together."""
        none = ItemCounts()
        return replace(
            later,
            samples=self.samples + later.samples,
            passed=self.passed + later.passed,
            items={
                item: self.items.get(item, none).plus(later.items.get(item, none))
                for item in sorted({*self.items, *later.items})
            },
            prompts=tuple(sorted({*self.prompts, *later.prompts})),
            environments=tuple(sorted({*self.environments, *later.environments})),
        )


@dataclass(frozen=True, slots=True)
class Maker:
    """The agent whose samples were counted."""

    model: str
    team: str
    role: str
    role_version: str
    role_hash: str

    @property
    def role_told(self) -> str:
        """The role, its version and the beginning of its hash."""
        return f"{self.role} {self.role_version} ({self.role_hash[:8]})"


@dataclass(frozen=True, slots=True)
class Baseline:
    """``runs`` has a fingerprint for each run that was counted, so that none is counted twice.

    ``environment`` says what the newest of them was made with.
    """

    suite: str
    maker: Maker
    tasks: Mapping[str, TaskCounts]
    runs: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    format: int = FORMAT


def only_agent(run: RunResults, agent: str | None) -> tuple[SampleResult, ...]:
    """The samples of the named agent (its id or its model), or of the run's only one."""
    named = [a for a in run.agents if agent is None or agent in {a.id, a.model}]
    if len(named) != 1:
        known = ", ".join(a.id for a in run.agents) or "none"
        wrong = f"no agent {agent}" if not named else "several agents"
        raise ConfigError(f"{run.folder} has {wrong}", f"name one with --agent; it has: {known}")
    return tuple(sample for sample in run.samples if sample.agent.id == named[0].id)


def count(run: RunResults, agent: str | None = None) -> Baseline:
    """The counts of one agent's samples in a run, as a baseline.

    Raises ConfigError for a run that is not finished or could not be judged, or one whose samples of a task
    were judged by different graders: such counts would be compared with for a long time.
    """
    if run.partial:
        missing = run.planned - len(run.samples)
        raise ConfigError(
            f"{run.folder} is not finished: {missing} samples are missing", "go on with it first"
        )
    if run.inconclusive:
        raise ConfigError(
            f"{run.folder} is inconclusive: {len(run.errors)} of {len(run.samples)} samples could not be judged",
            "mend what is wrong with the infrastructure and run it again",
        )
    samples = only_agent(run, agent)
    groups: dict[str, list[SampleResult]] = defaultdict(list)
    for sample in samples:
        if sample.counted:
            groups[sample.task.id].append(sample)
    agent_info = samples[0].agent
    return Baseline(
        suite=run.suite,
        maker=Maker(
            agent_info.model, agent_info.team, agent_info.role, agent_info.role_version, agent_info.role_hash
        ),
        tasks={name: task_counts(group) for name, group in groups.items()},
        runs=(_fingerprint(samples),),
        environment=run.environment,
    )


def task_counts(samples: Sequence[SampleResult]) -> TaskCounts:
    """The counts of judged samples of one task. Raises ConfigError where they are not of one kind."""
    task = samples[0].task
    graders = sorted({sample.grader_hash for sample in samples})
    if len(graders) > 1:
        raise ConfigError(
            f"the samples of {task.id} were judged by {len(graders)} different graders",
            "run them again with one version",
        )
    items: dict[str, Counter[Verdict]] = defaultdict(Counter)
    for sample in samples:
        for item, result in sample.items.items():
            items[item][result.verdict] += 1
    return TaskCounts(
        task=task.hash,
        tests=task.tests_hash,
        grader=graders[0],
        family=task.family,
        samples=len(samples),
        passed=sum(sample.verified for sample in samples),
        items={
            item: ItemCounts(
                tally[Verdict.PASS],
                tally[Verdict.FAIL],
                tally[Verdict.NOT_APPLICABLE],
                tally[Verdict.INCONCLUSIVE],
            )
            for item, tally in items.items()
        },
        prompts=tuple(sorted({s.prompt_hash for s in samples if s.prompt_hash})),
        environments=tuple(sorted({s.environment for s in samples if s.environment})),
    )


def merge(known: Baseline, new: Baseline) -> Baseline:
    """Both baselines' counts together; a task that has changed starts anew from ``new``.

    Raises ConfigError where ``new`` was counted before, or is another agent's: such counts are no deeper
    baseline of the same thing.
    """
    if set(new.runs) & set(known.runs):
        raise ConfigError("this run is in the baseline already", "it would be counted twice")
    if known.maker != new.maker:
        raise ConfigError(
            f"the baseline is of {_told(known.maker)}, the run of {_told(new.maker)}",
            "bless without --merge to start a new baseline",
        )
    tasks = dict(known.tasks)
    for name, counts in new.tasks.items():
        before = known.tasks.get(name)
        tasks[name] = counts if before is None or why_not_comparable(before, counts) else before.plus(counts)
    return Baseline(new.suite, new.maker, tasks, (*known.runs, *new.runs), new.environment)


def why_not_comparable(before: TaskCounts, after: TaskCounts) -> str:
    """What makes two sets of samples of a task different questions; empty where nothing does."""
    changed = [
        what
        for what, was, now in (
            ("task", before.task, after.task),
            ("tests", before.tests, after.tests),
            ("grader", before.grader, after.grader),
        )
        if was != now
    ]
    return f"another {' and another '.join(changed)}" if changed else ""


def write_baseline(baseline: Baseline) -> str:
    """The baseline as sorted, indented JSON."""
    return json.dumps(asdict(baseline), indent=1, sort_keys=True, ensure_ascii=True) + "\n"


def read_baseline(text: str, name: str) -> Baseline:
    """The baseline that ``write_baseline`` wrote; ``name`` is the file's, for errors (ConfigError)."""
    try:
        found = _adapter().validate_json(text)
    except ValueError as error:
        first = str(error).split("\n", 2)[1:2]
        raise ConfigError(
            f"{name} is no baseline: {' '.join(first) or error}", "backsmith bless RUN --baseline writes one"
        ) from error
    if found.format != FORMAT:
        raise ConfigError(f"{name} has format {found.format}; this version reads {FORMAT}")
    return found


def _told(maker: Maker) -> str:
    return f"{maker.model} as {maker.role_told}, team {maker.team}"


def _fingerprint(samples: Sequence[SampleResult]) -> str:
    told = sorted(f"{s.name} {' '.join(s.commits)} {s.verdict}" for s in samples)
    return hashlib.sha256("\n".join(told).encode("utf-8")).hexdigest()[:32]


@cache
def _adapter() -> "TypeAdapter[Baseline]":
    from pydantic import TypeAdapter

    return TypeAdapter(Baseline)
