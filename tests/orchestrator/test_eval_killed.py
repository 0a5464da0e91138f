"""``kill -9`` at random instants, a full disk, flipped bytes and torn tails: every sample once in the end."""

import random
import re
import resource
import subprocess
from pathlib import Path

import pytest

from orchestrator.results import read_results
from tests.orchestrator.killing import check, command, finish, hurt, kill_until_done
from tests.orchestrator.suites import many, write_suite

SAMPLES = 60


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_suite(tmp_path_factory.mktemp("killed") / "suite", many(SAMPLES))


@pytest.mark.slow
def test_killed_again_and_again_it_ends_with_every_sample_once(suite: Path, tmp_path: Path) -> None:
    killed = kill_until_done(suite, tmp_path / "run", random.Random(20261121), most=5)
    assert killed.kills >= 2
    finish(suite, tmp_path / "run")
    check(suite, tmp_path / "run", SAMPLES)


@pytest.mark.slow
def test_a_flipped_byte_and_a_torn_tail_cost_at_most_a_record_each_and_are_told(
    suite: Path, tmp_path: Path
) -> None:
    run, chance = tmp_path / "run", random.Random(7)
    finish(suite, run)
    lost = hurt(run, chance)
    done = subprocess.run(command(suite, run), capture_output=True, text=True, check=False)
    assert re.search("of the journal (is|are) damaged and (is|are) left out", done.stderr)
    check(suite, run, SAMPLES, lost=lost)


@pytest.mark.slow
def test_a_full_disk_stops_the_run_and_it_goes_on_with_more_room(suite: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"

    def no_file_above_sixty_kilobytes() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))

    full = subprocess.run(
        command(suite, run),
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=no_file_above_sixty_kilobytes,
    )
    assert full.returncode == 3, full.stderr
    assert "cannot be written" in full.stderr
    assert "go on with: --run" in full.stderr
    assert read_results(run).partial
    finish(suite, run)
    check(suite, run, SAMPLES)
