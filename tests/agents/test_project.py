"""The project file."""

from decimal import Decimal
from pathlib import Path

import pytest

from agents.completion import Parameters
from agents.project import Project, find_project, load_project, settings_for
from agents.spending import Limit
from prompts.errors import ConfigError

WHOLE = """
model = "anthropic/claude-opus-5"

[settings]
max_tokens = 32000

[settings.openai-chat]
temperature = 0.2
seed = 7

[settings."openai-chat/gpt-5"]
temperature = 1.0
stop = ["END"]

[budget.run]
money = 12.50
seconds = 3600

[budget.sample]
tokens = 200_000
calls = 8
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "backsmith.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_nearer_setting_wins(tmp_path: Path) -> None:
    project = load_project(written(tmp_path, WHOLE))
    assert project.model == "anthropic/claude-opus-5"
    assert project.parameters("anthropic/claude-opus-5") == Parameters(max_tokens=32_000)
    assert project.parameters("openai-chat/o9") == Parameters(max_tokens=32_000, temperature=0.2, seed=7)
    assert project.parameters("openai-chat/gpt-5") == Parameters(
        max_tokens=32_000, temperature=1.0, seed=7, stop=("END",)
    )


def test_an_unknown_provider_is_no_fault_of_the_file() -> None:
    with pytest.raises(ConfigError, match=r"^unknown model provider 'antropic'") as raised:
        settings_for("antropic/x", Project(), {}, [])
    assert raised.value.hint.startswith("Did you mean 'anthropic'?")


def test_options_go_over_the_task_and_the_task_over_the_project(tmp_path: Path) -> None:
    project = load_project(written(tmp_path, WHOLE))
    task = {"seed": "8", "temperature": "0.5"}
    assert settings_for("openai-chat/o9", project, task, ["temperature=0.9"]) == Parameters(
        max_tokens=32_000, temperature=0.9, seed=8
    )


def test_budgets(tmp_path: Path) -> None:
    project = load_project(written(tmp_path, WHOLE))
    assert project.run == Limit(money=Decimal("12.5"), seconds=3600)
    assert project.sample == Limit(tokens=200_000, calls=8)


def test_it_is_found_from_below_but_not_beyond_the_repository(tmp_path: Path) -> None:
    written(tmp_path, WHOLE)
    deep = tmp_path / "repo" / "src"
    deep.mkdir(parents=True)
    assert find_project(deep).model == "anthropic/claude-opus-5"
    (tmp_path / "repo" / ".git").mkdir()
    assert find_project(deep) == Project()


@pytest.mark.parametrize(
    ("text", "told", "hint"),
    [
        ("modle = 'x'", "modle is unknown", "Did you mean model?"),
        ("model = 7", "model must be a text", ""),
        ("settings = 7", "settings must be a table", "[settings]"),
        ("[settings.opnai]\nseed = 1", "settings.opnai: unknown model provider", "Did you mean 'openai'?"),
        ("[budget.runs]\nmoney = 1", "budget.runs is unknown", "Did you mean budget.run?"),
        ("[budget.run]\nmony = 1", "budget.run.mony is unknown", "Did you mean budget.run.money?"),
        ("[budget.run]\nmoney = 0", "budget.run.money must be a number above 0, not 0", ""),
        ("[budget.run]\nmoney = nan", "budget.run.money must be a number above 0", ""),
        ("[budget.run]\ncalls = 1.5", "budget.run.calls must be a whole number above 0, not 1.5", ""),
        ("[budget.run]\ncalls = true", "budget.run.calls must be a whole number", ""),
        ("model = ,", "is no TOML: Invalid value (at line 1, column 9)", ""),
    ],
)
def test_what_is_wrong_is_named(text: str, told: str, hint: str, tmp_path: Path) -> None:
    path = written(tmp_path, text)
    with pytest.raises(ConfigError) as error:
        load_project(path)
    assert str(error.value).startswith(f"{path}: {told}")
    assert hint in error.value.hint


def test_a_setting_that_the_provider_does_not_know_names_the_file(tmp_path: Path) -> None:
    project = load_project(written(tmp_path, "[settings]\ntemprature = 1"))
    with pytest.raises(ConfigError, match=r"backsmith\.toml: unknown model setting 'temprature' for openai"):
        project.parameters("openai/gpt-5")
