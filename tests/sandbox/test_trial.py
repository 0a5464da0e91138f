"""Whole trials of small projects: the real sandbox, real runners, a real database."""

import pytest

from prompts.task import Limits
from sandbox.environments.node import node_problem
from sandbox.isolation.protocol import Isolation
from sandbox.migrations import sqlite_path
from sandbox.trial import Laboratory, Project, Trial

pytestmark = pytest.mark.network

ADD = "def add(a, b):\n    return a + b\n"
TEST = "from calc import add\n\ndef test_add():\n    assert add(1, 2) == 3\n"


async def attempt(isolation: Isolation, files: dict[str, str], **more: object) -> Trial:
    async with Laboratory(isolation) as laboratory:
        return await laboratory.run(Project(files, **more))  # type: ignore[arg-type]


def outcomes(trial: Trial) -> dict[str, str]:
    return {case.id: case.outcome for case in trial.report.cases}


async def test_passing_project(isolation: Isolation) -> None:
    trial = await attempt(isolation, {"calc.py": ADD, "tests/test_calc.py": TEST})
    assert trial.report.passed, trial.report
    assert outcomes(trial) == {"tests/test_calc.py::test_add": "passed"}
    assert {"environment", "tests"} <= trial.timings.keys()
    assert trial.importable is not None
    assert "pytest" in trial.importable


async def test_broken_assertion_names_the_test(isolation: Isolation) -> None:
    broken = TEST.replace("== 3", "== 4")
    trial = await attempt(isolation, {"calc.py": ADD, "tests/test_calc.py": broken})
    assert not trial.report.passed
    assert outcomes(trial) == {"tests/test_calc.py::test_add": "failed"}
    assert "assert 3 == 4" in trial.report.cases[0].message


async def test_endless_loop_is_stopped_and_told(isolation: Isolation) -> None:
    files = {"calc.py": "def add(a, b):\n    while True: pass\n", "tests/test_calc.py": TEST}
    trial = await attempt(isolation, files, limits=Limits(seconds=3))
    assert not trial.report.passed
    assert trial.report.problem == "time limit: still running after 3 s"
    assert not trial.report.ours
    assert trial.timings["tests"] < 6


async def test_missing_module_is_the_projects_fault(isolation: Isolation) -> None:
    trial = await attempt(isolation, {"tests/test_calc.py": TEST})
    assert trial.report.problem
    assert not trial.report.ours
    assert "No module named 'calc'" in trial.report.cases[0].message


@pytest.mark.parametrize(
    "trick",
    [
        "import os\ndef test_x():\n    os._exit(0)\n",
        "import sys\nsys.exit(0)\n",
        "print('1 passed')\n",
        "def test_x():\n"
        "    open('/results/junit.xml', 'w').write('<testsuites><testcase name=\"x\"/></testsuites>')\n"
        "    import os; os.kill(os.getpid(), 9)\n",
    ],
)
async def test_cheap_tricks_do_not_pass(isolation: Isolation, trick: str) -> None:
    trial = await attempt(isolation, {"test_trick.py": trick})
    assert not trial.report.passed
    assert not trial.report.ours


async def test_hidden_tests_are_laid_over(isolation: Isolation) -> None:
    hidden = {"tests/test_calc.py": TEST.replace("== 3", "== 5")}
    trial = await attempt(isolation, {"calc.py": ADD, "tests/test_calc.py": TEST}, hidden_tests=hidden)
    assert outcomes(trial) == {"tests/test_calc.py::test_add": "failed"}


DATABASE_TEST = """
import os
import psycopg

def test_database():
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        assert connection.execute("SELECT name FROM users").fetchone() == ("ada",)
    assert len(os.environ["JWT_SECRET"]) >= 32
    assert os.environ["PAGE_SIZE"] == "20"
"""


async def test_postgresql_migrations_and_settings(isolation: Isolation) -> None:
    trial = await attempt(
        isolation,
        {"test_db.py": DATABASE_TEST},
        dependencies=(("python", "psycopg[binary]"),),
        migrations=(
            ("note", "The tables are:"),
            ("sql", "CREATE TABLE users (name text); INSERT INTO users VALUES ('ada');"),
            ("sql", "CREATE TABLE users (name text);"),
            ("command", 'test -n "$DATABASE_URL" && echo fine'),
        ),
        env_vars=(
            ("DATABASE_URL", "postgresql://u:p@localhost/x"),
            ("JWT_SECRET", "change-me"),
            ("PAGE_SIZE", "20"),
        ),
        database="PostgreSQL",
    )
    assert trial.report.passed, trial.report
    assert [(step.kind, step.ok) for step in trial.migrations] == [
        ("sql", True),
        ("sql", False),
        ("command", True),
    ]
    assert "already exists" in trial.migrations[1].message


async def test_sqlite_migrations(isolation: Isolation) -> None:
    query = "sqlite3.connect('app.db').execute('SELECT 1 FROM t').fetchall()"
    test = f"import sqlite3\ndef test_x():\n    assert {query} == []\n"
    trial = await attempt(
        isolation,
        {"test_db.py": test},
        migrations=(("sql", "CREATE TABLE t (x int);"),),
        env_vars=(("DATABASE_URL", "sqlite:///./app.db"),),
        database="SQLite",
    )
    assert trial.report.passed, trial.report


async def test_what_this_machine_lacks_is_ours(isolation: Isolation) -> None:
    trial = await attempt(isolation, {"calc.py": ADD}, database="Cassandra")
    assert trial.report.ours
    assert "Cassandra" in trial.report.problem
    unknown = await attempt(isolation, {"main.zig": "x"})
    assert unknown.report.ours


NODE_TEST = "const { test } = require('node:test');\nconst assert = require('node:assert');\n"


@pytest.mark.skipif(bool(node_problem()), reason=node_problem() or "node is there")
@pytest.mark.parametrize(("body", "outcome"), [("1, 1", "passed"), ("1, 2", "failed")])
async def test_node_project(isolation: Isolation, body: str, outcome: str) -> None:
    files = {
        "package.json": '{"scripts": {"test": "node --test"}}',
        "tests/a.test.js": NODE_TEST + f"test('adds', () => assert.equal({body}));\n",
    }
    trial = await attempt(isolation, files)
    assert outcomes(trial) == {"adds": outcome}, trial.report
    assert trial.report.passed is (outcome == "passed")


@pytest.mark.skipif(bool(node_problem()), reason=node_problem() or "node is there")
@pytest.mark.parametrize("script", ["", "echo hi", 'echo \\"Error: no test specified\\" && exit 1'])
async def test_node_project_without_known_tests(isolation: Isolation, script: str) -> None:
    trial = await attempt(isolation, {"package.json": f'{{"scripts": {{"test": "{script}"}}}}'})
    assert trial.report.problem
    assert not trial.report.ours


def test_sqlite_urls() -> None:
    assert sqlite_path("sqlite:///./a.db", "/work") == "/work/./a.db"
    assert sqlite_path("sqlite+aiosqlite:////tmp/a.db", "/work") == "/tmp/a.db"
    assert sqlite_path("sqlite:///:memory:", "/work") is None
    assert sqlite_path("postgresql://x", "/work") is None
