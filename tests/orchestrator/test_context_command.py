"""``backsmith context`` and ``backsmith init`` on a repository."""

import json
import re
from pathlib import Path

import pytest
import yaml

from prompts.errors import ConfigError
from prompts.taskfile import load_task
from tests.orchestrator.conftest import Cli
from tests.sandbox.repository.conftest import Made

FILES = {
    "pyproject.toml": '[project]\nname = "shop"\ndependencies = ["fastapi", "sqlalchemy", "psycopg"]\n[tool.ruff]\n',
    "app/login.py": (
        "from fastapi import APIRouter\n\nrouter = APIRouter()\n\n\n"
        '@router.post("/login")\ndef login(name: str):\n    return name\n'
    ),
    "app/models.py": "class User(Base):\n    id: Mapped[int] = mapped_column(primary_key=True)\n",
    "tests/test_login.py": "def test_login():\n    pass\n",
    ".env": "SECRET_KEY=abcdefgh12345678\n",
}


@pytest.fixture
def made(tmp_path: Path) -> Made:
    made = Made(tmp_path / "shop")
    made.commit(FILES)
    return made


def test_shows_what_a_model_is_told_and_what_it_takes(cli: Cli, made: Made) -> None:
    result = cli("context", "Limit POST /login to five tries", "--into", made.folder)
    assert result.exit_code == 0
    for part in (
        "Framework: FastAPI",
        "Database: PostgreSQL",
        "POST /login  app/login.py:",
        "class User(Base)",
        "together",
    ):
        assert part in result.stdout
    assert "abcdefgh12345678" not in result.stdout


def test_prints_json_and_the_prompt(cli: Cli, made: Made) -> None:
    told = json.loads(cli("context", "Limit POST /login", "--into", made.folder, "--json").stdout)
    assert "app/login.py" in told["files"]
    assert sum(told["tokens"].values()) < 24_000
    prompt = cli("context", "Limit POST /login", "--into", made.folder, "--prompt").stdout
    assert "## The repository" in prompt
    assert "Answer with EDIT, FILE and DELETE" in prompt


def test_init_writes_a_task_file_that_can_be_read(cli: Cli, made: Made, tmp_path: Path) -> None:
    file = tmp_path / "task.yaml"
    assert cli("init", file, "--into", made.folder).exit_code == 0
    task = load_task(file)
    assert (task.framework, task.database) == ("FastAPI", "PostgreSQL")
    assert "python -m pytest" in file.read_text(encoding="utf-8")
    with pytest.raises(ConfigError, match="exists"):
        cli("init", file, "--into", made.folder)
    assert cli("init", file, "--into", made.folder, "--replace").exit_code == 0


def test_editors_check_the_task_file_by_the_schema_beside_it(cli: Cli, made: Made, tmp_path: Path) -> None:
    from jsonschema import Draft202012Validator

    file = tmp_path / "tasks" / "task.yaml"
    cli("init", file, "--into", made.folder)
    text = file.read_text(encoding="utf-8")
    named = re.match(r"# yaml-language-server: \$schema=(\S+)\n", text)
    assert named is not None
    told = (file.parent / named[1]).read_text(encoding="utf-8")
    assert told == cli("init", "--schema").stdout
    schema = json.loads(told)
    Draft202012Validator.check_schema(schema)
    editor = Draft202012Validator(schema)
    task = yaml.safe_load(text)
    assert not list(editor.iter_errors(task))
    filled = {**task, "database": ["PostgreSQL", "Redis"], "limits": {"seconds": 60}, "folder": "app"}
    assert not list(editor.iter_errors(filled))
    mistakes: list[dict[str, object]] = [
        {"requirement": []}, {"limits": {"seconds": "long"}}, {"folder": ""}, {"framework": {}}
    ]  # fmt: skip
    for wrong in mistakes:
        assert list(editor.iter_errors({**task, **wrong})), wrong
    assert list(editor.iter_errors({"framework": "Flask"}))


def test_of_several_projects_it_is_told_which_one_was_taken(cli: Cli, tmp_path: Path) -> None:
    made = Made(tmp_path / "many")
    made.commit(
        {f"api/{path}": text for path, text in FILES.items()} | {"web/package.json": "{}", "web/a.js": ""}
    )
    told = cli("context", "Limit POST /login to five tries", "--into", made.folder).stdout
    assert "Project folder: api (the task's words fit its files best; others: web)" in told
    shape = json.loads(cli("context", "Limit POST /login", "--into", made.folder, "--json").stdout)
    assert (shape["folder"], shape["other_folders"]) == ("api", ["web"])
    file = tmp_path / "task.yaml"
    cli("init", file, "--into", made.folder)
    assert load_task(file).folder == "api"
    cli("init", file, "--into", made.folder, "--folder", "web", "--replace")
    assert load_task(file).folder == "web"
    with pytest.raises(ConfigError, match="'mail' is not in the repository"):
        cli("init", file, "--into", made.folder, "--folder", "mail", "--replace")


def test_init_looks_at_a_plain_folder_too(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text('{"dependencies": {"express": "4"}}', encoding="utf-8")
    result = cli("init", "-", "--into", tmp_path)
    assert 'framework: "Express"' in result.stdout
