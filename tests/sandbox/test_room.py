"""A full disk is told, and is no fault of an answer but of the one that fills it."""

import asyncio
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from prompts.errors import SandboxError
from sandbox.isolation.bubblewrap import Bubblewrap
from sandbox.room import crowded_out, room
from sandbox.scratch import ScratchFolder
from sandbox.trial import Laboratory, Project, Trial

MIB = 1 << 20
SLOW = "import time\n\n\ndef test_it():\n    time.sleep(2)\n    open('x', 'w').write('x' * 100_000)\n"
GREEDY = "def test_it():\n    for n in range(99):\n        open(f'{n}', 'wb').write(bytes(1 << 20))\n"


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A small disk for temporary files; only root can have one. Its path is short, as samples' sockets want it."""
    place = Path(tempfile.mkdtemp(prefix="bs-disk-", dir="/tmp"))
    mount = ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(place)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        place.rmdir()
        pytest.skip("nothing can be mounted here")
    monkeypatch.setenv("TMPDIR", str(place))
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)
    place.rmdir()


def fill(file: Path, left: int) -> None:
    """Write until only so much is left."""
    file.write_bytes(bytes(room(file.parent) - left))


def test_where_nothing_fits_nothing_is_begun(disk: Path) -> None:
    fill(disk / "others", left=MIB)
    with pytest.raises(SandboxError, match=r"the disk of .* is full: 1024 KiB are left") as raised:
        ScratchFolder("trial")
    assert "TMPDIR" in raised.value.hint


def test_who_filled_it_is_told_apart(disk: Path) -> None:
    folder = ScratchFolder("trial").path
    before = room(folder)
    assert crowded_out(folder, before) == ""
    fill(disk / "others", left=1000)
    assert "was full" in crowded_out(folder, before)
    (disk / "others").rename(folder / "its-own")
    assert crowded_out(folder, before) == ""


async def attempt(test: str) -> Trial:
    async with Laboratory(Bubblewrap()) as laboratory:
        return await laboratory.run(Project({"test_x.py": test}))


@pytest.mark.slow
@pytest.mark.network
async def test_an_answer_that_others_crowded_out_is_not_blamed(disk: Path) -> None:
    filler = await asyncio.create_subprocess_shell(f"sleep 1; cat /dev/zero > {disk}/others 2> /dev/null")
    trial = await attempt(SLOW)
    await filler.wait()
    assert trial.report.ours
    assert "was full" in trial.report.problem


@pytest.mark.slow
@pytest.mark.network
async def test_an_answer_that_fills_the_disk_itself_fails(disk: Path) -> None:
    trial = await attempt(GREEDY)
    assert not trial.report.passed
    assert not trial.report.ours
