"""Start-up of the command line against bare Python, side by side: ``python benchmarks/startup.py [RUNS]``.

Prints the median of each over interleaved runs, their ratio, and whether ``--help`` stays within three times
bare Python plus 100 ms.
"""

import statistics
import subprocess
import sys
import time
from pathlib import Path

BACKSMITH = Path(sys.executable).with_name("backsmith")
COMMANDS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "backsmith --help": [str(BACKSMITH), "--help"],
    "backsmith run --help": [str(BACKSMITH), "run", "--help"],
    "backsmith --version": [str(BACKSMITH), "--version"],
}


def main(runs: int) -> int:
    seconds: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(runs + 1):
        for name, argv in COMMANDS.items():
            start = time.perf_counter()
            subprocess.run(argv, check=True, capture_output=True)
            seconds[name].append(time.perf_counter() - start)
    medians = {name: statistics.median(taken[1:]) for name, taken in seconds.items()}
    bare = medians["python -c pass"]
    for name, median in medians.items():
        print(f"{name:<22} {median * 1000:7.1f} ms  {median / bare:5.2f} x bare Python")
    bound = 3 * bare + 0.1
    print(f"bound for --help: {bound * 1000:.1f} ms (3 x bare + 100 ms)")
    return 0 if medians["backsmith --help"] <= bound else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 15))
