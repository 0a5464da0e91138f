"""``backsmith run TASK --into REPO``: a branch with the change, old failures not blamed, nothing else touched."""

import json
import os
from pathlib import Path

import pytest

from agents.cassette.cassette import Cassette
from agents.completion import CallTag, Completion, Message, Request
from orchestrator.into.tasks import task_for
from prompts.errors import ConfigError
from prompts.task import Task, slug
from sandbox.repository.snapshot import snapshot_of
from tests.orchestrator.conftest import Cli
from tests.sandbox.repository.conftest import Made

WORDS = "Add subtract(a, b) to calc.py"
FILES: dict[str, str | bytes] = {
    "calc.py": "def add(a: int, b: int) -> int:\n    return a + b\n\n\ndef half(a: int) -> float:\n    return a / 3\n",
    "old.py": "VALUE = 1\n",
    "requirements.txt": "pytest>=8\n",
    "tests/test_calc.py": (
        "from calc import add, half\n\n\ndef test_add():\n    assert add(1, 2) == 3\n\n\n"
        "def test_half():\n    assert half(4) == 2\n"
    ),
    "logo.png": b"\x89PNG\0\xff",
}
PIECE = """\
<<<<<<< SEARCH
def half(a: int) -> float:
=======
def subtract(a: int, b: int) -> int:
    return {body}


def half(a: int) -> float:
>>>>>>> REPLACE
"""
TEST = "from calc import subtract\n\n\ndef test_subtract():\n    assert subtract(3, 1) == 2\n"


def answer(body: str, test: str = TEST, more: str = "") -> str:
    edit = f"EDIT: calc.py\n---\n{PIECE.format(body=body)}---\n"
    return f"{edit}\nFILE: tests/test_subtract.py\n---\n{test}---\n{more}\nDEPENDENCIES:\nNone\n"


def cassette(folder: Path, task: Task, *texts: str, design: str = "") -> Path:
    """A cassette of answers to a task, by round; a design before them."""

    tape = Cassette(folder)
    calls = [("backend-expert", 1, design)] if design else []
    calls += [("backend-builder", number, text) for number, text in enumerate(texts, 1)]
    for role, number, text in calls:
        tag = CallTag(task=task.digest, role=role, round=number)
        request = Request("script/test", (Message("user", f"round {number}"),), tag)
        tape.write(request, Completion(text, "end", "script-1"))
    return folder


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Made:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    made = Made(tmp_path / "repository")
    made.commit(FILES)
    return made


def words(made: Made, said: str = WORDS) -> Task:
    return task_for(said, snapshot_of({path: text for path, text in FILES.items() if isinstance(text, str)}))


def options(made: Made, tape: Path) -> list[object]:
    return [WORDS, "--into", made.folder, "--model", "replay", "--cassette", tape, "--replay", "by-task"]


@pytest.mark.network
def test_a_task_in_words_becomes_a_branch(cli: Cli, made: Made, tmp_path: Path) -> None:
    before = made.state()
    tape = cassette(
        tmp_path / "tape", words(made), answer("b - a"), answer("a - b", more="\nDELETE: old.py\n")
    )
    # The second answer's edit is for the file as the first one left it.
    second = "EDIT: calc.py\n---\n<<<<<<< SEARCH\n    return b - a\n=======\n    return a - b\n>>>>>>> REPLACE\n---\n"
    tape = cassette(
        tmp_path / "tape2", words(made), answer("b - a"), second + "\nDELETE: old.py\nDELETE: logo.png\n"
    )
    patch = tmp_path / "change.patch"
    result = cli("run", *options(made, tape), "--patch", patch, "--run", tmp_path / "run")
    assert result.exit_code == 0, result.output
    branch = "backsmith/add-subtract-a-b-to-calc-py"
    assert branch in result.stdout
    assert f"git -C {made.folder} diff" in result.stdout
    assert (
        "failed at the base commit as well, and are not blamed: tests/test_calc.py::test_half"
        in result.stdout
    )
    assert made.git("diff", "--no-renames", "--name-status", "main", branch).split() == (
        ["M", "calc.py", "D", "logo.png", "D", "old.py", "A", "tests/test_subtract.py"]
    )
    messages = made.git("log", "--format=%B", f"main..{branch}")
    assert "Round: 1 of 2" in messages
    assert "Verdict: fail: test failed: tests/test_subtract.py::test_subtract" in messages
    assert "Round: 2 of 2" in messages
    assert "Verdict: pass" in messages
    assert "Model: script-1 (drifted)" in messages
    assert "Role: backend-builder " in messages
    after = made.state()
    new = {name for name in after if name not in before}
    assert new == {f".git/refs/heads/{branch}", f".git/logs/refs/heads/{branch}"}
    assert {name: after[name] for name in before} == before
    made.git("apply", "--check", str(patch))
    score = json.loads((tmp_path / "run" / "report.json").read_text(encoding="utf-8"))["samples"][0][
        "rounds"
    ][1]["score"]
    assert {case["id"] for case in score["tests"]["cases"]} == {
        "tests/test_calc.py::test_add",
        "tests/test_subtract.py::test_subtract",
    }


@pytest.mark.network
def test_a_run_goes_on_and_moves_its_own_branch(cli: Cli, made: Made, tmp_path: Path) -> None:
    tape = cassette(tmp_path / "tape", words(made), answer("a - b"))
    first = cli("run", *options(made, tape), "--run", tmp_path / "run")
    tip = made.git("rev-parse", "backsmith/add-subtract-a-b-to-calc-py")
    made.commit({"later.py": "x = 1\n"})
    again = cli("run", *options(made, tape), "--run", tmp_path / "run")
    assert (first.exit_code, again.exit_code) == (0, 0), again.output
    assert "kept from before" in again.stderr
    assert made.git("branch", "--list", "backsmith/*").split() == ["backsmith/add-subtract-a-b-to-calc-py"]
    assert made.git("diff", tip, "backsmith/add-subtract-a-b-to-calc-py") == ""


