"""The forms for machines: JUnit XML, rows, JSON, Markdown, Inspect's log."""

import csv
import io
import json
import re
import sys
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from xml.etree import ElementTree as Xml

import pytest

from evals.reports.inspect_log import inspect_log
from evals.reports.junit import junit
from evals.reports.rows import csv_text, jsonl_text, parquet_bytes, rows
from evals.reports.suite_markdown import suite_markdown
from evals.reports.suite_report import suite_json
from evals.results import ItemResult, TestFailure
from evals.verdict import Verdict
from prompts.errors import ConfigError
from tests.evals.reports.conftest import HOSTILE, results
from tests.evals.results import AGENT, broken, outcomes, run, task


def test_junit_has_a_test_for_each_sample_with_the_real_error() -> None:
    samples = outcomes({"a": (1, 1)})
    samples[1] = replace(
        samples[1], reasons=("tests failed",), first_failure=TestFailure("t::a", "assert 1 == \x1b[31m2")
    )
    root = Xml.fromstring(junit(run([*samples, broken(outcomes({"b": (1, 0)})[0])])))
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("3", "1", "1")
    cases = root.findall(".//testcase")
    assert [case.get("classname") for case in cases] == ["suite.a", "suite.a", "suite.b"]
    failure = cases[1].find("failure")
    assert failure is not None
    assert failure.get("message") == "tests failed"
    assert failure.text == "tests failed\nt::a\nassert 1 == 2"
    error = cases[2].find("error")
    assert error is not None
    assert error.get("message") == "PostgreSQL did not come up"
    assert "live" in (cases[0].findtext("system-out") or "")


def test_junit_names_stay_the_same_when_a_prompt_changes() -> None:
    def names(agent_id: str, role_hash: str) -> list[tuple[str | None, str | None]]:
        changed = replace(AGENT, id=agent_id, role_hash=role_hash, role_version="2.0")
        root = Xml.fromstring(junit(run(outcomes({"a": (2, 0)}, changed))))
        return [(case.get("classname"), case.get("name")) for case in root.iter("testcase")]

    assert names("m-1", "r" * 64) == names("m-9", "s" * 64)
    assert names("m-1", "r" * 64)[0] == ("suite.a", "epoch 1 [openai/m, backend-builder, build]")


def test_junit_tells_agents_apart_that_differ_in_settings_alone() -> None:
    both = [*outcomes({"a": (1, 0)}), *outcomes({"a": (1, 0)}, replace(AGENT, id="m-2"))]
    names = [case.get("name") for case in Xml.fromstring(junit(run(both))).iter("testcase")]
    assert len(set(names)) == 2


ALLOWED = {
    "testsuites": ({"testsuite"}, {"name", "time", "tests", "failures", "errors", "disabled"}),
    "testsuite": ({"testcase"}, {"name", "tests", "failures", "errors", "skipped", "time"}),
    "testcase": ({"failure", "error", "system-out"}, {"name", "classname", "time"}),
    "failure": (set[str](), {"type", "message"}),
    "error": (set[str](), {"type", "message"}),
    "system-out": (set[str](), set[str]()),
}
"""What Jenkins' schema (junit-10.xsd) allows of the elements that we write."""


def test_junit_has_nothing_that_its_schema_does_not_know() -> None:
    root = Xml.fromstring(junit(replace(results(), planned=20)))
    for element in root.iter():
        children, attributes = ALLOWED[element.tag]
        assert {child.tag for child in element} <= children
        assert set(element.attrib) <= attributes
        if element.tag == "testcase":
            assert element.attrib.keys() == {"name", "classname", "time"}
    suites = root.findall("testsuite")
    for kind in ("tests", "failures", "errors", "time"):
        assert float(root.get(kind, "")) == sum(float(suite.get(kind, "")) for suite in suites)


def test_junit_tells_probes_and_mutants_and_says_what_it_cuts() -> None:
    found = results()
    long = replace(found.samples[0], verdict=Verdict.FAIL, first_failure=TestFailure("t", "x" * 30_000))
    told = junit(replace(found, samples=(long, *found.samples[1:])))
    out = "".join(case.findtext("system-out") or "" for case in Xml.fromstring(told).iter("testcase"))
    assert "probes: 1 pass, 1 fail" in out
    assert "  fail stranger at POST /a: granted" in out
    assert "mutants: 1 of 2 noticed by the tests, out of 9 possible" in out
    assert "  no test notices a status changed: `200" in out
    assert re.search(r"x\n\[100\d\d more characters\]<", told)


