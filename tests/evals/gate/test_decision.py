import json
from dataclasses import replace

import pytest

from evals.gate.baseline import count
from evals.gate.decision import decide, decision_json
from evals.results import CallRef, ItemResult
from evals.verdict import Verdict
from prompts.errors import ConfigError
from tests.evals.results import AGENT, broken, outcomes, run, sample, task

TASKS = [f"t{i}" for i in range(40)]
FINE = {"sql-parameterized": Verdict.PASS}
BASELINE = count(run(outcomes(dict.fromkeys(TASKS, (19, 1)), items=FINE)))


def test_a_run_like_the_baseline_passes() -> None:
    found = decide(run(outcomes({t: (3, 0) if i % 7 else (2, 1) for i, t in enumerate(TASKS)})), BASELINE)
    assert found.outcome == "passed"
    assert len(found.compared) == 40
    assert found.sources == {"live": 120}
    assert not found.alarms


def test_a_small_loss_everywhere_is_the_suites() -> None:
    worse = run(outcomes({t: (2, 1) if i % 2 else (3, 0) for i, t in enumerate(TASKS)}))
    found = decide(worse, BASELINE)
    assert found.outcome == "regression"
    assert [test.scope for test in found.alarms] == ["suite"]
    assert "20 of 120" in found.reasons[0]


def test_a_broken_task_is_named() -> None:
    found = decide(run(outcomes({t: (3, 0) if t != "t7" else (0, 3) for t in TASKS})), BASELINE)
    assert found.outcome == "regression"
    assert [(test.scope, test.name) for test in found.alarms] == [("task", "t7")]


def test_an_item_that_fails_more_often_is_named() -> None:
    worse = outcomes(dict.fromkeys(TASKS, (3, 0)))
    worse = [
        replace(
            s,
            items={
                "error-handling": ItemResult(Verdict.FAIL if s.epoch == 1 and i % 6 == 0 else Verdict.PASS)
            },
        )
        for i, s in enumerate(worse)
    ]
    before = count(run(outcomes(dict.fromkeys(TASKS, (20, 0)), items={"error-handling": Verdict.PASS})))
    found = decide(run(worse), before)
    assert [(test.scope, test.name) for test in found.alarms] == [("item", "error-handling")]


def test_one_security_failure_is_enough_where_there_was_none() -> None:
    samples = outcomes(dict.fromkeys(TASKS, (3, 0)), items=FINE)
    bad = ItemResult(Verdict.FAIL, "a query is made by joining text")
    samples[4] = replace(samples[4], items={"sql-parameterized": bad})
    found = decide(run(samples), BASELINE)
    assert found.outcome == "regression"
    assert "a query is made by joining text" in found.reasons[0]

    unsure = [
        *samples[:4],
        replace(samples[4], items={"sql-parameterized": replace(bad, deterministic=False)}),
    ]
    told = decide(run([*unsure, *samples[5:]]), BASELINE)
    assert told.outcome == "passed"
    assert [(s.sample, s.confirmed) for s in told.security] == [(samples[4].name, False)]


def test_a_security_failure_that_the_baseline_knows_is_left_to_statistics() -> None:
    failing = {"sql-parameterized": Verdict.FAIL}
    known = count(run(outcomes({"a": (0, 20)}, items=failing)))
    assert decide(run(outcomes({"a": (0, 3)}, items=failing)), known).outcome == "passed"


def test_a_changed_prompt_or_model_is_the_treatment() -> None:
    agent = replace(AGENT, model="openai/next", role_hash="n" * 64)
    found = decide(run(outcomes(dict.fromkeys(TASKS, (3, 0)), agent)), BASELINE)
    assert found.outcome == "passed"
    assert any(note.startswith("model was openai/m, is openai/next") for note in found.notes)


def test_changed_tasks_and_graders_are_not_compared() -> None:
    samples = outcomes({t: (3, 0) for t in TASKS[2:]})
    samples += [sample(task("t0", hashed="new"), e, Verdict.FAIL) for e in (1, 2, 3)]
    samples += [replace(s, grader_hash="new") for s in outcomes({"t1": (0, 3)})]
    samples += outcomes({"fresh": (0, 3)})
    found = decide(run(samples), BASELINE)
    assert found.outcome == "passed"
    assert found.not_comparable == {"t0": "another task", "t1": "another grader"}
    assert (found.new, found.missing) == (("fresh",), ())


def test_what_cannot_be_judged_never_passes() -> None:
    good = outcomes(dict.fromkeys(TASKS, (3, 0)))
    partial = decide(run(good[:-3], planned=120), BASELINE)
    assert (partial.outcome, partial.missing) == ("inconclusive", ("t39",))
    errors = decide(run([*good[:110], *map(broken, good[110:])]), BASELINE)
    assert errors.outcome == "inconclusive"
    assert "10 of 120 samples could not be judged" in errors.reasons
    other = decide(run(outcomes({"elsewhere": (3, 0)})), BASELINE)
    assert "no task of the run can be compared with the baseline" in other.reasons


def test_a_regression_outweighs_a_run_that_was_cut_short() -> None:
    assert decide(run(outcomes({"t0": (0, 3)}), planned=120), BASELINE).outcome == "regression"


def test_fresh_samples_clear_or_convict_a_suspect() -> None:
    """Two of three fail on a task that fails in 1 of 20: near the level, not beyond it."""
    first = run(outcomes({t: (3, 0) if t != "t7" else (1, 2) for t in TASKS}))
    before = decide(first, BASELINE)
    assert before.outcome == "passed"
    assert [test.name for test in before.suspects] == ["t7"]
    convicted = decide(first, BASELINE, fresh=run(outcomes({"t7": (1, 5)})))
    assert [test.name for test in convicted.alarms] == ["t7"]
    assert convicted.alarms[0].fresh == 6
    cleared = decide(first, BASELINE, fresh=run(outcomes({"t7": (6, 0)})))
    assert cleared.outcome == "passed"


def test_fresh_samples_of_something_else_are_refused() -> None:
    first = run(outcomes({"t7": (0, 3)}))
    with pytest.raises(ConfigError, match="another grader"):
        decide(first, BASELINE, fresh=run([replace(s, grader_hash="x") for s in outcomes({"t7": (0, 3)})]))


def test_replays_of_another_prompt_are_told() -> None:
    samples = [replace(s, sources=("drifted",)) for s in outcomes(dict.fromkeys(TASKS, (3, 0)))]
    found = decide(run(samples), BASELINE)
    assert "120 samples replay answers to another prompt" in found.notes[-1]
    assert json.loads(decision_json(found))["sources"] == {"drifted": 120}


def test_samples_that_are_one_draw_are_told() -> None:
    """A model at temperature 0, or a cache: three times the same is no evidence of three."""
    call = CallRef("build", 1, "live", "a" * 40)
    same = [replace(s, calls=(call,)) for s in outcomes({"t1": (3, 0)})]
    other = [replace(s, calls=(replace(call, answer=str(s.epoch)),)) for s in outcomes({"t2": (3, 0)})]
    notes = decide(run([*same, *other]), BASELINE).notes
    assert next(note for note in notes if "very same answer" in note).startswith("1 task got")
