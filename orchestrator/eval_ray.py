"""Spreads the judging of samples over a Ray cluster; models are asked, and the journal is kept, by the driver.

Ray schedules: one task of one CPU for each answer. A worker keeps its sandbox and its servers for the answers
that come later. When a worker or its node is lost, Ray runs what it had again elsewhere; keys of providers never
leave the driver.
"""

import asyncio
import importlib
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from agents.submission import Answer
from evals.grader import grader_hash
from evals.judgement import Judgement
from evals.scrutiny import Scrutiny
from orchestrator.sample_plan import Judge
from prompts.errors import ConfigError, InfrastructureError, SandboxError
from prompts.task import Task
from sandbox.warm.mode import WarmMode

if TYPE_CHECKING:
    pass

# How often Ray runs an answer again whose worker was lost; one that kills its workers must come to an end.
_LOST_WORKERS = 5
# Answers that Ray may hold for each of its processors: enough that none waits for the driver.
_AHEAD = 2


@dataclass(frozen=True, slots=True)
class Told:
    """What a worker gives back: a judgement or what went wrong, and which judge it was."""

    judgement: Judgement | None
    problem: str
    grader: str


@asynccontextmanager
async def ray_judge(address: str | None, worker: Judge) -> AsyncIterator[tuple[Judge, int]]:
    """A judge that lets ``worker`` judge on a Ray cluster, and how many answers it takes at a time.

    ``address`` is the cluster's, None for one on this machine that lives as long as this. ``worker`` must be
    importable where the workers run. Raises ConfigError where Ray is not installed or cannot be reached.
    """
    ray = _ray()
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        await asyncio.to_thread(
            partial(
                ray.init,
                address=address or "local",
                include_dashboard=None if address else False,
                log_to_driver=False,
                logging_level="ERROR",
            )
        )
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise ConfigError(f"the Ray cluster at {address} cannot be reached: {error}") from error
    remote = ray.remote(num_cpus=1, max_retries=_LOST_WORKERS)(_work)
    own = grader_hash()

    async def judge(answer: Answer, task: Task) -> Judgement:
        reference = remote.remote(worker, answer, task)
        try:
            told: Told = await reference
        except asyncio.CancelledError:
            if ray.is_initialized():
                ray.cancel(reference)
            raise
        except ray.exceptions.RayError as error:
            raise SandboxError(f"Ray: {type(error).__name__}: {str(error).strip()[-400:]}") from None
        if told.grader != own:
            raise ConfigError(
                "a Ray worker has another version of Backsmith than the driver",
                "install the same one on all nodes",
            )
        if told.judgement is None:
            raise SandboxError(told.problem)
        return told.judgement

    try:
        cpus = int(ray.cluster_resources().get("CPU", 1))
        yield judge, max(1, _AHEAD * cpus)
    finally:
        await asyncio.to_thread(ray.shutdown)


def _ray() -> Any:
    try:
        return importlib.import_module("ray")
    except ImportError:
        raise ConfigError(
            "--engine ray needs Ray, which is not installed", "install backsmith[ray]"
        ) from None


def _work(worker: Judge, answer: Answer, task: Task) -> Told:
    """What runs on a worker. Its loop stays, for the servers that are bound to it."""
    try:
        return Told(_loop().run_until_complete(_as_coroutine(worker, answer, task)), "", grader_hash())
    except InfrastructureError as error:
        return Told(None, str(error), grader_hash())


async def _as_coroutine(worker: Judge, answer: Answer, task: Task) -> Judgement:
    return await worker(answer, task)


_kept: dict[str, Any] = {}


def _loop() -> asyncio.AbstractEventLoop:
    if "loop" not in _kept:
        _kept["loop"] = asyncio.new_event_loop()
    loop: asyncio.AbstractEventLoop = _kept["loop"]
    return loop


async def judge_in_sandbox(
    sandbox: str, scrutiny: Mapping[str, Scrutiny], warm: WarmMode, answer: Answer, task: Task
) -> Judgement:
    """Judge in a sandbox of this process, which it keeps: servers that are up serve the next answer too."""
    from orchestrator.verify import verify

    if "laboratory" not in _kept:
        from orchestrator.sandboxes import open_sandbox
        from sandbox.trial import Laboratory

        laboratory = Laboratory(open_sandbox(sandbox), warm=warm)
        await laboratory.__aenter__()
        _kept["laboratory"] = laboratory
    kept: Laboratory = _kept["laboratory"]
    return await verify(answer, task, kept, scrutiny.get(task.digest, Scrutiny()))


def sandbox_worker(sandbox: str, scrutiny: Mapping[str, Scrutiny], warm: WarmMode = "auto") -> Judge:
    """The worker that judges in the isolation of that name, each task (by its hash) as closely as is said."""
    return partial(judge_in_sandbox, sandbox, scrutiny, warm)
