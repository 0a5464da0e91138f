"""Python's other runners: which one a project's files speak of, and whole trials with unittest and Django."""

import pytest

from prompts.task import Limits
from sandbox.isolation.protocol import Isolation
from sandbox.toolchains.python_runner import find_runner
from sandbox.trial import Laboratory, Project, Trial

UNITTEST = "import unittest\n\nclass TestX(unittest.TestCase):\n    def test_x(self):\n        pass\n"
MANAGE = "import django.core.management\n"


@pytest.mark.parametrize(
    ("files", "runner"),
    [
        ({"test_a.py": UNITTEST}, "unittest"),
        ({"tests/tests.py": "x = 1\n", "tests/test_a.py": UNITTEST}, "pytest"),
        ({"test_a.py": UNITTEST, "test_b.py": "def test_b():\n    pass\n"}, "pytest"),
        ({"test_a.py": UNITTEST + "\nclass TestPlain:\n    def test_y(self):\n        pass\n"}, "pytest"),
        ({"test_a.py": UNITTEST, "a_test.py": UNITTEST}, "pytest"),
        ({"test_a.py": UNITTEST, "requirements.txt": "flask\npytest-cov>=4\n"}, "pytest"),
        ({"test_a.py": UNITTEST, "pyproject.toml": "[tool.pytest.ini_options]\n"}, "pytest"),
        ({"test_a.py": UNITTEST, "tests/conftest.py": ""}, "pytest"),
        ({"app.py": "", "README.md": "run pytest"}, "pytest"),
        ({"manage.py": MANAGE, "shop/tests.py": "from django.test import TestCase\n"}, "django"),
        ({"manage.py": MANAGE, "requirements-dev.txt": "pytest-django\n"}, "pytest"),
        ({"manage.py": "from flask_script import Manager\n", "test_a.py": UNITTEST}, "unittest"),
    ],
)
def test_which_runner_is_meant(files: dict[str, str], runner: str) -> None:
    assert find_runner(files) == runner


async def attempt(isolation: Isolation, files: dict[str, str], **more: object) -> Trial:
    async with Laboratory(isolation) as laboratory:
        return await laboratory.run(Project(files, **more))  # type: ignore[arg-type]


def outcomes(trial: Trial) -> dict[str, str]:
    return {case.id: case.outcome for case in trial.report.cases}


EVERY_OUTCOME = """
import unittest

from calc import add

class Calc(unittest.IsolatedAsyncioTestCase):
    async def test_add(self):
        self.assertEqual(add(1, 2), 3)

    def test_wrong(self):
        self.assertEqual(add(1, 2), 4)

    def test_error(self):
        raise ValueError("bo\\x00om")

    @unittest.skip("later")
    def test_skipped(self):
        pass

    @unittest.expectedFailure
    def test_expected(self):
        self.fail()

    @unittest.expectedFailure
    def test_unexpected(self):
        pass

    def test_subtests(self):
        for number in (1, 2):
            with self.subTest(number=number):
                self.assertEqual(number, 1)

    def test_exit(self):
        raise SystemExit(0)
"""
ADD = "def add(a, b):\n    return a + b\n"


@pytest.mark.network
async def test_every_outcome_of_unittest(isolation: Isolation) -> None:
    trial = await attempt(isolation, {"calc.py": ADD, "tests/test_calc.py": EVERY_OUTCOME})
    assert not trial.report.problem, trial.report
    assert {name.rpartition(".test_")[2]: outcome for name, outcome in outcomes(trial).items()} == {
        "add": "passed",
        "wrong": "failed",
        "error": "errored",
        "skipped": "skipped",
        "expected": "skipped",
        "unexpected": "failed",
        "subtests": "failed",
        "exit": "errored",
    }
    messages = {case.id.rpartition(".")[2]: case.message for case in trial.report.cases}
    assert "number=2" in messages["test_subtests"]
    assert "3 != 4" in messages["test_wrong"]


@pytest.mark.network
@pytest.mark.parametrize("package", [True, False])
async def test_unittest_passes_with_or_without_packages(isolation: Isolation, package: bool) -> None:
    files = {"calc.py": ADD, "tests/unit/test_x.py": "import calc\n" + UNITTEST, "test_top.py": UNITTEST}
    if package:
        files |= {"tests/__init__.py": "", "tests/unit/__init__.py": ""}
    trial = await attempt(isolation, files)
    assert trial.report.passed, trial.report
    assert trial.report.count("passed") == 2


@pytest.mark.network
@pytest.mark.parametrize(
    "broken",
    [
        "import unittest\nimport absent\n",
        "import unittest\nclass X(unittest.TestCase:\n",
        "import unittest, os\nos._exit(0)\n",
        "import unittest, sys\nsys.exit(0)\n",
        "import unittest\n",
    ],
)
async def test_broken_unittest_files_never_pass(isolation: Isolation, broken: str) -> None:
    trial = await attempt(isolation, {"test_a.py": broken})
    assert not trial.report.passed
    assert not trial.report.ours


SETTINGS = """
SECRET_KEY = "x"
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "shop"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "db.sqlite3"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
"""
DJANGO = {
    "manage.py": "import os, sys\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'site_settings')\n"
    "from django.core.management import execute_from_command_line\nexecute_from_command_line(sys.argv)\n",
    "site_settings.py": SETTINGS,
    "requirements.txt": "django>=5,<6\n",
    "shop/__init__.py": "",
    "shop/models.py": "from django.db import models\n\nclass Item(models.Model):\n"
    "    name = models.TextField()\n",
    "shop/tests.py": "from django.test import TestCase\nfrom shop.models import Item\n\n"
    "class Items(TestCase):\n    def test_count(self):\n        Item.objects.create(name='a')\n"
    "        self.assertEqual(Item.objects.count(), 1)\n",
}


@pytest.mark.network
@pytest.mark.parametrize(("wanted", "outcome"), [(1, "passed"), (2, "failed")])
async def test_django_project(isolation: Isolation, wanted: int, outcome: str) -> None:
    tests = DJANGO["shop/tests.py"].replace("count(), 1", f"count(), {wanted}")
    trial = await attempt(isolation, {**DJANGO, "shop/tests.py": tests})
    assert outcomes(trial) == {"shop.tests.Items.test_count": outcome}, trial.report
    assert trial.report.passed is (outcome == "passed")


@pytest.mark.network
@pytest.mark.parametrize("broken", ["def test(:\n", "while True: pass\n", "import os\nos._exit(0)\n"])
async def test_broken_django_tests_never_pass(isolation: Isolation, broken: str) -> None:
    trial = await attempt(isolation, {**DJANGO, "shop/tests.py": broken}, limits=Limits(seconds=5))
    assert not trial.report.passed
    assert not trial.report.ours


@pytest.mark.network
async def test_django_makes_its_own_test_database_on_postgresql(isolation: Isolation) -> None:
    database = """
import os
DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": os.environ["DB_NAME"],
    "USER": os.environ["DB_USER"], "PASSWORD": os.environ["DB_PASSWORD"], "HOST": os.environ["DB_HOST"],
    "PORT": os.environ["DB_PORT"]}}
"""
    trial = await attempt(
        isolation,
        {**DJANGO, "site_settings.py": SETTINGS + database},
        dependencies=(("python", "psycopg[binary]"),),
        env_vars=tuple((f"DB_{name}", "x") for name in ("NAME", "USER", "PASSWORD", "HOST", "PORT")),
        database="PostgreSQL",
    )
    assert trial.report.passed, trial.report
