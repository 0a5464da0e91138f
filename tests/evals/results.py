"""Runs made up for tests: samples by task, agent and outcome."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from evals.results import (
    AgentInfo,
    ItemResult,
    RunResults,
    SampleResult,
    TaskInfo,
    TestCounts,
    TestFailure,
)
from evals.verdict import Verdict

AGENT = AgentInfo("m-1", "openai/m", "build", "backend-builder", "1.0", "r" * 64)
PASSED, FAILED = Verdict.PASS, Verdict.FAIL


def task(name: str, family: str = "", hashed: str = "", tests: str = "") -> TaskInfo:
    return TaskInfo(
        name, hashed or f"hash-{name}", f"Build {name}", family or name, "FastAPI", "PostgreSQL", tests
    )


def sample(
    about: TaskInfo,
    epoch: int,
    verdict: Verdict,
    agent: AgentInfo = AGENT,
    items: Mapping[str, Verdict] | None = None,
) -> SampleResult:
    good = verdict is Verdict.PASS
    return SampleResult(
        name=f"{about.id}-{agent.id}-e{epoch}",
        task=about,
        agent=agent,
        epoch=epoch,
        verdict=verdict,
        rounds=1,
        best_round=1,
        adherence="clean",
        tests=TestCounts(4 if good else 3, 0 if good else 1),
        items={name: ItemResult(told, f"because {told}") for name, told in (items or {}).items()},
        first_failure=None if good else TestFailure("tests/test_a.py::test_a", "assert 500 == 200"),
        cost=Decimal("0.02"),
        tokens_in=100,
        tokens_out=50,
        tokens_cached=0,
        latency=2.0,
        timings={"tests": 1.0},
        prompt_hash="prompt",
        grader_hash="grader",
        environment="env",
        sources=("live",),
        branch=f"samples/{about.id}-{agent.id}-e{epoch}",
        commits=("c" * 40,),
    )


def broken(found: SampleResult) -> SampleResult:
    """The same sample, kept from a verdict by infrastructure."""
    return replace(
        found,
        verdict=Verdict.INCONCLUSIVE,
        error="PostgreSQL did not come up",
        items={},
        adherence=None,
        cost=None,
        latency=None,
    )


def run(samples: Sequence[SampleResult], planned: int | None = None) -> RunResults:
    tasks = tuple(dict.fromkeys(found.task for found in samples))
    agents = tuple(dict.fromkeys(found.agent for found in samples))
    return RunResults(
        "runs/x",
        "runs/x/code.git",
        "suite",
        tasks,
        agents,
        max((found.epoch for found in samples), default=0),
        len(samples) if planned is None else planned,
        tuple(samples),
    )


def outcomes(
    counts: Mapping[str, tuple[int, int]],
    agent: AgentInfo = AGENT,
    items: Mapping[str, Verdict] | None = None,
) -> list[SampleResult]:
    """For each task so many samples that passed, and so many that failed."""
    return [
        sample(task(name), epoch, PASSED if epoch <= passed else FAILED, agent, items)
        for name, (passed, failed) in counts.items()
        for epoch in range(1, passed + failed + 1)
    ]
