import json
import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from evals.compare.comparison import compare, comparison_json
from evals.gate.baseline import count
from evals.gate.decision import decide, decision_json
from evals.results import ItemResult, MutantCounts, ProbeCounts, SampleResult
from evals.verdict import Verdict
from prompts.errors import ConfigError
from tests.evals.results import AGENT, broken, outcomes, run, sample, task

FIRST = run(outcomes({"a": (3, 0), "b": (1, 2), "c": (2, 1)}))
SECOND = run(outcomes({"a": (1, 2), "b": (3, 0), "c": (2, 1)}))


def test_says_what_improved_and_what_regressed() -> None:
    found = compare(FIRST, SECOND)
    assert [change.task for change in found.changed("regressed")] == ["a"]
    assert [change.task for change in found.changed("improved")] == ["b"]
    assert [change.task for change in found.changed("unchanged")] == ["c"]
    verified = found.metrics[0]
    assert (verified.metric, verified.difference.tasks) == ("verified", 3)
    assert verified.difference.mean == pytest.approx(0.0)
    assert verified.difference.interval is not None
    assert verified.difference.interval.low < 0 < verified.difference.interval.high


def test_an_example_shows_two_samples_that_ended_differently() -> None:
    seen: list[tuple[str, str]] = []

    def texts(one: SampleResult, two: SampleResult) -> tuple[str, str]:
        seen.append((one.name, two.name))
        return "-old prompt", "+new answer"

    found = compare(FIRST, SECOND, texts=texts)
    example = found.changed("regressed")[0].example
    assert example is not None
    assert (example.first.verdict, example.second.verdict) == (Verdict.PASS, Verdict.FAIL)
    assert example.first.epoch == example.second.epoch == 2
    assert example.second.first_failure is not None
    assert example.second.first_failure.test == "tests/test_a.py::test_a"
    assert (example.prompt_diff, example.answer_diff) == ("-old prompt", "+new answer")
    assert seen == [("a-m-1-e2", "a-m-1-e2"), ("b-m-1-e2", "b-m-1-e2")]


def test_other_questions_are_not_compared() -> None:
    second = run(
        [
            *outcomes({"a": (0, 3)}),
            sample(task("b", hashed="new"), 1, Verdict.FAIL),
            *[replace(s, grader_hash="new") for s in outcomes({"c": (0, 3)})],
            *outcomes({"d": (1, 0)}),
        ]
    )
    found = compare(FIRST, second)
    assert found.not_comparable == {"b": "another task", "c": "another grader"}
    assert (found.only_first, found.only_second) == ((), ("d",))
    assert [change.task for change in found.tasks] == ["a"]


def test_what_could_not_be_judged_is_told_for_what_it_is() -> None:
    opened = [
        broken(s) if s.task.id == "a" else replace(s, verdict=Verdict.INCONCLUSIVE) if s.task.id == "b" else s
        for s in SECOND.samples
    ]
    found = compare(FIRST, run(opened, planned=12))
    assert found.not_comparable == dict.fromkeys(("a", "b"), "no sample of the second run could be judged")
    assert (found.only_first, found.only_second) == ((), ())
    second = found.second
    assert (second.planned, second.samples, second.errors, second.inconclusive) == (12, 9, 3, 3)
    assert compare(run(opened), FIRST).not_comparable["a"] == "no sample of the first run could be judged"
    assert compare(run(opened), run(opened)).not_comparable["a"] == "no sample of either run could be judged"


def test_runs_of_different_epochs_are_compared_by_their_rates() -> None:
    found = compare(run(outcomes({"a": (1, 0), "b": (0, 1)})), run(outcomes({"a": (9, 1), "b": (5, 5)})))
    assert [(c.task, c.change) for c in found.tasks] == [("a", "regressed"), ("b", "improved")]
    assert found.metrics[0].difference.mean == pytest.approx((-0.1 + 0.5) / 2)
    assert found.tasks[1].p == pytest.approx(1.0)


def test_the_same_run_twice_is_told() -> None:
    one = replace(FIRST, identity="a" * 16)
    assert compare(one, one).same_run
    assert not compare(one, replace(SECOND, identity="b" * 16)).same_run
    assert not compare(FIRST, FIRST).same_run, "runs made up for tests have no identity"


def test_items_costs_and_latencies_are_compared_where_they_are_known() -> None:
    worse = [
        replace(
            s,
            cost=Decimal("0.05"),
            latency=None,
            items={"auth-required": ItemResult(Verdict.FAIL)},
        )
        for s in SECOND.samples
    ]
    good = [replace(s, items={"auth-required": ItemResult(Verdict.PASS)}) for s in FIRST.samples]
    found = {m.metric: m for m in compare(run(good), run(worse)).metrics}
    assert found["cost_usd"].difference.mean == pytest.approx(0.03)
    assert found["item:auth-required"].difference.mean == -1
    assert "latency" not in found


def test_probes_and_mutants_are_compared_where_both_runs_have_them() -> None:
    def observed(passed: int, killed: int) -> list[SampleResult]:
        return [
            replace(s, probes=ProbeCounts(passed, 4 - passed), mutants=MutantCounts(killed, 4 - killed))
            for s in FIRST.samples
        ]

    found = {m.metric: m for m in compare(run(observed(4, 1)), run(observed(3, 3))).metrics}
    assert found["probes"].difference.mean == pytest.approx(-0.25)
    assert found["mutants"].difference.mean == pytest.approx(0.5)
    assert "probes" not in {m.metric for m in compare(FIRST, run(observed(3, 3))).metrics}


def test_two_agents_of_one_run_can_be_compared() -> None:
    both = run([*FIRST.samples, *outcomes({"a": (0, 3)}, replace(AGENT, id="m-2"))])
    found = compare(both, both, first_agent="m-1", second_agent="m-2")
    assert [change.task for change in found.changed("regressed")] == ["a"]
    with pytest.raises(ConfigError, match="several agents"):
        compare(both, both)


def keys_of(value: object) -> Iterator[str]:
    """The names of all fields, but those that are data: tasks and sources."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            if key not in {"not_comparable", "sources"}:
                yield from keys_of(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from keys_of(inner)


def test_every_field_of_the_machine_output_is_documented() -> None:
    docs = (Path(__file__).parents[3] / "docs/json.md").read_text(encoding="utf-8")
    compared = docs.split("## `compare --json`")[1].split("\n## ")[0]
    data = json.loads(comparison_json(compare(FIRST, SECOND)))
    assert set(keys_of(data)) == set(re.findall(r'"([a-z_]+)"', compared))
    gated = docs.split("## `gate --json`")[1].split("\n## ")[0]
    red = decide(run(outcomes({"a": (0, 9)}, items={"auth-required": Verdict.FAIL})), count(FIRST))
    assert red.security
    assert set(keys_of(json.loads(decision_json(red)))) <= set(re.findall(r'"([a-z_]+)"', gated))


def test_json_has_the_whole_story() -> None:
    data = json.loads(comparison_json(compare(FIRST, SECOND)))
    assert data["tasks"][0]["change"] == "regressed"
    assert data["first"]["verified"]["count"] == 6
    assert data["metrics"][0]["difference"]["families"] == 3
