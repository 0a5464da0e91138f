"""The shipped Python recordings have the same cases in Docker as in bubblewrap."""

from pathlib import Path

import pytest

import evals
from agents.fileblock.parsing import parse
from orchestrator.verify import project_of
from prompts.taskfile import load_task
from sandbox.isolation.bubblewrap import Bubblewrap
from sandbox.isolation.docker import Docker
from sandbox.isolation.protocol import Isolation
from sandbox.trial import Laboratory
from tests.sandbox.docker_image import image_names

pytestmark = [pytest.mark.network, pytest.mark.slow]

RECORDINGS = Path(evals.__file__).parent / "suites" / "recordings"


@pytest.mark.parametrize(
    ("name", "cases"),
    [("auth-fastapi", 17), ("shortener-fastapi", 45), ("notes-flask", 45), ("wallet-fastapi", 18)],
)
async def test_recording(name: str, cases: int) -> None:
    docker, bubblewrap = Docker(image_names()), Bubblewrap()
    if problem := docker.problem() or bubblewrap.problem():
        pytest.skip(problem)
    in_docker = await outcomes(docker, RECORDINGS / name)
    assert in_docker == await outcomes(bubblewrap, RECORDINGS / name)
    assert [outcome for _, outcome in in_docker] == ["passed"] * cases


async def outcomes(isolation: Isolation, recording: Path) -> list[tuple[str, str]]:
    answer = parse((recording / "response.md").read_text(encoding="utf-8"))
    async with Laboratory(isolation) as laboratory:
        trial = await laboratory.run(project_of(answer.submission, load_task(recording / "task.yaml")))
    return sorted((case.id, case.outcome) for case in trial.report.cases)
