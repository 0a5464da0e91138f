"""Commands whose threads take turns have a processor each, and all of them as soon as one is not enough."""

import os
import secrets
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from prompts.task import Limits
from sandbox.isolation.bubblewrap import Bubblewrap
from sandbox.isolation.processor import Processors, idle_seconds
from sandbox.isolation.protocol import Command
from sandbox.trial import Laboratory, Project

PROCESSORS = len(os.sched_getaffinity(0))
pytestmark = pytest.mark.skipif(
    PROCESSORS < 2 or not Path("/proc/self/schedstat").exists(), reason="there is nothing to choose from"
)
needs_bubblewrap = pytest.mark.skipif(bool(Bubblewrap().problem()), reason="bubblewrap does not work here")

COUNT = "import os; print(len(os.sched_getaffinity(0)))"
# Tells how many processors it may use after some seconds of work, or as soon as these are more.
WORK = """
import os, time
child = {fork}
end = time.monotonic() + {seconds}
while time.monotonic() < end and len(os.sched_getaffinity(0)) == 1:
    pass
print(len(os.sched_getaffinity(0)), flush=True)
if child:
    os.wait()
"""


@pytest.fixture
def processors() -> Processors:
    """All are free to be held, and busy with something else, whatever runs on this machine."""
    return Processors(name(), lambda: dict.fromkeys(os.sched_getaffinity(0), 0.0))


def name() -> str:
    return f"test-{secrets.token_hex(8)}"


async def told_by(script: str, processors: Processors, *, serial: bool = True) -> str:
    command = Command(("python3", "-c", script), cwd="/", serial=serial, limits=Limits(seconds=60))
    return (await Bubblewrap(processors).run(command)).output.strip()


def test_a_processor_has_one_holder(processors: Processors) -> None:
    with ExitStack() as stack:
        held = [stack.enter_context(processors.one()) for _ in range(PROCESSORS)]
        assert {each.number for each in held if each} == os.sched_getaffinity(0)
        with processors.one() as none:
            assert none is None
    with processors.one() as again:
        assert again is not None
    with processors.one(wanted=False) as unwanted:
        assert unwanted is None


@needs_bubblewrap
async def test_a_command_that_takes_turns_is_on_one_processor_and_others_are_not(
    processors: Processors,
) -> None:
    assert await told_by(COUNT, processors) == "1"
    assert await told_by(COUNT, processors, serial=False) == str(PROCESSORS)
    assert len(os.sched_getaffinity(0)) == PROCESSORS  # and nothing of that stays with us


@needs_bubblewrap
async def test_two_busy_processes_come_to_have_all_where_others_have_nothing_to_do() -> None:
    processors = Processors(name(), lambda: dict.fromkeys(os.sched_getaffinity(0), time.monotonic()))
    told = await told_by(WORK.format(fork="os.fork()", seconds=30), processors)
    assert told.split() == [str(PROCESSORS)] * 2


@needs_bubblewrap
async def test_where_others_are_busy_there_is_nothing_to_be_had(processors: Processors) -> None:
    told = await told_by(WORK.format(fork="os.fork()", seconds=1.2), processors)
    assert told.split() == ["1", "1"]


def test_what_has_nothing_to_do_is_read_from_the_kernel() -> None:
    before = idle_seconds()
    assert set(before) >= os.sched_getaffinity(0)
    assert all(0 <= seconds - before[number] < 5 for number, seconds in idle_seconds().items())


WARM = "import os\ndef test_it():\n    assert os.getppid() == 0 and len(os.sched_getaffinity(0)) == 1\n"


@needs_bubblewrap
@pytest.mark.network
async def test_warm_tests_are_on_one_processor(processors: Processors) -> None:
    async with Laboratory(Bubblewrap(processors), warm="always") as laboratory:
        trial = await laboratory.run(Project({"test_x.py": WARM}))
    assert trial.report.passed, trial.report
