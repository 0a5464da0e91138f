"""compare, bless and gate on runs that were really made."""

import json
from pathlib import Path

import pytest

from orchestrator.baseline_file import store_baseline
from orchestrator.run_objects import RunObjects
from orchestrator.text_diff import text_diff
from prompts.errors import ConfigError, StoreError
from tests.orchestrator import answers
from tests.orchestrator.conftest import Cli


@pytest.fixture
def runs(cli: Cli, tmp_path: Path) -> tuple[Path, Path]:
    """One run that verified, and one of the same task that did not."""
    made = []
    for name, answer in (("good", answers.GOOD), ("bad", answers.GOOD.replace("hello {name}", "{name}"))):
        recording = tmp_path / name / "greeting"
        recording.mkdir(parents=True)
        (recording / "task.yaml").write_text(answers.TASK, encoding="utf-8")
        (recording / "response.md").write_text(answer, encoding="utf-8")
        cli(
            "run", f"{name}/greeting/task.yaml", "--model", "replay", "--replay", "by-task",
            "--cassette", name, "--rounds", "1", "--run", f"run-{name}",
        )  # fmt: skip
        made.append(tmp_path / f"run-{name}")
    return made[0], made[1]


def test_a_run_is_blessed_and_gates_others(cli: Cli, runs: tuple[Path, Path], tmp_path: Path) -> None:
    good, bad = runs
    baseline = tmp_path / "evals/baseline.json"
    assert cli("bless", good, "--baseline", baseline).exit_code == 0
    [counts] = json.loads(baseline.read_text(encoding="utf-8"))["tasks"].values()
    assert (counts["samples"], counts["passed"]) == (1, 1)

    same = cli("gate", good, "--baseline", baseline)
    assert (same.exit_code, same.stdout.split()[0]) == (0, "PASSED")
    assert "1 replayed, recorded with another prompt" in same.stdout

    worse = cli("gate", bad, "--baseline", baseline, "--json")
    found = json.loads(worse.stdout)
    assert worse.exit_code == 0, "one sample against one is no proof of anything"
    suite = found["tests"][0]
    assert (suite["failed"], suite["samples"], suite["base_failed"]) == (1, 1, 0)

    with pytest.raises(ConfigError, match="already"):
        cli("bless", good, "--baseline", baseline, "--merge")


def test_a_baseline_is_written_whole_through_links_and_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real/b.json").write_text("old", encoding="utf-8")
    (tmp_path / "real/b.json").chmod(0o640)
    (tmp_path / "b.json").symlink_to("real/b.json")
    store_baseline(tmp_path / "b.json", "new")
    assert (tmp_path / "b.json").is_symlink()
    assert (tmp_path / "real/b.json").read_text(encoding="utf-8") == "new"
    assert (tmp_path / "real/b.json").stat().st_mode & 0o777 == 0o640
    (tmp_path / "folder").mkdir()
    with pytest.raises(StoreError, match="cannot be written"):
        store_baseline(tmp_path / "folder", "new")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.json", "folder", "real"]


def test_what_cannot_go_together_is_told(cli: Cli, runs: tuple[Path, Path], tmp_path: Path) -> None:
    baseline = tmp_path / "b.json"
    cli("bless", runs[0], "--baseline", baseline)
    gate = ("gate", runs[1], "--baseline", baseline)
    with pytest.raises(ConfigError, match="exclude each other"):
        cli(*gate, "--fresh", runs[0], "--confirm", "suite")
    with pytest.raises(ConfigError, match="would both be printed"):
        cli(*gate, "--json", "--markdown", "-")
    with pytest.raises(ConfigError, match="holds the samples of"):
        cli(*gate, "--fresh", runs[1])
    assert "the same run twice" in cli("compare", runs[0], runs[0]).stdout
    assert "this run is part of the baseline" in cli("gate", runs[0], "--baseline", baseline).stdout


def test_comparing_shows_what_changed_and_why(cli: Cli, runs: tuple[Path, Path]) -> None:
    good, bad = runs
    told = cli("compare", good, bad)
    assert told.exit_code == 0
    assert "regressed (1)" in told.stdout
    assert "tests/test_greeting.py" in told.stdout
    assert '-    return f"hello {name}"' in told.stdout
    assert '+    return f"{name}"' in told.stdout
    assert "100% (1 of 1; 21% to 100%)" in told.stdout
    data = json.loads(cli("compare", good, bad, "--json").stdout)
    example = data["tasks"][0]["example"]
    assert "test_greet" in example["second"]["first_failure"]["test"]


def test_the_gates_markdown_is_for_a_pull_request(cli: Cli, runs: tuple[Path, Path], tmp_path: Path) -> None:
    baseline = tmp_path / "b.json"
    cli("bless", runs[0], "--baseline", baseline)
    told = cli("gate", runs[1], "--baseline", baseline, "--markdown", "-")
    assert told.stdout.startswith("### Backsmith gate: no regression found")


def test_a_missing_baseline_is_told_with_what_makes_one(cli: Cli, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="holds no run"):
        cli("gate", tmp_path, "--baseline", tmp_path / "b.json")


def test_simulating_tells_false_alarms_and_power(cli: Cli) -> None:
    told = cli("gate", "simulate", "--rates", "0.95x20", "--runs", "100", "--json")
    quiet, lower, broken = json.loads(told.stdout)["runs"]
    assert quiet["alarms"] < lower["alarms"]
    assert quiet["alarms"] < broken["alarms"]
    assert "nothing changed" in cli("gate", "simulate", "--rates", "0.9x4", "--runs", "10").stdout
    with pytest.raises(ConfigError, match="is no rate"):
        cli("gate", "simulate", "--rates", "1.5x3")


def test_help_of_the_gate_is_that_of_judging_a_run(cli: Cli) -> None:
    assert "--baseline" in cli("gate", "--help").stdout
    assert "--broken" in cli("gate", "simulate", "--help").stdout


def test_diffs_are_gits_and_bounded() -> None:
    assert text_diff("a\nb\n", "a\nc\n").split("\n")[1:] == [" a", "-b", "+c"]
    assert text_diff("same", "same") == ""
    long = text_diff("", "".join(f"{i}\n" for i in range(50_000)), longest=1000)
    assert len(long) < 1100
    assert long.endswith("(and more)")


def test_diffs_of_hostile_texts_take_no_longer() -> None:
    before = "a\n" * 100_000 + "b\n" * 100_000
    after = "b\n" * 100_000 + "a\n" * 100_000
    assert text_diff(before, after)


def test_what_a_repository_does_not_hold_is_told(runs: tuple[Path, Path], tmp_path: Path) -> None:
    with RunObjects(runs[0] / "code.git") as objects:
        with pytest.raises(StoreError, match="missing"):
            objects.text("0" * 40)
        with pytest.raises(StoreError, match="missing"):
            objects.tree("0" * 40)
    with pytest.raises(StoreError, match="no repository"):
        RunObjects(tmp_path)
