"""Checklist results as SARIF: what a code host reads."""

import json

from evals.sarif import write_sarif
from evals.verdict import CheckResult, Evidence, Verdict

RESULTS = (
    CheckResult(
        "complete",
        Verdict.FAIL,
        "1 missing",
        (Evidence("module x is missing", "a b/ü.py", 3), Evidence("whole")),
    ),
    CheckResult("auth-required", Verdict.INCONCLUSIVE, "not read", (Evidence("not read", "x.py", 0),)),
    CheckResult("response-models", Verdict.PASS, "all declared", (Evidence("fine", "x.py", 1),)),
)


def test_each_piece_of_evidence_is_a_result() -> None:
    run = json.loads(write_sarif(RESULTS, "1.2"))["runs"][0]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == [
        "complete",
        "auth-required",
        "response-models",
    ]
    kinds = [(r["ruleId"], r["kind"], r["level"]) for r in run["results"]]
    assert kinds == [
        ("complete", "fail", "error"),
        ("complete", "fail", "error"),
        ("auth-required", "open", "none"),
        ("response-models", "pass", "none"),
    ]


def test_places_are_uris_and_lines_begin_at_one() -> None:
    results = json.loads(write_sarif(RESULTS, "1.2"))["runs"][0]["results"]
    first = results[0]["locations"][0]["physicalLocation"]
    assert first == {"artifactLocation": {"uri": "a%20b/%C3%BC.py"}, "region": {"startLine": 3}}
    assert "locations" not in results[1]
    assert "region" not in results[2]["locations"][0]["physicalLocation"]


def test_file_names_of_any_bytes_give_ascii() -> None:
    result = CheckResult("complete", Verdict.FAIL, "r", (Evidence("m\x1b[31m", "bad\udcff\x1b.py", 1),))
    write_sarif([result], "1").encode("ascii")
