import json
from dataclasses import replace

from evals.compare.comparison import compare, comparison_json
from evals.gate.baseline import count
from evals.gate.decision import decide, decision_json
from evals.reports.suite_report import suite_json
from evals.results import ItemResult
from evals.score import read_score, write_score
from evals.verdict import Verdict
from tests.evals.reports.conftest import score
from tests.evals.results import outcomes, run

LONE = "lone \ud800 surrogate"


def test_a_score_with_a_lone_surrogate_is_written_and_read_back() -> None:
    """A model's answer comes as JSON, which can hold half a character; that must cost no sample."""
    found = read_score(write_score(score(Verdict.FAIL, LONE)))
    assert found == score(Verdict.FAIL, "lone � surrogate")


def test_whole_characters_stay_as_they_are() -> None:
    text = write_score(score(Verdict.FAIL, f"\U0001f600 {LONE}"))
    assert "\U0001f600 lone �" in text


def test_reports_of_such_texts_are_written() -> None:
    bad = {LONE: ItemResult(Verdict.FAIL, LONE)}
    found = run([replace(s, items=bad, reasons=(LONE,)) for s in outcomes({"a": (1, 2)})])
    for text in (
        suite_json(found),
        comparison_json(compare(found, found)),
        decision_json(decide(found, count(found))),
    ):
        assert json.loads(text)
        text.encode("utf-8")
