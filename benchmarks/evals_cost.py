"""What a sample costs beyond its model and its sandbox, side by side with Inspect AI in one run.

    python benchmarks/evals.py [--theirs PYTHON] [--samples 200 2000] [--most 10000] [--tries 3]
    python benchmarks/evals.py --kills 500

Both tools replay the same short answers, once each: ours from a suite with recorded answers (`--no-tests`; every
answer, prompt and file goes into git, every record is synced), Inspect AI from `mockllm` with custom outputs and
usage. Each number is a process of its own, the tools in turn; wall seconds, processor seconds and the peak of
memory. Milliseconds per sample are marginal: between the smaller and the larger number of samples. On a machine
that does other work too, processor seconds and the ratio tell more than the wall clock.

PYTHON is an interpreter that has inspect-ai (`uv venv theirs && uv pip install --python theirs inspect-ai`);
without it only ours is measured. `--kills` runs the resume test instead: an eval is killed (SIGKILL) at random
instants until it was killed so often in all; after each run, every sample must be there exactly once.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.evals_killed import kill
from tests.orchestrator import answers
from tests.orchestrator.suites import many, write_suite

THEIRS = """
import sys
from inspect_ai import Task, eval
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import ModelOutput, ModelUsage, get_model
from inspect_ai.scorer import includes

count, folder, answer = int(sys.argv[1]), sys.argv[2], sys.argv[3]


def outputs():
    while True:
        output = ModelOutput.from_content("mockllm/model", answer)
        output.usage = ModelUsage(input_tokens=1000, output_tokens=200, total_tokens=1200)
        yield output


samples = [Sample(input=f"Build a greeting library called task-{n:04}", target="FILE: ") for n in range(count)]
model = get_model("mockllm/model", custom_outputs=outputs())
task = Task(dataset=MemoryDataset(samples), scorer=includes())
[log] = eval(task, model=model, log_dir=folder, display="none")
assert log.status == "success", log.error
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """One process: seconds on the wall, seconds of processors, and its largest resident memory in MiB."""

    wall: float
    cpu: float
    peak: float


def measure(argv: Sequence[str], codes: tuple[int, ...] = (0,)) -> Cost:
    """Run a command and say what it took."""
    began = time.perf_counter()
    process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - began
    assert process.stderr is not None
    told = process.stderr.read().decode("utf-8", "replace")
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode in codes, told[-2000:]
    return Cost(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def ours(folder: Path, count: int) -> Cost:
    """Our eval of that many samples, in a run folder of its own."""
    suite, run = folder / f"suite-{count}", folder / "run"
    if not suite.exists():
        write_suite(suite, many(count))
    backsmith = str(Path(sys.executable).with_name("backsmith"))
    argv = [backsmith, "eval", str(suite), "--model", "replay", "--no-tests", "--run", str(run)]
    try:
        return measure(argv, codes=(3,))  # nothing was tried, so nothing is claimed
    finally:
        shutil.rmtree(run)


def theirs(python: str, folder: Path, count: int) -> Cost:
    """Inspect AI's eval of that many samples."""
    logs = folder / "logs"
    try:
        return measure([python, "-c", THEIRS, str(count), str(logs), answers.GOOD])
    finally:
        shutil.rmtree(logs, ignore_errors=True)


def compare(python: str | None, counts: Sequence[int], most: int, tries: int) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        tools = {"backsmith": lambda count: ours(folder, count)}
        if python:
            tools["inspect-ai"] = lambda count: theirs(python, folder, count)
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
            if python:
                print(f"ratio, {part}: {each['inspect-ai'] / each['backsmith']:.1f}")
        if most:
            for count in (most // 10, most // 2, most):
                cost = ours(folder, count)
                print(f"backsmith: {count} samples, peak {cost.peak:.0f} MiB, {cost.wall:.1f} s")


def main() -> None:
    """Read the options and measure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--theirs", help="an interpreter that has inspect-ai")
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
        compare(given.theirs, given.samples, given.most, given.tries)


if __name__ == "__main__":
    main()
