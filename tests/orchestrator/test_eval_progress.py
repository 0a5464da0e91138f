"""What a person sees while an eval runs."""

import subprocess
from pathlib import Path

import pytest

from agents.batch.service import Progress as Batch
from orchestrator.eval_progress import Progress, eval_progress
from tests.orchestrator.engines import Scripted, engine, passes
from tests.orchestrator.killing import command
from tests.orchestrator.suites import many, write_suite


class Clock:
    """Time that passes when a test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


async def test_batches_are_told_while_their_provider_works_on_them(suite: Path, tmp_path: Path) -> None:
    shown: list[str] = []
    clock = Clock()
    progress = Progress(shown.append, 10, shown.append, clock)
    async with engine(suite, tmp_path / "run", Scripted(), passes) as prepared:
        progress.attach(prepared)
        for done, failed in ((0, 0), (2, 1)):
            clock.now += 30
            progress.batch(Batch("b-1", 6, done, failed, ended=False))
        clock.now += 1
        progress.batch(Batch("b-2", 4, 1, 0, ended=False))
        assert len(shown) == 2, "not more often than it is to be shown"
        assert "batch 0/6 answered" in shown[0]
        assert "batch 3/6 answered (1 failed)" in shown[1]
        progress.show()
        assert "2 batches 4/10 answered (1 failed)" in shown[-1]
        for name in ("b-1", "b-2"):
            progress.batch(Batch(name, 6, 6, 0, ended=True))
        await prepared.run()
        progress.show()
    assert shown[-1].startswith("6/6 done, 6 verified, 0 failed")
    assert "batch" not in shown[-1]


async def test_what_kept_a_sample_from_its_verdict_is_said_on_a_line_that_stays(
    suite: Path, tmp_path: Path
) -> None:
    said: list[str] = []
    clock = Clock()
    progress = Progress(lambda _: None, 0.25, said.append, clock)
    async with engine(suite, tmp_path / "run", Scripted(), passes) as prepared:
        progress.attach(prepared)
        for number in range(100):
            clock.now += 0.5
            prepared.tally.last_error = f"the line is cut [request {number}]"
            progress.show()
    assert said[0] == "note: no verdict: the line is cut [request 0]"
    assert len(said) == 5, "not for each of very many"


async def test_an_error_that_reads_like_markup_is_shown_as_it_is(
    suite: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    async with engine(suite, tmp_path / "run", Scripted(), passes) as prepared:
        with eval_progress() as progress:
            progress.attach(prepared)
            prepared.tally.last_error = "unexpected token [/INST] in [red] here"
            progress.show()
            progress.batch(Batch("[/b]", 6, 2, 1, ended=False))
    told = capsys.readouterr().err
    assert "unexpected token [/INST] in [red] here" in told
    assert told.endswith("\x1b[2K"), "the live line is gone"
    assert "\x1b[?25h" in told, "and the cursor is there"


@pytest.mark.slow
def test_lines_come_now_and_then_where_there_is_no_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    suite = write_suite(tmp_path / "suite", many(40))
    monkeypatch.setenv("COLUMNS", "40")
    done = subprocess.run(command(suite, tmp_path / "run"), capture_output=True, text=True, check=False)
    lines = done.stderr.strip().split("\n")
    assert len(lines) < 5
    assert lines[-1].startswith("40/40 done, 0 verified, 0 failed, 40 open, running 0 model")


@pytest.mark.slow
def test_nobody_who_reads_the_progress_costs_nothing(suite: Path, tmp_path: Path) -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(
            command(suite, tmp_path / "run"), stderr=full, stdout=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 3, "without tests nothing is verified"
    assert "6 tasks, 1 epoch" in done.stdout
