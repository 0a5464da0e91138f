"""What the sandbox costs, side by side: ``python -m benchmarks.sandbox [PART ...] [--runs N] [--samples N]``.

Parts: ``true`` (an isolated ``true``; docker beside it where a daemon answers and has an image), ``database`` (a
database for a sample), ``pytest`` (a recording's tests: bare ``python -m pytest``, cold, warm) and ``samples`` (many
samples of all recordings on two cores, warm, against the sum of their runs with no sandbox at all). What is compared
is interleaved, each in a workspace of its own. Prints the least and the median of each and the ratio of medians; of
``pytest`` also the processor time, which says more where others are busy on the machine.
"""

import argparse
import asyncio
import contextlib
import itertools
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from agents.fileblock.parsing import parse
from evals.suites.recordings import recording_names, recordings_folder
from orchestrator.verify import project_of
from prompts.cache_folder import cache_folder
from prompts.taskfile import load_task
from sandbox.isolation.bubblewrap import Bubblewrap
from sandbox.isolation.docker import Docker
from sandbox.isolation.host import Host
from sandbox.isolation.protocol import Command, Finished, Isolation
from sandbox.layout import lay_out
from sandbox.services.postgresql import PostgreSQL
from sandbox.settings import fill_settings
from sandbox.toolchains.protocol import WORK
from sandbox.trial import Laboratory, Project

RECORDING = "shortener-fastapi"
COLD = "cold"
Measured = Mapping[str, Callable[[], Awaitable[float]]]


def project_named(name: str) -> Project:
    folder = recordings_folder() / name
    answer = parse((folder / "response.md").read_text(encoding="utf-8"))
    return project_of(answer.submission, load_task(folder / "task.yaml"))


class Seconds(NamedTuple):
    """What a run took, by the clock and of processors."""

    wall: float
    processor: float


async def compare(measured: Measured, runs: int, aims: Mapping[str, str], *, processor: bool = False) -> None:
    """Run each in turn, ``runs`` times after one that does not count; ratios are to the first one.

    Of a cold run the processor time is not known: its processes are reaped by nobody who stands below this one.
    """
    taken: dict[str, list[Seconds]] = {name: [] for name in measured}
    for number, (name, run) in itertools.product(range(runs + 1), measured.items()):
        before = processor_seconds() if processor else 0
        wall = await run()
        if number:
            taken[name].append(Seconds(wall, processor_seconds() - before if processor else 0))
    show({name: [each.wall for each in all_taken] for name, all_taken in taken.items()}, aims)
    if processor:
        print("  the same, in processor time")
        known = {name: each for name, each in taken.items() if name != COLD}
        show({name: [each.processor for each in all_taken] for name, all_taken in known.items()}, aims)


def show(seconds: Mapping[str, Sequence[float]], aims: Mapping[str, str]) -> None:
    base = statistics.median(next(iter(seconds.values())))
    for name, taken in seconds.items():
        middle = statistics.median(taken)
        print(
            f"  {name:<34} min {min(taken) * 1000:9.1f} ms   median {middle * 1000:9.1f} ms   "
            f"{middle / base:6.2f} x   {aims.get(name, '')}"
        )


def processor_seconds() -> float:
    """What this process and all below it have used so far, with those that ended (proc_pid_stat(5))."""
    below: dict[int, list[int]] = {}
    used: dict[int, int] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = entry.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            below.setdefault(int(fields[1]), []).append(int(entry.parent.name))
            used[int(entry.parent.name)] = sum(map(int, fields[11:15]))
    todo, ticks = [os.getpid()], 0
    while todo:
        process = todo.pop()
        ticks += used.get(process, 0)
        todo += below.get(process, [])
    return ticks / os.sysconf("SC_CLK_TCK")


async def timed(awaitable: Awaitable[object]) -> float:
    start = time.perf_counter()
    await awaitable
    return time.perf_counter() - start


