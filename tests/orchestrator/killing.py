"""Kills an eval at random instants and lets it go on, until it is finished; then looks whether all is there."""

import json
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from orchestrator.journal import scan_journal
from orchestrator.results import read_results
from sandbox.workspace import Workspace


class Process(Protocol):
    """As much of ``subprocess.Popen`` as is needed here."""

    def poll(self) -> int | None: ...

    def send_signal(self, sig: int) -> None: ...

    def wait(self) -> int: ...


Start = Callable[[list[str]], Process]


def started(argv: list[str]) -> Process:
    """A process of its own, from the start."""
    return subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@dataclass(frozen=True, slots=True)
class Killed:
    """How often the eval was killed before it was finished, and how many lines were found damaged on the way."""

    kills: int
    damaged: int


def command(suite: Path, run: Path) -> list[str]:
    """The eval; few calls at a time, so that it takes long enough to be killed within."""
    backsmith = str(Path(sys.executable).with_name("backsmith"))
    return [
        backsmith,
        "eval",
        str(suite),
        "--model",
        "replay",
        "--no-tests",
        "--calls",
        "5",
        "--run",
        str(run),
    ]


def kill_until_done(
    suite: Path, run: Path, chance: random.Random, most: int, start: Start = started
) -> Killed:
    """Kill the eval up to ``most`` times, each time after the journal has grown by a random number of bytes."""
    kills = damaged = 0
    while kills < most:
        size = _size(run)
        process = start(command(suite, run))
        wanted = size + chance.randrange(60_000)
        while process.poll() is None and _size(run) < wanted:
            time.sleep(0.0005)
        time.sleep(chance.uniform(0, 0.004))
        process.send_signal(signal.SIGKILL)
        ended = process.wait()
        if ended != -signal.SIGKILL:
            break  # it was faster
        kills += 1
        damaged += sum(line.record is None for line in scan_journal(run / "journal.jsonl"))
    return Killed(kills, damaged)


def finish(suite: Path, run: Path, start: Start = started) -> None:
    """Let the eval run to its end."""
    assert start(command(suite, run)).wait() == 3  # without tests nothing is verified, and nothing is claimed


def hurt(run: Path, chance: random.Random) -> int:
    """Flip a byte of the journal and tear off its tail; returns how many records that cost (at most two)."""
    path = run / "journal.jsonl"
    before = [line for line in scan_journal(path) if line.record is not None]
    data = bytearray(path.read_bytes()[:-20])
    # Behind the plan: a run whose plan is lost is another story (and told as one).
    plan = next(line.offset for line in before if line.record and line.record["kind"] == "run")
    data[chance.randrange(data.index(b"\n", plan) + 1, len(data) - 400)] ^= 0x15
    path.write_bytes(bytes(data))
    lines = list(scan_journal(path))
    lost = len(before) - sum(line.record is not None for line in lines)
    assert 1 <= lost <= 2
    assert any(line.record is None for line in lines), "it is told"
    return lost


def check(suite: Path, run: Path, samples: int, lost: int = 0) -> None:
    """Every sample exactly once, every answer kept once (but ``lost`` records), git sound, every line readable."""
    records = [line.record for line in scan_journal(run / "journal.jsonl") if line.record is not None]
    counts = {
        kind: Counter(str(record["sample"]) for record in records if record["kind"] == kind)
        for kind in ("answer", "score", "sample")
    }
    assert len(counts["sample"]) == samples
    for kind, count in counts.items():
        extra = sum(count.values()) - len(count)
        # A process that is killed between the score and the end of a sample finds the score again.
        assert extra == 0, f"{kind}: {[name for name, times in count.items() if times > 1]}"
        assert len(count) >= samples - lost
    results = read_results(run)
    assert len(results.samples) == samples
    assert not results.partial
    with Workspace(run / "code.git") as workspace:
        for sample in results.samples:
            if sample.commits or not lost:
                assert workspace.branch(sample.branch) == sample.commits[-1]
                assert workspace.files(sample.commits[-1])
            if sample.calls or not lost:
                assert workspace.read(sample.calls[0].answer).startswith(b"FILE: ")
    fsck = subprocess.run(
        ["git", "-C", str(run / "code.git"), "fsck", "--strict", "--no-dangling"],
        check=False,
        capture_output=True,
        text=True,
    )
    assert fsck.returncode == 0 and "error" not in fsck.stderr, fsck.stderr
    whole = [line for line in (run / "journal.jsonl").read_bytes().split(b"\n") if b'"sum"' in line]
    assert sum(not _is_json(line) for line in whole) <= lost


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


def _size(run: Path) -> int:
    try:
        return (run / "journal.jsonl").stat().st_size
    except FileNotFoundError:
        return 0
