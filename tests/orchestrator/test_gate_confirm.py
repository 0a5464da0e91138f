"""The gate asks a live model for fresh samples of what it suspects."""

import asyncio
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from evals.gate.baseline import count, write_baseline
from orchestrator.results import read_results
from tests.agents.loopback import Loopback, Reply
from tests.orchestrator import answers
from tests.orchestrator.conftest import cache_of_its_own

pytestmark = [pytest.mark.network, pytest.mark.slow]

BACKSMITH = Path(sys.executable).with_name("backsmith")
WORSE = answers.GOOD.replace("hello {name}", "{name}")


class Shop:
    """A suite of two tasks, a baseline of it, and a model on the loopback server. Nothing is probed."""

    def __init__(self, folder: Path, server: Loopback) -> None:
        self.folder = folder
        self.server = server
        for name in ("greeting", "farewell"):
            (folder / "suite" / name).mkdir(parents=True)
            text = answers.TASK.replace("tiny greeting", f"tiny {name}")
            (folder / "suite" / name / "task.yaml").write_text(text, encoding="utf-8")
        (folder / "suite/suite.yaml").write_text("suite: shop\nepochs: 3\n", encoding="utf-8")

    async def backsmith(self, *args: str) -> "subprocess.CompletedProcess[str]":
        env = {
            **os.environ,
            "BACKSMITH_CACHE": cache_of_its_own(self.folder),
            "BACKSMITH_COMPATIBLE_KEY": "k",
        }
        return await asyncio.to_thread(
            subprocess.run,
            [str(BACKSMITH), *args],
            capture_output=True, text=True, check=False, cwd=self.folder, env=env, timeout=120,
        )  # fmt: skip

    async def baseline(self) -> None:
        """A good sample of each task, and a baseline as deep as if there were twenty."""
        lines = [
            json.dumps({"id": task, "task": task, "output": answers.GOOD, "model": "compatible/tiny"})
            for task in ("greeting", "farewell")
        ]
        (self.folder / "good.jsonl").write_text("\n".join(lines), encoding="utf-8")
        done = await self.backsmith(
            "eval", "suite", "--outputs", "good.jsonl", "--no-probes", "--run", "good"
        )
        assert done.returncode == 0, done.stderr
        counted = count(read_results(self.folder / "good"))
        deep = {name: replace(task, samples=20, passed=20, items={}) for name, task in counted.tasks.items()}
        (self.folder / "b.json").write_text(write_baseline(replace(counted, tasks=deep)), encoding="utf-8")

    async def run(self, *replies: str) -> None:
        """One live run of three samples a task, whose answers are these."""
        self.server.script = [Reply(text=text, piece=4000) for text in replies]
        live = ("--model", "compatible/tiny", "--base-url", self.server.v1, "--calls", "1", "--no-cache")
        done = await self.backsmith(
            "eval", "suite", "--run", "r", "--no-probes", "--set", "temperature=0.5", *live
        )
        assert done.returncode in {0, 1}, done.stderr

    async def gate(self, *options: str) -> tuple[int, dict[str, object]]:
        confirm = ("--confirm", "suite", "--base-url", self.server.v1)
        done = await self.backsmith("gate", "r", "--baseline", "b.json", *confirm, "--json", *options)
        assert done.stdout, done.stderr
        found: dict[str, object] = json.loads(done.stdout)
        return done.returncode, found


@pytest.fixture
async def shop(tmp_path: Path, server: Loopback) -> Shop:
    made = Shop(tmp_path, server)
    await made.baseline()
    return made


async def test_a_suspect_is_convicted_by_fresh_samples(shop: Shop) -> None:
    await shop.run(*[WORSE] * 6)
    shop.server.usual = lambda _: Reply(text=WORSE, piece=4000)
    asked = len(shop.server.seen)
    code, found = await shop.gate()
    assert (code, found["outcome"]) == (1, "regression"), found
    assert len(shop.server.seen) - asked == 6, "three fresh samples of each task, none of them from a cache"
    assert shop.server.seen[-1].body["temperature"] == 0.5
    [folder] = shop.folder.glob(f"r-fresh-{read_results(shop.folder / 'r').identity[:8]}")
    assert len(read_results(folder).samples) == 6


async def test_a_suspect_is_cleared_by_fresh_samples(shop: Shop) -> None:
    await shop.run(WORSE, WORSE, *[answers.GOOD] * 4)
    shop.server.usual = lambda _: Reply(text=answers.GOOD, piece=4000)
    code, found = await shop.gate("--fresh-epochs", "6")
    assert (code, found["outcome"]) == (0, "passed")
    tests = found["tests"]
    assert isinstance(tests, list)
    assert any(test["suspect"] and test["fresh"] and not test["alarm"] for test in tests)


async def test_a_budget_leaves_fresh_samples_out_and_that_is_told(shop: Shop) -> None:
    await shop.run(WORSE, WORSE, *[answers.GOOD] * 4)
    shop.server.usual = lambda _: Reply(text=answers.GOOD, piece=4000)
    code, found = await shop.gate("--budget", "calls=2")
    assert (code, found["outcome"]) in {(0, "passed"), (1, "regression")}
    assert "4 of 6 fresh samples are missing or could not be judged" in found["notes"]  # type: ignore[operator]


async def test_a_changed_task_is_told_before_anything_is_paid(shop: Shop) -> None:
    await shop.run(WORSE, WORSE, *[answers.GOOD] * 4)
    task = shop.folder / "suite/greeting/task.yaml"
    task.write_text(
        task.read_text(encoding="utf-8").replace("tiny greeting", "little greeting"), encoding="utf-8"
    )
    asked = len(shop.server.seen)
    done = await shop.backsmith(
        "gate", "r", "--baseline", "b.json", "--confirm", "suite", "--base-url", shop.server.v1
    )
    assert done.returncode == 2
    assert "does not have the tasks of r: greeting" in done.stderr
    assert len(shop.server.seen) == asked


async def test_replayed_answers_cannot_be_confirmed_and_are_decided_as_they_are(shop: Shop) -> None:
    (shop.folder / "bad.jsonl").write_text(
        (shop.folder / "good.jsonl").read_text(encoding="utf-8").replace("hello {name}", "{name}"),
        encoding="utf-8",
    )
    await shop.backsmith("eval", "suite", "--outputs", "bad.jsonl", "--no-probes", "--run", "r")
    with_it = await shop.backsmith("gate", "r", "--baseline", "b.json", "--confirm", "suite")
    without = await shop.backsmith("gate", "r", "--baseline", "b.json")
    assert with_it.returncode == without.returncode
    assert "no fresh samples were asked for: the answers of this run are not live (manual)" in with_it.stdout
    assert "--confirm SUITE" not in without.stdout, "there is no model that could be asked"
