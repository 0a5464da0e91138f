"""Checklist results as SARIF: what a code host reads."""

import json
from typing import Any

from evals.checklist.registry import checks
from evals.sarif import write_samples_sarif, write_sarif
from evals.sarif_rules import RULES
from evals.verdict import CheckResult, Evidence, Verdict

RESULTS = (
    CheckResult(
        "complete",
        Verdict.FAIL,
        "1 missing",
        (Evidence("whole"), Evidence("module x is missing", "a b/ü.py", 3)),
    ),
    CheckResult("auth-required", Verdict.INCONCLUSIVE, "not read", (Evidence("not read", "x.py", 0),)),
    CheckResult("response-models", Verdict.PASS, "all declared", (Evidence("fine", "x.py", 1),)),
    CheckResult("sql-parameterized", Verdict.NOT_APPLICABLE, "no query", (Evidence("no query"),)),
)


def sarif(*results: CheckResult) -> dict[str, Any]:
    run: dict[str, Any] = json.loads(write_sarif(results or RESULTS, "1.2.0"))["runs"][0]
    return run


def prints(run: dict[str, Any]) -> list[str]:
    return [result["partialFingerprints"]["primaryLocationLineHash"] for result in run["results"]]


def test_each_piece_of_evidence_of_a_fail_is_a_result_and_nothing_else_is() -> None:
    """GitHub makes an alert of each result, passes included."""
    run = sarif()
    assert [(r["ruleId"], r["level"], r["message"]["text"]) for r in run["results"]] == [
        ("complete", "error", "complete: whole"),
        ("complete", "error", "complete: module x is missing"),
    ]
    [noted] = run["invocations"][0]["toolExecutionNotifications"]
    assert (noted["level"], noted["associatedRule"]["id"]) == ("note", "auth-required")
    assert noted["message"]["text"] == "auth-required: inconclusive: not read"
    assert run["properties"]["verdicts"]["."] == {
        "complete": "fail",
        "auth-required": "inconclusive",
        "response-models": "pass",
        "sql-parameterized": "not-applicable",
    }


def test_every_result_has_a_place_of_a_relative_uri() -> None:
    """GitHub refuses a whole file for one result without a place."""
    places = [result["locations"][0]["physicalLocation"] for result in sarif()["results"]]
    there = {"artifactLocation": {"uri": "a%20b/%C3%BC.py"}, "region": {"startLine": 3}}
    assert places == [there, there]
    nowhere = CheckResult("complete", Verdict.FAIL, "r", (Evidence("no tests"),))
    [result] = sarif(nowhere)["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"] == {"uri": "."}
    told = json.loads(write_samples_sarif([("one-e1", [nowhere])], "1.2.0"))["runs"][0]["results"]
    assert told[0]["locations"][0]["physicalLocation"]["artifactLocation"] == {"uri": "one-e1"}


def test_a_finding_is_the_same_finding_in_the_next_run() -> None:
    def failing(*evidence: Evidence) -> CheckResult:
        return CheckResult("input-validation", Verdict.FAIL, "r", evidence)

    before = failing(
        Evidence("a 5xx: PUT /books/3 answered 500", "a.py", 7),
        Evidence("a 5xx: PUT /books/3 answered 500", "a.py", 9),
    )
    after = failing(
        Evidence("a 5xx: PUT /books/18 answered 500", "a.py", 17),
        Evidence("a 5xx: PUT /books/18 answered 500", "a.py", 19),
    )
    assert prints(sarif(before)) == prints(sarif(after))
    assert len(set(prints(sarif(before)))) == 2
    other = failing(Evidence("a 5xx: PUT /users/3 answered 500", "a.py", 7))
    assert prints(sarif(other))[0] not in prints(sarif(before))


def test_every_item_says_what_it_asks_and_how_to_mend_it() -> None:
    items = {check.__globals__["ITEM"] for check in checks() if check.__module__.startswith("evals.")}
    assert items | {"task"} == set(RULES)
    failing = [
        CheckResult(item, Verdict.FAIL, "r", (Evidence("e", "a.py", 1),)) for item in (*RULES, "of-others")
    ]
    rules = sarif(*failing)["tool"]["driver"]["rules"]
    for rule in rules:
        assert rule["help"]["markdown"].startswith("**Fails** where ")
        assert rule["shortDescription"]["text"] and rule["fullDescription"]["text"]
        assert ("security-severity" in rule["properties"]) == ("security" in rule["properties"]["tags"])
    assert rules[-1]["shortDescription"]["text"] == "of others"


def test_file_names_of_any_bytes_give_ascii() -> None:
    result = CheckResult("complete", Verdict.FAIL, "r", (Evidence("m\x1b[31m", "bad\udcff\x1b.py", 1),))
    text = write_sarif([result], "1")
    text.encode("ascii")
    assert "\\u001b" not in text
