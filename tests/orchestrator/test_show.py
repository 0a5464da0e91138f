"""What people read on a terminal, however narrow it is and whatever its encoding lacks."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from evals.score import AnswerShape, Score, Tests
from evals.verdict import CheckResult, Evidence, Verdict
from orchestrator.eval_show import result_lines
from orchestrator.show import show_score
from orchestrator.show_table import show_table, table_lines
from tests.evals.reports.conftest import mutants, probes, results

HEADS = ("metric", "first", "95% interval")
ROWS = [("item:no-hardcoded-secrets", "100.0%", "+0.0% to +0.1%"), ("tests", "5.0%", "-")]


def test_a_table_that_fits_is_aligned() -> None:
    assert list(table_lines(HEADS, ROWS, 60)) == [
        "metric                      first    95% interval",
        "item:no-hardcoded-secrets  100.0%  +0.0% to +0.1%",
        "tests                        5.0%               -",
    ]


def test_a_narrow_terminal_cuts_nothing() -> None:
    assert list(table_lines(HEADS, ROWS, 40)) == [
        "metric",
        "   first    95% interval",
        "item:no-hardcoded-secrets",
        "  100.0%  +0.0% to +0.1%",
        "tests",
        "    5.0%               -",
    ]
    assert list(table_lines(HEADS, ROWS[1:], 10)) == ["tests", "  first         5.0%", "  95% interval  -"]
    assert list(table_lines(HEADS, [], 10)) == []


def test_a_pipe_has_no_width(capsys: pytest.CaptureFixture[str]) -> None:
    show_table(Console(width=20, force_terminal=False, soft_wrap=True), HEADS, ROWS[:1])
    assert len(capsys.readouterr().out.split("\n")) == 3


def test_a_score_tells_what_probes_and_mutants_showed(capsys: pytest.CaptureFixture[str]) -> None:
    same = CheckResult("complete", Verdict.NOT_APPLICABLE, "no code", (Evidence("no code"),))
    score = Score(
        Verdict.FAIL, (Evidence("r"),), AnswerShape(), Tests(), (same,),
        probes=probes("\x1b[2J[red]"), mutants=mutants("[red]"),
    )  # fmt: skip
    show_score(Console(markup=False, highlight=False, soft_wrap=True), score, "a [bold]title")
    told = capsys.readouterr().out
    assert "  probes     42 requests to `python [red]`: 1 pass, 1 fail; time was used up [red]\n" in told
    assert "    fail stranger at POST /a: granted [red]\n" in told
    assert "    app/api.py:5  no test notices a status changed: `200 [red]` became `202`\n" in told
    assert told.count("no code") == 1, "evidence that says what the reason says is not said again"


def test_an_eval_tells_what_probes_and_mutants_came_to() -> None:
    told = list(result_lines(results()))
    assert "    probes   50% (1 of 2) answered as they must be" in told
    assert "    mutants  50% (1 of 2) noticed by the tests" in told
    assert "  answered   live" in told


@pytest.mark.parametrize(
    ("encoding", "shown"), [("ascii", "gr\\u00f6\\u4e2d.py"), ("latin-1", "gr\u00f6\\u4e2d.py")]
)
def test_what_a_locale_lacks_is_escaped(tmp_path: Path, encoding: str, shown: str) -> None:
    """A report is whole in any locale, and JSON stays JSON."""
    (tmp_path / "answer.md").write_text("FILE: gr\u00f6\u4e2d.py\n---\nx = 1\n---\n", encoding="utf-8")
    command = [sys.executable, "-c", "from orchestrator.cli import main; main()", "parse", "answer.md"]
    environment = {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONPATH": str(Path(__file__).parents[2])}
    told = []
    for more in ((), ("--json",)):
        done = subprocess.run(
            [*command, *more], cwd=tmp_path, capture_output=True, env=environment, check=False
        )
        assert done.returncode == 0, done.stderr
        told.append(done.stdout.decode(encoding))
    assert shown in told[0]
    assert json.loads(told[1])["files"][0]["path"] == "gr\u00f6\u4e2d.py"
