"""The shape of the project: which package may import which, what starting up may not cost, and what else it needs."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
HOUSES = ("prompts", "agents", "sandbox", "evals", "orchestrator")
FILES = [path for house in HOUSES for path in sorted((ROOT / house).rglob("*.py"))]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_lead_to_the_left_and_to_no_private_name(path: Path) -> None:
    house = path.relative_to(ROOT).parts[0]
    allowed = HOUSES[: HOUSES.index(house) + 1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            modules, names = [node.module], [alias.name for alias in node.names]
        elif isinstance(node, ast.Import):
            modules, names = [alias.name for alias in node.names], []
        else:
            continue
        for module in modules:
            top = module.split(".")[0]
            if top not in HOUSES:
                continue
            assert top in allowed, f"{path}:{node.lineno} imports {module}, which stands to the right"
            if top != house:
                private = [part for part in (*module.split("."), *names) if part.startswith("_")]
                assert not private, f"{path}:{node.lineno} reaches into {private}"


HEAVY = (
    "openai",
    "anthropic",
    "pydantic",
    "jinja2",
    "dulwich",
    "rich",
    "psycopg",
    "tree_sitter",
    "asyncio",
    "yaml",
)


@pytest.mark.parametrize("args", [["--help"], ["--version"]])
def test_starting_up_imports_nothing_heavy(args: list[str]) -> None:
    script = (
        "import sys\n"
        "from orchestrator.cli import application\n"
        f"sys.argv = ['backsmith', *{args!r}]\n"
        "try:\n    application()()\n"
        "except SystemExit:\n    pass\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.rstrip().endswith("[]"), done.stdout


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="a source distribution has no list of files")
def test_nothing_of_the_project_stands_beside_the_houses() -> None:
    tracked = subprocess.run(["git", "ls-files"], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    top = {line.split("/")[0] for line in tracked.split("\n") if line}
    usual = {
        "README.md",
        "LICENSE",
        "CHANGELOG.md",
        "Makefile",
        "pyproject.toml",
        "requirements.lock",
        "action.yml",
    }
    usual |= {"docs", "examples", "benchmarks", "tests", ".ci", ".gitignore", ".gitattributes"}
    assert top <= {*HOUSES, *usual}


def test_the_lock_names_no_index() -> None:
    assert "://" not in (ROOT / "requirements.lock").read_text(encoding="utf-8")


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    told, _, development = (
        (ROOT / "docs/dependencies.md").read_text(encoding="utf-8").partition("\nFor development:")
    )
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in told.split("\n") if line[:1] == "|"]
    own = {name for row in rows if len(row) == 2 for name in row[0].split(", ")} - {"package", "---"}
    extras = {row[0]: set(row[1].split(", ")) for row in rows if len(row) == 3}
    assert own == bare(project["project"]["dependencies"])
    for extra, wanted in project["project"]["optional-dependencies"].items():
        assert extras.get(extra) == bare(wanted), extra
    missing = {
        name
        for name in bare(project["dependency-groups"]["dev"])
        if not name.startswith(("types-", "opentelemetry-")) and not re.search(rf"\b{name}\b", development)
    }
    assert not missing


def bare(requirements: list[str]) -> set[str]:
    """``psycopg[binary]>=3.2`` is psycopg."""
    return {re.split(r"[\[<>=;~! ]", requirement)[0] for requirement in requirements}
