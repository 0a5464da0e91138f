"""``backsmith parse``: what it shows, prints and writes, and its exit codes."""

import hashlib
import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from orchestrator.commands import parse as command
from prompts.errors import ConfigError
from tests.orchestrator.conftest import Cli

GOOD = "FILE: src/a.py\n---\nx = 1\n---\n\nDEPENDENCIES:\npip install flask\n\nENV_VARS:\nPORT=8000\n"
BAD = "FILE: ../a\x1b[31m\x07.py\n---\nx = 1\n---\n\n\x1b[2JENV_VARS:\nA=\x07b\u202e\n"


def run(*args: object, text: str | None = None) -> Result:
    app = typer.Typer()
    app.command()(command.parse)
    return CliRunner().invoke(app, [str(arg) for arg in args], input=text, catch_exceptions=False)


@pytest.fixture
def answer(tmp_path: Path) -> Path:
    path = tmp_path / "answer.md"
    path.write_text(GOOD, encoding="utf-8")
    return path


def test_shows_files_sections_and_the_score(answer: Path) -> None:
    done = run(answer)
    assert done.exit_code == 0
    for part in ("src/a.py", "1-4", "python: flask", "PORT=8000", "clean: 1 files, 0 errors, 0 warnings"):
        assert part in done.stdout


def test_prints_json(answer: Path) -> None:
    done = run(answer, "--json")
    assert json.loads(done.stdout) == {
        "files": [
            {"path": "src/a.py", "sha256": hashlib.sha256(b"x = 1\n").hexdigest(), "bytes": 6, "span": [1, 4]}
        ],
        "dependencies": [{"ecosystem": "python", "spec": "flask"}],
        "migrations": [],
        "env_vars": [{"name": "PORT", "value": "8000"}],
        "diagnostics": [],
        "adherence": "clean",
        "edits": [],
        "deletions": [],
    }


def test_reads_standard_input() -> None:
    done = run("-", "--json", text=GOOD)
    assert json.loads(done.stdout)["adherence"] == "clean"


def test_errors_exit_with_1_and_are_told_with_their_lines() -> None:
    done = run("-", text=BAD)
    assert done.exit_code == 1
    assert "line 1" in done.stdout
    assert "unsafe-path" in done.stdout


def test_nothing_that_a_model_wrote_reaches_the_terminal_raw() -> None:
    done = run("-", text=BAD)
    assert not set(done.stdout) & set("\x1b\x07\u202e")
    assert "\\x07b\\u202e" in done.stdout


def test_the_stop_reason_counts(answer: Path) -> None:
    done = run(answer, "--stop-reason", "length", "--json")
    assert done.exit_code == 1
    assert json.loads(done.stdout)["diagnostics"][0]["code"] == "truncated"


def test_writes_below_a_folder(answer: Path, tmp_path: Path) -> None:
    done = run(answer, "--into", tmp_path / "out")
    assert done.exit_code == 0
    assert (tmp_path / "out/src/a.py").read_text(encoding="utf-8") == "x = 1\n"
    assert "1 files written" in done.stderr


def test_writes_nothing_of_an_answer_with_errors(tmp_path: Path) -> None:
    done = run("-", "--into", tmp_path / "out", text=GOOD + "\nFILE: b.py\n---\ncut")
    assert done.exit_code == 1
    assert not (tmp_path / "out").exists()
    assert "nothing written" in done.stderr


def test_overwrites_only_when_told_to(answer: Path, tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src/a.py").write_text("mine\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="exists with other content"):
        run(answer, "--into", tmp_path)
    assert (tmp_path / "src/a.py").read_text(encoding="utf-8") == "mine\n"
    assert run(answer, "--into", tmp_path, "--replace").exit_code == 0
    assert (tmp_path / "src/a.py").read_text(encoding="utf-8") == "x = 1\n"


@pytest.mark.parametrize("name", ["missing.md", "."])
def test_a_file_that_cannot_be_read_is_a_usage_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError) as caught:
        run(tmp_path / name)
    assert caught.value.exit_code == 2


def test_text_that_is_no_utf_8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "answer.md"
    path.write_bytes(b"FILE: a.py\n---\n\xff\n---\n")
    with pytest.raises(ConfigError, match="not UTF-8 at byte 15"):
        run(path)


def test_edits_are_applied_to_the_files_of_a_folder(cli: Cli, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "a.py").write_text("x = 1\ny = 1\n", encoding="utf-8")
    text = "EDIT: a.py\n---\n<<<<<<< SEARCH\nx = 1\n=======\nx = 2\n>>>>>>> REPLACE\n---\n\nDELETE: b.py\n"
    response = tmp_path / "edits.md"
    response.write_text(text, encoding="utf-8")
    result = cli("parse", response, "--into", folder, "--replace")
    assert result.exit_code == 0, result.output
    assert "edit    a.py" in cli("parse", response).output
    assert (folder / "a.py").read_text(encoding="utf-8") == "x = 2\ny = 1\n"
    response.write_text(text.replace("x = 1", "x = 9"), encoding="utf-8")
    assert cli("parse", response, "--into", folder, "--replace").exit_code == 1
