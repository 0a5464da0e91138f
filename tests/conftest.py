"""Shared by all tests: a cache of their own, kept between runs, and what to do without a package index."""

import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import pytest

os.environ.setdefault("BACKSMITH_CACHE", str(Path(__file__).parent.parent / ".pytest_cache" / "backsmith"))

if "PYTEST_XDIST_WORKER" not in os.environ:
    # Environments are kept between runs; what tests came to in an earlier one is no test of this one.
    shutil.rmtree(Path(os.environ["BACKSMITH_CACHE"]) / "trials", ignore_errors=True)


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("network") and not _index_answers():
        pytest.skip("no package index can be reached")


@cache
def _index_answers() -> bool:
    import uv

    from sandbox.environments.indexes import uv_env

    env = {**uv_env(os.environ), "PATH": os.environ["PATH"], "HOME": os.environ["HOME"]}
    with tempfile.TemporaryDirectory() as folder:
        argv = [uv.find_uv_bin(), "pip", "install", "--dry-run", "--no-cache", "--target", folder, "six"]
        try:
            return subprocess.run(argv, env=env, capture_output=True, timeout=30, check=False).returncode == 0
        except subprocess.TimeoutExpired:
            return False
