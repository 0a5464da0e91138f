"""``--judge MODEL`` of run, score and eval, against a server that speaks a provider's wire format."""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from evals.rubric.calibration import Calibration, CriterionScore, settings_text, write_calibration
from evals.rubric.rubric import load_rubric
from orchestrator.results import read_results
from prompts.errors import BudgetReachedError, ConfigError
from tests.agents.loopback import Loopback, Reply, Seen
from tests.orchestrator import answers
from tests.orchestrator.conftest import Cli
from tests.orchestrator.suites import write_suite
from tests.orchestrator.test_models_command import running

DESIGN = "One module, greeting.py, since there is one function. No tests are needed.\n"
PASSES = {
    "criterion": "architecture",
    "quote": "since there is one function",
    "reason": "a reason is given",
    "verdict": "pass",
}
FAILS = {
    "criterion": "testing",
    "quote": "No tests are needed",
    "reason": "no case is named",
    "verdict": "fail",
}
JUDGED = json.dumps({"rulings": [PASSES, FAILS]})


def answering(seen: Seen) -> Reply:
    """The judge by its own name; the expert and the builder by what they are told."""
    if seen.body["model"] == "strict":
        return Reply(text=JUDGED, piece=400)
    told = json.dumps(seen.body["messages"])
    return Reply(text=answers.GOOD if "one function" in told else DESIGN, piece=400)


@pytest.fixture
def server() -> Iterator[Loopback]:
    with running() as found:
        found.answering = answering
        yield found


def asked(server: Loopback) -> list[str]:
    return [str(seen.body["model"]) for seen in server.seen]


def calibrated(folder: Path) -> None:
    """A record by which the judge counts, as ``backsmith calibrate`` writes it."""
    rubric = load_rubric()
    good = CriterionScore(labels=20, agreement=0.95, kappa=0.9)
    record = Calibration(
        judge="compatible/strict", answered_by=(), settings=settings_text(None), rubric="expert 1.0.0",
        rubric_digest=rubric.digest, set_digest="s", parts=72, labels=157, repeats=3, agreement=0.95, kappa=0.9,
        kappa_low=0.8, kappa_high=0.95, consistency=0.97, inconclusive=0.0,
        criteria={criterion.id: good for criterion in rubric.criteria}, date=date(2026, 1, 1),
    )  # fmt: skip
    write_calibration(record, folder / "calibrations")


def options(server: Loopback, *more: object) -> tuple[object, ...]:
    return ("--base-url", server.v1, "--no-cache", "--no-probes", "--judge", "compatible/strict", *more)


def run(cli: Cli, task: Path, server: Loopback, *more: object) -> tuple[int, dict[str, Any]]:
    result = cli(
        "run", task, "--model", "compatible/tiny", "--team", "design-build", "--run", "run", "--json",
        *options(server, *more),
    )  # fmt: skip
    rounds = json.loads(result.stdout)["samples"][0]["rounds"]
    return result.exit_code, rounds[-1]["score"]


@pytest.mark.network
def test_a_judge_that_was_not_calibrated_gives_advice(
    cli: Cli, task: Path, server: Loopback, tmp_path: Path
) -> None:
    code, score = run(cli, task, server)
    assert code == 0
    assert asked(server) == ["tiny", "strict", "tiny"]
    prose = score["prose"]
    assert (prose["what"], prose["judge"], prose["advice"]) == (
        "design",
        "compatible/strict",
        "it was not calibrated",
    )
    rulings = {r["criterion"]: (r["verdict"], r["counts"]) for r in prose["rulings"]}
    assert rulings["testing"] == ("fail", False)
    assert rulings["architecture"] == ("pass", False)
    assert rulings["security"] == ("inconclusive", False)
    assert prose["usage"]["input"] is not None
    told = (tmp_path / "run" / "report.md").read_text(encoding="utf-8")
    assert "| testing | **fail** | advice | no case is named |" in told

    before = len(server.seen)
    again = cli(
        "run", task, "--model", "compatible/tiny", "--team", "design-build", "--run", "run", *options(server)
    )
    assert again.exit_code == 0
    assert len(server.seen) == before, "what was judged is not paid for twice"
    assert "prose      design judged by compatible/strict: 1 pass, 1 fail" in again.stdout
    assert "fail testing (advice): no case is named" in again.stdout


@pytest.mark.network
def test_what_counts_decides_and_is_not_the_builders_to_mend(
    cli: Cli, task: Path, server: Loopback, tmp_path: Path
) -> None:
    calibrated(tmp_path)
    code, score = run(cli, task, server)
    assert code == 1
    assert score["tests"]["failed"] == 0
    assert [r["message"] for r in score["reasons"]] == ["design: testing: no case is named"]
    assert asked(server) == ["tiny", "strict", "tiny"]


def test_a_run_cannot_get_another_judge_later(cli: Cli, task: Path, server: Loopback) -> None:
    run(cli, task, server, "--sandbox", "host")
    with pytest.raises(ConfigError, match="judge was 'compatible/strict', is 'compatible/other'"):
        cli(
            "run", task, "--model", "compatible/tiny", "--team", "design-build", "--run", "run",
            "--base-url", server.v1, "--judge", "compatible/other",
        )  # fmt: skip


def test_a_judge_is_within_the_budget(cli: Cli, task: Path, server: Loopback) -> None:
    with pytest.raises(BudgetReachedError):
        run(cli, task, server, "--budget", "calls=1")
    assert asked(server) == ["tiny"]


def test_without_an_expert_there_is_nothing_to_judge(cli: Cli, task: Path, server: Loopback) -> None:
    with pytest.raises(ConfigError, match="the team build has no expert"):
        cli("run", task, "--model", "compatible/tiny", *options(server))
    suite = write_suite(Path("suite"), {"a": answers.GOOD})
    with pytest.raises(ConfigError, match="no team of this eval has an expert"):
        cli("eval", suite, "--model", "replay", "--judge", "compatible/strict", "--base-url", server.v1)
    assert server.seen == []


@pytest.mark.network
def test_score_judges_the_whole_answer(cli: Cli, task: Path, server: Loopback, tmp_path: Path) -> None:
    calibrated(tmp_path)
    (tmp_path / "answer.md").write_text(DESIGN + "\n" + answers.GOOD, encoding="utf-8")
    result = cli("score", "answer.md", "--task", task, "--json", *options(server))
    score = json.loads(result.stdout)
    assert result.exit_code == 1
    assert score["reasons"][0]["message"] == "answer: testing: no case is named"
    assert asked(server) == ["strict"]
    assert "greeting library" in json.dumps(server.seen[0].body)
    plain = cli("score", "answer.md", "--task", task, "--json", "--no-probes")
    assert plain.exit_code == 0
    assert json.loads(plain.stdout)["prose"] is None


@pytest.mark.network
def test_eval_judges_the_designs_of_its_samples(cli: Cli, server: Loopback, tmp_path: Path) -> None:
    calibrated(tmp_path)
    write_suite(tmp_path / "suite", {"a": ""})
    result = cli(
        "eval",
        "suite",
        "--model",
        "compatible/tiny",
        "--team",
        "design-build",
        "--run",
        "r",
        *options(server),
    )
    assert result.exit_code == 1, result.output
    (sample,) = read_results(tmp_path / "r").samples
    assert sample.reasons == ("design: testing: no case is named",)
    assert asked(server) == ["tiny", "strict", "tiny"]
    assert [call.step for call in sample.calls] == ["design", "judge", "build"]
