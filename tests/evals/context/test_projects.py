"""The project of a repository that a task is about: where its manifest lies, by the task's words, else the nearest."""

import pytest

from evals.context.conventions import Conventions, find_conventions
from evals.context.projects import ProjectFolder, choose_project
from prompts.errors import ConfigError
from sandbox.repository.snapshot import snapshot_of

ORDERS = {
    "services/orders/go.mod": "module orders\nrequire github.com/gin-gonic/gin v1.10.0\n",
    "services/orders/invoice.go": "package orders\n",
    "services/orders/invoice_test.go": "package orders\n",
}
ACCOUNTS = {
    "services/accounts/pyproject.toml": '[project]\ndependencies = ["fastapi", "pytest", "asyncpg"]\n',
    "services/accounts/app/login.py": "def login():\n    pass\n",
    "services/accounts/tests/test_login.py": "def test_login():\n    pass\n",
}
SHOP = {
    "apps/shop/package.json": '{"scripts": {"test": "jest"}, "dependencies": {"express": "4"}}',
    "apps/shop/cart.js": "",
}
TOOLS = {"package.json": '{"devDependencies": {"husky": "9"}}', "README.md": "# Many\n"}
MANY = TOOLS | ORDERS | ACCOUNTS | SHOP


def chosen(files: dict[str, str], task: str = "", wanted: str | None = None) -> ProjectFolder:
    return choose_project(files, files, task, wanted)


def conventions(files: dict[str, str], task: str, folder: str | None = None) -> Conventions:
    return find_conventions(snapshot_of(files), task, folder)


@pytest.mark.parametrize(
    ("task", "folder", "reason"),
    [
        ("Round the sums in services/orders/invoice.go", "services/orders", "names files"),
        ("Round the sums in invoice.go", "services/orders", "names files"),
        ("Lock a login after five tries", "services/accounts", "words fit"),
        ("Let the shop sell nothing twice", "apps/shop", "words fit"),
        ("Make it faster", "services/accounts", "nearest to the root with tests"),
    ],
)
def test_the_task_chooses(task: str, folder: str, reason: str) -> None:
    found = chosen(MANY, task)
    assert found.path == folder
    assert reason in found.reason
    assert set(found.others) == {"services/orders", "services/accounts", "apps/shop"} - {folder}


def test_the_conventions_are_those_of_the_chosen_one() -> None:
    orders = conventions(MANY, "Round the sums of an invoice")
    assert (orders.language, orders.framework, orders.tests) == ("Go", "Gin", "go test ./...")
    accounts = conventions(MANY, "Lock a login")
    assert (accounts.language, accounts.framework, accounts.databases) == (
        "Python",
        "FastAPI",
        ("PostgreSQL",),
    )
    assert "Tests run by: `python -m pytest` in services/accounts" in accounts.lines
    assert accounts.lines[0].startswith("Project folder: services/accounts (the task's words fit")
    assert accounts.manifests == ("services/accounts/pyproject.toml",)


def test_the_task_may_say_the_folder_itself() -> None:
    for said in ("services/orders", "./services/orders/", "services/orders/"):
        assert chosen(MANY, "Lock a login", said) == ProjectFolder(
            "services/orders", "as the task says", ("apps/shop", "services/accounts")
        )
    assert chosen(MANY, "Lock a login", ".").path == ""
    for wrong in ("services/mail", "..", "../other", "services/../../x"):
        with pytest.raises(ConfigError, match="is not in the repository"):
            chosen(MANY, "", wrong)


def test_the_folder_that_a_person_named_counts_more_than_words() -> None:
    for within in ("services/orders", "services/orders/deep/down"):
        found = choose_project(MANY, MANY, "Lock a login", None, within)
        assert (found.path, found.reason) == ("services/orders", "the folder that was named lies there")
    assert choose_project(MANY, MANY, "Lock a login", None, "services").path == "services/accounts"


@pytest.mark.parametrize(
    "root",
    [
        {"pyproject.toml": '[project]\nname = "x"\n', "a.py": ""},
        {"requirements.txt": "flask\n", "a.py": ""},
        {"package.json": '{"scripts": {"test": "jest"}}', "a.js": ""},
        {"pom.xml": "<project/>", "src/main/java/A.java": ""},
    ],
)
def test_a_project_at_the_root_stays_the_one(root: dict[str, str]) -> None:
    assert chosen(root | {"docs/package.json": "{}", "tests/fixtures/pyproject.toml": ""}) == ProjectFolder(
        "", "the only project"
    )
    assert not conventions(root, "").project.line
    both = chosen(root | {"client/package.json": "{}", "client/index.js": ""}, "Make it faster")
    assert both.path == ""


@pytest.mark.parametrize("tools", ['{"devDependencies": {"husky": "9"}}', "no JSON", "[1]", "[" * 100_000])
def test_tools_at_the_root_are_no_project(tools: str) -> None:
    assert chosen({"package.json": tools, **ACCOUNTS}).path == "services/accounts"
    linted = {"pyproject.toml": "[tool.ruff]\nline-length = 100\n", **ACCOUNTS}
    assert chosen(linted).path == "services/accounts"


def test_modules_of_one_build_are_tested_from_its_root() -> None:
    maven = {"pom.xml": "<project/>", "api/pom.xml": "<project/>", "api/src/main/java/A.java": ""}
    assert chosen(maven, "Change api/src/main/java/A.java") == ProjectFolder("", "the only project")
    below = {f"backend/{path}": text for path, text in maven.items()} | {
        "web/package.json": "{}",
        "web/a.js": "",
    }
    assert chosen(below, "Change A.java").path == "backend"


def test_a_repository_without_manifests_is_one_project() -> None:
    assert chosen({"a.py": "", "lib/b.py": ""}).path == ""
    assert chosen({}).path == ""
