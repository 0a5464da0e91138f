"""The resume test in large: evals that are killed at random instants, then damaged; for ``benchmarks/evals.py``."""

import importlib
import os
import random
import shutil
import sys
import tempfile
import traceback
from functools import partial
from pathlib import Path

from tests.orchestrator import killing
from tests.orchestrator.suites import many, write_suite

SAMPLES = 80


class Forked:
    """The command in a fork of this process, which has imported all: nothing but the eval itself is killed.

    What it prints goes to the end of the file ``told``.
    """

    def __init__(self, argv: list[str], told: Path) -> None:
        from orchestrator.cli import application

        self._code: int | None = None
        self._pid = os.fork()
        if self._pid:
            return
        code = 70
        try:
            told = os.open(told, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            os.dup2(told, 1)
            os.dup2(told, 2)
            application()(argv[1:])
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 71
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def poll(self) -> int | None:
        """How it ended; None while it runs."""
        if self._code is None:
            pid, status = os.waitpid(self._pid, os.WNOHANG)
            self._code = os.waitstatus_to_exitcode(status) if pid else None
        return self._code

    def send_signal(self, sig: int) -> None:
        """Send a signal, unless it has ended."""
        if self._code is None:
            os.kill(self._pid, sig)

    def wait(self) -> int:
        """Wait for its end."""
        if self._code is None:
            self._code = os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])
        return self._code


def kill(kills: int, seed: int) -> None:
    """Kill evals until they were killed so often, and look at what is left each time one is finished.

    Then a byte of its journal is flipped and its tail torn off, and it is finished again.
    """
    for name in ("eval_run", "eval_show", "commands.eval", "results"):
        importlib.import_module(f"orchestrator.{name}")
    chance = random.Random(seed)
    done = runs = torn = lost = 0
    with tempfile.TemporaryDirectory() as place:
        suite, told = write_suite(Path(place) / "suite", many(SAMPLES)), Path(place) / "told"
        start = partial(Forked, told=told)
        while done < kills:
            run = Path(place) / f"run-{runs}"
            told.write_bytes(b"")
            try:
                killed = killing.kill_until_done(suite, run, chance, min(12, kills - done), start)
                killing.finish(suite, run, start)
                killing.check(suite, run, SAMPLES)
                hurt = killing.hurt(run, chance)
                killing.finish(suite, run, start)
                killing.check(suite, run, SAMPLES, lost=hurt)
            except BaseException:
                print(told.read_text(encoding="utf-8", errors="replace")[-4000:])
                raise
            done, runs, torn, lost = done + killed.kills, runs + 1, torn + killed.damaged, lost + hurt
            shutil.rmtree(run)
            print(
                f"{done} kills in {runs} runs: every sample once, git sound; {torn} torn lines on the way; "
                f"{runs} flipped bytes and {runs} torn tails cost {lost} records",
                flush=True,
            )
