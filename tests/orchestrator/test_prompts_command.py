"""``backsmith prompts``: each documented call."""

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from orchestrator.commands.prompts import app
from prompts.errors import ConfigError

GIN = "task: Build a catalog\nframework: Gin\ndatabase: SQLite\nrequirements: [CRUD on /products]\n"


@pytest.fixture(autouse=True)
def no_folder_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BACKSMITH_PROMPTS", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.fixture
def task(tmp_path: Path) -> Path:
    path = tmp_path / "task.yaml"
    path.write_text(GIN, encoding="utf-8")
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "ours" / "parts" / "framework" / "gin.md.j2"
    path.parent.mkdir(parents=True)
    path.write_text("- Our way of Gin.\n", encoding="utf-8")
    return tmp_path / "ours"


def prompts(*arguments: str | Path, code: int = 0) -> Result:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)
    assert result.exit_code == code, result.output
    return result


def test_list() -> None:
    output = prompts("list").output
    assert "backend-builder  1." in output and "backend-expert  1." in output
    assert "spring-boot" in output and "cassandra" in output and "your folder: none" in output


def test_list_as_json_tells_what_is_overlaid(folder: Path) -> None:
    listed = json.loads(prompts("list", "--prompts", folder, "--json").output)
    assert listed["folder"] == str(folder)
    assert listed["roles"][0]["overlaid"] == ["parts/framework/gin.md.j2"]
    assert len(listed["roles"][0]["digest"]) == 64
    assert "postgresql" in listed["parts"]["database"]


def test_show_prints_both_messages_with_token_counts(task: Path) -> None:
    output = prompts("show", "backend-builder", "--task", task).output
    assert re.search(r"===== system: \d,\d{3} tokens \(estimate\), backend-builder 1\.", output)
    assert "ShouldBindJSON" in output and "- DELETE /products/{id}" in output and "Django" not in output


def test_show_as_json_holds_the_bytes_a_model_gets(task: Path) -> None:
    from prompts.render import render
    from prompts.role import load_role
    from prompts.taskfile import load_task

    shown = json.loads(prompts("show", "backend-builder", "--task", task, "--json").output)
    prompt = render(load_role("backend-builder"), load_task(task))
    assert (shown["system"], shown["user"]) == (prompt.system, prompt.user)
    assert (shown["digest"], shown["task"]) == (prompt.digest, load_task(task).digest)
    assert shown["tokens"]["system"] > 1000 and shown["tokens"]["exact"] is False


def test_show_for_a_design_and_a_review(task: Path, tmp_path: Path) -> None:
    assert "## Architecture" in prompts("show", "backend-expert", "--task", task, "--for", "design").output
    answer = tmp_path / "response.md"
    answer.write_text("FILE: main.go\n---\npackage main\n---\n", encoding="utf-8")
    output = prompts("show", "backend-expert", "--task", task, "--for", "review", "--answer", answer).output
    assert "package main" in output and "- `severity`: `high`" in output
    with pytest.raises(ConfigError, match="belong together"):
        prompts("show", "backend-expert", "--task", task, "--for", "review")


def test_show_notes_names_without_guidance(tmp_path: Path) -> None:
    path = tmp_path / "task.yaml"
    path.write_text("task: t\nframework: Fastapy\n", encoding="utf-8")
    assert (
        "note: no guidance of its own for the framework `Fastapy`: did you mean FastAPI?"
        in prompts("show", "backend-builder", "--task", path).stderr
    )


def test_diff_of_templates_and_of_messages(folder: Path, task: Path) -> None:
    files = prompts("diff", "backend-builder", "--prompts", folder).output
    assert f"+++ {folder}: parts/framework/gin.md.j2" in files and "+- Our way of Gin." in files
    messages = prompts("diff", "backend-builder", "--prompts", folder, "--task", task).output
    assert "--- shipped: system" in messages and "+- Our way of Gin." in messages and ": user" not in messages


def test_diff_leaves_out_what_a_task_does_not_get(folder: Path, tmp_path: Path) -> None:
    flask = tmp_path / "flask.yaml"
    flask.write_text("task: t\nframework: Flask\n", encoding="utf-8")
    output = prompts("diff", "backend-builder", "--prompts", folder, "--task", flask, "--exit-code").output
    assert output.startswith("no difference between shipped and ")


def test_diff_against_a_folder_and_between_tasks(folder: Path, task: Path, tmp_path: Path) -> None:
    against = prompts(
        "diff", "backend-builder", "--against", folder, "--task", task, "--exit-code", code=1
    ).output
    assert "-- Our way of Gin." in against
    flask = tmp_path / "flask.yaml"
    flask.write_text("task: t\nframework: Flask\n", encoding="utf-8")
    told = json.loads(
        prompts("diff", "backend-builder", "--task", task, "--other-task", flask, "--json").output
    )
    assert [change["name"] for change in told["changes"]] == ["system", "user"] and not told["same"]
    with pytest.raises(ConfigError, match="needs --task"):
        prompts("diff", "backend-builder", "--other-task", flask)


def test_diff_without_a_folder_says_so() -> None:
    assert "nothing to compare" in prompts("diff", "backend-builder").output


@pytest.mark.parametrize("command", ["list", "show", "diff"])
def test_help_has_an_example(command: str) -> None:
    assert f"backsmith prompts {command}" in prompts(command, "--help").output


def test_output_for_a_pipe_has_no_escapes(task: Path) -> None:
    assert "\x1b" not in prompts("show", "backend-builder", "--task", task).output
