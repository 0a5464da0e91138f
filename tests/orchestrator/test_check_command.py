"""``backsmith check DIR``: verdicts for people and machines, exit codes, and what is left out."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from orchestrator.commands.check import check
from prompts.errors import ConfigError

GOOD = """
from typing import Annotated
from fastapi import FastAPI, HTTPException
from pydantic import BaseModel, Field

app = FastAPI()
ITEMS: dict[int, str] = {}


class Item(BaseModel):
    name: Annotated[str, Field(min_length=1, max_length=80)]


@app.get("/items/{item_id}", response_model=Item)
def read(item_id: int) -> Item:
    if item_id not in ITEMS:
        raise HTTPException(status_code=404, detail="no such item")
    return Item(name=ITEMS[item_id])
"""
GOOD_TEST = """
from fastapi.testclient import TestClient
from main import ITEMS, app

client = TestClient(app)


def test_read():
    ITEMS[1] = "lamp"
    assert client.get("/items/1").status_code == 200
    assert client.get("/items/2").status_code == 404
"""
BAD = """import sqlite3

db = sqlite3.connect("a")


def find(name):
    return db.execute(f"SELECT * FROM t WHERE n = '{name}'")
"""

app = typer.Typer()
app.command()(check)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "main.py").write_text(GOOD, encoding="utf-8")
    (tmp_path / "test_main.py").write_text(GOOD_TEST, encoding="utf-8")
    return tmp_path


def run(*arguments: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(app, [str(a) for a in arguments])
    return result.exit_code, result.output


def test_good_code_passes(project: Path) -> None:
    code, output = run(project)
    assert code == 0, output
    assert "2 files read, 0 left out" in output


def test_a_failing_item_names_its_place_and_exits_with_1(project: Path) -> None:
    (project / "store.py").write_text(BAD, encoding="utf-8")
    code, output = run(project)
    assert code == 1
    assert "store.py:7: parameter name of find becomes part of the text of a query" in output


def test_json_holds_every_item_with_evidence(project: Path) -> None:
    code, output = run(project, "--json")
    shape = json.loads(output)
    assert code == 0
    assert [entry["item"] for entry in shape["checklist"]] == [
        "complete",
        "error-handling",
        "input-validation",
        "no-hardcoded-secrets",
        "tests-cover-errors",
        "sql-parameterized",
        "auth-required",
        "response-models",
    ]
    assert all(entry["evidence"] for entry in shape["checklist"])


def test_sarif_names_the_lines(project: Path) -> None:
    (project / "store.py").write_text(BAD, encoding="utf-8")
    code, output = run(project, "--sarif")
    log = json.loads(output)
    failed = [r for r in log["runs"][0]["results"] if r["kind"] == "fail"]
    assert code == 1
    assert log["version"] == "2.1.0"
    assert [r["ruleId"] for r in failed] == ["sql-parameterized"]
    place = failed[0]["locations"][0]["physicalLocation"]
    assert place == {"artifactLocation": {"uri": "store.py"}, "region": {"startLine": 7}}


def test_the_task_is_read(project: Path) -> None:
    (project / "task.yaml").write_text(
        'task: "Items"\nframework: FastAPI\nrequirements:\n  - GET /items/{id} - needs an API key\n',
        encoding="utf-8",
    )
    code, output = run(project, "--task", project / "task.yaml")
    assert code == 1
    assert "GET /items/{item_id} has no guard" in output


def test_what_is_not_the_projects_own_code_is_left_out(project: Path) -> None:
    for folder in (".git", "node_modules/x", "env/lib"):
        (project / folder).mkdir(parents=True)
        (project / folder / "bad.py").write_text(BAD, encoding="utf-8")
    (project / "env" / "pyvenv.cfg").write_text("home = /\n", encoding="utf-8")
    (project / "big.py").write_text("x = 1\n" * 200_000, encoding="utf-8")
    (project / "image.dat").write_bytes(b"\x00\x01" * 50)
    (project / "link.py").symlink_to("/etc/passwd")
    code, output = run(project, "--json")
    assert code == 0
    skipped = {entry["path"]: entry["reason"] for entry in json.loads(output)["skipped"]}
    assert skipped == {
        ".git": "not the project's own code",
        "node_modules": "not the project's own code",
        "env": "virtual environment",
        "big.py": "larger than 1,000,000 bytes",
        "image.dat": "binary",
        "link.py": "symbolic link",
    }


def test_control_characters_of_the_code_do_not_reach_the_terminal(tmp_path: Path) -> None:
    (tmp_path / "a\x1b[31m.py").write_text("x = (\n", encoding="utf-8")
    code, output = run(tmp_path)
    assert code == 1
    assert "\x1b" not in output


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, [str(tmp_path / "nowhere")])
    assert isinstance(result.exception, ConfigError)
    assert result.exception.exit_code == 2


def test_importing_the_command_costs_nothing() -> None:
    program = "import sys, orchestrator.commands.check; print(*sys.modules)"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not {"pydantic", "tree_sitter", "evals.code.view"} & set(result.stdout.split())


def test_a_file_name_cannot_write_lines_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "a\npass            complete: all is well\n.py").write_text("x = (\n", encoding="utf-8")
    _, output = run(tmp_path)
    assert "\npass            complete: all is well" not in output
