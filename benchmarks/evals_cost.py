"""What a sample costs beyond its model and its sandbox, side by side with other tools in one run.

    python benchmarks/evals.py [--theirs PYTHON] [--promptfoo PROGRAM] [--harbor PROGRAM]
                               [--samples 200 2000] [--most 10000] [--tries 3]
    python benchmarks/evals.py --kills 500

All tools replay the same short answer, once for each sample: ours from a suite with recorded answers (`--no-tests`;
every answer, prompt and file goes into git, every record is synced), Inspect AI from `mockllm` with custom outputs
and usage, promptfoo from a provider in JavaScript, Harbor from an agent of its own in an environment that starts no
container (it has none without one). Each number is a process of its own, the tools in turn; wall seconds, processor
seconds and the peak of memory. Milliseconds per sample are marginal: between the smaller and the larger number of
samples. On a machine that does other work too, processor seconds and the ratio tell more than the wall clock.

PYTHON is an interpreter that has inspect-ai (`uv venv theirs && uv pip install --python theirs inspect-ai`); promptfoo
comes by `npm install promptfoo` (node_modules/.bin/promptfoo), harbor by `uv pip install --python theirs harbor`
(Python 3.12 or newer; theirs/bin/harbor). What is not named is not measured. `--kills` runs the resume test instead:
an eval is killed (SIGKILL) at random instants until it was killed so often in all; after each run, every sample must
be there exactly once.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

from agents.cassette.cassette import Cassette
from agents.completion import CallTag, Completion, Message, Request, Usage
from benchmarks.evals_killed import kill
from benchmarks.evals_neighbours import Neighbour, harbor, inspect_ai, promptfoo
from evals.suites.reading import load_suite
from tests.orchestrator import answers
from tests.orchestrator.suites import many, write_suite

_TASKS = 100  # of the suite with many samples of each
NEIGHBOURS: dict[str, Neighbour] = {"inspect-ai": inspect_ai, "promptfoo": promptfoo, "harbor": harbor}


@dataclass(frozen=True, slots=True)
class Cost:
    """One process: seconds on the wall, seconds of processors, and its largest resident memory in MiB."""

    wall: float
    cpu: float
    peak: float


def measure(
    argv: Sequence[str], codes: tuple[int, ...] = (0,), environment: Mapping[str, str] | None = None
) -> Cost:
    """Run a command and say what it took."""
    with tempfile.TemporaryFile() as told:
        began = time.perf_counter()
        process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=told, env=environment)
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        told.seek(0)
        assert process.returncode in codes, told.read()[-2000:].decode("utf-8", "replace")
    return Cost(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def ours(folder: Path, count: int, tasks: int | None = None) -> Cost:
    """Our eval of that many samples (of as many tasks, or of ``tasks``), in a run folder of its own."""
    suite, run = folder / f"suite-{count}-{tasks or count}", folder / "run"
    if not suite.exists():
        if tasks is None:
            write_suite(suite, many(count))
        else:
            write_recorded(suite, min(tasks, count), max(1, count // tasks))
    backsmith = str(Path(sys.executable).with_name("backsmith"))
    argv = [backsmith, "eval", str(suite), "--model", "replay", "--no-tests", "--run", str(run)]
    try:
        return measure(argv, codes=(3,))  # nothing was tried, so nothing is claimed
    finally:
        shutil.rmtree(run)


def write_recorded(folder: Path, tasks: int, epochs: int) -> Path:
    """A suite of so many tasks with a cassette that holds an answer for each of so many epochs, all different."""
    write_suite(folder, dict.fromkeys(many(tasks), ""), epochs)
    told = f"suite: small\nepochs: {epochs}\ncassette: recorded\nreplay: by-task\n"
    (folder / "suite.yaml").write_text(told, encoding="utf-8")
    cassette = Cassette(folder / "recorded")
    for task in load_suite(folder).tasks:
        for epoch in range(1, epochs + 1):
            tag = CallTag(task.task.digest, "backend-builder", 1, epoch, sample="")
            text = answers.GOOD.replace("hello", f"hello {task.id} {epoch}")
            cassette.write(
                Request("openai/recorded", (Message("user", task.id),), tag),
                Completion(text, "end", "recorded", usage=Usage(input=1000, output=200)),
            )
    return folder


def theirs(neighbour: Neighbour, program: str, folder: Path, count: int) -> Cost:
    """Another tool's eval of that many samples."""
    with neighbour(program, folder, count) as (argv, environment):
        return measure(argv, environment=environment)


def compare(programs: Mapping[str, str], counts: Sequence[int], most: int, tries: int) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        tools: dict[str, Callable[[int], Cost]] = {"backsmith": partial(ours, folder)}
        for name, program in programs.items():
            tools[name] = partial(theirs, NEIGHBOURS[name], program, folder)
        found: dict[tuple[str, int], list[Cost]] = {}
        for _ in range(tries):
            for count in (1, *counts):
                for name, tool in tools.items():
                    found.setdefault((name, count), []).append(tool(count))
        print(f"{'tool':<12}{'samples':>8}{'wall s':>9}{'cpu s':>9}{'peak MiB':>10}   (medians of {tries})")
        for (name, count), costs in sorted(found.items(), key=lambda pair: pair[0][1]):
            wall, cpu, peak = (median(getattr(c, part) for c in costs) for part in ("wall", "cpu", "peak"))
            print(f"{name:<12}{count:>8}{wall:>9.2f}{cpu:>9.2f}{peak:>10.0f}")
        small, large = min(counts), max(counts)
        for part in ("wall", "cpu"):
            each: dict[str, float] = {}
            for name in tools:
                pairs = zip(found[name, small], found[name, large], strict=True)
                times = [(getattr(h, part) - getattr(s, part)) / (large - small) * 1000 for s, h in pairs]
                each[name] = median(times)
                print(f"{name}: {each[name]:.2f} ms a sample, {part} (least {min(times):.2f})")
            for name in programs:
                print(f"{name} / backsmith, {part}: {each[name] / each['backsmith']:.1f}")
        for tasks in (None, _TASKS) if most else ():
            for count in (most // 10, most // 2, most):
                cost = ours(folder, count, tasks)
                of = f"{count} samples of {tasks or count} tasks"
                print(f"backsmith: {of}, peak {cost.peak:.0f} MiB, {cost.wall:.1f} s")


def main() -> None:
    """Read the options and measure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--theirs", help="an interpreter that has inspect-ai")
    parser.add_argument("--promptfoo", help="the program promptfoo")
    parser.add_argument("--harbor", help="the program harbor")
    parser.add_argument("--samples", type=int, nargs="+", default=[200, 2000])
    parser.add_argument(
        "--most", type=int, default=10_000, help="how far memory is watched; 0 for not at all"
    )
    parser.add_argument("--tries", type=int, default=3)
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    if given.kills:
        kill(given.kills, given.seed)
    else:
        named = {"inspect-ai": given.theirs, "promptfoo": given.promptfoo, "harbor": given.harbor}
        programs = {name: program for name, program in named.items() if program}
        compare(programs, given.samples, given.most, given.tries)


if __name__ == "__main__":
    main()
