"""A report with everything in it that a report can hold, hostile texts included."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from agents.submission import Diagnostic
from evals.mutants.mutant import Mutant, MutantReport
from evals.probes.report import ProbeReport, ProbeResult
from evals.prose import Prose, ProseRuling
from evals.reports.html.document import document
from evals.reports.html.pages import CallPage, RoundPage, SamplePage, packed, page_block
from evals.results import ItemResult, MutantCounts, ProbeCounts, RunResults
from evals.score import AnswerShape, Score, Tests
from evals.verdict import CheckResult, Evidence, Verdict
from sandbox.report import TestCase
from tests.evals.reports.browser import Page, browser, find_chromium
from tests.evals.results import AGENT, broken, outcomes, run

HOSTILE = '</script><script>window.hit=1</script><img src=x onerror="window.hit=1"> \u202e\'"&<b>'
BEFORE = "import os\n\n\ndef login():\n    return 500\n"
AFTER = "import os\n\n\ndef login():\n    return 200\n"


def score(verdict: Verdict, message: str) -> Score:
    check = CheckResult(
        "auth-required", Verdict.FAIL, message, (Evidence(f"no guard {message}", "app/api.py", 4),)
    )
    cases = (TestCase("tests/test_a.py::test_a", "failed", f"assert 500 == 200 {message}"),)
    return Score(
        verdict,
        (Evidence(f"a reason {message}", "app/api.py", 5),),
        AnswerShape(diagnostics=(Diagnostic("no-closing", "warning", 1, "app/api.py", message),)),
        Tests(3, 1, 0, 0, "", False, f"printed {message}", cases),
        (check,),
        timings={"tests": 1.5, "checklist": 0.1},
        notes=(message,),
        probes=probes(message),
        mutants=mutants(message),
        prose=Prose("design", "openai/j", "j-1", (ruling(message),), "it was not calibrated"),
    )


def ruling(message: str) -> ProseRuling:
    return ProseRuling("security", Verdict.FAIL, False, f"vows alone {message}", f"we are secure {message}")


def probes(message: str) -> ProbeReport:
    failed = ProbeResult(
        "auth-required", "stranger", "POST /a", Verdict.FAIL, f"granted {message}", "app/api.py", 4
    )
    passed = ProbeResult("error-handling", "malformed", "POST /a", Verdict.PASS, "5 requests answered 400")
    return ProbeReport((failed, passed), f"time was used up {message}", f"python {message}", 42)


def mutants(message: str) -> MutantReport:
    lived = Mutant("app/api.py", 5, "status", 40, 43, f"200 {message}", "202")
    killed = Mutant("app/api.py", 4, "guard", 20, 30, "if user:", "")
    return MutantReport((killed,), (lived,), 9)


def results() -> RunResults:
    """Two agents, two tasks, and one sample that infrastructure spoilt."""
    other = replace(AGENT, id="m-2", model=f"openai/{HOSTILE}")
    samples = [*outcomes({"a": (2, 1), "b": (3, 0)}), *outcomes({"a": (1, 2), "b": (2, 1)}, other)]
    failed = ItemResult(Verdict.FAIL, HOSTILE)
    samples[2] = replace(
        samples[2], rounds=2, best_round=2, items={"auth-required": failed}, reasons=(f"a reason {HOSTILE}",),
        commits=("c" * 40, "d" * 40),
        probes=ProbeCounts(1, 1, 0, 42, "", probes(HOSTILE).failures),
        mutants=MutantCounts(1, 1, 9, "", mutants(HOSTILE).survived),
    )  # fmt: skip
    samples[5] = broken(samples[5])
    return replace(run(samples), suite=f"suite {HOSTILE}", environment={"sandbox": HOSTILE})


def made() -> tuple[RunResults, dict[int, str], dict[str, str]]:
    found = results()
    first = RoundPage(
        1, "c" * 40, score(Verdict.FAIL, HOSTILE), f"FILE: app/api.py\n{HOSTILE}\n", {"app/api.py": BEFORE}
    )
    files = {"app/api.py": AFTER, HOSTILE: HOSTILE}
    rounds = (first, RoundPage(2, "d" * 40, score(Verdict.FAIL, HOSTILE), "FILE: app/api.py\n", files))
    page = SamplePage((("system", "p1"), ("user", "p2")), rounds, (CallPage("design", 1, HOSTILE),))
    return found, {2: page_block(found.samples[2], page)}, {"p1": packed("You are"), "p2": packed(HOSTILE)}


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text("".join(document(*made(), "0.1.0")), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    program = find_chromium()
    if program is None:
        pytest.skip("no Chromium here: apt-get install chromium")
    with browser(program, tmp_path_factory.mktemp("profile")) as found:
        yield found
