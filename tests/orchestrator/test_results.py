"""Runs read back as results."""

from pathlib import Path

import pytest

from evals.results import RunResults
from evals.verdict import Verdict
from orchestrator.results import read_results, read_scores
from prompts.errors import ConfigError
from tests.orchestrator import answers
from tests.orchestrator.conftest import Cli


def single_run(cli: Cli, folder: Path, answer: str) -> RunResults:
    recording = folder / "recordings/greeting"
    recording.mkdir(parents=True)
    (recording / "task.yaml").write_text(answers.TASK, encoding="utf-8")
    (recording / "response.md").write_text(answer, encoding="utf-8")
    cli(
        "run", "recordings/greeting/task.yaml", "--model", "replay", "--replay", "by-task",
        "--cassette", "recordings", "--rounds", "1", "--run", "r",
    )  # fmt: skip
    return read_results(folder / "r")


def test_a_run_of_one_task_is_read_as_results(cli: Cli, tmp_path: Path) -> None:
    results = single_run(cli, tmp_path, "FILE: ../a.py\n---\nx\n---\n")
    [sample] = results.samples
    assert (sample.verdict, sample.counted, sample.error) == (Verdict.FAIL, True, None)
    assert (sample.rounds, sample.best_round, sample.rounds_to_verified) == (1, 1, None)
    assert sample.adherence == "broken"
    assert sample.task.title == "Build a tiny greeting library"
    assert sample.agent.model == "replay"
    assert sample.agent.role == "backend-builder"
    assert sample.sources == ("drifted",)
    assert sample.cost is None, "what it cost is not known, which is not nothing"
    assert len(sample.commits) == len(sample.calls) == 1
    assert not results.partial
    assert not results.inconclusive
    [(name, number, score)] = read_scores(tmp_path / "r")
    assert (name, number, score.verdict) == (sample.name, 1, Verdict.FAIL)


def test_a_folder_without_a_run_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="holds no run"):
        read_results(tmp_path)
