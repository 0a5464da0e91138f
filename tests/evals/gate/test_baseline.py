import difflib
import json
from dataclasses import replace

import pytest

from evals.gate.baseline import (
    Baseline,
    ItemCounts,
    count,
    merge,
    why_not_comparable,
    write_baseline,
)
from evals.gate.baseline_reading import read_baseline
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
        why_not_comparable(counts, replace(counts, tests="x", grader="y")) == "other tests and another grader"
    )


def test_a_run_that_has_grown_is_not_counted_twice() -> None:
    first = count(replace(run(outcomes({"a": (2, 1)})), identity="a" * 16))
    grown = count(replace(run(outcomes({"a": (4, 1)})), identity="a" * 16))
    with pytest.raises(ConfigError, match="already"):
        merge(first, grown)
    same_answers = count(replace(run(outcomes({"a": (2, 1)})), identity="b" * 16))
    with pytest.raises(ConfigError, match="already"):
        merge(first, same_answers)


def test_another_suite_is_not_merged() -> None:
    first = count(run(outcomes({"a": (2, 1)})))
    with pytest.raises(ConfigError, match="of the suite suite, the run of the suite other"):
        merge(first, count(replace(run(outcomes({"a": (3, 1)})), suite="other")))


def test_other_settings_are_not_merged_and_unknown_ones_are() -> None:
    def counted(temperature: float | None, passed: int) -> Baseline:
        told = "" if temperature is None else json.dumps({"temperature": temperature})
        return count(run(outcomes({"a": (passed, 1)}, replace(AGENT, parameters=told))))

    with pytest.raises(ConfigError, match=r"settings temperature=0\.5, the run of .* temperature=1\.0"):
        merge(counted(0.5, 2), counted(1.0, 3))
    assert merge(counted(None, 2), counted(1.0, 3)).tasks["a"].samples == 7


def test_samples_that_were_left_open_are_no_fair_choice() -> None:
    """`eval --no-tests`: what is broken fails, and all else is left open."""
    samples = outcomes({"a": (3, 3)})
    opened = [replace(s, verdict=Verdict.INCONCLUSIVE) if s.verified else s for s in samples]
    with pytest.raises(ConfigError, match="inconclusive: 3 of 6 samples could not be judged"):
        count(run(opened))


def test_a_task_that_was_never_judged_is_left_out() -> None:
    samples = outcomes({"a": (3, 0), "b": (3, 0)})
    found = count(run([replace(s, verdict=Verdict.INCONCLUSIVE) if s.task.id == "b" else s for s in samples]))
    assert list(found.tasks) == ["a"]


@pytest.mark.parametrize(
    ("was", "now", "told"),
    [
        ('"passed": 2', '"passed": 4', "task 'a' has 4 passed of 3 samples"),
        ('"passed": 2', '"passed": -1', "task 'a' has -1 passed of 3 samples"),
        ('"passed": 2', '"passed": "2"', "tasks.a.passed: Input should be a valid integer"),
        ('"passed": 2', '"passed": 2.5', "tasks.a.passed: Input should be a valid integer"),
        ('"passed": 2', '"passed": NaN', "tasks.a.passed"),
        ('"samples": 3', '"samples": 999999999999', "task 'a' has 2 passed of 999999999999 samples"),
        ('"samples": 3', '"samples": ' + "9" * 5000, "b.json is no baseline"),
        ('"passed": 3', '"passed": 9', "item 'auth-required' of task 'a'"),
        ('"format": 1', '"format": 0', "format 0 is none"),
        ('"format": 1', '"format": 1, "suite": "x"', "'suite' is there twice"),
        ('"suite": "suite"', '"suite": "\\ud800"', "b.json is no baseline"),
        ('"suite": "suite"', '"suite": ' + "[" * 100_000, "b.json is no baseline"),
    ],
)
def test_what_cannot_be_true_of_a_baseline_is_refused_with_its_place(was: str, now: str, told: str) -> None:
    text = write_baseline(count(run(outcomes({"a": (2, 1)}, items={"auth-required": Verdict.PASS}))))
    assert text.count(was) == 1
    with pytest.raises(ConfigError) as caught:
        read_baseline(text.replace(was, now), "b.json")
    assert told in str(caught.value)
    assert len(str(caught.value)) < 400


def test_every_truncation_is_refused() -> None:
    text = write_baseline(count(run(outcomes({"a": (2, 1)}, items=ITEMS))))
    for end in range(len(text) - 2):
        with pytest.raises(ConfigError, match="is no baseline"):
            read_baseline(text[:end], "b.json")


def test_a_newer_format_and_a_merge_in_progress_are_told() -> None:
    with pytest.raises(ConfigError, match="has format 2; this version reads 1"):
        read_baseline('{"format": 2, "strata": []}', "b.json")
    with pytest.raises(ConfigError, match=r"b\.json:2 is in the middle of a git merge"):
        read_baseline("{\n<<<<<<< HEAD\n", "b.json")


def test_one_more_sample_changes_a_line_a_number() -> None:
    before = write_baseline(count(run(outcomes({"a": (2, 1), "b": (3, 0)}, items=ITEMS))))
    after = write_baseline(count(run(outcomes({"a": (3, 1), "b": (3, 0)}, items=ITEMS))))
    changed = [line for line in difflib.ndiff(before.split("\n"), after.split("\n")) if line[0] in "+-"]
    assert len(changed) == 2 * 5, "samples, passed, two items' counts, and the run's fingerprint"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 1, "tasks": 3}'])
def test_what_is_no_baseline_is_said_to_be_none(text: str) -> None:
    with pytest.raises(ConfigError, match=r"b\.json is no baseline"):
        read_baseline(text, "b.json")
