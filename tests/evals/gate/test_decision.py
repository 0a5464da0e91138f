import json
from dataclasses import replace

import pytest

from evals.gate.baseline import count
from evals.gate.decision import decide, decision_json, with_evidence
from evals.reports.gate_markdown import gate_markdown
from evals.results import CallRef, ItemResult
from evals.verdict import Evidence, Verdict
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
    [why] = other.reasons
    assert why == "no task of the run can be compared with the baseline: they have no task in common"


def test_a_task_whose_samples_were_all_left_open_is_told_and_never_green() -> None:
    """No error of infrastructure, and no verdict: as where an application did not start."""
    good = outcomes(dict.fromkeys(TASKS, (3, 0)))
    opened = [replace(s, verdict=Verdict.INCONCLUSIVE) if s.task.id in {"t1", "t2"} else s for s in good]
    found = decide(run(opened), BASELINE)
    assert found.not_comparable == dict.fromkeys(("t1", "t2"), "none of its samples could be judged")
    assert found.outcome == "passed", "6 of 120 are 5%"
    more = [replace(s, verdict=Verdict.INCONCLUSIVE) if s.task.id == "t3" else s for s in opened]
    found = decide(run(more), BASELINE)
    assert (found.outcome, found.reasons) == ("inconclusive", ("9 of 120 samples could not be judged",))


def test_another_agents_errors_neither_spoil_nor_save_an_agent() -> None:
    other = replace(AGENT, id="m-2", model="openai/n")
    good = outcomes(dict.fromkeys(TASKS, (3, 0)))
    theirs = outcomes(dict.fromkeys(TASKS, (3, 0)), other)
    both = run([*good, *map(broken, theirs)])
    assert decide(both, BASELINE, agent="m-1").outcome == "passed"
    assert decide(both, BASELINE, agent="m-2").outcome == "inconclusive"
    diluted = run([*good, *map(broken, theirs[:10]), *theirs[10:]])
    assert not diluted.inconclusive
    assert decide(diluted, BASELINE, agent="m-2").outcome == "inconclusive"


def test_why_nothing_is_comparable_says_what_to_do() -> None:
    newer = [replace(s, grader_hash="new") for s in outcomes(dict.fromkeys(TASKS, (3, 0)))]
    [why] = decide(run(newer), BASELINE).reasons
    assert "another grader (40 tasks)" in why
    assert "blessed, is a new baseline" in why
    none = [replace(s, verdict=Verdict.INCONCLUSIVE) for s in outcomes({"t1": (3, 0)})]
    assert decide(run(none), BASELINE).reasons[-1].endswith(": none of its samples could be judged")


def test_a_run_against_itself_and_another_suite_are_told() -> None:
    same = decide(run(outcomes(dict.fromkeys(TASKS, (19, 1)), items=FINE)), BASELINE)
    assert "this run is part of the baseline: it is compared with itself" in same.notes
    other = decide(replace(run(outcomes({"t1": (3, 0)})), suite="other"), BASELINE)
    assert "the baseline is of the suite 'suite', the run of 'other'" in other.notes


def test_settings_are_what_is_being_tried_too() -> None:
    cold, warm = (replace(AGENT, parameters=json.dumps({"temperature": t, "seed": None})) for t in (0, 0.7))
    base = count(run(outcomes({"a": (20, 0)}, cold)))
    notes = decide(run(outcomes({"a": (3, 0)}, warm)), base).notes
    assert "settings was temperature=0, is temperature=0.7: what is being tried" in notes


def test_an_alarm_shows_samples_that_are_behind_it() -> None:
    found = decide(run(outcomes({t: (3, 0) if t != "t7" else (0, 3) for t in TASKS})), BASELINE)
    [example] = found.examples
    assert (example.task, example.sample) == ("t7", "t7-m-1-e1")
    assert example.why == "tests/test_a.py::test_a: assert 500 == 200"
    wide = decide(run(outcomes({t: (2, 1) if i % 2 else (3, 0) for i, t in enumerate(TASKS)})), BASELINE)
    assert len(wide.examples) == 5


