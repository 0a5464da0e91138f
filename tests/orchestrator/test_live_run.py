"""``backsmith run`` against a server that speaks a provider's wire format: settings, budget, cache, record, secrets."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.agents.loopback import Loopback, Reply, fault
from tests.orchestrator import answers
from tests.orchestrator.conftest import cache_of_its_own

pytestmark = pytest.mark.network

Live = Callable[..., Awaitable["subprocess.CompletedProcess[str]"]]
BACKSMITH = Path(sys.executable).with_name("backsmith")
PLANTED = "sk-planted-0123456789-abcdefghij"


@pytest.fixture
def live(tmp_path: Path, task: Path, server: Loopback) -> Live:
    """Runs ``backsmith run task.yaml`` on the loopback server."""

    async def call(*args: str) -> "subprocess.CompletedProcess[str]":
        argv = [
            str(BACKSMITH),
            "run",
            str(task),
            "--model",
            "compatible/tiny",
            "--base-url",
            server.v1,
            *args,
        ]
        env = {
            **os.environ,
            "BACKSMITH_COMPATIBLE_KEY": PLANTED,
            "BACKSMITH_CACHE": cache_of_its_own(tmp_path),
        }
        return await asyncio.to_thread(run, argv, tmp_path, env)

    return call


def run(argv: list[str], cwd: Path, env: dict[str, str] | None = None) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(argv, capture_output=True, text=True, check=False, cwd=cwd, env=env, timeout=60)


def stdout_of(argv: list[str]) -> bytes:
    return subprocess.run(argv, capture_output=True, check=True).stdout


async def test_an_answer_is_streamed_verified_and_counted(
    live: Live, server: Loopback, tmp_path: Path
) -> None:
    server.script = [fault(503), Reply(text=answers.GOOD)]
    done = await live("--run", "r", "--no-cache", "--set", "temperature=0.5")
    assert done.returncode == 0, done.stderr
    assert server.seen[-1].body["temperature"] == 0.5
    assert "greeting.py" in done.stderr
    assert "tokens" in done.stdout
    assert "answered   live" in done.stdout


async def test_a_truncated_answer_is_continued_and_told(live: Live, server: Loopback, tmp_path: Path) -> None:
    cut = answers.GOOD.index("assert greet")
    line_start = answers.GOOD.rindex("\n", 0, cut) + 1
    server.script = [
        Reply(text=answers.GOOD[: cut + 6], stop="length"),
        Reply(text=answers.GOOD[line_start:]),
    ]
    done = await live("--run", "r", "--no-cache", "--rounds", "1")
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads((tmp_path / "r/report.json").read_text(encoding="utf-8"))
    codes = [d["code"] for d in report["samples"][0]["rounds"][0]["score"]["submission"]["diagnostics"]]
    assert codes == ["continued"]


async def test_a_budget_is_a_clean_stop_that_goes_on_with_a_larger_one(live: Live, server: Loopback) -> None:
    server.script = [Reply(text=answers.BROKEN_TEST), Reply(text=answers.GOOD)]
    stopped = await live("--run", "r", "--no-cache", "--budget", "calls=1")
    assert stopped.returncode == 3, stopped.stderr
    assert "budget" in stopped.stderr
    assert "--run r" in stopped.stderr
    again = await live("--run", "r", "--no-cache", "--budget", "calls=1")
    assert again.returncode == 3, "what was spent before counts"
    assert len(server.seen) == 1
    done = await live("--run", "r", "--no-cache", "--budget", "calls=2")
    assert done.returncode == 0, done.stderr
    assert len(server.seen) == 2


async def test_a_second_run_is_answered_from_the_cache(live: Live, server: Loopback) -> None:
    server.script = [Reply(text=answers.GOOD)]
    assert (await live("--run", "a")).returncode == 0
    again = await live("--run", "b")
    assert again.returncode == 0, again.stderr
    assert "from the completion cache" in again.stdout
    assert len(server.seen) == 1


async def test_what_was_recorded_replays_with_no_key_and_a_changed_prompt_does_not(
    live: Live, server: Loopback, tmp_path: Path, task: Path
) -> None:
    server.script = [Reply(text=answers.GOOD)]
    assert (await live("--run", "a", "--no-cache", "--record", "tape")).returncode == 0
    replay = [str(BACKSMITH), "run", str(task), "--model", "replay", "--cassette", "tape"]
    done = run(replay, tmp_path)
    assert done.returncode == 0, done.stderr
    assert "answered   replayed" in done.stdout
    task.write_text(answers.TASK.replace("tiny", "small"), encoding="utf-8")
    missed = run(replay, tmp_path)
    assert missed.returncode == 3
    assert "small" in missed.stderr, "the difference of the prompts is shown"


async def test_a_planted_key_is_found_nowhere(
    live: Live, server: Loopback, tmp_path: Path, task: Path
) -> None:
    title = f"Build a library with {PLANTED} in it"
    task.write_text(answers.TASK.replace("Build a tiny greeting library", title), encoding="utf-8")
    text = answers.answer(
        {"greeting.py": answers.CODE + f"# {PLANTED}\n", "tests/test_greeting.py": answers.TEST}
    )
    server.script = [Reply(text=text)]
    done = await live("--record", "tape", "--rounds", "1")
    assert PLANTED in str(server.seen[0].body), "the provider gets the prompt as it is"
    assert PLANTED not in done.stdout + done.stderr
    task.unlink()
    for path in tmp_path.rglob("*"):
        assert PLANTED not in str(path).lower()
        if path.is_file():
            assert PLANTED.encode() not in path.read_bytes(), path
    (repository,) = tmp_path.glob("runs/*/code.git")
    every = ["git", "-C", str(repository), "cat-file", "--batch-all-objects", "--batch"]
    assert PLANTED.encode() not in stdout_of(every)
