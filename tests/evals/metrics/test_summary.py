from dataclasses import replace
from decimal import Decimal

import pytest

from evals.metrics.breakdown import break_down
from evals.metrics.summary import percent, summarize
from evals.verdict import Verdict
from tests.evals.results import AGENT, broken, outcomes, run, sample, task


def test_what_infrastructure_spoilt_leaves_the_denominator_and_is_told() -> None:
    samples = outcomes({"a": (2, 1)})
    samples.append(broken(sample(task("a"), 4, Verdict.PASS)))
    found = summarize("all", samples)
    assert (found.samples, found.errors, found.inconclusive) == (4, 1, 0)
    assert (found.verified.count, found.verified.of) == (2, 3)
    assert found.verified.value == pytest.approx(2 / 3)
    assert found.verified.low < 2 / 3 < found.verified.high


def test_k_never_exceeds_the_least_sampled_task() -> None:
    found = summarize("all", outcomes({"a": (2, 1), "b": (5, 0)}))
    assert [at.k for at in found.at_k] == [1, 2, 3]
    assert found.at_k[0].any == pytest.approx((2 / 3 + 1) / 2)
    assert found.at_k[2].any == 1.0
    assert found.at_k[2].all == pytest.approx(0.5)


def test_agents_are_not_pooled_into_more_tries_at_a_task() -> None:
    other = replace(AGENT, id="m-2")
    found = summarize("all", outcomes({"a": (0, 2)}) + outcomes({"a": (2, 0)}, other))
    assert [at.k for at in found.at_k] == [1, 2]
    assert found.at_k[1].any == pytest.approx(0.5)


def test_items_count_where_they_were_judged() -> None:
    verdicts = (Verdict.PASS, Verdict.FAIL, Verdict.NOT_APPLICABLE, Verdict.INCONCLUSIVE)
    samples = [
        sample(task("a"), epoch, Verdict.PASS, items={"auth-required": verdict})
        for epoch, verdict in enumerate(verdicts, 1)
    ]
    item = summarize("all", samples).items["auth-required"]
    assert (item.passed.count, item.passed.of, item.not_applicable, item.inconclusive) == (1, 2, 1, 1)


def test_an_unknown_cost_is_not_nothing() -> None:
    samples = outcomes({"a": (2, 2)})
    found = summarize("all", samples)
    assert (found.cost_usd.total, found.cost_per_verified) == (Decimal("0.08"), Decimal("0.04"))
    found = summarize("all", [*samples, replace(samples[0], cost=None)])
    assert (found.cost_usd.total, found.cost_usd.unknown) == (Decimal("0.08"), 1)
    assert found.cost_per_verified is None
    assert summarize("none", []).cost_usd.total is None


def test_percentiles_rounds_and_sources() -> None:
    samples = [replace(s, latency=float(i)) for i, s in enumerate(outcomes({"a": (11, 0)}))]
    samples[0] = replace(samples[0], best_round=3, sources=("replayed",))
    found = summarize("all", samples)
    assert (found.latency.p50, found.latency.p90) == (5.0, 9.0)
    assert found.rounds == {1: 10, 3: 1}
    assert found.sources == {"live": 10, "replayed": 1}


def test_a_run_is_broken_down_by_what_its_samples_differ_in() -> None:
    found = break_down(run(outcomes({"a": (1, 1), "b": (2, 0)})))
    assert found.overall.verified.count == 3
    assert [(s.name, s.verified.count) for s in found.by["task"]] == [("a", 1), ("b", 2)]
    assert [s.name for s in found.by["model"]] == ["openai/m"]
    assert {s.name for s in found.by["database"]} == {"PostgreSQL"}
    assert found.by["framework"][0].verified == found.overall.verified


def test_nothing_has_no_rate_and_no_k() -> None:
    found = summarize("none", [])
    assert (found.verified.value, found.at_k, found.latency.p50) == (None, (), None)


@pytest.mark.parametrize(
    ("share", "told"),
    [
        (0, "0%"),
        (1 / 1000, "under 1%"),
        (1 / 200, "under 1%"),
        (0.006, "1%"),
        (0.5, "50%"),
        (0.994, "99%"),
        (199 / 200, "over 99%"),
        (1 - 1e-9, "over 99%"),
        (1, "100%"),
    ],
)
def test_percents_are_0_of_none_and_100_of_all(share: float, told: str) -> None:
    assert percent(share) == told