def test_junit_of_a_partial_run_has_an_error() -> None:
    root = Xml.fromstring(junit(run(outcomes({"a": (2, 0)}), planned=5)))
    assert root.get("errors") == "1"
    assert "3 of 5 samples are missing" in Xml.tostring(root, encoding="unicode")


def test_junit_can_hold_what_xml_cannot() -> None:
    sample = outcomes({"a": (0, 1)})[0]
    bad = "nul \0 escape \x1b[2J lone \ud800 end \uffff ]]> " + HOSTILE
    text = junit(run([replace(sample, reasons=(bad,), first_failure=TestFailure(bad, bad))]))
    Xml.fromstring(text.encode("utf-8"))


def test_rows_have_the_same_columns_and_read_back() -> None:
    samples = outcomes({"a": (1, 1)}, items={"auth-required": Verdict.PASS}) + outcomes({"b": (1, 0)})
    found = rows(run(samples))
    back = list(csv.DictReader(io.StringIO(csv_text(found))))
    assert [row["verdict"] for row in back] == ["pass", "fail", "pass"]
    assert [row["item:auth-required"] for row in back] == ["pass", "pass", ""]
    assert [json.loads(line)["task"] for line in jsonl_text(found).split("\n")[:-1]] == ["a", "a", "b"]
    assert found[0]["cost_usd"] == 0.02
    assert csv_text([]) == ""


def test_probes_and_mutants_are_in_every_form() -> None:
    found = results()
    [row] = [row for row in rows(found) if row["probes_passed"] is not None]
    assert [row[k] for k in ("probes_passed", "probes_failed", "mutants_killed", "mutants_survived")] == [
        1,
        1,
        1,
        1,
    ]
    data = json.loads(suite_json(found))
    assert (
        data["metrics"]["overall"]["probes"]["count"] == data["metrics"]["overall"]["mutants"]["count"] == 1
    )
    assert data["run"]["samples"][2]["probes"]["failures"][0]["endpoint"] == "POST /a"
    assert data["run"]["samples"][2]["mutants"]["survivors"][0]["line"] == 5
    assert data["run"]["samples"][0]["probes"] is None
    text = suite_markdown(found)
    assert "- probes: 50% (1 of 2) answered as they must be" in text
    assert "- mutants: 50% (1 of 2) noticed by the tests" in text
    failed = next(s for s in found.samples if s.verdict is Verdict.FAIL)
    again = suite_markdown(
        run([replace(failed, probes=found.samples[2].probes, mutants=found.samples[2].mutants)])
    )
    assert "  - probe stranger at POST /a: granted \\</script" in again
    assert "(app/api.py:5)" in again


def test_cells_of_csv_are_no_formulas_and_other_forms_have_the_texts_as_they_are() -> None:
    evil = '=HYPERLINK("http://x","y")'
    agent = replace(AGENT, model="+cmd|'/c calc'!A1")
    sample = outcomes({"a": (0, 1)}, agent)[0]
    found = rows(run([replace(sample, reasons=(evil,), first_failure=TestFailure("@x", ""))]))
    [cells] = csv.DictReader(io.StringIO(csv_text(found)))
    assert [cells[name] for name in ("reason", "first_failure", "model")] == [
        "'" + evil, "'@x", "'+cmd|'/c calc'!A1",
    ]  # fmt: skip
    assert json.loads(jsonl_text(found))["reason"] == evil


def test_rows_hold_no_text_that_other_readers_refuse() -> None:
    sample = replace(outcomes({"a": (0, 1)})[0], reasons=("nul \0 lone \ud800 line\r\nend",), latency=0.1)
    found = rows(run([sample]))
    assert json.loads(jsonl_text(found))["reason"] == "nul \ufffd lone ? line\r\nend"
    assert jsonl_text(found).isascii()
    [cells] = csv.DictReader(io.StringIO(csv_text(found), newline=""))
    assert cells["reason"] == "nul \ufffd lone ? line\r\nend"
    assert (cells["verified"], cells["latency"], cells["rounds_to_verified"]) == ("false", "0.1", "")


