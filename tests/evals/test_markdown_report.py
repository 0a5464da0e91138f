import html
import json
import re
from dataclasses import replace

import pytest

from agents.completion import Usage
from evals.judgement import judge_answer
from evals.mutants.mutant import Mutant, MutantReport
from evals.probes.report import TASK, ProbeReport, ProbeResult
from evals.prose import Prose, ProseRuling
from evals.reports.markdown import report_markdown
from evals.reports.markdown_text import Folded, fitted, inline
from evals.reports.run_report import RoundReport, RunReport, SampleReport, report_json
from evals.score import score_of
from evals.verdict import CheckResult, Evidence, Verdict
from sandbox.report import TestCase, TestReport
from sandbox.trial import Trial
from tests.evals.test_judgement import ANSWER

HOSTILE = "| <img src=x onerror=alert(1)> ``` **bold** \x1b[2J"


def report(verdict: Verdict | None = Verdict.FAIL) -> RunReport:
    trial = Trial(TestReport((TestCase("t::a", "failed", f"assert 0\n```\n{HOSTILE}"),)), "python", "key")
    checks = (CheckResult("response-models", Verdict.FAIL, HOSTILE, (Evidence(HOSTILE, "a|b.py", 3),)),)
    score = score_of(judge_answer(ANSWER, trial, checks, {"tests": 1.25}), Usage(900, 80, cached=700))
    rounds = (RoundReport(1, "c" * 40, "replayed", "openai/x", score),)
    sample = SampleReport("build-e1", "samples/build-e1", verdict, rounds)
    return RunReport(
        "runs/x", "runs/x/code.git", "Build *it*", "openai/x", "build", ("r 1 d",), (sample,), (7,)
    )


def test_tells_verdict_tests_checklist_and_damage() -> None:
    text = report_markdown(report())
    assert "## build-e1: **fail**" in text
    assert "0 passed, 1 failed" in text
    assert "| response-models | **fail** |" in text
    assert "Unreadable lines in the journal, left out: 7." in text
    assert "replayed" in text
    assert "Tokens: 900 in (700 of them from the provider's cache), 80 out; cost unknown." in text


def test_tells_probes_and_mutants_with_what_failed() -> None:
    found = report()
    (sample,) = found.samples
    (one,) = sample.rounds
    wrong = ProbeResult(
        "auth-required", "stranger", "POST /a", Verdict.FAIL, f"granted: {HOSTILE}", "a.py", 3
    )
    own = ProbeResult(TASK, "sold once", "POST /b", Verdict.PASS, "as it must be")
    right = ProbeResult("error-handling", "malformed", "GET /b", Verdict.PASS, "answered 400")
    score = replace(
        one.score,
        probes=ProbeReport((right, wrong, own), "", "python a.py", 12),
        prose=Prose("design", "openai/j", "j-1", (ProseRuling("security", Verdict.FAIL, True, HOSTILE, ""),)),
        mutants=MutantReport(
            (), (Mutant("a.py", 7, "comparison", 0, 6, "a < b|c", "a >= b"),), 9, "the time was up"
        ),
    )
    text = report_markdown(replace(found, samples=(replace(sample, rounds=(replace(one, score=score),)),)))
    assert "Probes: 12 requests to \\`python a.py\\`: 2 pass, 1 fail." in text
    assert "| POST /b | sold once | the task's own | pass | as it must be |" in text
    rows = [line for line in text.split("\n") if line.startswith(("| POST /a", "| GET /b"))]
    assert rows[0].startswith("| POST /a | stranger | auth-required | **fail** | granted: ")
    assert rows[1] == "| GET /b | malformed | error-handling | pass | answered 400 |"
    assert all(row.count("|") - row.count("\\|") == 6 for row in rows)
    assert (
        "Mutants: 0 of 1 noticed by the tests, out of 9 possible; the time was up. No test noticed:" in text
    )
    assert "- a.py:7 - a comparison inverted: " in text
    assert "Prose: design judged by openai/j: 1 fail (1 of 1 count)." in text
    assert "| security | **fail** | yes | \\| \\<img" in text


def test_hostile_text_stays_text() -> None:
    text = report_markdown(report())
    assert "\x1b" not in text
    assert "<img" not in text.replace("\\<img", "").replace("    | <img", "")
    row = next(line for line in text.split("\n") if line.startswith("| response-models"))
    assert row.count("|") - row.count("\\|") == 4


def test_the_first_lines_say_the_verdict() -> None:
    first = report_markdown(report()).split("\n")[:3]
    assert first == ["# Build \\*it\\*", "", "**fail** after 1 round: test failed: t::a - assert 0"]


@pytest.mark.parametrize(
    "told",
    ["@octocat", "x@octocat", "closes #12", "octo/repo#12", "GH-12", "http://evil.example", "HTTPS://evil.example",
     "www.evil.example", "mailto:a@evil.example", "ada@evil.example", "!12", "[a](javascript:x)", "![i](x)", "&1"],
)  # fmt: skip
def test_nobody_is_told_and_nothing_is_linked(told: str) -> None:
    """GitHub and GitLab look for names, issues and addresses in what is left when Markdown's escapes are gone."""
    written = inline(f"see {told} now")
    rendered = html.unescape(re.sub(r"\\([^\w\s])", r"\1", written))
    assert rendered.replace("\u200b", "") == f"see {told} now", "a reader sees what was said"
    hosts = r"(?i)@[\w-]|[#!&]\d|\bGH-\d|https?://\w|\bwww\.\w|mailto:\w"
    assert not re.search(hosts, rendered)
    assert not re.search(r"(?<!\\)[\[\]<>]", written)


def test_a_report_fits_into_a_comment_however_much_there_is_to_tell() -> None:
    found = report()
    (sample,) = found.samples
    (one,) = sample.rounds
    cases = tuple(TestCase(f"t::a{n}", "failed", "@x #1 | " * 4000) for n in range(500))
    score = replace(one.score, tests=replace(one.score.tests, cases=cases))
    rounds = tuple(replace(one, number=n, score=score) for n in range(1, 6))
    text = report_markdown(replace(found, samples=(replace(sample, rounds=rounds),)))
    assert 50_000 < len(text) < 65_536
    assert text.index("### Round 5") < 3_000, "the newest round stands first"
    assert text.endswith("and more: the report is longer than a comment can be\n")
    assert "[30000 more characters]" in text


def test_what_is_folded_is_closed_again_where_room_ends() -> None:
    lines = [f"- {n} {'x' * 100}" for n in range(100)]
    text = fitted(["# head", Folded("many", lines), "tail"], 3_000)
    assert len(text) <= 3_000
    assert text.count("<details>") == text.count("</details>") == 1
    shown = sum(line in text for line in lines)
    assert f"- and {100 - shown} more\n\n</details>" in text
    assert fitted(["# head", Folded("many", lines)], 100).count("details") == 0


def test_unfinished_samples_are_said_to_be() -> None:
    assert "## build-e1: not finished" in report_markdown(report(None))


def test_json_is_the_same_story() -> None:
    data = json.loads(report_json(report()))
    assert data["samples"][0]["rounds"][0]["score"]["tests"]["failed"] == 1
    assert data["samples"][0]["verdict"] == "fail"
