"""``backsmith run``: rounds, teams, the run folder, and going on after a kill. Answers come from cassettes."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from agents.cassette.cassette import open_cassette
from agents.completion import Completion, Model, Request
from orchestrator.run_task import TaskRun, TaskRunResult, run_task
from orchestrator.teams import find_team
from orchestrator.watcher import Silent
from prompts.errors import ConfigError, ProviderError
from prompts.taskfile import load_task
from sandbox.isolation.choose import choose_isolation
from sandbox.trial import Laboratory
from tests.orchestrator import answers
from tests.orchestrator.conftest import Cli

pytestmark = pytest.mark.network


class Script:
    """A model that answers from a list, one answer a call, and then fails as a provider does."""

    name = "script/test"

    def __init__(self, *texts: str) -> None:
        self.texts = list(texts)
        self.requests: list[Request] = []

    async def complete(self, request: Request, on_text: Any = None) -> Completion:
        self.requests.append(request)
        if not self.texts:
            raise ProviderError("the provider is down", "try again later")
        text = self.texts.pop(0)
        if on_text:
            for start in range(0, len(text), 50):
                on_text(text[start : start + 50])
        return Completion(text, "end", "script-1", source="live")


class Watch(Silent):
    def __init__(self) -> None:
        self.files: list[str] = []

    def file(self, path: str) -> None:
        self.files.append(path)


async def run(
    model: Model,
    folder: Path,
    task: Path,
    *,
    team: str = "build",
    rounds: int = 3,
    watch: Watch | None = None,
) -> TaskRunResult:
    plan = TaskRun(load_task(task), model, find_team(team), folder, rounds)
    async with Laboratory(choose_isolation()) as laboratory:
        return await run_task(plan, laboratory, watch or Watch())


def git(result: TaskRunResult, *args: str) -> str:
    argv = ["git", "-C", str(result.repository), *args]
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout


async def test_first_answer_verifies(task: Path, tmp_path: Path) -> None:
    watch = Watch()
    result = await run(Script(answers.GOOD), tmp_path / "run", task, watch=watch)
    assert str(result.sample.best.score.verdict) == "pass"
    assert watch.files == ["greeting.py", "tests/test_greeting.py"]
    assert git(result, "show", f"{result.sample.branch}:greeting.py") == answers.CODE
    assert git(result, "fsck", "--strict") == ""
    assert "pass" in result.report.read_text(encoding="utf-8")


async def test_a_failing_answer_is_repaired(task: Path, tmp_path: Path) -> None:
    fixed = answers.answer({"tests/test_greeting.py": answers.TEST})
    model = Script(answers.BROKEN_TEST, fixed)
    result = await run(model, tmp_path / "run", task)
    assert [str(r.score.verdict) for r in result.sample.rounds] == ["fail", "pass"]
    repair = model.requests[1].messages
    assert [m.speaker for m in repair] == ["system", "user", "assistant", "user"]
    assert "tests/test_greeting.py::test_greet" in repair[-1].text
    assert repair[2].text == answers.BROKEN_TEST
    # The second answer sent one file; the other is still there.
    assert git(result, "ls-tree", "-r", "--name-only", result.sample.branch).split() == [
        "greeting.py",
        "tests/test_greeting.py",
    ]
    assert git(result, "rev-list", "--count", result.sample.branch).strip() == "2"


async def test_rounds_are_bounded(task: Path, tmp_path: Path) -> None:
    model = Script(*[answers.BROKEN_TEST] * 5)
    result = await run(model, tmp_path / "run", task, rounds=2)
    assert len(model.requests) == 2
    assert str(result.sample.best.score.verdict) == "fail"


async def test_format_errors_go_back_too(task: Path, tmp_path: Path) -> None:
    model = Script("FILE: greeting.py\n---\ndef greet(", answers.GOOD)
    result = await run(model, tmp_path / "run", task)
    assert [str(r.score.verdict) for r in result.sample.rounds] == ["fail", "pass"]
    assert "truncated" in model.requests[1].messages[-1].text


def raw_answer(result: TaskRunResult) -> bytes:
    reference = f"refs/backsmith/calls/{result.sample.name}/build-1:response.md"
    argv = ["git", "-C", str(result.repository), "cat-file", "blob", reference]
    return subprocess.run(argv, capture_output=True, check=True).stdout


async def test_raw_answer_is_kept_byte_for_byte(task: Path, tmp_path: Path) -> None:
    odd = answers.GOOD.replace("\n", "\r\n") + "\u2028 \x00 end"
    result = await run(Script(odd), tmp_path / "run", task, rounds=1)
    assert raw_answer(result) == odd.encode()


REVIEW = '{"findings": [{"severity": "high", "path": "greeting.py", "line": 2, "finding": "the name is not checked"}]}'


async def test_a_review_in_another_form_is_asked_for_again_and_then_read_as_it_is(
    task: Path, tmp_path: Path
) -> None:
    prose = "- [high] greeting.py:2 - the name is not checked"
    model = Script("# Design", answers.GOOD, prose, prose, answers.GOOD)
    await run(model, tmp_path / "run", task, team="design-build-review", rounds=2)
    assert [r.tag.part for r in model.requests] == [1, 1, 1, 2, 1]
    assert "does not follow the schema" in model.requests[3].messages[-1].text
    assert "the name is not checked" in model.requests[4].messages[-1].text


async def test_design_build_review(task: Path, tmp_path: Path) -> None:
    model = Script(
        "# Design\nOne module.",
        answers.GOOD,
        REVIEW,
        answers.GOOD,
        '{"findings": []}',
    )
    result = await run(model, tmp_path / "run", task, team="design-build-review")
    assert [r.tag.role for r in model.requests] == [
        "backend-expert",
        "backend-builder",
        "backend-expert-review",
        "backend-builder",
        "backend-expert-review",
    ]
    assert "One module." in model.requests[1].messages[1].text
    assert "greet(name: str)" in model.requests[2].messages[1].text
    assert "the name is not checked" in model.requests[3].messages[-1].text
    assert str(result.sample.best.score.verdict) == "pass"


async def test_goes_on_where_it_stopped(task: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with pytest.raises(ProviderError):
        await run(Script(answers.BROKEN_TEST), folder, task)
    model = Script(answers.GOOD)
    result = await run(model, folder, task)
    assert len(model.requests) == 1, "the first round's answer was kept and is not asked for again"
    assert model.requests[0].tag.round == 2
    assert [str(r.score.verdict) for r in result.sample.rounds] == ["fail", "pass"]
    again = await run(Script(), folder, task)
    assert again.sample.best == result.sample.best


async def test_a_lost_record_costs_one_step(task: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    await run(Script(answers.GOOD), folder, task)
    journal = folder / "journal.jsonl"
    lines = journal.read_bytes().split(b"\n")
    score_line = next(n for n, line in enumerate(lines) if b'"kind":"score"' in line)
    lines[score_line] = lines[score_line][:-40]
    journal.write_bytes(b"\n".join(lines))
    result = await run(Script(), folder, task)
    assert str(result.sample.best.score.verdict) == "pass"
    assert "left out" in result.report.read_text(encoding="utf-8")


async def test_another_run_is_refused(task: Path, tmp_path: Path) -> None:
    await run(Script(answers.GOOD), tmp_path / "run", task)
    with pytest.raises(ConfigError, match="team was 'build', is 'design-build'"):
        await run(Script(answers.GOOD), tmp_path / "run", task, team="design-build")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "file").write_text("", encoding="utf-8")
    with pytest.raises(ConfigError, match="not empty"):
        await run(Script(answers.GOOD), tmp_path / "other", task)


def test_command_with_a_cassette(cli: Cli, task: Path, tmp_path: Path) -> None:
    missing = cli(
        "run", task, "--model", "replay", "--cassette", _recording(tmp_path), "--replay", "by-task", "--json"
    )
    assert missing.exit_code == 0, missing.output
    data = json.loads(missing.stdout)
    assert data["samples"][0]["rounds"][0]["source"] == "drifted"
    folder = Path(data["folder"])
    assert cli("report", folder).stdout == (folder / "report.md").read_text(encoding="utf-8")
    assert json.loads(cli("report", folder, "--json", "-").stdout)["samples"] == data["samples"]


def _recording(tmp_path: Path) -> Path:
    folder = tmp_path / "recordings"
    (folder / "greeting").mkdir(parents=True)
    (folder / "greeting" / "task.yaml").write_text(answers.TASK, encoding="utf-8")
    (folder / "greeting" / "response.md").write_text(answers.GOOD, encoding="utf-8")
    assert len(open_cassette(folder)) == 1
    return folder
