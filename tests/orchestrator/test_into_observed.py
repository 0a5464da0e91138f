"""``run --into`` with probes and mutants: what the change touches is judged at work; old faults are not blamed."""

import json
from pathlib import Path
from typing import Any

import pytest

from agents.cassette.cassette import Cassette
from agents.completion import CallTag, Completion, Message, Request
from orchestrator.into.tasks import task_for
from sandbox.repository.snapshot import snapshot_of
from tests.orchestrator.conftest import Cli
from tests.sandbox.repository.conftest import Made

WORDS = "Let callers rename a shelf"
APP = """\
from flask import Flask, jsonify, request

app = Flask(__name__)
SHELVES = {1: "novels"}


@app.get("/shelves/<int:number>")
def shelf(number):
    return jsonify(name=SHELVES[number])


@app.post("/shelves")
def add():
    SHELVES[len(SHELVES) + 1] = request.get_json()["name"]
    return jsonify(id=len(SHELVES)), 201
"""
RENAME = """

@app.put("/shelves/<int:number>")
def rename(number):
    if number not in SHELVES:
        return jsonify(error="no such shelf"), 404
{read}
    SHELVES[number] = name
    return jsonify(id=number, name=name)
"""
CAREFUL = """\
    body = request.get_json(silent=True)
    name = body.get("name") if isinstance(body, dict) else None
    if not isinstance(name, str) or not 0 < len(name) <= 50 or "\\0" in name:
        return jsonify(error="name"), 400"""
CARELESS = '    name = request.get_json(force=True)["name"].strip()'
FILES: dict[str, str | bytes] = {
    "app.py": APP,
    "requirements.txt": "flask>=3\npytest>=8\n",
    "tests/test_app.py": "from app import app\n\n\ndef test_add():\n"
    '    assert app.test_client().post("/shelves", json={"name": "a"}).status_code == 201\n\n\n'
    'def test_old():\n    assert app.test_client().get("/shelves/77").status_code == 404\n',
}
TEST = """\
from app import app


def test_rename():
    answer = app.test_client().put("/shelves/1", json={"name": "plays"})
    assert answer.status_code == 200
    assert answer.get_json() == {"id": 1, "name": "plays"}


def test_rename_nothing():
    assert app.test_client().put("/shelves/99", json={"name": "plays"}).status_code == 404
"""


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Made:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    made = Made(tmp_path / "repository")
    made.commit(FILES)
    return made


def delegated(cli: Cli, made: Made, tmp_path: Path, read: str, *more: object) -> tuple[int, dict[str, Any]]:
    """The exit code and the score of one answer that adds the endpoint to the end of app.py."""
    task = task_for(WORDS, snapshot_of({path: text for path, text in FILES.items() if isinstance(text, str)}))
    old = "    return jsonify(id=len(SHELVES)), 201\n"
    edit = f"EDIT: app.py\n---\n<<<<<<< SEARCH\n{old}=======\n{old}{RENAME.format(read=read)}>>>>>>> REPLACE\n---\n"
    text = f"{edit}\nFILE: tests/test_rename.py\n---\n{TEST}---\n"
    tag = CallTag(task=task.digest, role="backend-builder", round=1)
    Cassette(tmp_path / "tape").write(
        Request("script/test", (Message("user", "x"),), tag), Completion(text, "end", "script-1")
    )
    result = cli(
        "run", WORDS, "--into", made.folder, "--model", "replay", "--cassette", tmp_path / "tape",
        "--replay", "by-task", "--rounds", 1, "--json", *more,
    )  # fmt: skip
    score: dict[str, Any] = json.loads(result.stdout)["samples"][0]["rounds"][0]["score"]
    return result.exit_code, score


@pytest.mark.slow
@pytest.mark.network
def test_a_fault_at_work_is_seen_where_the_change_is_and_nowhere_else(
    cli: Cli, made: Made, tmp_path: Path
) -> None:
    code, score = delegated(cli, made, tmp_path, CARELESS)
    failures = [r for r in score["probes"]["results"] if r["verdict"] == "fail"]
    assert code == 1
    assert failures
    assert {r["endpoint"] for r in score["probes"]["results"]} == {"PUT /shelves/{number}"}
    verdicts = {c["item"]: c["verdict"] for c in score["checklist"]}
    assert verdicts["input-validation"] == "fail"


@pytest.mark.slow
@pytest.mark.network
def test_a_sound_change_passes_among_old_faults_and_mutants_are_made_of_it_alone(
    cli: Cli, made: Made, tmp_path: Path
) -> None:
    code, score = delegated(cli, made, tmp_path, CAREFUL, "--mutants", 60)
    assert code == 0, score["reasons"]
    assert score["probes"]["start"]
    assert {r["verdict"] for r in score["probes"]["results"]} <= {"pass", "inconclusive"}
    mutants = score["mutants"]["killed"] + score["mutants"]["survived"]
    assert mutants
    assert all(m["path"] == "app.py" and m["line"] > APP.count("\n") for m in mutants)
    assert {m["kind"] for m in score["mutants"]["killed"]} >= {"comparison", "status"}


@pytest.mark.slow
@pytest.mark.network
def test_with_all_findings_old_faults_are_named_and_still_not_blamed(
    cli: Cli, made: Made, tmp_path: Path
) -> None:
    _, score = delegated(cli, made, tmp_path, CAREFUL, "--all-findings")
    told = {r["endpoint"]: r for r in score["probes"]["results"] if "as at the base commit" in r["message"]}
    assert set(told) == {"POST /shelves", "GET /shelves/{number}"}
    assert {r["verdict"] for r in told.values()} == {"inconclusive"}
