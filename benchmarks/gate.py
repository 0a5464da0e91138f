"""How often the gate cries wolf and what it catches, over suites of several kinds; the same figures every time.

    python benchmarks/gate.py [RUNS]

The main suite is the first: 40 tasks as regression suites mostly have them, 3 samples each against a baseline of
20. The others show where the method has its limits: with every task at 80% no test can see a drop of ten
points in 120 samples as often as one would like, and fresh samples are what helps.
"""

import random
import sys

from evals.gate.simulation import Caught, TaskWorld, broken, drop, simulate, unchanged

SUITES = {
    "mixed (24 at 98%, 8 at 90%, 4 at 70%, 4 at 40%)": [0.98] * 24 + [0.9] * 8 + [0.7] * 4 + [0.4] * 4,
    "steady (40 at 97%)": [0.97] * 40,
    "two kinds (28 at 100%, 6 at 85%, 3 at 50%, 3 at 10%)": [1.0] * 28 + [0.85] * 6 + [0.5] * 3 + [0.1] * 3,
    "even, 90%": [0.9] * 40,
    "even, 80%": [0.8] * 40,
}
KINDS = (("nothing changed", unchanged), ("10 points lower", drop(10)), ("2 tasks broken", broken(2)))
ITEMS = 8
FRESH = 3


def world(rates: list[float]) -> list[TaskWorld]:
    """Eight items share 40% of each task's failures."""
    return [
        TaskWorld(f"t{i}", rate, {f"item {j}": (1 - rate) * 0.05 for j in range(ITEMS)}, 20, 3)
        for i, rate in enumerate(rates)
    ]


def told(found: Caught) -> str:
    rate = found.alarms / found.runs
    return f"{rate:6.1%} ({found.interval.low:.1%} to {found.interval.high:.1%})"


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 4000
    print(
        f"{runs} simulated runs each; alarms with 95% intervals; without and with {FRESH} fresh samples a task"
    )
    for name, rates in SUITES.items():
        print(name)
        for kind, change in KINDS:
            alone = simulate(kind, world(rates), change, runs, random.Random(1))
            fresh = simulate(kind, world(rates), change, runs // 4, random.Random(2), fresh=FRESH)
            more = len(rates) * FRESH * fresh.again / fresh.runs
            print(f"  {kind:16} {told(alone)}   fresh: {told(fresh)}, {more:.0f} of them a run", flush=True)


if __name__ == "__main__":
    main()
