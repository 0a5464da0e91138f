"""``backsmith eval`` on the command line: what it says, what it exits with, and how it goes on."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from orchestrator.results import read_results
from prompts.errors import ConfigError
from tests.agents.batch_server import batch_server
from tests.orchestrator import answers
from tests.orchestrator.conftest import Cli
from tests.orchestrator.suites import many, write_suite

BROKEN = "FILE: a.py\n---\nx"


def test_samples_without_tests_are_left_open(cli: Cli, tmp_path: Path) -> None:
    write_suite(tmp_path / "open", many(3))
    assert cli("eval", "open", "--model", "replay", "--no-tests").exit_code == 3
    write_suite(tmp_path / "suite", many(3) | {"broken": BROKEN})
    done = cli("eval", "suite", "--model", "replay", "--no-tests", "--run", "r")
    assert done.exit_code == 1
    assert "replay  verified 0/1" in done.stdout, "only the broken answer was judged"
    assert "recorded with another prompt" in done.stdout
    again = cli("eval", "suite", "--model", "replay", "--no-tests", "--run", "r", "--json")
    found = json.loads(again.stdout)
    assert (found["planned"], found["finished"], found["errors"]) == (4, 4, 0)
    assert found["agents"]["replay"]["inconclusive"] == 3


def test_an_answer_that_is_not_recorded_is_an_error_of_its_sample_alone(cli: Cli, tmp_path: Path) -> None:
    write_suite(tmp_path / "suite", {f"broken-{n:02}": BROKEN for n in range(30)} | {"unanswered": ""})
    done = cli("eval", "suite", "--model", "replay", "--no-tests", "--run", "r")
    assert done.exit_code == 1, "one error among thirty-one leaves the run conclusive, and it falls short"
    assert "1 of 31 samples got no verdict (3.2%): not counted" in done.stdout
    zero = cli("eval", "suite", "--model", "replay", "--no-tests", "--run", "r", "--exit-zero")
    assert zero.exit_code == 0


def test_nothing_but_errors_is_never_success(cli: Cli, tmp_path: Path) -> None:
    write_suite(tmp_path / "suite", {"answered-by-none": "", "other": ""} | many(1))
    done = cli(
        "eval", "suite", "--model", "replay", "--no-tests", "--run", "r", "--exit-zero", "--epochs", "2"
    )
    assert done.exit_code == 3
    assert "INCONCLUSIVE: more than 5% of the samples got no verdict" in done.stdout


def test_some_tasks_of_a_suite(cli: Cli, tmp_path: Path) -> None:
    write_suite(tmp_path / "suite", many(3))
    cli("eval", "suite", "--model", "replay", "--no-tests", "--run", "r", "--task", "task-0001")
    assert [sample.task.id for sample in read_results(tmp_path / "r").samples] == ["task-0001"]
    with pytest.raises(ConfigError, match="no task 'task-9'") as caught:
        cli("eval", "suite", "--model", "replay", "--no-tests", "--task", "task-9")
    assert "did you mean task-000" in caught.value.hint


def test_another_run_s_folder_is_refused_and_left_as_it_is(cli: Cli, tmp_path: Path) -> None:
    write_suite(tmp_path / "suite", many(1))
    cli("eval", "suite", "--model", "replay", "--no-tests", "--run", "r")
    before = (tmp_path / "r/journal.jsonl").read_bytes()
    with pytest.raises(ConfigError, match="rounds was 1, is 2"):
        cli("eval", "suite", "--model", "replay", "--no-tests", "--run", "r", "--rounds", "2")
    assert (tmp_path / "r/journal.jsonl").read_bytes() == before
    (tmp_path / "other").mkdir()
    (tmp_path / "other/notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(ConfigError, match="is not empty and holds no run"):
        cli("eval", "suite", "--model", "replay", "--no-tests", "--run", "other")
    assert [path.name for path in (tmp_path / "other").iterdir()] == ["notes.txt"]


@pytest.mark.network
@pytest.mark.slow
def test_real_trials_with_hidden_tests_and_probes(cli: Cli, tmp_path: Path) -> None:
    recorded = {"good": answers.GOOD, "bad": answers.BROKEN_TEST, "sly": answers.GOOD, "served": answers.GOOD}
    write_suite(tmp_path / "suite", recorded)
    (tmp_path / "suite/served/probes.yaml").write_text(
        "probes:\n  - name: it greets\n    steps:\n      - request: GET /\n", encoding="utf-8"
    )
    hidden = tmp_path / "suite/sly/hidden_tests/tests/test_hidden.py"
    hidden.parent.mkdir(parents=True)
    hidden.write_text(
        "from greeting import greet\n\n\ndef test_it():\n    assert greet('x') == 'hi x'\n", encoding="utf-8"
    )
    done = cli("eval", "suite", "--model", "replay", "--run", "r", "--jobs", "2")
    assert done.exit_code == 1, done.stdout
    verdicts = {sample.task.id: str(sample.verdict) for sample in read_results(tmp_path / "r").samples}
    # A library has no application that its task's probes could be put to.
    assert verdicts == {"good": "pass", "bad": "fail", "sly": "fail", "served": "inconclusive"}
    shown = subprocess.run(
        ["git", "-C", "r/code.git", "branch", "--list", "samples/*"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert len(shown.stdout.split()) == 4


async def test_a_batch_holds_all_samples_and_is_collected_once(tmp_path: Path) -> None:
    write_suite(tmp_path / "suite", many(4))
    backsmith = str(Path(sys.executable).with_name("backsmith"))
    async with batch_server() as server:
        server.looks = 0
        argv = [backsmith, "eval", "suite", "--model", "openai/gpt-5", "--base-url", f"{server.url}/v1"]
        argv += ["--batch", "--no-tests", "--no-cache", "--epochs", "2", "--run", "r"]
        environ = {**os.environ, "OPENAI_API_KEY": "sk-batch-0123456789-abcdef"}
        for _ in range(2):
            done = await asyncio.to_thread(
                subprocess.run, argv, cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=120
            )
            assert done.returncode in {1, 3}, done.stderr
        assert [len(held.rows) for held in server.batches.values()] == [8]
    results = read_results(tmp_path / "r")
    assert len(results.samples) == 8
    assert {sample.sources for sample in results.samples} == {("live",)}
    assert all(sample.cost is not None for sample in results.samples)
