"""The most that any test could catch in the suites of benchmarks/gate.py at a false-alarm rate of 5%.

    python benchmarks/gate_limits.py [RUNS]

Likelihood-ratio tests, which are told what change they look for: no other test is better (Neyman and Pearson 1933).
"Knowing the rates" is told the tasks' true rates too. "From counts" knows them by the baseline's samples only and must
keep its level whatever they are, so it compares with what the same totals could have been (Lehmann and Romano 2005,
"Testing Statistical Hypotheses", chapter 4). The gate is told nothing and looks for every change at once.
"""

import sys

import numpy as np
from gate import SUITES
from numpy.typing import NDArray
from scipy import stats

SAMPLES, DEEP, LEVEL, DRAWS = 3, 20, 0.05, 500
LOWER, BROKEN = "10 points lower", "2 tasks broken"
Numbers = NDArray[np.float64]
Counts = NDArray[np.int64]

ALL_FAIL = stats.hypergeom.pmf(SAMPLES, SAMPLES + DEEP, np.arange(SAMPLES + DEEP + 1), SAMPLES)
"""By the failures of a run and its baseline together: the chance that all samples of the run failed."""


def changed(rates: Numbers, kind: str, rng: np.random.Generator) -> Numbers:
    if kind == LOWER:
        return np.asarray(rates * (1 - 0.1 / rates.mean()))
    found = rates.copy()
    found[rng.choice(len(rates), 2, replace=False)] = 0
    return found


def ratio(failed: Counts, kind: str, rates: Numbers, all_fail: Numbers) -> Numbers:
    """What rises with the likelihood ratio: a weighted sum of failures, or a sum over all pairs of tasks."""
    if kind == LOWER:
        lower, before = np.clip(rates * (1 - 0.1 / rates.mean()), 1e-9, None), np.clip(rates, None, 1 - 1e-9)
        return np.asarray(failed @ np.log((1 - lower) / lower * before / (1 - before)))
    terms = np.where(failed == SAMPLES, 1 / np.maximum(all_fail, 1e-12), 0.0)
    return np.asarray(terms.sum(-1) ** 2 - (terms**2).sum(-1))


def limit(rates: Numbers, kind: str, knowing: bool, runs: int, rng: np.random.Generator) -> float:
    """How often the test rejects; ties are decided by chance, so that it uses up its level."""
    power = 0.0
    for _ in range(runs):
        failed = rng.binomial(SAMPLES, 1 - changed(rates, kind, rng))
        both = failed + rng.binomial(DEEP, 1 - rates)
        shape = (DRAWS, len(rates))
        if knowing:
            null, all_fail = rng.binomial(SAMPLES, 1 - rates, shape), (1 - rates) ** SAMPLES
        else:
            null = rng.hypergeometric(both, SAMPLES + DEEP - both, SAMPLES, shape)
            all_fail = ALL_FAIL[both]
        seen, others = ratio(failed, kind, rates, all_fail), ratio(null, kind, rates, all_fail)
        near = np.isclose(others, seen, rtol=1e-9)
        above = ((others > seen) & ~near).mean()
        power += np.clip((LEVEL - above) / max(near.mean(), 1 / DRAWS), 0, 1)
    return power / runs


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    for name, rates in SUITES.items():
        print(name)
        for kind in (LOWER, BROKEN):
            knowing, counts = (
                limit(np.array(rates), kind, k, runs, np.random.default_rng(1)) for k in (True, False)
            )
            print(f"  {kind:16} knowing the rates {knowing:6.1%}   from counts {counts:6.1%}", flush=True)


if __name__ == "__main__":
    main()