def test_parquet_needs_pyarrow_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ConfigError, match="needs pyarrow") as caught:
        parquet_bytes(rows(run(outcomes({"a": (2, 1)}))))
    assert "backsmith[parquet]" in caught.value.hint


def test_parquet_is_read_back_as_it_was_written() -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="the extra `parquet` is not installed")
    import pyarrow

    samples = outcomes({"a": (2, 1)})
    priced = replace(samples[0], cost=Decimal("0.25"), latency=2.0, tokens_in=7, timings={"tests": 1.5})
    found = rows(run([priced, *samples[1:]]))
    table = parquet.read_table(pyarrow.BufferReader(parquet_bytes(found)))
    assert table.to_pylist() == found
    without = parquet.read_table(pyarrow.BufferReader(parquet_bytes(rows(run(samples)))))
    shared = [name for name in table.column_names if name in without.column_names]
    assert without.schema.equals(table.select(shared).schema), "whatever a run knows, columns have one type"
    assert len(pyarrow.concat_tables([table.select(shared), without])) == 6
    assert parquet.read_table(pyarrow.BufferReader(parquet_bytes([]))).num_rows == 0


def test_json_has_metrics_and_samples() -> None:
    data = json.loads(suite_json(run(outcomes({"a": (2, 1)}), planned=4)))
    assert data["partial"] is True
    assert data["metrics"]["overall"]["verified"]["count"] == 2
    assert data["run"]["samples"][2]["first_failure"]["test"] == "tests/test_a.py::test_a"


def test_markdown_is_short_and_tells_what_is_weak() -> None:
    text = suite_markdown(run(outcomes({"a": (3, 0), "b": (1, 2)})))
    assert text.startswith("# suite: 67% verified")
    assert "## Tasks not always verified (1)" in text
    assert "| b | 33% (1/3) |" in text
    assert text.split("\n")[2] == "4 of 6 samples verified (95% interval 30% to 90%)."
    assert "- answers: 6 live" in text
    assert "pass@2" in text


def test_markdown_says_what_is_not_judged_and_what_is_missing_before_anything_else() -> None:
    left = [*outcomes({"a": (1, 1)}), broken(outcomes({"b": (1, 0)})[0])]
    first = suite_markdown(run(left, planned=9)).split("\n")[:6]
    assert first[0] == "# suite: 50% verified, not finished"
    assert first[2].endswith("; 1 sample could not be judged: 1 by infrastructure errors.")
    assert first[4].startswith("> Not finished: 6 of 9")
    assert suite_markdown(run([left[-1]])).startswith("# suite: nothing was judged, inconclusive\n")


def test_markdown_escapes_and_stays_within_a_comment() -> None:
    assert "<img" not in suite_markdown(results()).replace("\\<img", "")
    many = run([replace(s, reasons=("x" * 5000,)) for s in outcomes({f"t{i}": (0, 3) for i in range(2000)})])
    assert len(suite_markdown(many)) < 65_536


def test_inspects_log_has_scores_that_it_understands() -> None:
    samples = outcomes({"a": (1, 1)}, items={"auth-required": Verdict.NOT_APPLICABLE})
    samples.append(broken(outcomes({"b": (1, 0)})[0]))
    log = json.loads(
        inspect_log(
            run(samples),
            None,
            lambda _: ((("user", "build it"),), "FILE: a.py"),
            "0.1.0",
            datetime(2026, 1, 1, tzinfo=UTC),
        )
    )
    assert log["version"] == 2
    values = [{name: score["value"] for name, score in sample["scores"].items()} for sample in log["samples"]]
    assert values == [{"backsmith": "C"}, {"backsmith": "I"}, {}], "what has no verdict has no score"
    assert log["samples"][0]["metadata"]["checklist"] == {"auth-required": "not-applicable"}
    assert log["samples"][2]["error"]["message"] == "PostgreSQL did not come up"
    assert log["samples"][0]["output"]["choices"][0]["message"]["content"] == "FILE: a.py"
    assert log["results"]["scores"][0]["metrics"]["accuracy"]["value"] == 0.5


def test_unknown_items_of_other_samples_are_empty() -> None:
    first, second = outcomes({"a": (2, 0)})
    second = replace(second, items={"complete": ItemResult(Verdict.FAIL)}, task=task("a"))
    assert [row["item:complete"] for row in rows(run([first, second]))] == [None, "fail"]