@pytest.mark.network
def test_what_breaks_an_old_test_or_shows_nothing_falls_short(cli: Cli, made: Made, tmp_path: Path) -> None:
    breaks = answer("a - b").replace("def half(a: int) -> float:\n>>>", "def half(a: int) -> float:\n>>>")
    breaks += "\nEDIT: calc.py\n---\n<<<<<<< SEARCH\n    return a + b\n=======\n    return a\n>>>>>>> REPLACE\n---\n"
    gone = answer("a - b", more="\nDELETE: tests/test_calc.py\n")
    untested = f"EDIT: calc.py\n---\n{PIECE.format(body='a - b')}---\n"
    idle = answer("a - b", "from calc import add\n\n\ndef test_more():\n    assert add(2, 2) == 4\n")
    for number, (text, said) in enumerate(
        (
            (idle, "tests/test_subtract.py::test_more pass without it as well"),
            (breaks, "test failed: tests/test_calc.py::test_add"),
            (gone, "passed at the base commit and is not run any more"),
            (untested, "no test shows the change"),
        )
    ):
        tape = cassette(tmp_path / f"tape{number}", words(made), text)
        result = cli("run", *options(made, tape), "--rounds", 1)
        assert result.exit_code == 1, result.output
        assert said in result.stdout


@pytest.mark.network
def test_a_project_in_a_folder_is_found_and_tested_there(cli: Cli, tmp_path: Path, made: Made) -> None:
    """Of several projects the one that the task's words fit, unless the task file names its folder."""
    files: dict[str, str] = {f"backend/{path}": text for path, text in FILES.items() if isinstance(text, str)}
    files |= {
        "package.json": '{"devDependencies": {"husky": "9"}}',
        "frontend/package.json": "{}",
        "frontend/a.js": "",
    }
    several = Made(tmp_path / "several")
    several.commit(files)
    said = "Add subtract(a, b) beside add and half in calc"
    text = answer("a - b").replace("EDIT: ", "EDIT: backend/").replace("FILE: ", "FILE: backend/")
    file = tmp_path / "task.yaml"
    file.write_text(f"task: {said}\nframework: Python\nfolder: backend\n", encoding="utf-8")
    for task, why in ((said, "the task's words fit its files best"), (str(file), "as the task says")):
        tape = cassette(tmp_path / f"tape{len(task)}", task_for(task, snapshot_of(files)), text)
        result = cli(
            "run",
            task,
            "--into",
            several.folder,
            "--model",
            "replay",
            "--cassette",
            tape,
            "--replay",
            "by-task",
        )
        assert result.exit_code == 0, result.output
        assert f"project: backend ({why}; others: frontend)" in result.stderr
        assert "backend/calc.py" in several.git("diff", "--name-only", "main", "backsmith/" + slug(said))


def test_uncommitted_changes_are_refused_or_carried_by_choice(cli: Cli, made: Made, tmp_path: Path) -> None:
    made.write({"calc.py": "def add(a, b):\n    return b + a\n", "notes.txt": "mine\n"})
    tape = cassette(
        tmp_path / "tape", words(made), "FILE: new.txt\n---\nx\n---\n\nFILE: test_new.py\n---\ndef\n---\n"
    )
    with pytest.raises(ConfigError, match=r"changes that are not committed: calc\.py, notes\.txt"):
        cli("run", *options(made, tape))
    state = made.state()
    result = cli("run", *options(made, tape), "--rounds", 1, "--uncommitted", "carry", "--sandbox", "host")
    assert result.exit_code in {1, 3}, result.output
    branch = "backsmith/add-subtract-a-b-to-calc-py"
    assert made.git("show", f"{branch}:calc.py") == "def add(a, b):\n    return b + a"
    assert (
        made.git("log", "--format=%s", f"main..{branch}").split("\n")[-1] == "Changes that were not committed"
    )
    assert {name: made.state()[name] for name in state} == state


def test_what_cannot_stand_in_the_repository_is_refused(cli: Cli, made: Made, tmp_path: Path) -> None:
    (made.folder / "out").symlink_to("/etc")
    made.commit({})
    text = "FILE: out/passwd\n---\nx\n---\n\nFILE: Calc.py\n---\nx = 1\n---\n\nFILE: old.py/x.py\n---\nx = 1\n---\n"
    tape = cassette(tmp_path / "tape", words(made), text)
    result = cli("run", *options(made, tape), "--rounds", 1)
    assert result.exit_code == 1
    for path, rival in (("out/passwd", "out"), ("Calc.py", "calc.py"), ("old.py/x.py", "old.py")):
        assert f"{path} and {rival} cannot stand side by side" in result.stdout
    assert "Nothing was handed over" in result.stdout
    assert not os.path.lexists("/etc/passwd.new")


def test_options_of_a_repository_need_one(cli: Cli, task: Path) -> None:
    with pytest.raises(ConfigError, match="go with --into"):
        cli("run", task, "--model", "replay", "--base", "HEAD")


def test_words_alone_are_no_task_file(cli: Cli, made: Made) -> None:
    with pytest.raises(ConfigError, match="no such task file"):
        cli("run", "nonsense", "--into", made.folder, "--model", "replay")
