"""What the sandbox costs, side by side: ``python -m benchmarks.sandbox [PART ...] [--runs N] [--samples N]``.

Parts: ``true`` (an isolated ``true``; docker beside it where a daemon answers), ``database`` (a database for a
sample), ``pytest`` (a recording's tests: bare ``python -m pytest``, cold, warm) and ``samples`` (many samples of all
recordings on two cores, warm, against the sum of their runs with no sandbox at all). What is compared is interleaved,
each in a workspace of its own. Prints the least and the median of each, in milliseconds, and the ratio of medians.
"""

import argparse
import asyncio
import itertools
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path

from agents.fileblock.parsing import parse
from evals.suites.recordings import recording_names, recordings_folder
from orchestrator.verify import project_of
from prompts.taskfile import load_task
from sandbox.environments.cache import cache_folder
from sandbox.isolation.bubblewrap import Bubblewrap
from sandbox.isolation.docker import Docker
from sandbox.isolation.host import Host
from sandbox.isolation.protocol import Command, Isolation
from sandbox.services.postgresql import PostgreSQL
from sandbox.settings import fill_settings
from sandbox.trial import Laboratory, Project
from sandbox.workspace import lay_out

RECORDING = "shortener-fastapi"
Measured = Mapping[str, Callable[[], Awaitable[float]]]


def project_named(name: str) -> Project:
    folder = recordings_folder() / name
    answer = parse((folder / "response.md").read_text(encoding="utf-8"))
    return project_of(answer.submission, load_task(folder / "task.yaml"))


async def compare(measured: Measured, runs: int, aims: Mapping[str, str]) -> None:
    """Run each in turn, ``runs`` times after one that does not count; ratios are to the first one."""
    seconds: dict[str, list[float]] = {name: [] for name in measured}
    for number, (name, run) in itertools.product(range(runs + 1), measured.items()):
        taken = await run()
        if number:
            seconds[name].append(taken)
    base = statistics.median(next(iter(seconds.values())))
    for name, taken_all in seconds.items():
        middle = statistics.median(taken_all)
        print(
            f"  {name:<34} min {min(taken_all) * 1000:9.1f} ms   median {middle * 1000:9.1f} ms   "
            f"{middle / base:6.2f} x   {aims.get(name, '')}"
        )


async def timed(awaitable: Awaitable[object]) -> float:
    start = time.perf_counter()
    await awaitable
    return time.perf_counter() - start


async def measure_true(runs: int) -> None:
    print("an isolated `true`")

    async def bare() -> float:
        start = time.perf_counter()
        subprocess.run(["/usr/bin/true"], check=True)  # noqa: ASYNC221 - nothing else is to run meanwhile
        return time.perf_counter() - start

    def within(isolation: Isolation) -> Callable[[], Awaitable[float]]:
        command = Command(("/usr/bin/true",), cwd="/", toolchain="python")
        return lambda: timed(isolation.run(command))

    measured = {"bare": bare, "bubblewrap": within(Bubblewrap())}
    docker = Docker()
    problem = docker.problem()
    if not problem:
        measured["docker"] = within(docker)
    await compare(measured, runs, {"bubblewrap": "(aim: at most 15 ms)"})
    if problem:
        print(f"  docker: {problem}")


async def measure_database(runs: int) -> None:
    print("a PostgreSQL database for a sample, once the server is up")
    isolation, service = Bubblewrap(), PostgreSQL()
    try:
        binding = await service.bind(isolation)

        async def bind() -> float:
            nonlocal binding
            start = time.perf_counter()
            binding = await service.bind(isolation)
            return time.perf_counter() - start

        async def release() -> float:
            return await timed(service.release(binding))

        aims = {"a database and its role": "(aim: at most 50 ms)"}
        await compare({"a database and its role": bind, "dropping them": release}, runs, aims)
    finally:
        await service.stop()


