"""What tests will import, by their sources."""

import time

import pytest

from sandbox.warm.needs import Needs, find_needs

HAVE = frozenset({"fastapi", "sqlalchemy", "pydantic", "pytest", "gevent", "redis", "anyio", "httpx"})


def modules(files: dict[str, str]) -> list[str]:
    return [name for name, _ in find_needs(files, HAVE).modules]


def test_imports_are_followed_from_the_tests() -> None:
    files = {
        "tests/test_a.py": "import pytest\nfrom app.main import app\n",
        "app/__init__.py": "",
        "app/main.py": "from fastapi import FastAPI\nfrom . import models\n",
        "app/models.py": "from sqlalchemy.orm import Session\n",
        "scripts/load.py": "import redis\n",
    }
    assert {"pytest", "fastapi", "sqlalchemy.orm"} <= set(modules(files))
    assert "redis" not in modules(files)
    assert ("fastapi", ("FastAPI",)) in find_needs(files, HAVE).modules


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("try:\n    import redis\nexcept ImportError:\n    import pydantic\n", ["redis", "pydantic"]),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import redis\n", []),
        ("def f():\n    import redis\n", []),
        ("import gevent\n", []),
        ("import unknown\nfrom os import path\n", []),
        ("import redis.asyncio as r, pydantic\n", ["redis.asyncio", "pydantic"]),
        ("this is no Python", []),
        ("(" * 100_000, []),
    ],
)
def test_imports_of_one_file(source: str, found: list[str]) -> None:
    assert modules({"test_a.py": source}) == found


def test_a_name_of_the_projects_own_is_no_package() -> None:
    files = {"test_a.py": "import redis\n", "redis/__init__.py": ""}
    assert modules(files) == []
    assert "redis" in find_needs(files, HAVE).names


def test_modules_within_packages_are_no_names_of_their_own() -> None:
    files = {"test_a.py": "", "app/__init__.py": "", "app/redis.py": ""}
    assert find_needs(files, HAVE).names == {"test_a", "app"}
    assert "redis" in find_needs({**files, "conftest.py": "import sys\nsys.path.append('app')"}, HAVE).names
    unpackaged = {"test_a.py": "", "lib/redis.py": "", "lib/test_b.py": ""}
    assert "redis" in find_needs(unpackaged, HAVE).names


@pytest.mark.parametrize(
    "files",
    [
        {"pytest.ini": "[pytest]\nfilterwarnings = error\n"},
        {"pyproject.toml": "[tool.pytest.ini_options]\naddopts = '-W error'\n"},
        {"conftest.py": "import warnings\nwarnings.simplefilter('error')\n"},
    ],
)
def test_projects_that_mind_warnings(files: dict[str, str]) -> None:
    assert find_needs(files, HAVE).strict
    assert not find_needs({"test_a.py": "import redis\n"}, HAVE).strict


def test_modules_that_pytest_is_to_rewrite() -> None:
    assert "helpers" in find_needs({"conftest.py": "pytest_plugins = ['helpers']\n"}, HAVE).rewritten
    assert find_needs({"test_a.py": "x = ['helpers']\n"}, HAVE) == Needs(names=frozenset({"test_a"}))


def test_time_is_in_proportion_to_the_files() -> None:
    def taken(count: int) -> float:
        files = {f"a{n}/b/test_x.py": "import x, b.x, y\nfrom . import x\n" * 20 for n in range(count)}
        files |= {f"a{n}/b/x.py": "import test_x\n" for n in range(count)}
        start = time.perf_counter()
        find_needs(files, HAVE)
        return time.perf_counter() - start

    assert taken(4000) < 12 * max(taken(1000), 0.02)
