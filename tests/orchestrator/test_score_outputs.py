"""Outputs from elsewhere, scored as a suite's run."""

import json
from pathlib import Path

import pytest

from orchestrator.results import read_results
from prompts.errors import ConfigError
from tests.orchestrator import answers
from tests.orchestrator.conftest import Cli

CASES = Path(__file__).parent.parent / "agents/outputs/cases"


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    folder = tmp_path / "suite"
    (folder / "greeting").mkdir(parents=True)
    (folder / "greeting/task.yaml").write_text(answers.TASK, encoding="utf-8")
    (folder / "suite.yaml").write_text("suite: greetings\n", encoding="utf-8")
    return folder


def outputs(path: Path, *texts: str, task: str = "greeting") -> Path:
    lines = [
        json.dumps({"id": n, "task": task, "output": text, "model": "lab/m"}) for n, text in enumerate(texts)
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_outputs_become_a_run_with_verdicts_metrics_and_a_baseline(
    cli: Cli, suite: Path, tmp_path: Path
) -> None:
    file = outputs(tmp_path / "o.jsonl", answers.GOOD, answers.BROKEN_TEST, "I would rather not.")
    told = cli("eval", suite, "--outputs", file, "--run", "r")
    assert told.exit_code == 1
    found = read_results(tmp_path / "r")
    assert [str(sample.verdict) for sample in found.samples] == ["pass", "fail", "fail"]
    assert [agent.model for agent in found.agents] == ["lab/m"]
    assert {source for sample in found.samples for source in sample.sources} == {"manual"}
    assert cli("bless", "r", "--baseline", "b.json").exit_code == 0
    assert cli("gate", "r", "--baseline", "b.json").exit_code == 0
    summary = cli("report", "r").stdout
    assert summary.startswith("# greetings: 33% verified")
    again = cli("eval", suite, "--outputs", file, "--run", "r")
    assert again.exit_code == 1


@pytest.mark.network
def test_outputs_are_looked_at_as_closely_as_answers(cli: Cli, suite: Path, tmp_path: Path) -> None:
    file = outputs(tmp_path / "o.jsonl", answers.GOOD)
    assert cli("eval", suite, "--outputs", file, "--run", "r", "--mutants", "5", "--no-probes").exit_code == 0
    (sample,) = read_results(tmp_path / "r").samples
    assert sample.probes is None
    assert sample.mutants is not None
    assert sample.mutants.problem == "there is nothing in the code that mutants are made of"


def test_an_unknown_task_is_told_with_the_nearest(cli: Cli, suite: Path, tmp_path: Path) -> None:
    file = outputs(tmp_path / "o.jsonl", "x", task="greetin")
    with pytest.raises(ConfigError, match="no task 'greetin'") as raised:
        cli("eval", suite, "--outputs", file)
    assert raised.value.hint == "did you mean greeting?"


def test_outputs_and_models_exclude_each_other(cli: Cli, suite: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="asks no model"):
        cli("eval", suite, "--outputs", outputs(tmp_path / "o.jsonl", "x"), "--model", "openai/x")
    with pytest.raises(ConfigError, match="asks no model"):
        cli("eval", suite, "--outputs", outputs(tmp_path / "o.jsonl", "x"), "--judge", "openai/x")
    with pytest.raises(ConfigError, match="outputs for a suite come as"):
        cli("eval", suite, "--outputs", suite / "suite.yaml")


def test_inspects_logs_are_scored_too(cli: Cli, suite: Path) -> None:
    told = cli("eval", suite, "--outputs", CASES / "small.eval", "--run", "r", "--json")
    assert told.exit_code == 1
    assert json.loads(told.stdout)["agents"]["mockllm-model"]["verified"]["of"] == 2


def test_samples_of_a_log_that_failed_before_an_answer_are_errors_and_missing_ones_are_told(
    cli: Cli, suite: Path, tmp_path: Path
) -> None:
    log = json.loads((CASES / "small.json").read_text(encoding="utf-8"))
    log["samples"][0].update({"output": {}, "error": {"message": "no network"}})
    log["eval"]["config"]["epochs"] = 3
    (tmp_path / "l.json").write_text(json.dumps(log), encoding="utf-8")
    told = cli("eval", suite, "--outputs", "l.json", "--run", "r", "--retries", "0")
    assert "has 2 of 3 samples" in told.stderr
    assert told.exit_code == 3
    first, second = read_results(tmp_path / "r").samples
    assert "no network" in (first.error or "")
    assert (str(first.verdict), str(second.verdict)) == ("inconclusive", "fail")


def test_a_file_of_many_outputs_is_no_answer(cli: Cli, suite: Path, tmp_path: Path) -> None:
    file = outputs(tmp_path / "o.jsonl", answers.GOOD)
    with pytest.raises(ConfigError, match="holds many outputs") as raised:
        cli("score", file, "--task", suite / "greeting/task.yaml")
    assert raised.value.hint == f"backsmith eval SUITE --outputs {file}"


def test_tasks_epochs_and_tests_can_be_chosen(cli: Cli, suite: Path, tmp_path: Path) -> None:
    file = outputs(tmp_path / "o.jsonl", answers.GOOD, "I would rather not.")
    told = cli(
        "eval", suite, "--outputs", file, "--run", "r", "--no-tests", "--epochs", "1", "--task", "greeting"
    )
    assert told.exit_code == 3, "nothing was tried, so nothing is verified"
    assert [str(sample.verdict) for sample in read_results(tmp_path / "r").samples] == ["inconclusive"]
    with pytest.raises(ConfigError, match="no output answers other"):
        cli("eval", suite, "--outputs", file, "--task", "other")