def test_the_evidence_of_a_security_failure_is_laid_beside_it() -> None:
    samples = outcomes({"t1": (3, 0)}, items=FINE)
    samples[0] = replace(samples[0], items={"sql-parameterized": ItemResult(Verdict.FAIL, "joined text")})
    found = decide(run(samples), BASELINE)
    seen = {(samples[0].name, "sql-parameterized"): (Evidence("text is joined", "app/db.py", 12),)}
    [told] = with_evidence(found, seen).security
    assert told.evidence[0].path == "app/db.py"
    assert "app/db.py:12 text is joined" in gate_markdown(with_evidence(found, seen))


def test_markdown_of_a_red_gate_names_what_failed_and_is_short() -> None:
    red = gate_markdown(decide(run(outcomes({t: (3, 0) if t != "t7" else (0, 3) for t in TASKS})), BASELINE))
    assert red.startswith("### Backsmith gate: **regression**\n\n- task t7 failed in 3 of 3 samples")
    assert "  - t7-m-1-e1: tests/test\\_a.py::test\\_a: assert 500 == 200\n" in red
    assert len(red.split("\n")) < 20


def test_a_regression_outweighs_a_run_that_was_cut_short() -> None:
    assert decide(run(outcomes({"t0": (0, 3)}), planned=120), BASELINE).outcome == "regression"


def test_fresh_samples_clear_or_convict_a_suspect() -> None:
    """Two of three fail on a task that fails in 1 of 20: near the level, not beyond it."""
    first = run(outcomes({t: (3, 0) if t != "t7" else (1, 2) for t in TASKS}))
    before = decide(first, BASELINE)
    assert before.outcome == "passed"
    assert [test.name for test in before.suspects] == ["t7"]
    fine = dict.fromkeys(TASKS, (3, 0))
    convicted = decide(first, BASELINE, fresh=run(outcomes({**fine, "t7": (0, 3)})))
    assert [test.name for test in convicted.alarms] == ["t7"]
    assert convicted.alarms[0].fresh == 3
    cleared = decide(first, BASELINE, fresh=run(outcomes(fine)))
    assert cleared.outcome == "passed"


def test_fresh_samples_are_of_all_tasks() -> None:
    """Those of one task that was chosen for its failures would count these failures twice."""
    first = run(outcomes({"t6": (3, 0), "t7": (1, 2), "t8": (3, 0)}))
    with pytest.raises(ConfigError, match="leaves out 2 of 3 tasks, t6 first"):
        decide(first, BASELINE, fresh=run(outcomes({"t7": (1, 2)})))


def test_several_tasks_that_broke_are_named() -> None:
    found = decide(run(outcomes({t: (3, 0) if t not in {"t7", "t9"} else (0, 3) for t in TASKS})), BASELINE)
    assert [test.name for test in found.alarms] == ["t7", "t9"]


def test_a_security_failure_among_fresh_samples_counts() -> None:
    first = run(outcomes({"t7": (1, 2)}, items=FINE))
    again = outcomes({"t7": (6, 0)}, items={"sql-parameterized": Verdict.FAIL})
    found = decide(first, BASELINE, fresh=run(again))
    assert found.outcome == "regression"
    assert "t7-m-1-e1-fresh" in found.reasons[0]


def test_fresh_samples_that_are_the_runs_own_or_another_agents_are_refused() -> None:
    first = replace(run(outcomes({"t7": (1, 2)})), identity="a" * 16)
    with pytest.raises(ConfigError, match="holds the samples of"):
        decide(first, BASELINE, fresh=first)
    grown = replace(run(outcomes({"t7": (1, 5)})), identity="a" * 16)
    with pytest.raises(ConfigError, match="holds the samples of"):
        decide(first, BASELINE, fresh=grown)
    other = run(outcomes({"t7": (1, 5)}, replace(AGENT, role_hash="s" * 64)))
    with pytest.raises(ConfigError, match="other templates or settings"):
        decide(first, BASELINE, fresh=other)


def test_fresh_samples_that_are_missing_are_told() -> None:
    found = decide(run(outcomes({"t7": (1, 2)})), BASELINE, fresh=run([*outcomes({"t7": (2, 0)})], planned=6))
    assert "suspects were tested again with 2 fresh samples" in found.notes
    assert "4 of 6 fresh samples are missing or could not be judged" in found.notes


def test_fresh_samples_of_something_else_are_refused() -> None:
    first = run(outcomes({"t7": (0, 3)}))
    with pytest.raises(ConfigError, match="another grader"):
        decide(first, BASELINE, fresh=run([replace(s, grader_hash="x") for s in outcomes({"t7": (0, 4)})]))


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
