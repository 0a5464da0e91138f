"""Our logs and rows as Inspect AI and pandas read them, and Inspect's logs as we do; with the real Inspect AI.

``.ci/inspect`` installs it; without it these tests are skipped.
"""

import json
import subprocess
import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from agents.completion import Usage
from agents.outputs.inspect_log import read_inspect
from evals.reports.inspect_log import inspect_log, log_name
from evals.reports.rows import csv_text, parquet_bytes, rows
from evals.results import RunResults
from evals.verdict import Verdict
from tests.evals.reports.conftest import HOSTILE
from tests.evals.results import AGENT, broken, outcomes, run

PYTHON = Path(sys.prefix) / "inspect/bin/python"
READER = Path(__file__).parent / "cases/inspect_reads.py"
ODD = "=cmd|'/c calc'!A1 \ud800 nul \0 naïve 🎉\r\nline"
CREATED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not PYTHON.exists(), reason="Inspect AI is not installed: .ci/inspect"),
]


@dataclass(frozen=True)
class Told:
    """The run that was written, the logs that Inspect wrote, and what Inspect and pandas said of all."""

    run: RunResults
    ours: Path
    theirs: tuple[Path, ...]
    read: dict[str, Any]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    pytest.importorskip("pyarrow")
    folder = tmp_path_factory.mktemp("inspect")
    samples = outcomes(
        {"a": (2, 1), "b": (0, 3)},
        items={"auth-required": Verdict.NOT_APPLICABLE, "complete": Verdict.PASS},
    )
    samples[1] = broken(samples[1])
    samples[2] = replace(
        samples[2], reasons=(ODD,), cost=None, tokens_in=None, tokens_out=None, tokens_cached=None, latency=None,
        timings={},
    )  # fmt: skip
    samples[3] = replace(samples[3], tokens_cached=40, cost=Decimal("0.125"))
    made = replace(run(samples), began="2026-01-02T03:04:05+00:00", ended="2026-01-02T03:05:05+00:00")
    ours = folder / "ours" / log_name(made, AGENT, CREATED)
    ours.parent.mkdir()
    ours.write_text(
        inspect_log(made, None, lambda sample: texts(sample.task.id), "0.1.0", CREATED), encoding="utf-8"
    )
    (folder / "rows.csv").write_text(csv_text(rows(made)), encoding="utf-8", newline="")
    (folder / "rows.parquet").write_bytes(parquet_bytes(rows(made)))
    argv = [PYTHON, READER, folder / "theirs", ours, folder / "rows.csv", folder / "rows.parquet"]
    done = subprocess.run(
        list(map(str, argv)),
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=300,
        cwd=folder,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    theirs = tuple(sorted((folder / "theirs").iterdir()))
    return Told(made, ours, theirs, json.loads(done.stdout.rstrip("\n").rpartition("\n")[2]))


def texts(task: str) -> tuple[tuple[tuple[str, str], ...], str]:
    return (
        ("system", "be good"),
        ("user", f"build {task}"),
    ), f"FILE: {task}.py\n---\n{HOSTILE} \u2028\n---\n"


def test_inspect_reads_every_value_of_our_log(told: Told) -> None:
    assert told.read["status"] == "success"
    assert told.read["times"] == [told.run.began, told.run.ended]
    for sample, read in zip(told.run.samples, told.read["samples"], strict=True):
        prompt, answer = texts(sample.task.id)
        assert (read["id"], read["epoch"]) == (sample.task.id, sample.epoch)
        assert (read["input"], read["answer"]) == ([text for _, text in prompt], answer)
        judged = {Verdict.PASS: "C", Verdict.FAIL: "I"}
        scores = {
            item: judged[found.verdict] for item, found in sample.items.items() if found.verdict in judged
        }
        assert read["scores"] == ({"backsmith": judged[sample.verdict]} if sample.counted else {}) | scores
        assert read["error"] == sample.error
        total = (sample.tokens_in or 0) + (sample.tokens_out or 0)
        assert read["tokens"] == ({AGENT.model: total} if total else {})
        assert read["seconds"] == (sample.latency or 0) + sum(sample.timings.values())
    assert told.read["samples"][2]["explanations"]["backsmith"] == ODD.replace("\ud800", "?")


def test_inspects_data_frames_have_our_samples_and_rates(told: Told) -> None:
    frame = told.read["samples_df"]
    assert [row["score_backsmith"] for row in frame] == ["C", None, "I", "I", "I", "I"]
    assert [row["total_tokens"] for row in frame] == [150, 150, 0, 150, 150, 150]
    assert frame[1]["error"] == "PostgreSQL did not come up"
    assert frame[3]["metadata_cost_usd"] == 0.125
    assert json.loads(frame[0]["metadata_checklist"]) == {
        "auth-required": "not-applicable",
        "complete": "pass",
    }
    assert len({row["sample_id"] for row in frame}) == 6
    [row] = told.read["evals_df"]
    assert (row["task_name"], row["model"], row["epochs"]) == ("suite", AGENT.model, 3)
    assert (row["total_samples"], row["completed_samples"]) == (6, 5)
    assert (row["score_headline_name"], row["score_headline_value"]) == ("backsmith", 0.2)
    assert row["score_complete_accuracy"] == 1.0


def test_inspects_logs_are_read_as_inspect_reads_them(told: Told) -> None:
    stops = {"stop": "end", "max_tokens": "length"}
    assert sorted(path.suffix for path in told.theirs) == [".eval", ".json"]
    for path in told.theirs:
        found = {(output.task, output.epoch): output for output in read_inspect(path, pytest.fail)}
        assert len(found) == 8
        for wrote in told.read["wrote"]:
            output = found[wrote["task"], wrote["epoch"]]
            assert output.text == wrote["text"]
            assert output.model == "mockllm/model"
            if wrote["stop"] is None:
                assert output.task == "early"
                assert "no network" in output.problem
                continue
            assert (output.stop_reason, output.problem) == (stops[wrote["stop"]], "")
            assert output.usage == Usage(input=1057, output=200, cached=50, reasoning=30, cache_written=7)
            assert output.seconds == wrote["time"]


def test_our_own_log_can_be_scored_again(told: Told) -> None:
    found = list(read_inspect(told.ours, pytest.fail))
    assert [(output.task, output.epoch) for output in found] == [("a", n) for n in (1, 2, 3)] + [
        ("b", n) for n in (1, 2, 3)
    ]
    assert all(output.text == texts(output.task)[1] for output in found)


def test_pandas_reads_the_rows_with_their_types(told: Told) -> None:
    expected = rows(told.run)
    assert told.read["parquet"] == expected
    for name, value in (
        ("epoch", "int64"),
        ("tokens_in", "int64"),
        ("latency", "double"),
        ("verified", "bool"),
    ):
        assert told.read["arrow_types"][name] == value
    for row, read in zip(expected, told.read["csv"], strict=True):
        for name in (
            "task",
            "epoch",
            "verdict",
            "verified",
            "error",
            "tokens_in",
            "cost_usd",
            "item:complete",
        ):
            assert read[name] == row[name], name
    assert told.read["csv"][2]["reason"] == "'" + str(expected[2]["reason"])
