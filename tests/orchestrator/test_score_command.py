"""``backsmith score``: from a response file to a verdict, the sandbox and all."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from evals.suites.recordings import recordings_folder
from sandbox.environments.go import go_problem
from sandbox.environments.node import node_problem
from tests.orchestrator import answers
from tests.orchestrator.conftest import Cli

pytestmark = pytest.mark.network

# Passed tests, found by running each recording by hand.
COUNTS = {
    "auth-fastapi": 17,
    "shortener-fastapi": 45,
    "notes-flask": 45,
    "wallet-fastapi": 18,
    "blog-express": 8,
    "catalog-gin": 5,
}
NEEDS = {"blog-express": node_problem, "catalog-gin": go_problem}


def score(cli: Cli, task: Path, text: str, code: int) -> dict[str, Any]:
    response = task.with_name("response.md")
    response.write_text(text, encoding="utf-8")
    done = cli("score", response, "--task", task, "--json")
    assert done.exit_code == code, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("name", COUNTS)
def test_recordings(cli: Cli, name: str) -> None:
    if problem := NEEDS.get(name, lambda: "")():
        pytest.skip(problem)
    folder = recordings_folder() / name
    done = cli("score", folder / "response.md", "--task", folder / "task.yaml", "--json")
    found = json.loads(done.stdout)
    counts = {key: found["tests"][key] for key in ("passed", "failed", "errored")}
    assert counts == {"passed": COUNTS[name], "failed": 0, "errored": 0}, found["tests"]["problem"]
    assert found["verdict"] == "pass", found["reasons"]
    assert done.exit_code == 0
    assert all(item["evidence"] for item in found["checklist"])
    assert found["probes"]["requests"] > 50, found["probes"]["problem"]
    assert "fail" not in {result["verdict"] for result in found["probes"]["results"]}


def test_good_answer(cli: Cli, task: Path) -> None:
    found = score(cli, task, answers.GOOD, 0)
    assert found["verdict"] == "pass"
    assert found["tests"]["passed"] == 2
    assert [file["path"] for file in found["submission"]["files"]] == [
        "greeting.py",
        "tests/test_greeting.py",
    ]


def test_broken_assertion_fails_and_names_the_test(cli: Cli, task: Path) -> None:
    found = score(cli, task, answers.BROKEN_TEST, 1)
    assert found["verdict"] == "fail"
    assert "tests/test_greeting.py::test_greet" in found["reasons"][0]["message"]


def test_endless_loop_fails_with_the_time_limit_as_evidence(cli: Cli, task: Path) -> None:
    task.write_text(answers.TASK.replace("seconds: 30", "seconds: 4"), encoding="utf-8")
    start = time.monotonic()
    found = score(cli, task, answers.ENDLESS, 1)
    assert found["reasons"][0]["message"] == "tests: time limit: still running after 4 s"
    assert found["timings"]["tests"] < 6
    assert time.monotonic() - start < 60


def test_missing_modules_fail_and_are_named(cli: Cli, task: Path) -> None:
    found = score(cli, task, answers.MODULES_MISSING, 1)
    assert found["verdict"] == "fail"
    item = next(item for item in found["checklist"] if item["item"] == "complete")
    told = {(e["path"], e["line"]): e["message"] for e in item["evidence"]}
    assert item["verdict"] == "fail"
    assert "database" in told["src/api/items.py", 5]
    assert "models" in told["src/api/items.py", 6]
    assert "main" in told["tests/test_items.py", 3]
    assert ("src/api/items.py", 7) not in told


def test_no_answer_at_all_fails(cli: Cli, task: Path) -> None:
    found = score(cli, task, "I cannot help with that.", 1)
    assert found["verdict"] == "fail"
    assert found["submission"]["diagnostics"][0]["severity"] == "error"


def test_several_responses_give_one_line_each_and_the_worst_exit_code(cli: Cli, task: Path) -> None:
    good, bad = task.with_name("good.md"), task.with_name("bad.md")
    good.write_text(answers.GOOD, encoding="utf-8")
    bad.write_text("nothing", encoding="utf-8")
    done = cli("score", good, bad, "--task", task, "--json")
    assert [json.loads(line)["verdict"] for line in done.stdout.split("\n") if line] == ["pass", "fail"]
    assert done.exit_code == 1


def test_a_person_sees_verdict_tests_and_checklist(cli: Cli, task: Path) -> None:
    response = task.with_name("response.md")
    response.write_text(answers.GOOD, encoding="utf-8")
    done = cli("score", response, "--task", task)
    assert "PASS" in done.stdout
    assert "2 passed, 0 failed" in done.stdout
    assert "no-hardcoded-secrets" in done.stdout
    assert "environment" in done.stderr
