"""``--engine ray``: the same results as one process, once each, though a node is killed in the middle."""

import asyncio
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from orchestrator.eval_ray import ray_judge
from prompts.errors import ConfigError
from tests.orchestrator.conftest import Cli
from tests.orchestrator.engines import passes
from tests.orchestrator.suites import many, write_suite

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_three_nodes_one_of_them_killed() -> None:
    pytest.importorskip("ray", exc_type=ImportError)
    argv = [
        sys.executable,
        "-m",
        "benchmarks.evals_ray",
        "--samples",
        "12",
        "--seconds",
        "0.3",
        "--work",
        "sleep",
    ]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=500, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout.strip().split("\n")[-1])
    assert found["same"]
    assert found["samples"] == 12


@pytest.mark.parametrize("address", ["127.0.0.1:9", "ray://[::1]:9", "nonsense"])
async def test_a_cluster_that_is_not_there_is_told_at_once(address: str) -> None:
    pytest.importorskip("ray", exc_type=ImportError)
    async with asyncio.timeout(30):
        with pytest.raises(ConfigError, match=f"the Ray cluster at {re.escape(address)} cannot be reached: "):
            async with ray_judge(address, passes):
                pass


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--engine", "spark"], "no engine is called 'spark'"),
        (["--engine", "ray", "--no-tests"], "--no-tests leaves that out"),
    ],
)
def test_what_cannot_be_is_said(cli: Cli, tmp_path: Path, options: list[str], said: str) -> None:
    write_suite(tmp_path / "suite", many(1))
    with pytest.raises(ConfigError, match=said):
        cli("eval", "suite", "--model", "replay", *options)