async def measure_true(runs: int, image: str) -> None:
    print("an isolated `true`")

    async def bare() -> float:
        start = time.perf_counter()
        subprocess.run(["/usr/bin/true"], check=True)  # noqa: ASYNC221 - nothing else is to run meanwhile
        return time.perf_counter() - start

    def within(isolation: Isolation) -> Callable[[], Awaitable[float]]:
        command = Command(("/usr/bin/true",), cwd="/", toolchain="python")
        return lambda: timed(isolation.run(command))

    measured = {"bare": bare, "bubblewrap": within(Bubblewrap())}
    docker = Docker(image)
    problem = docker.problem()
    if not problem:
        measured["docker"] = within(docker)
    await compare(measured, runs, {"bubblewrap": "(aim: at most 15 ms)"})
    if problem:
        print(f"  docker                             not measured: {problem}")


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

        measured = {"bare python -m pytest": bare, COLD: tests_of(cold), "warm": tests_of(warm)}
        await compare(measured, runs, {"warm": "(aim: at most 0.35 x)"}, processor=True)


class Bare(Host):
    """No isolation, as somebody runs tests by hand: what is to stand in the work folder is linked to from there."""

    async def run(self, command: Command, on_output: Callable[[str], None] | None = None) -> Finished:
        work = {mount.source for mount in command.mounts if mount.target == WORK}
        for place, mount in itertools.product(work, command.mounts):
            within = place / mount.target.removeprefix(f"{WORK}/")
            if mount.target.startswith(f"{WORK}/") and not within.exists():
                within.symlink_to(mount.source)
        return await super().run(command, on_output)


async def measure_samples(count: int) -> None:
    projects = {name: project_named(name) for name in recording_names()}
    names = list(itertools.islice(itertools.cycle(projects), count))
    print(f"{count} samples of {len(projects)} recordings, two at a time", flush=True)
    bare: dict[str, float] = {}
    async with Laboratory(Bare(), warm="off") as laboratory:
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
            print(f"  {name:<34} bare {bare[name] * 1000:9.1f} ms", flush=True)
    todo = [name for name in names if name in bare]
    queue, taken = iter(todo), {name: list[float]() for name in bare}
    async with Laboratory(Bubblewrap(), warm="auto") as laboratory:
        start = time.perf_counter()
        await asyncio.gather(*(work(laboratory, projects, queue, taken, len(todo)) for _ in range(2)))
        wall = time.perf_counter() - start
    for name, each in taken.items():
        if each:
            print(f"  {name}, tests alone, {len(each)} times")
            show({"bare": [bare[name]], "in the sandbox, two at a time": each}, {})
    total = sum(bare[name] for name in todo)
    print(f"  sum of bare test runs {total:9.1f} s")
    print(
        f"  all samples, warm     {wall:9.1f} s   {wall / total:6.2f} x   (services and migrations included)"
    )


async def work(
    laboratory: Laboratory,
    projects: Mapping[str, Project],
    queue: Iterator[str],
    taken: Mapping[str, list[float]],
    count: int,
) -> None:
    """Take samples from a queue, one after the other, until there are no more."""
    for name in queue:
        trial = await laboratory.run(projects[name])
        if not trial.report.passed:
            raise SystemExit(f"{name}: {trial.report.problem}\n{trial.report.output[-2000:]}")
        for note in trial.notes:
            print(f"  {name}: {note}")
        taken[name].append(trial.timings["tests"])
        done = sum(map(len, taken.values()))
        if done % max(count // 20, 1) == 0:
            print(f"  {done} of {count} samples", flush=True)


async def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parts = ["true", "database", "pytest", "samples"]
    parser.add_argument("parts", nargs="*", choices=[*parts, []], help="all of them, where none is named")
    parser.add_argument("--runs", type=int, default=10, help="how often each is measured")
    parser.add_argument("--samples", type=int, default=200)
    parser.add_argument(
        "--docker-image", default="", metavar="NAME", help="a Python image with bash (default: our own)"
    )
    given = parser.parse_args()
    for part in given.parts or parts:
        if part == "true":
            await measure_true(given.runs * 4, given.docker_image)
        elif part == "database":
            await measure_database(given.runs * 2)
        elif part == "pytest":
            await measure_pytest(given.runs)
        else:
            await measure_samples(given.samples)


if __name__ == "__main__":
    asyncio.run(main())
