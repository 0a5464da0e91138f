"""A suite as pytest tests, from recorded answers: no key, no model, the real sandbox.

Copy this file, and name your suite and its tasks. It works by the command line alone, so that pytest and Backsmith
need not share an environment:

    BACKSMITH_SUITE=suites/mine BACKSMITH_TASKS=login,search pytest test_suite.py
"""

import json
import os
import subprocess
from pathlib import Path

import pytest

SUITE = os.environ.get("BACKSMITH_SUITE", "recordings")
TASKS = os.environ.get("BACKSMITH_TASKS", "notes-flask,shortener-fastapi").split(",")
BASELINE = os.environ.get("BACKSMITH_BASELINE", "")


def backsmith(*args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["backsmith", *args], capture_output=True, text=True, check=False)


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The suite's run; replayed answers, so that nothing is paid for."""
    folder = tmp_path_factory.mktemp("backsmith") / "run"
    tasks = [part for task in TASKS for part in ("--task", task)]
    done = backsmith("eval", SUITE, "--model", "replay", *tasks, "--run", str(folder), "--exit-zero")
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="session")
def samples(run: Path) -> list[dict[str, object]]:
    """One row a sample; docs/json.md names the columns."""
    rows = run.parent / "samples.jsonl"
    done = backsmith("report", str(run), "--rows", str(rows))
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in rows.read_text(encoding="utf-8").split("\n") if line]


@pytest.mark.parametrize("task", TASKS)
def test_every_sample_of_a_task_is_verified(samples: list[dict[str, object]], task: str) -> None:
    found = [sample for sample in samples if sample["task"] == task]
    assert found, f"no sample of {task}"
    assert [s["reason"] for s in found if s["verdict"] != "pass"] == []


@pytest.mark.parametrize("item", ["auth-required", "no-hardcoded-secrets", "sql-parameterized"])
def test_no_security_item_fails(samples: list[dict[str, object]], item: str) -> None:
    assert [s["sample"] for s in samples if s.get(f"item:{item}") == "fail"] == []


@pytest.mark.skipif(not BASELINE, reason="BACKSMITH_BASELINE names no baseline; backsmith bless writes one")
def test_nothing_is_worse_than_the_baseline(run: Path) -> None:
    done = backsmith("gate", str(run), "--baseline", BASELINE)
    assert done.returncode == 0, done.stdout + done.stderr
