"""Warm runs: tests forked from a process that has their packages imported come out as in a cold run."""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from prompts.task import Limits
from sandbox.isolation.bubblewrap import Bubblewrap
from sandbox.report import TestReport
from sandbox.trial import Laboratory, Project, Trial
from sandbox.warm.mode import WarmMode

pytestmark = [
    pytest.mark.network,
    pytest.mark.skipif(bool(Bubblewrap().problem()), reason="bubblewrap does not work here"),
]

LOOK = (Path(__file__).parent / "cases" / "test_look.py").read_text(encoding="utf-8")


async def trials(files: Mapping[str, str], mode: WarmMode, times: int = 1, **more: object) -> list[Trial]:
    async with Laboratory(Bubblewrap(), warm=mode) as laboratory:
        return [await laboratory.run(Project(files, **more)) for _ in range(times)]  # type: ignore[arg-type]


def outcomes(report: TestReport) -> dict[str, str]:
    return {case.id: case.outcome for case in report.cases}


async def test_a_warm_process_sees_what_a_cold_one_sees() -> None:
    files = {"test_look.py": LOOK, "pytest.ini": "[pytest]\n"}
    (warm,) = await trials(files, "always", env_vars=(("PAGE_SIZE", "20"),))
    (cold,) = await trials(files, "off", env_vars=(("PAGE_SIZE", "20"),))
    assert warm.notes == cold.notes == ()
    difference = {k: (v, seen(cold)[k]) for k, v in seen(warm).items() if v != seen(cold)[k]}
    assert difference == {}


def seen(trial: Trial) -> dict[str, object]:
    told = trial.report.output.partition("SEEN")[2].partition("NEES")[0]
    assert told, trial.report
    return dict(json.loads(told))


# The tests' process of a warm run has its parent outside of what it can see.
IS_WARM = "import os\ndef test_x():\n    assert os.getppid() == 0\n"


async def test_auto_is_warm_from_the_second_run_on() -> None:
    first, second = await trials({"test_x.py": IS_WARM}, "auto", times=2)
    assert (first.report.passed, second.report.passed) == (False, True)
    assert first.notes == second.notes == ()


OWN_SIX = {
    "six.py": "OWN = True\n",
    "test_x.py": "import six\ndef test_x():\n    assert six.OWN\n",
}
USES_SIX = {"test_x.py": "import six\n" + IS_WARM}
SIX = (("python", "six"),)


async def test_a_project_with_a_module_of_an_imported_name_runs_cold() -> None:
    async with Laboratory(Bubblewrap(), warm="always") as laboratory:
        assert (await laboratory.run(Project(USES_SIX, SIX))).report.passed
        trial = await laboratory.run(Project(OWN_SIX, SIX))
        assert trial.report.passed, trial.report
        assert trial.notes == ("tests ran cold: the project has modules of the names of imported ones: six",)
        assert (await laboratory.run(Project(USES_SIX, SIX))).report.passed


async def test_a_variable_that_was_read_as_packages_were_imported_makes_a_run_cold() -> None:
    test = "import os\ndef test_x():\n    assert os.environ['NO_COLOR'] == '1' and os.getppid()\n"
    (trial,) = await trials({"test_x.py": test}, "always", extra_env={"NO_COLOR": "1"})
    assert trial.report.passed, trial.report
    assert trial.notes == ("tests ran cold: packages read NO_COLOR as they are imported",)


SIDE_BY_SIDE = """
import os, pathlib, time

def test_alone():
    pathlib.Path("/tmp/mine").write_text("{name}")
    pathlib.Path("mine").write_text("{name}")
    time.sleep(0.5)
    assert pathlib.Path("/tmp/mine").read_text() == pathlib.Path("mine").read_text() == "{name}"
    assert sorted(os.listdir("/tmp")) == ["mine"]
    assert len([name for name in os.listdir("/proc") if name.isdigit()]) == 2
    assert not os.path.exists("/run/benches")
"""


async def test_samples_side_by_side_see_nothing_of_each_other() -> None:
    async with Laboratory(Bubblewrap(), warm="always") as laboratory:
        jobs = [laboratory.run(Project({"test_x.py": SIDE_BY_SIDE.format(name=name)})) for name in "abcd"]
        for trial in await asyncio.gather(*jobs):
            assert trial.report.passed, trial.report
            assert trial.notes == ()


async def test_a_limit_ends_one_sample_and_not_the_zygote() -> None:
    endless = {"test_x.py": "def test_x():\n    while True: pass\n"}
    async with Laboratory(Bubblewrap(), warm="always") as laboratory:
        slow = await laboratory.run(Project(endless, limits=Limits(seconds=2)))
        assert slow.report.problem == "time limit: still running after 2 s"
        assert (await laboratory.run(Project({"test_x.py": IS_WARM}))).report.passed


HIDDEN = "import pathlib\ndef test_h():\n    pathlib.Path(__file__).write_text('')\n"


async def test_hidden_tests_are_sealed_in_a_warm_run() -> None:
    (trial,) = await trials({"test_x.py": IS_WARM}, "always", hidden_tests={"tests/test_h.py": HIDDEN})
    assert trial.notes == ()
    assert "passed" in outcomes(trial.report).values()
    assert not trial.report.passed


DATABASE = """
import os, psycopg

def test_x():
    assert os.getppid() == 0
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    with psycopg.connect(os.environ["DATABASE_URL"].replace("localhost", ""), host="/var/run/postgresql") as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
"""


