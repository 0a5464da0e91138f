import json
from dataclasses import replace

import pytest

from evals.gate.baseline import ItemCounts, count, merge, read_baseline, why_not_comparable, write_baseline
from evals.verdict import Verdict
from prompts.errors import ConfigError
from tests.evals.results import AGENT, broken, outcomes, run, sample, task

ITEMS = {"auth-required": Verdict.PASS, "response-models": Verdict.NOT_APPLICABLE}


def test_counts_are_kept_with_the_hashes_that_they_came_from() -> None:
    found = count(run(outcomes({"a": (2, 1), "b": (3, 0)}, items=ITEMS)))
    a = found.tasks["a"]
    assert (a.samples, a.passed, a.failed) == (3, 2, 1)
    assert a.items == {"auth-required": ItemCounts(passed=3), "response-models": ItemCounts(not_applicable=3)}
    assert (a.task, a.grader, a.prompts, a.environments) == ("hash-a", "grader", ("prompt",), ("env",))
    assert found.maker.model == "openai/m"


def test_the_file_is_sorted_and_reads_back() -> None:
    found = count(run(outcomes({"b": (3, 0), "a": (2, 1)}, items=ITEMS)))
    text = write_baseline(found)
    keys = list(json.loads(text)["tasks"])
    assert keys == sorted(keys)
    assert read_baseline(text, "b.json") == found
    assert write_baseline(read_baseline(text, "b.json")) == text


def test_partial_and_inconclusive_runs_are_refused() -> None:
    with pytest.raises(ConfigError, match="not finished: 2 samples are missing"):
        count(run(outcomes({"a": (3, 0)}), planned=5))
    with pytest.raises(ConfigError, match="3 of 3 samples could not be judged"):
        count(run([broken(s) for s in outcomes({"a": (3, 0)})]))


def test_several_graders_of_one_task_are_refused() -> None:
    first, second = outcomes({"a": (2, 0)})
    with pytest.raises(ConfigError, match="2 different graders"):
        count(run([first, replace(second, grader_hash="other")]))


def test_an_agent_is_chosen_by_id_or_model() -> None:
    other = replace(AGENT, id="m-2", model="openai/n")
    both = run(outcomes({"a": (2, 0)}) + outcomes({"a": (0, 2)}, other))
    with pytest.raises(ConfigError, match="several agents"):
        count(both)
    with pytest.raises(ConfigError, match="no agent x"):
        count(both, "x")
    assert count(both, "openai/n").tasks["a"].passed == 0
    assert count(both, "m-1").tasks["a"].passed == 2


def test_merging_makes_counts_deep_and_never_counts_twice() -> None:
    first = count(run(outcomes({"a": (2, 1)}, items=ITEMS)))
    later = count(run([replace(s, commits=("d" * 40,)) for s in outcomes({"a": (3, 0)}, items=ITEMS)]))
    both = merge(first, later)
    assert (both.tasks["a"].samples, both.tasks["a"].passed) == (6, 5)
    assert both.tasks["a"].items["auth-required"] == ItemCounts(passed=6)
    assert len(both.runs) == 2
    with pytest.raises(ConfigError, match="already"):
        merge(both, later)


def test_merging_another_prompt_is_refused_and_a_changed_task_starts_anew() -> None:
    first = count(run(outcomes({"a": (2, 1), "b": (3, 0)})))
    prompt = replace(AGENT, role_hash="s" * 64)
    with pytest.raises(ConfigError, match=r"the baseline is of .*rrrr.*the run of .*ssss"):
        merge(first, count(run(outcomes({"a": (1, 1)}, prompt))))
    changed = [sample(task("a", hashed="new"), 1, Verdict.PASS)]
    merged = merge(first, count(run(changed)))
    assert (merged.tasks["a"].samples, merged.tasks["a"].task) == (1, "new")
    assert merged.tasks["b"].samples == 3


def test_prompt_and_environment_stay_comparable_task_tests_and_grader_do_not() -> None:
    counts = count(run(outcomes({"a": (2, 1)}))).tasks["a"]
    assert not why_not_comparable(counts, replace(counts, prompts=("x",), environments=("y",)))
    assert why_not_comparable(counts, replace(counts, task="x")) == "another task"
    assert (
        why_not_comparable(counts, replace(counts, tests="x", grader="y"))
        == "another tests and another grader"
    )


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 1, "tasks": 3}'])
def test_what_is_no_baseline_is_said_to_be_none(text: str) -> None:
    with pytest.raises(ConfigError, match=r"b\.json is no baseline"):
        read_baseline(text, "b.json")
