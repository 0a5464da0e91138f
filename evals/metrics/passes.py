"""How often one of several samples passes, and how often all of them do, without bias."""

from math import comb


def pass_at_k(samples: int, passed: int, k: int) -> float:
    """The chance that at least one of ``k`` samples passes, from ``passed`` of ``samples``.

    The unbiased estimator of Chen et al. 2021, "Evaluating Large Language Models Trained on Code"
    (arXiv:2107.03374), equation 1: 1 - C(n-c, k) / C(n, k). Raises ValueError where ``k`` is above ``samples``.
    """
    _check(samples, passed, k)
    return 1.0 - comb(samples - passed, k) / comb(samples, k)


def pass_hat_k(samples: int, passed: int, k: int) -> float:
    """The chance that all of ``k`` samples pass (pass^k), from ``passed`` of ``samples``.

    The unbiased estimator of Yao et al. 2024, "tau-bench" (arXiv:2406.12045): C(c, k) / C(n, k).
    Raises ValueError where ``k`` is above ``samples``.
    """
    _check(samples, passed, k)
    return comb(passed, k) / comb(samples, k)


def _check(samples: int, passed: int, k: int) -> None:
    if not 0 <= passed <= samples:
        raise ValueError(f"{passed} of {samples} samples cannot have passed")
    if not 1 <= k <= samples:
        raise ValueError(f"k is {k}, with {samples} samples it can be 1 to {samples}")