async def test_a_database_is_reached_by_its_port_and_its_socket() -> None:
    (trial,) = await trials(
        {"test_x.py": DATABASE},
        "always",
        dependencies=(("python", "psycopg[binary]"),),
        env_vars=(("DATABASE_URL", "postgresql://u:p@localhost/x"),),
        database="PostgreSQL",
    )
    assert trial.report.passed, trial.report


async def test_comparing_tells_what_comes_out_differently() -> None:
    (trial,) = await trials({"test_x.py": IS_WARM}, "compare")
    assert outcomes(trial.report) == {"test_x.py::test_x": "failed"}  # the cold run's word counts
    assert trial.notes == ("warm and cold runs differ: test_x.py::test_x: warm passed, cold failed",)
    (same,) = await trials({"test_x.py": "def test_x(): pass\n"}, "compare")
    assert same.notes == ("warm and cold runs agree on 1 tests",)


KILLED = """
import asyncio, sys
from sandbox.isolation.bubblewrap import Bubblewrap
from sandbox.trial import Laboratory, Project

async def main():
    async with Laboratory(Bubblewrap(), warm="always") as laboratory:
        trial = await laboratory.run(Project({"test_x.py": "def test_x(): pass"}))
        assert trial.report.passed
        running = asyncio.create_task(
            laboratory.run(Project({"test_x.py": "import time\\ndef test_x(): time.sleep(77.75)"}))
        )
        await asyncio.sleep(0.7)
        print("ready", flush=True)
        await running

asyncio.run(main())
"""


def test_nothing_outlives_a_killed_backsmith() -> None:
    argv = [sys.executable, "-c", KILLED]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        below = descendants(process.pid)
        assert len(below) >= 6  # the zygote in its sandbox; witness, usher, tests and theirs
        process.kill()
    deadline = time.monotonic() + 10
    while any(runs(pid) for pid in below):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def runs(pid: int) -> bool:
    """Whether a process is more than a zombie, which stays for ever where the first process reaps nobody."""
    try:
        return (
            Path("/proc", str(pid), "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
        )
    except (FileNotFoundError, ProcessLookupError):
        return False


def descendants(pid: int) -> list[int]:
    found = []
    for task in Path("/proc", str(pid), "task").glob("*/children"):
        for child in task.read_text(encoding="ascii").split():
            found += [int(child), *descendants(int(child))]
    return found


# Warm it waits to be killed, and leaves something behind; cold it finds nothing of that.
LEAVES_BEHIND = """
import os, pathlib, sqlite3, time

def test_x():
    assert not pathlib.Path("left").exists() and not pathlib.Path("app.db").stat().st_size
    pathlib.Path("left").write_text("x")
    sqlite3.connect("app.db").execute("CREATE TABLE t (x)")
    if os.getppid() == 0:
        time.sleep(60)
"""


async def test_a_zygote_killed_under_its_sample_is_a_cold_run_from_the_start() -> None:
    project = Project({"test_x.py": LEAVES_BEHIND, "app.db": ""})
    async with Laboratory(Bubblewrap(), warm="always") as laboratory:
        job = asyncio.create_task(laboratory.run(project))
        while not [pid for pid in descendants(os.getpid()) if has_begun(pid)]:
            assert not job.done()
            await asyncio.sleep(0.05)
        os.kill(zygote(), signal.SIGKILL)
        trial = await job
        assert trial.report.passed, trial.report
        assert trial.notes == ("tests ran cold: the zygote ended while these tests ran",)
        again = await laboratory.run(Project({"test_x.py": IS_WARM}))  # by another zygote
        assert again.report.passed, again.report
    assert not [pid for pid in descendants(os.getpid()) if runs(pid)]


async def test_zygotes_that_are_killed_as_they_wait_are_made_anew_but_not_for_ever() -> None:
    warm: list[bool] = []
    notes: list[str] = []
    async with Laboratory(Bubblewrap(), warm="always") as laboratory:
        for _ in range(7):
            trial = await laboratory.run(Project({"test_x.py": IS_WARM}))
            warm.append(trial.report.passed)
            notes += trial.notes
            if trial.report.passed:
                os.kill(zygote(), signal.SIGKILL)
    assert warm == [True, False] * 3 + [False]
    assert len(notes) == 4
    assert all(note.startswith("tests ran cold: the zygote ended") for note in notes), notes


def zygote() -> int:
    """The process from which samples are forked: the first Python below the one that runs this."""
    (found, *_) = [pid for pid in descendants(os.getpid()) if process_name(pid) == "python"]
    return found


def has_begun(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return Path("/proc", str(pid), "cwd").joinpath("left").exists()
    return False


async def test_what_is_cancelled_as_it_starts_never_runs() -> None:
    slow = Project({"test_x.py": "import time\ndef test_x():\n    time.sleep(66.25)\n"})
    async with Laboratory(Bubblewrap(), warm="always") as laboratory:
        assert (await laboratory.run(Project({"test_x.py": IS_WARM}))).report.passed
        for milliseconds in range(0, 120, 8):
            job = asyncio.create_task(laboratory.run(slow))
            await asyncio.sleep(milliseconds / 1000)
            job.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await job
        await asyncio.sleep(0.5)
        running = [process_name(pid) for pid in descendants(os.getpid())]
        assert running.count("python") <= 1, running  # the zygote
        assert (await laboratory.run(Project({"test_x.py": IS_WARM}))).report.passed


def process_name(pid: int) -> str:
    try:
        return Path("/proc", str(pid), "comm").read_text(encoding="utf-8").strip()
    except OSError:
        return ""
