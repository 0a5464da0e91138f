"""Spreads the judging of samples over a Ray cluster; models are asked, and the journal is kept, by the driver.

Ray schedules: one task of one CPU for each answer. A worker keeps its sandbox and its servers for the answers
that come later. When a worker or its node is lost, Ray runs what it had again elsewhere; keys of providers never
leave the driver.
"""

import asyncio
import contextlib
import importlib
import os
import platform
import re
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from agents.submission import Answer
from evals.grader import grader_hash
from evals.judgement import Judgement
from evals.scrutiny import Scrutiny
from orchestrator.sample_plan import Judge
from prompts.errors import BacksmithError, ConfigError, InfrastructureError, SandboxError
from prompts.task import Task
from sandbox.warm.mode import WarmMode

# How often Ray runs an answer again whose worker was lost; one that kills its workers must come to an end.
_LOST_WORKERS = 5
# Seconds in which a cluster must let us in.
_PATIENCE = 120
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
    ended = threading.Event()
    try:
        await _listens(address or "")
        await _in_thread(
            partial(
                ray.init,
                address=address or "local",
                include_dashboard=None if address else False,
                log_to_driver=False,
                logging_level="ERROR",
            ),
            ended,
            _PATIENCE if address else None,
        )
    except TimeoutError:
        raise _unreachable(address, f"no answer within {_PATIENCE} s") from None
    except Exception as error:  # Ray has no class of its own for it
        raise _unreachable(address, str(error)) from None
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
            cause = getattr(error, "cause", None) or error
            raise SandboxError(f"Ray: {type(cause).__name__}: {str(cause).strip()[-400:]}") from None
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
        ended.set()


async def _listens(address: str) -> None:
    """Raises OSError where nobody listens at an address: Ray itself would go on trying for minutes."""
    named = re.fullmatch(r"(?:ray://)?\[?([^\]]+?)\]?:(\d{1,5})", address)
    if named:
        async with asyncio.timeout(_PATIENCE):
            _, writer = await asyncio.open_connection(named[1], int(named[2]))
        writer.close()


async def _in_thread(work: Callable[[], object], ended: threading.Event, seconds: float | None) -> None:
    """Do it in a thread of its own, which nobody waits for any more once it takes too long or is cancelled.

    The thread lives until all has ended: Ray's own processes on this machine die with the thread that began them.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()

    def end(error: Exception | None) -> None:
        if done.done():
            return
        if error:
            done.set_exception(error)
        else:
            done.set_result(None)

    def call() -> None:
        failed = None
        try:
            work()
        except Exception as error:
            failed = error
        with contextlib.suppress(RuntimeError):  # the loop may have ended meanwhile
            loop.call_soon_threadsafe(end, failed)
        ended.wait()

    threading.Thread(target=call, daemon=True).start()
    async with asyncio.timeout(seconds):
        await done


def _unreachable(address: str | None, why: str) -> BacksmithError:
    if address is None:
        return SandboxError(f"Ray cannot be started on this machine: {why}", "try --engine local")
    return ConfigError(
        f"the Ray cluster at {address} cannot be reached: {why}",
        "`ray status` tells of the cluster that a machine belongs to; without --ray-address one is started here",
    )


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
        return Told(None, f"{error} (on the node {platform.node()})", grader_hash())


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
