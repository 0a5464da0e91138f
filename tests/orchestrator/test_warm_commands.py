"""``--warm`` of the commands that run tests: ``compare`` runs them both ways and says what came of it."""

from pathlib import Path

import pytest

from prompts.errors import ConfigError
from sandbox.isolation.bubblewrap import Bubblewrap
from tests.orchestrator import answers
from tests.orchestrator.conftest import Cli
from tests.orchestrator.suites import many, write_suite

pytestmark = [
    pytest.mark.network,
    pytest.mark.skipif(bool(Bubblewrap().problem()), reason="bubblewrap does not work here"),
]

AGREE = "warm and cold runs agree on 2 tests"


def test_score(cli: Cli, task: Path, tmp_path: Path) -> None:
    (tmp_path / "answer.md").write_text(answers.GOOD, encoding="utf-8")
    done = cli("score", "answer.md", "--task", task, "--warm", "compare", "--no-probes")
    assert (done.exit_code, AGREE in done.stdout) == (0, True), done.stdout


def test_run(cli: Cli, tmp_path: Path) -> None:
    suite = write_suite(tmp_path / "suite", {"one": answers.GOOD})
    replay = ("--model", "replay", "--cassette", suite, "--replay", "by-task")
    done = cli("run", suite / "one" / "task.yaml", *replay, "--warm", "compare", "--no-probes")
    assert (done.exit_code, AGREE in done.stdout) == (0, True), done.stdout


def test_eval_counts_what_is_told_of_its_samples(cli: Cli, tmp_path: Path) -> None:
    write_suite(tmp_path / "suite", many(2))
    done = cli("eval", "suite", "--model", "replay", "--warm", "compare", "--no-probes")
    assert f"  2 x {AGREE}" in done.stdout, done.stdout


@pytest.mark.parametrize(
    "command", [("run", "task.yaml"), ("eval", "recordings"), ("score", "x", "--task", "t")]
)
def test_another_word_is_refused_with_those_that_there_are(cli: Cli, command: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError, match="no --warm hot") as caught:
        cli(*command, "--warm", "hot")
    assert caught.value.hint == "use one of: auto, always, off, compare"
