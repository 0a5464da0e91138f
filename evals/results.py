"""A run's samples as values: what metrics, comparisons, gates and reports are made from.

``orchestrator.results.read_results`` reads them from a run's folder.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from agents.completion import Source, Speaker
from agents.submission import Adherence
from evals.mutants.mutant import Mutant, mutants_told
from evals.probes.report import ProbeResult
from evals.verdict import Verdict

# Above this share of samples that infrastructure kept from a verdict, a run as a whole says nothing.
MOST_ERRORS = 0.05


@dataclass(frozen=True, slots=True)
class TestCounts:
    """How a sample's tests ended. ``problem`` tells why the run of them did not end as it should, or is empty."""

    __test__ = False

    passed: int = 0
    failed: int = 0
    errored: int = 0
    skipped: int = 0
    problem: str = ""

    @property
    def total(self) -> int:
        """All tests but the skipped ones."""
        return self.passed + self.failed + self.errored


@dataclass(frozen=True, slots=True)
class ProbeCounts:
    """What the running application showed: results by verdict, and the first ones that failed.

    ``problem`` says why not everything was asked, or is empty.
    """

    passed: int = 0
    failed: int = 0
    inconclusive: int = 0
    requests: int = 0
    problem: str = ""
    failures: tuple[ProbeResult, ...] = ()

    @property
    def told(self) -> str:
        """In one line: how they ended, and why not everything was asked."""
        counts = (
            (Verdict.PASS, self.passed),
            (Verdict.FAIL, self.failed),
            (Verdict.INCONCLUSIVE, self.inconclusive),
        )
        told = ", ".join(f"{count} {verdict}" for verdict, count in counts if count)
        if not told:
            return f"not judged: {self.problem}" if self.problem else "nothing to judge was found"
        return told + (f"; {self.problem}" if self.problem else "")


@dataclass(frozen=True, slots=True)
class MutantCounts:
    """How many small faults the tests noticed and let pass, out of ``possible``, and the first of the latter.

    ``problem`` says why none, or not all, could be tried.
    """

    killed: int = 0
    survived: int = 0
    possible: int = 0
    problem: str = ""
    survivors: tuple[Mutant, ...] = ()

    @property
    def told(self) -> str:
        """In one line: how many the tests noticed, out of how many, and why not all were tried."""
        return mutants_told(self.killed, self.survived, self.possible, self.problem)


@dataclass(frozen=True, slots=True)
class ItemResult:
    """A checklist item's verdict; ``deterministic``: the same submission always gets the same one."""

    verdict: Verdict
    reason: str = ""
    deterministic: bool = True


@dataclass(frozen=True, slots=True)
class TestFailure:
    """One test that failed or errored, and the bounded text that it left."""

    __test__ = False

    test: str
    message: str


@dataclass(frozen=True, slots=True)
class CallRef:
    """One call of a sample. ``answer`` and the messages of ``prompt`` (speaker, blob) are blobs of ``code.git``."""

    step: str
    round: int
    source: Source
    answer: str
    prompt: tuple[tuple[Speaker, str], ...] = ()


@dataclass(frozen=True, slots=True)
class AgentInfo:
    """Who answered: a model in a team's roles. ``id`` is unique in the run and safe in file names.

    ``role`` is the builder's name, ``role_hash`` covers the templates of all the team's roles. ``parameters`` are
    the model's settings as JSON. The id stays the same when templates or settings change.
    """

    id: str
    model: str
    team: str
    role: str
    role_version: str
    role_hash: str
    parameters: str = ""


@dataclass(frozen=True, slots=True)
class TaskInfo:
    """What was asked. ``id`` is the task's name in its suite; ``hash`` covers what the model is told.

    ``tests_hash`` covers what only the judge knows (hidden tests, probes, limits); ``database`` is "" for none.
    """

    id: str
    hash: str
    title: str
    family: str
    framework: str
    database: str
    tests_hash: str


@dataclass(frozen=True, slots=True)
class SampleResult:
    """One finished sample: task x agent x epoch.

    ``error`` tells what infrastructure kept the sample from a verdict; its verdict is then inconclusive.
    ``tests``, ``items``, ``adherence``, ``first_failure``, ``notes``, ``probes`` and ``mutants`` (None where none
    were wanted) are of the round that counts: the first that passes, else the last. Amounts are over all calls,
    None where one of them is unknown; ``latency`` is the seconds that the model took, ``timings`` seconds by stage
    over all rounds. ``sources`` tells live answers from ``replayed`` and ``drifted`` ones (replayed though the
    prompt has changed).
    ``commits`` has one commit a round on ``branch`` of the run's repository.
    """

    name: str
    task: TaskInfo
    agent: AgentInfo
    epoch: int
    verdict: Verdict
    error: str | None = None
    rounds: int = 0
    best_round: int = 0
    adherence: Adherence | None = None
    tests: TestCounts = field(default_factory=TestCounts)
    items: Mapping[str, ItemResult] = field(default_factory=dict)
    first_failure: TestFailure | None = None
    probes: ProbeCounts | None = None
    mutants: MutantCounts | None = None
    reasons: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    cost: Decimal | None = None
    tokens_in: int | None = None
    tokens_out: int | None = None
    tokens_cached: int | None = None
    latency: float | None = None
    timings: Mapping[str, float] = field(default_factory=dict)
    prompt_hash: str = ""
    grader_hash: str = ""
    environment: str = ""
    toolchain: str = ""
    sources: tuple[Source, ...] = ()
    branch: str = ""
    commits: tuple[str, ...] = ()
    calls: tuple[CallRef, ...] = ()

    @property
    def counted(self) -> bool:
        """Whether the sample is in the denominator: it was judged."""
        return self.verdict in {Verdict.PASS, Verdict.FAIL}

    @property
    def verified(self) -> bool:
        """Whether it passed."""
        return self.verdict is Verdict.PASS

    @property
    def rounds_to_verified(self) -> int | None:
        """The number of the round that passed; None where none did."""
        return self.best_round if self.verified else None


@dataclass(frozen=True, slots=True)
class RunResults:
    """All finished samples of a run, in the plan's order: task by task, agent by agent, epoch by epoch.

    ``planned`` counts the samples that the run was to have; ``damaged`` are the journal's unreadable lines.
    ``identity`` tells the run from all others, however it grows; two copies of its folder have the same.
    ``environment`` says what the run was made with (versions, the sandbox), as its last process had it. ``began`` and
    ``ended`` are the times (ISO 8601) of its first and its newest record.
    """

    folder: str
    repository: str
    suite: str
    tasks: tuple[TaskInfo, ...]
    agents: tuple[AgentInfo, ...]
    epochs: int
    planned: int
    samples: tuple[SampleResult, ...]
    damaged: tuple[int, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    identity: str = ""
    began: str = ""
    ended: str = ""

    @property
    def partial(self) -> bool:
        """Whether samples are missing: the run was not finished."""
        return len(self.samples) < self.planned

    @property
    def errors(self) -> tuple[SampleResult, ...]:
        """The samples that infrastructure kept from a verdict."""
        return tuple(sample for sample in self.samples if sample.error is not None)

    @property
    def inconclusive(self) -> bool:
        """Whether so much could not be judged that the run as a whole says nothing."""
        return not any(s.counted for s in self.samples) or len(self.errors) > MOST_ERRORS * len(self.samples)
