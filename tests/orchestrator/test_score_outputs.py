"""Outputs from elsewhere, scored as a suite's run."""

import json
from pathlib import Path

import pytest

from orchestrator.results import read_results
from prompts.errors import ConfigError
from tests.orchestrator import answers
from tests.orchestrator.conftest import Cli


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
    log = Path(__file__).parent.parent / "agents/outputs/cases/small.eval"
    told = cli("eval", suite, "--outputs", log, "--run", "r", "--json")
    assert told.exit_code == 1
    assert json.loads(told.stdout)["agents"]["mockllm-model"]["verified"]["of"] == 2


def test_tasks_epochs_and_tests_can_be_chosen(cli: Cli, suite: Path, tmp_path: Path) -> None:
    file = outputs(tmp_path / "o.jsonl", answers.GOOD, "I would rather not.")
    told = cli(
        "eval", suite, "--outputs", file, "--run", "r", "--no-tests", "--epochs", "1", "--task", "greeting"
    )
    assert told.exit_code == 3, "nothing was tried, so nothing is verified"
    assert [str(sample.verdict) for sample in read_results(tmp_path / "r").samples] == ["inconclusive"]
    with pytest.raises(ConfigError, match="no output answers other"):
        cli("eval", suite, "--outputs", file, "--task", "other")
