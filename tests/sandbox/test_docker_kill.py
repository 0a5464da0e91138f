"""``kill -9`` of Backsmith at random instants of a trial in Docker: the next start leaves no container behind."""

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from docker import APIClient

from sandbox.isolation.docker import Docker
from sandbox.isolation.docker_daemon import connect
from tests.sandbox.docker_image import image_names

pytestmark = [pytest.mark.network, pytest.mark.slow]

TRIES = 6
TEST = "import time\n\ndef test_it():\n    time.sleep(4)\n"
RESPONSE = f"FILE: test_it.py\n---\n{TEST}---\n\nDEPENDENCIES:\npsycopg[binary]\n\nENV_VARS:\nNone\n"
TASK = "task: Wait a while\nframework: FastAPI\ndatabase: PostgreSQL\nrequirements:\n  - It waits\n"


@pytest.fixture
def temporary() -> Iterator[Path]:
    # A short path: servers' sockets stand below it.
    folder = Path(tempfile.mkdtemp(prefix="bs-kill-", dir="/tmp"))
    yield folder
    shutil.rmtree(folder)


def test_nothing_is_left_behind(docker: Docker, tmp_path: Path, temporary: Path) -> None:
    (tmp_path / "task.yaml").write_text(TASK, encoding="utf-8")
    (tmp_path / "response.md").write_text(RESPONSE, encoding="utf-8")
    argv = [str(Path(sys.executable).with_name("backsmith")), "score", "response.md", "--task", "task.yaml"]
    argv += ["--sandbox", "docker", "--no-cache", "--no-probes", "--json"]
    environ = {**os.environ, "TMPDIR": str(temporary), "BACKSMITH_DOCKER_IMAGES": image_names()}
    api = connect().api
    run(argv, tmp_path, environ, None)  # the environment is there from now on
    whole, said = run(argv, tmp_path, environ, None)
    assert '"passed":1' in said, said
    chance = random.Random(20261122)
    running = 0
    for _ in range(TRIES):
        run(argv, tmp_path, environ, chance.uniform(0.3, 1.0) * whole)
        running += bool(containers(api, temporary))
    assert running >= 2, "some of the kills came while a container was there"
    _, said = run(argv, tmp_path, environ, None)
    assert '"passed":1' in said, said
    assert containers(api, temporary) == []
    assert [str(path) for home in temporary.iterdir() for path in home.iterdir()] == []
    api.close()


def run(argv: list[str], cwd: Path, environ: dict[str, str], kill_after: float | None) -> tuple[float, str]:
    """Run to the end, or kill after some seconds; tells how long it took, and what was printed."""
    start = time.monotonic()
    process = subprocess.Popen(argv, cwd=cwd, env=environ, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        said, _ = process.communicate(timeout=kill_after)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        said, _ = process.communicate()
    return time.monotonic() - start, said.decode()


def containers(api: APIClient, temporary: Path) -> list[str]:
    """The containers that were made for folders below ours."""
    found = api.containers(all=True, filters={"label": "backsmith.owner"})
    return [c["Id"] for c in found if c["Labels"]["backsmith.owner"].startswith(str(temporary))]