async def measure_pytest(runs: int) -> None:
    print(f"the tests of {RECORDING}, from an empty workspace")
    project = project_named(RECORDING)
    async with (
        Laboratory(Bubblewrap(), warm="always") as warm,
        Laboratory(Bubblewrap(), warm="off") as cold,
    ):
        key = (await cold.run(project)).environment
        python = cache_folder() / "environments/python" / key / "env/bin/python"
        tests = len((await warm.run(project)).report.cases)

        def tests_of(laboratory: Laboratory) -> Callable[[], Awaitable[float]]:
            async def run() -> float:
                trial = await laboratory.run(project)
                if not trial.report.passed or trial.notes:
                    raise SystemExit(f"{trial.report.problem}\n{trial.notes}")
                return trial.timings["tests"]

            return run

        async def bare() -> float:
            with tempfile.TemporaryDirectory() as folder:
                lay_out(project.files, Path(folder))
                start = time.perf_counter()
                env = {**fill_settings(project.env_vars, {}, ()), "PATH": os.defpath, "HOME": folder}
                done = subprocess.run(  # noqa: ASYNC221 - nothing else is to run meanwhile
                    [str(python), "-m", "pytest"],
                    cwd=folder,
                    env=env,
                    capture_output=True,
                    text=True,
                    check=True,
                )
                taken = time.perf_counter() - start
            if f"{tests} passed" not in done.stdout:
                raise SystemExit(done.stdout)
            return taken

        measured = {"bare python -m pytest": bare, "cold": tests_of(cold), "warm": tests_of(warm)}
        await compare(measured, runs, {"warm": "(aim: at most 0.35 x)"})


async def measure_samples(count: int) -> None:
    projects = {name: project_named(name) for name in recording_names()}
    names = list(itertools.islice(itertools.cycle(projects), count))
    print(f"{count} samples of {len(projects)} recordings, two at a time")
    bare: dict[str, float] = {}
    async with Laboratory(Host(), warm="off") as laboratory:
        for name, project in projects.items():
            trial = await laboratory.run(project)
            if not trial.report.passed:
                bad = [case for case in trial.report.cases if case.outcome in {"failed", "errored"}]
                why = trial.report.problem or "; ".join(f"{case.id}: {case.message}" for case in bad[:1])
                print(f"  left out: {name}: {why[:300]}")
                continue
            # The better of two, so that what a first run prepares is not counted against it.
            again = await laboratory.run(project)
            bare[name] = min(trial.timings["tests"], again.timings["tests"])
            print(f"  {name:<34} bare {bare[name] * 1000:9.1f} ms")
    todo = [name for name in names if name in bare]
    async with Laboratory(Bubblewrap(), warm="auto") as laboratory:
        start = time.perf_counter()
        await asyncio.gather(*(work(laboratory, projects, iterator) for iterator in [iter(todo)] * 2))
        taken = time.perf_counter() - start
    total = sum(bare[name] for name in todo)
    print(f"  sum of bare test runs {total:9.1f} s")
    print(
        f"  all samples, warm     {taken:9.1f} s   {taken / total:6.2f} x   (services and migrations included)"
    )


async def work(laboratory: Laboratory, projects: Mapping[str, Project], names: Iterable[str]) -> None:
    """Take samples, one after the other, until there are no more."""
    for name in names:
        trial = await laboratory.run(projects[name])
        if not trial.report.passed:
            raise SystemExit(f"{name}: {trial.report.problem}\n{trial.report.output[-2000:]}")
        for note in trial.notes:
            print(f"  {name}: {note}")


async def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parts = ["true", "database", "pytest", "samples"]
    parser.add_argument("parts", nargs="*", choices=[*parts, []], help="all of them, where none is named")
    parser.add_argument("--runs", type=int, default=10, help="how often each is measured")
    parser.add_argument("--samples", type=int, default=200)
    given = parser.parse_args()
    for part in given.parts or parts:
        if part == "true":
            await measure_true(given.runs * 4)
        elif part == "database":
            await measure_database(given.runs * 2)
        elif part == "pytest":
            await measure_pytest(given.runs)
        else:
            await measure_samples(given.samples)


if __name__ == "__main__":
    asyncio.run(main())
