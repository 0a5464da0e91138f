import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from orchestrator.cli import application
from tests.agents.loopback import Loopback, loopback
from tests.orchestrator.answers import TASK
from tests.orchestrator.suites import many, write_suite

Cli = Callable[..., Result]


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Runs ``backsmith ARGS`` in a folder of its own; exceptions come through as they are."""
    monkeypatch.chdir(tmp_path)

    def call(*args: object) -> Result:
        return CliRunner().invoke(application(), [str(arg) for arg in args], catch_exceptions=False)

    return call


@pytest.fixture
def task(tmp_path: Path) -> Path:
    path = tmp_path / "task.yaml"
    path.write_text(TASK, encoding="utf-8")
    return path


@pytest.fixture
async def server() -> AsyncIterator[Loopback]:
    """A server that speaks the providers' wire formats."""
    async with loopback() as running:
        yield running


def cache_of_its_own(folder: Path) -> str:
    """A cache folder with the environments of all tests and with no answer of theirs."""
    shared, own = Path(os.environ["BACKSMITH_CACHE"]), folder / "cache"
    own.mkdir(exist_ok=True)
    for name in ("environments", "uv"):
        (shared / name).mkdir(parents=True, exist_ok=True)
        if not (own / name).exists():
            (own / name).symlink_to(shared / name)
    return str(own)


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """A suite of six tasks with an answer each."""
    return write_suite(tmp_path / "suite", many(6))
