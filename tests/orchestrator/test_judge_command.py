"""``backsmith calibrate`` and ``backsmith judge``, against a server that speaks a provider's wire format."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from evals.rubric.labels import LabelledSet, load_labels
from evals.rubric.rubric import load_rubric
from prompts.errors import ConfigError
from tests.agents.loopback import Loopback, Reply
from tests.evals.rubric.judges import agrees, always_passes, judging
from tests.orchestrator.conftest import Cli
from tests.orchestrator.test_models_command import running

LABELLED = load_labels(load_rubric())
HALF = LabelledSet(LABELLED.parts[::2], "half")
DESIGN = "Orders are listed by an index on (customer_id, created_at), since that is the only hot query.\n"
PASSES = {
    "criterion": "scalability",
    "quote": "an index on (customer_id, created_at)",
    "reason": "r",
    "verdict": "pass",
}
FAILS = {"criterion": "testing", "quote": "", "reason": "no test is named", "verdict": "fail"}


@pytest.fixture
def judging_server() -> Iterator[Loopback]:
    with running() as found:
        yield found


@pytest.fixture
def half(tmp_path: Path) -> Path:
    """Half of the shipped set as a set of one's own."""
    import yaml

    folder = tmp_path / "labels"
    folder.mkdir()
    parts = [part.model_dump(mode="json") for part in HALF.parts]
    (folder / "half.yaml").write_text(yaml.safe_dump({"topic": "half", "parts": parts}), encoding="utf-8")
    return folder


def model(server: Loopback) -> tuple[str, ...]:
    return ("--model", "compatible/local", "--base-url", server.v1, "--no-cache")


def test_a_judge_counts_after_it_was_calibrated(
    cli: Cli, judging_server: Loopback, half: Path, tmp_path: Path
) -> None:
    (tmp_path / "design.md").write_text(DESIGN, encoding="utf-8")
    reply = Reply(text=json.dumps({"rulings": [PASSES, FAILS]}))

    judging_server.script = [reply]
    before = cli("judge", "design.md", *model(judging_server))
    assert before.exit_code == 0
    assert "fail           testing  (advice): no test is named" in before.stdout
    assert "decide nothing: it was not calibrated" in before.stdout

    judging_server.answering = judging(HALF, agrees)
    measured = cli("calibrate", "--labels", half, "--repeats", "2", "--jobs", "8", *model(judging_server))
    assert measured.exit_code == 0, measured.output
    assert "kappa        1.00 (1.00 to 1.00)" in measured.stdout
    assert "This judge counts." in measured.stdout
    assert [path.suffix for path in (tmp_path / "calibrations").iterdir()] == [".json"]

    judging_server.script = [reply]
    after = cli("judge", "design.md", "--json", *model(judging_server))
    assert after.exit_code == 1
    rulings = {r["criterion"]: r for r in json.loads(after.stdout)["rulings"]}
    assert (rulings["testing"]["verdict"], rulings["testing"]["counts"]) == ("fail", True)
    assert rulings["scalability"]["quote"] == PASSES["quote"]
    assert rulings["errors"]["verdict"] == "inconclusive"

    judging_server.script = [reply]
    other = cli("judge", "design.md", "--set", "temperature=0.7", *model(judging_server))
    assert other.exit_code == 0
    assert "it was not calibrated" in other.stdout


def test_a_judge_that_falls_short_says_by_how_much(cli: Cli, judging_server: Loopback, half: Path) -> None:
    judging_server.answering = judging(HALF, always_passes)
    measured = cli("calibrate", "--labels", half, "--repeats", "2", "--jobs", "8", *model(judging_server))
    assert measured.exit_code == 1
    assert "kappa is 0.00, 0.6 is needed" in measured.stdout
    judging_server.answering = None
    assert "advice" in measured.stdout


def test_the_record_as_json(cli: Cli, judging_server: Loopback, half: Path) -> None:
    judging_server.answering = judging(HALF, agrees)
    measured = cli("calibrate", "--labels", half, "--repeats", "2", "--json", *model(judging_server))
    record = json.loads(measured.stdout)
    assert (record["judge"], record["kappa"], record["repeats"]) == ("compatible/local", 1, 2)
    assert record["rubric_digest"] == load_rubric().digest


def test_a_file_that_is_not_there_is_said_before_anything_is_asked(
    cli: Cli, judging_server: Loopback
) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.md cannot be read"):
        cli("judge", "nowhere.md", *model(judging_server))
    assert judging_server.seen == []
