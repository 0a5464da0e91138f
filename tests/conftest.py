"""Shared by all tests: a cache of their own, kept between runs, and what to do without a package index."""

import os
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import pytest

os.environ.setdefault("BACKSMITH_CACHE", str(Path(__file__).parent.parent / ".pytest_cache" / "backsmith"))


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
