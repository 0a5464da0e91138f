"""Our Dockerfiles are built, each on a stand-in for its official image, and tests run in what they make.

Those that take minutes are built where BACKSMITH_TEST_DOCKER is set to ``all``.
"""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from docker import APIClient
from docker.errors import APIError

from orchestrator.verify import project_of
from sandbox.isolation import docker as docker_module
from sandbox.isolation.docker import Docker
from sandbox.isolation.protocol import Command
from sandbox.trial import Laboratory, Project
from tests.orchestrator.test_recordings_in_docker import CASES, recording
from tests.sandbox.docker_image import daemon
from tests.sandbox.official_images import make_stand_in, stand_in

pytestmark = [pytest.mark.network, pytest.mark.slow]

DOCKERFILES = Path(docker_module.__file__).with_name("images")
OFFICIAL, OURS = "backsmith-tests-official", "backsmith-tests-built"
PROGRAMS = {
    "python": ("python3", "uv"),
    "node": ("node", "npm", "python3"),
    "go": ("go", "gcc", "git", "python3"),
    "java": ("javac", "mvn", "python3"),
    "rust": ("cargo", "rustc", "gcc", "git", "pkg-config", "python3"),
}
RECORDINGS = {"python": "notes-flask", "node": "blog-express"}
POM = """<project>
  <modelVersion>4.0.0</modelVersion><groupId>a</groupId><artifactId>a</artifactId><version>1</version>
  <properties>
    <maven.compiler.release>17</maven.compiler.release>
    <project.build.sourceEncoding>UTF-8</project.build.sourceEncoding>
  </properties>
  <dependencies><dependency>
    <groupId>org.junit.jupiter</groupId><artifactId>junit-jupiter</artifactId>
    <version>5.11.4</version><scope>test</scope>
  </dependency></dependencies>
</project>
"""
PROJECTS = {
    "go": {
        "go.mod": "module a\n\ngo 1.21\n",
        "a_test.go": 'package a\n\nimport "testing"\n\nfunc TestA(t *testing.T) { t.Log(1) }\n',
    },
    "java": {
        "pom.xml": POM,
        "src/test/java/ATest.java": (
            "import org.junit.jupiter.api.Test;\n\nclass ATest {\n    @Test\n    void a() {}\n}\n"
        ),
    },
    "rust": {
        "Cargo.toml": '[package]\nname = "a"\nversion = "0.1.0"\nedition = "2021"\n',
        "src/lib.rs": "#[test]\nfn a() {}\n",
    },
}


@pytest.fixture(params=PROGRAMS)
def built(request: pytest.FixtureRequest) -> Iterator[tuple[str, Docker]]:
    """A toolchain, and Docker with the image that our Dockerfile made for it."""
    toolchain = request.param
    if toolchain not in RECORDINGS and os.environ.get("BACKSMITH_TEST_DOCKER") != "all":
        pytest.skip("it takes minutes; BACKSMITH_TEST_DOCKER=all builds it")
    official = stand_in(toolchain)
    if isinstance(official, str):
        pytest.skip(official)
    api = daemon()
    base, ours = f"{OFFICIAL}-{toolchain}:here", f"{OURS}-{toolchain}:here"
    try:
        make_stand_in(api, base, official)
        build(api, DOCKERFILES / toolchain, base, ours)
        yield toolchain, Docker(OURS + "-{toolchain}:here")
    finally:
        for name in (ours, base):
            with contextlib.suppress(APIError):
                api.remove_image(name, force=True)


def build(api: APIClient, folder: Path, base: str, name: str) -> None:
    """As ``docker build --build-arg BASE=... -t NAME FOLDER`` does; the steps have this machine's network."""
    steps = api.build(
        path=str(folder), buildargs={"BASE": base}, tag=name, network_mode="host", forcerm=True, decode=True
    )
    said = [step.get("stream") or step.get("error") or "" for step in steps]
    assert "Successfully tagged" in said[-1], "".join(said)[-3000:]


async def test_an_image_brings_what_commands_need(built: tuple[str, Docker]) -> None:
    toolchain, docker = built
    lacking = "".join(
        f"command -v {program} >/dev/null || echo no {program}; " for program in PROGRAMS[toolchain]
    )
    path = {"PATH": "/usr/local/bin:/usr/bin:/bin"}
    script = ("/bin/sh", "-c", lacking + "id -un")
    done = await docker.run(Command(script, cwd="/tmp", env=path, toolchain=toolchain))
    assert done.output == "sandbox\n"
    async with Laboratory(docker) as laboratory:
        trial = await laboratory.run(project(toolchain))
    assert trial.report.passed, (trial.report.problem, trial.report.output[-2000:])
    assert trial.report.count("passed") == (CASES[RECORDINGS[toolchain]] if toolchain in RECORDINGS else 1)


def project(toolchain: str) -> Project:
    if toolchain in RECORDINGS:
        return project_of(*recording(RECORDINGS[toolchain]))
    return Project(PROJECTS[toolchain])
