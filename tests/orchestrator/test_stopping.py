"""Ctrl-C once and twice, SIGTERM, a closed terminal: what is kept stays, nothing is left behind, and it is told."""

import asyncio
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from orchestrator.results import read_results
from tests.agents.loopback import Loopback, Reply
from tests.orchestrator import answers
from tests.orchestrator.engines import until

BACKSMITH = Path(sys.executable).with_name("backsmith")
WORK = """
import asyncio, signal, sys
from orchestrator.stopping import stoppable

async def work():
    print("begun", flush=True)
    try:
        await asyncio.sleep(60)
    finally:
        print("tidying", flush=True)
        await asyncio.sleep(float(sys.argv[1]))
        print("tidied", flush=True)

# Whoever runs these tests may ignore it, as nohup does.
signal.signal(signal.SIGHUP, signal.SIG_IGN if sys.argv[2] else signal.SIG_DFL)
try:
    stoppable(work())
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


def started(tidying: float, ignored: bool = False) -> "subprocess.Popen[str]":
    """A process that works until it is stopped, and then takes so many seconds to tidy up."""

    process = subprocess.Popen(
        [sys.executable, "-c", WORK, str(tidying), "ignoring" * ignored],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    return process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_first_signal_lets_the_work_tidy_up(number: signal.Signals) -> None:
    process = started(0.01)
    process.send_signal(number)
    assert process.communicate(timeout=30) == ("tidying\ntidied\ninterrupted\n", "")


def test_the_second_one_ends_it_at_once() -> None:
    process = started(60)
    process.send_signal(signal.SIGTERM)
    assert process.stdout is not None
    assert process.stdout.readline() == "tidying\n"
    process.send_signal(signal.SIGINT)
    told, said = process.communicate(timeout=30)
    assert (process.returncode, told) == (130, "")
    assert said == "stopped at once; what was kept so far stays\n"


def test_what_was_ignored_stays_so() -> None:
    process = started(0.01, ignored=True)
    process.send_signal(signal.SIGHUP)
    process.send_signal(signal.SIGTERM)
    assert process.communicate(timeout=30)[0] == "tidying\ntidied\ninterrupted\n"


@pytest.fixture
def evaluated(suite: Path, server: Loopback, tmp_path: Path) -> list[str]:
    """An eval of six samples, the last three of which the server answers too late."""
    answer_late(server, 300)
    model = ["--model", "compatible/tiny", "--base-url", server.v1, "--no-cache"]
    return [str(BACKSMITH), "eval", str(suite), *model, "--no-tests", "--run", str(tmp_path / "run")]


ENVIRON = {**os.environ, "BACKSMITH_COMPATIBLE_KEY": "sk-nothing-0123456789"}


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_an_eval_that_is_stopped_says_how_to_go_on(
    evaluated: list[str], server: Loopback, tmp_path: Path, number: signal.Signals
) -> None:
    process = await asyncio.create_subprocess_exec(*evaluated, stderr=subprocess.PIPE, env=ENVIRON)
    await in_the_middle(server, tmp_path / "run")
    process.send_signal(number)
    _, said = await process.communicate()
    assert process.returncode == 130
    assert f"go on with: --run {tmp_path / 'run'}" in said.decode()
    assert "Traceback" not in said.decode()
    assert len(read_results(tmp_path / "run").samples) == 3


@pytest.mark.slow
@pytest.mark.parametrize("ignored", [False, True])
async def test_a_terminal_that_is_closed_costs_no_sample(
    evaluated: list[str], server: Loopback, tmp_path: Path, ignored: bool
) -> None:
    """With ``nohup`` the eval goes on although nobody can see it; without, it is stopped."""
    answer_late(server, 3 if ignored else 300)
    ours, theirs = pty.openpty()

    def on_a_terminal() -> None:
        os.setsid()
        # The first terminal that the leader of a session opens is its own.
        os.close(os.open(os.ttyname(theirs), os.O_RDWR))
        signal.signal(signal.SIGHUP, signal.SIG_IGN if ignored else signal.SIG_DFL)

    process = await asyncio.create_subprocess_exec(
        *evaluated, stdin=theirs, stdout=theirs, stderr=theirs, env=ENVIRON, preexec_fn=on_a_terminal
    )
    os.close(theirs)
    await in_the_middle(server, tmp_path / "run")
    os.close(ours)
    # What is found cannot be told to anybody.
    assert await process.wait() == (3 if ignored else 130)
    assert len(read_results(tmp_path / "run").samples) == (6 if ignored else 3)


def answer_late(server: Loopback, seconds: float) -> None:
    server.usual = lambda seen: Reply(text=answers.GOOD, before_headers=0 if seen < 3 else seconds)


async def in_the_middle(server: Loopback, run: Path) -> None:
    """Wait until all was asked and what was answered is kept."""
    await until(lambda: server.active == 3 and _kept(run) == 3)


def _kept(run: Path) -> int:
    journal = run / "journal.jsonl"
    return journal.read_text(encoding="utf-8").count('"kind":"sample"') if journal.is_file() else 0
