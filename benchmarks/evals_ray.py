"""The same samples in one process and on a Ray cluster of three nodes, one of which is killed in the middle.

    python -m benchmarks.evals_ray [--samples 24] [--seconds 0.5] [--work sleep cpu]

Each node has one processor for Ray. `sleep` waits, as samples do whose tests wait for servers; `cpu` counts, so
that no more than the machine's own processors can help. Says for each how long both took, the speed-up, and whether
verdicts are the same and every sample is there once, though a node was killed while it worked. Needs `ray`.
"""

import argparse
import asyncio
import hashlib
import json
import os
import tempfile
import time
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

from agents.models import ModelOptions
from agents.submission import Answer, Submission
from evals.judgement import Judgement
from evals.suites.reading import load_suite
from evals.verdict import Evidence, Verdict
from orchestrator.eval_engine import EvalEngine, EvalRun, Pace
from orchestrator.eval_plan import write_plan
from orchestrator.eval_ray import ray_judge
from orchestrator.eval_setup import Wanted, cores, for_suite, opened
from orchestrator.journal import scan_journal
from orchestrator.model_choice import ModelChoice
from orchestrator.results import read_results
from orchestrator.run_folder import RunFolder
from orchestrator.sample_plan import Judge
from prompts.task import Task
from tests.orchestrator.suites import many, write_suite


async def judge(work: str, seconds: float, answer: Answer, task: Task) -> Judgement:
    """Takes as long as it is told to, and decides by the task alone."""
    end = time.process_time() + seconds
    if work == "sleep":
        await asyncio.sleep(seconds)
    else:
        while time.process_time() < end:
            hashlib.sha256(task.task.encode("utf-8") * 100).digest()
    passed = hashlib.sha256(task.task.encode("utf-8")).digest()[0] % 2
    return Judgement(
        Verdict.PASS if passed else Verdict.FAIL, (Evidence("by the task's name"),), answer, None, ()
    )


async def evaluate(suite: Path, run: Path, judged_by: Judge, jobs: int) -> float:
    """Run the suite into ``run``; seconds that it took."""
    loaded = load_suite(suite)
    choice = for_suite(ModelChoice(None), loaded, None)
    options = ModelOptions(cassette=choice.cassette, by_task=True)
    async with opened(loaded, Wanted(models=("replay",)), choice, options) as prepared:
        return await _run(prepared, run, judged_by, jobs)


async def _run(prepared: EvalRun, run: Path, judged_by: Judge, jobs: int) -> float:
    async with RunFolder(run, write_plan(prepared.plan)) as kept:
        kept.started({"epochs": prepared.epochs, "environment": {}})
        began = time.perf_counter()
        await EvalEngine(prepared, kept, judged_by, Pace(jobs=jobs), lambda: None).run()
        return time.perf_counter() - began


async def on_cluster(suite: Path, run: Path, work: str, seconds: float) -> float:
    """Run the suite on three nodes, and kill one of them when a third of the samples are done."""
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    try:
        nodes = [cluster.add_node(num_cpus=1) for _ in range(3)]
        await asyncio.to_thread(cluster.wait_for_nodes)
        async with ray_judge(cluster.address, partial(judge, work, seconds)) as (judged_by, places):
            # Once through without counting: the workers are started and have imported what they need.
            warm = [judged_by(Answer(Submission()), load_suite(suite).tasks[0].task) for _ in range(3)]
            await asyncio.gather(*warm)
            murder = asyncio.create_task(_kill(cluster, nodes[1], run, len(load_suite(suite).tasks) // 3))
            took = await evaluate(suite, run, judged_by, places)
            await murder
            return took
    finally:
        await asyncio.to_thread(cluster.shutdown)


async def _kill(cluster: Any, node: Any, run: Path, done: int) -> None:
    while _done(run) < done:  # noqa: ASYNC110 - what is waited for is in a file
        await asyncio.sleep(0.02)
    await asyncio.to_thread(cluster.remove_node, node, allow_graceful=False)


def _done(run: Path) -> int:
    records = (line.record for line in scan_journal(run / "journal.jsonl"))
    return sum(record is not None and record.get("kind") == "sample" for record in records)


def verdicts(run: Path) -> dict[str, str]:
    """The verdict of each sample; fails when one is there twice."""
    records = (line.record for line in scan_journal(run / "journal.jsonl"))
    times = Counter(str(r["sample"]) for r in records if r is not None and r.get("kind") == "sample")
    assert set(times.values()) == {1}, "a sample was counted twice"
    return {sample.name: str(sample.verdict) for sample in read_results(run).samples}


def compare(work: str, samples: int, seconds: float) -> dict[str, object]:
    """Both ways, and what came out."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        suite = write_suite(folder / "suite", many(samples))
        alone = asyncio.run(evaluate(suite, folder / "alone", partial(judge, work, seconds), 1))
        cluster = asyncio.run(on_cluster(suite, folder / "cluster", work, seconds))
        same = verdicts(folder / "alone") == verdicts(folder / "cluster")
        return {
            "work": work,
            "samples": len(verdicts(folder / "cluster")),
            "same": same,
            "alone_seconds": round(alone, 2),
            "cluster_seconds": round(cluster, 2),
            "speed_up": round(alone / cluster, 2),
            "cores": cores(),
            "load": [round(load, 1) for load in os.getloadavg()],
        }


def main() -> None:
    """Read the options and measure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--samples", type=int, default=24)
    parser.add_argument("--seconds", type=float, default=0.5)
    parser.add_argument("--work", nargs="+", choices=["sleep", "cpu"], default=["sleep", "cpu"])
    given = parser.parse_args()
    for work in given.work:
        print(json.dumps(compare(work, given.samples, given.seconds)), flush=True)


if __name__ == "__main__":
    main()
