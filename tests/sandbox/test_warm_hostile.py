"""Every trick of Python's in ``hostile/`` ends in a warm run as it does in a cold one."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from sandbox.isolation.bubblewrap import Bubblewrap
from sandbox.toolchains.python_runner import find_runner
from sandbox.trial import Laboratory, Project
from tests.sandbox.test_hostile import LIMITS, TRICKS, caught, files_of

pytestmark = [
    pytest.mark.network,
    pytest.mark.skipif(bool(Bubblewrap().problem()), reason="bubblewrap does not work here"),
]


def is_for_pytest(trick: Path) -> bool:
    files = files_of(trick)
    return any(path.endswith(".py") for path in files) and find_runner(files) == "pytest"


PYTEST_TRICKS = [trick for trick in TRICKS if is_for_pytest(trick)]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def laboratory() -> AsyncIterator[Laboratory]:
    """One zygote for all: each trick runs after those before it have done their worst."""
    async with Laboratory(Bubblewrap(), warm="always") as laboratory:
        yield laboratory


@pytest.mark.parametrize("trick", PYTEST_TRICKS, ids=lambda path: path.name)
@pytest.mark.asyncio(loop_scope="module")
async def test_trick(
    trick: Path, laboratory: Laboratory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "planted-secret").write_text("x", encoding="utf-8")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-planted")
    trial = await caught(trick, laboratory.run, LIMITS)
    assert trial.notes == (), "it was to run warm"


async def test_what_is_left_in_the_reports_place_is_no_report() -> None:
    test = "import os\ndef test_x():\n    os.{make}('/results/tests.jsonl.draft')\n"
    async with Laboratory(Bubblewrap(), warm="always") as laboratory:
        for make in ("mkfifo", "mkdir"):
            trial = await laboratory.run(Project({"test_x.py": test.format(make=make)}, limits=LIMITS))
            assert "wrote no report" in trial.report.problem, trial.report
