"""The shipped recordings have the same cases in Docker as in bubblewrap, and answer probes in the same way."""

import os
import shutil
from pathlib import Path

import pytest

import evals
from agents.fileblock.parsing import parse
from agents.submission import Submission
from evals.code.view import build_view
from evals.probes.conduct import probe
from orchestrator.verify import project_of
from prompts.task import Task
from prompts.taskfile import load_task
from sandbox.isolation.bubblewrap import Bubblewrap
from sandbox.isolation.docker import Docker
from sandbox.isolation.protocol import Isolation
from sandbox.trial import Laboratory
from tests.sandbox.docker_image import image_names

pytestmark = [pytest.mark.network, pytest.mark.slow]

RECORDINGS = Path(evals.__file__).parent / "suites" / "recordings"
CASES = {
    "auth-fastapi": 17,
    "shortener-fastapi": 45,
    "notes-flask": 45,
    "wallet-fastapi": 18,
    "blog-express": 8,
    "catalog-gin": 5,
}
NEEDS = {"blog-express": "node", "catalog-gin": "go"}


@pytest.fixture
def both() -> tuple[Docker, Bubblewrap]:
    docker, bubblewrap = Docker(image_names()), Bubblewrap()
    if problem := docker.problem() or bubblewrap.problem():
        pytest.skip(problem)
    return docker, bubblewrap


@pytest.mark.parametrize("name", CASES)
async def test_recording(name: str, both: tuple[Docker, Bubblewrap]) -> None:
    if name in NEEDS and shutil.which(NEEDS[name]) is None:
        pytest.skip(f"there is no {NEEDS[name]}")
    if name == "catalog-gin" and os.environ.get("BACKSMITH_TEST_DOCKER") != "all":
        pytest.skip("it compiles its packages for minutes; BACKSMITH_TEST_DOCKER=all runs it")
    in_docker, in_bubblewrap = [await outcomes(isolation, name) for isolation in both]
    assert in_docker == in_bubblewrap
    assert [outcome for _, outcome in in_docker] == ["passed"] * CASES[name]


async def test_probes(both: tuple[Docker, Bubblewrap]) -> None:
    in_docker, in_bubblewrap = [await probed(isolation, "notes-flask") for isolation in both]
    assert in_docker == in_bubblewrap
    assert len(in_docker) > 30


async def outcomes(isolation: Isolation, name: str) -> list[tuple[str, str]]:
    submission, task = recording(name)
    async with Laboratory(isolation) as laboratory:
        trial = await laboratory.run(project_of(submission, task))
    assert not trial.report.problem
    return sorted((case.id, case.outcome) for case in trial.report.cases)


async def probed(isolation: Isolation, name: str) -> list[tuple[str, str, str, str]]:
    submission, task = recording(name)
    view = build_view({file.path: file.text for file in submission.files}, task=task)
    async with Laboratory(isolation) as laboratory:
        report = await probe(project_of(submission, task), view, laboratory, seconds=120)
    assert not report.problem
    return [(result.item, result.probe, result.endpoint, str(result.verdict)) for result in report.results]


def recording(name: str) -> tuple[Submission, Task]:
    answer = parse((RECORDINGS / name / "response.md").read_text(encoding="utf-8"))
    return answer.submission, load_task(RECORDINGS / name / "task.yaml")
