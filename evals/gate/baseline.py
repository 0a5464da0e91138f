"""The baseline: what a suite's tasks and items came to when somebody said that it was good. Pure values.

As JSON it is sorted and has one number a line, so that git shows and merges what changed.
"""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace

from evals.results import MOST_ERRORS, AgentInfo, RunResults, SampleResult
from evals.verdict import Verdict
from prompts.errors import ConfigError

FORMAT = 1
MOST_SAMPLES = 100_000
"""Of one task: more than anybody runs, and no more than exact tests can count with."""


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
    parameters: str = ""

    @property
    def role_told(self) -> str:
        """The role, its version and the beginning of its hash."""
        return f"{self.role} {self.role_version} ({self.role_hash[:8]})"

    @property
    def settings_told(self) -> str:
        """The model's settings that are not its provider's own; "" where they are not known."""
        try:
            known = json.loads(self.parameters)
        except ValueError:
            return self.parameters
        if not isinstance(known, dict):
            return self.parameters
        set_ones = {name: value for name, value in known.items() if value not in (None, [], {}, "")}
        return ", ".join(f"{name}={value}" for name, value in sorted(set_ones.items())) or "the provider's"

    def differs(self, other: "Maker") -> bool:
        """Whether it is another agent. Settings that one of them does not know are no difference."""
        if not (self.parameters and other.parameters):
            other = replace(other, parameters=self.parameters)
        return self != other


def maker_of(agent: AgentInfo) -> Maker:
    """The agent as a baseline names it."""
    return Maker(agent.model, agent.team, agent.role, agent.role_version, agent.role_hash, agent.parameters)


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


def of_agent(run: RunResults, agent: str | None) -> RunResults:
    """The run of one agent alone: of the named one (its id or its model), or of the only one."""
    named = [a for a in run.agents if agent is None or agent in {a.id, a.model}]
    if len(named) != 1:
        known = ", ".join(a.id for a in run.agents) or "none"
        wrong = f"no agent {agent}" if not named else "several agents"
        raise ConfigError(
            f"{run.folder} has {wrong}",
            f"name one with --agent (compare: --first-agent, --second-agent); it has: {known}",
        )
    samples = tuple(sample for sample in run.samples if sample.agent.id == named[0].id)
    return replace(run, agents=(named[0],), samples=samples, planned=run.planned // len(run.agents))


def without_verdict(samples: Sequence[SampleResult]) -> str:
    """Says that more than 5% of the samples have no verdict; empty where it is no more than that.

    Those that have one are then no fair choice: broken answers, say, can be judged where others cannot.
    """
    missing = sum(not sample.counted for sample in samples)
    if missing <= MOST_ERRORS * len(samples):
        return ""
    return f"{missing} of {len(samples)} samples could not be judged"


def count(run: RunResults, agent: str | None = None) -> Baseline:
    """The counts of one agent's samples in a run, as a baseline.

    Raises ConfigError for a run that is not finished or could not be judged, or one whose samples of a task
    were judged by different graders: such counts would be compared with for a long time. A task of which no
    sample at all could be judged is left out.
    """
    own = of_agent(run, agent)
    if own.partial:
        missing = own.planned - len(own.samples)
        raise ConfigError(
            f"{run.folder} is not finished: {missing} samples are missing", "go on with it first"
        )
    groups: dict[str, list[SampleResult]] = defaultdict(list)
    for sample in own.samples:
        if sample.counted:
            groups[sample.task.id].append(sample)
    tried = [sample for sample in own.samples if sample.task.id in groups]
    if own.inconclusive or without_verdict(tried):
        told = without_verdict(own.samples) or without_verdict(tried)
        raise ConfigError(
            f"{run.folder} is inconclusive: {told}", "mend what kept them from a verdict and run it again"
        )
    return Baseline(
        suite=run.suite,
        maker=maker_of(own.agents[0]),
        tasks={name: task_counts(group) for name, group in groups.items()},
        runs=(fingerprint(own),),
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

    Raises ConfigError where ``new`` was counted before, or is another suite's or agent's: such counts are no
    deeper baseline of the same thing.
    """
    for what, was, now in (
        ("the suite ", known.suite, new.suite),
        ("", _told(known.maker), _told(new.maker) if new.maker.differs(known.maker) else ""),
    ):
        if now and was != now:
            raise ConfigError(
                f"the baseline is of {what}{was}, the run of {what}{now}",
                "bless without --merge to start a new baseline",
            )
    if holds(known, new.runs[0]):
        raise ConfigError(
            "this run is in the baseline already",
            "it would be counted twice; where it has grown, bless it without --merge",
        )
    tasks = dict(known.tasks)
    for name, counts in new.tasks.items():
        before = known.tasks.get(name)
        tasks[name] = counts if before is None or why_not_comparable(before, counts) else before.plus(counts)
    return Baseline(new.suite, new.maker, tasks, (*known.runs, *new.runs), new.environment)


def why_not_comparable(before: TaskCounts, after: TaskCounts) -> str:
    """What makes two sets of samples of a task different questions; empty where nothing does."""
    return " and ".join(
        what
        for what, was, now in (
            ("another task", before.task, after.task),
            ("other tests", before.tests, after.tests),
            ("another grader", before.grader, after.grader),
        )
        if was != now
    )


def write_baseline(baseline: Baseline) -> str:
    """The baseline as sorted, indented JSON."""
    return json.dumps(asdict(baseline), indent=1, sort_keys=True, ensure_ascii=True) + "\n"


def fingerprint(run: RunResults) -> str:
    """What tells a run (of one agent): which it is, however it grows, and what it holds, wherever it lies."""
    told = sorted(f"{s.name} {' '.join(s.commits)} {s.verdict}" for s in run.samples)
    held = hashlib.sha256("\n".join(told).encode("utf-8")).hexdigest()[:32]
    return f"{run.identity}-{held}" if run.identity else held


def holds(baseline: Baseline, run: str) -> bool:
    """Whether the run with this fingerprint was counted in the baseline."""
    known = {part for told in baseline.runs for part in told.split("-")}
    return not known.isdisjoint(run.split("-"))


def _told(maker: Maker) -> str:
    settings = f", settings {maker.settings_told}" if maker.parameters else ""
    return f"{maker.model} as {maker.role_told}, team {maker.team}{settings}"
