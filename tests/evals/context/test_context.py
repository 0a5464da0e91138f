"""What is found in a repository for a task: outlines, data models, conventions, the files that matter, no secret."""

import sqlite3
from collections.abc import Iterable
from pathlib import Path

import pytest

from evals.context.build import build_context
from evals.context.cache import ContextCache
from evals.context.conventions import Conventions, find_conventions
from evals.context.definitions import definitions
from evals.context.outline import count_in, outline, word_parts
from evals.context.projects import ProjectFolder
from evals.context.ranking import named_files, rank
from evals.context.reading import Reading
from evals.context.secrets import LEFT_OUT
from sandbox.repository.snapshot import snapshot_of

OUTLINES = {
    "a.py": (
        "import os\nfrom app.db import get\n\n@cached\nclass A(B):\n    '''doc'''\n    x = 1\n\n"
        "    async def m(\n        self,\n        a: int = 3,\n    ) -> int:\n        return a\n\n\n"
        "def f(x): return x\n",
        ["class A(B)", "  async def m( self, a: int = 3, ) -> int", "def f(x)"],
    ),
    "a.ts": (
        "import { x } from './db'\nexport interface User { id: number }\n"
        "export class S {\n  get(id: string): User { return 1 }\n}\n"
        "export const load = async (a: number) => { return a }\nconst limit = 3\nfunction g<T>(a: T) { return a }\n",
        ["interface User", "class S", "  get(id: string): User", "load = async (a: number)", "function g<T>(a: T)"],
    ),
    "a.go": (
        "package a\n\ntype Item struct {\n\tID int\n}\n\n"
        "func (s *Store) Get(id int) (*Item, error) {\n\treturn nil, nil\n}\n",
        ["type Item struct", "func (s *Store) Get(id int) (*Item, error)"],
    ),
    "A.java": (
        "package a;\npublic class A extends B {\n  private int x;\n  public int get(int id) { return id; }\n}\n",
        ["public class A extends B", "  public int get(int id)"],
    ),
    "a.rs": (
        "pub struct Item {\n    id: i32,\n}\n\npub async fn get(id: i32) -> Item {\n    todo!()\n}\n",
        ["pub struct Item", "pub async fn get(id: i32) -> Item"],
    ),
    "broken.py": ("def f(:\n    pass\n\ndef g(a):\n    pass\n", ["def g(a)"]),
    "notes.md": ("# def f()\n", []),
}  # fmt: skip

MODELS = {
    "sqlalchemy": (
        "models.py",
        "class User(Base):\n    __tablename__ = 'users'\n    id: Mapped[int] = mapped_column(primary_key=True)\n\n"
        "    def save(self):\n        pass\n",
    ),
    "django": (
        "app/models.py",
        "class User(models.Model):\n    name = models.CharField(max_length=9)\n\n"
        "    class Meta:\n        ordering = ['name']\n",
    ),
    "pydantic": ("schemas.py", "class User(BaseModel):\n    name: str = Field(min_length=1)\n"),
    "prisma": ("prisma/schema.prisma", "model User {\n  id Int @id\n}\n"),
    "gorm": ("user.go", 'package a\n\ntype User struct {\n\tgorm.Model\n\tName string `gorm:"size:9"`\n}\n'),
    "entity": (
        "User.java",
        '@Entity\n@Table(name = "users")\npublic class User {\n  @Id\n  private Long id;\n'
        "  public Long getId() { return id; }\n}\n",
    ),
    "mongoose": (
        "user.js",
        "const mongoose = require('mongoose')\nconst User = new Schema({\n  name: { type: String },\n})\n",
    ),
    "sql": ("schema.sql", "CREATE TABLE IF NOT EXISTS User (\n  id INT\n);\nSELECT 1;\n"),
}  # fmt: skip


@pytest.mark.parametrize("path", OUTLINES)
def test_the_outline_of_a_file(path: str) -> None:
    text, expected = OUTLINES[path]
    found = ["  " * entry.depth + entry.text for entry in definitions(path, text).entries]
    assert [entry for entry in found if entry in expected] == expected
    assert path == "broken.py" or found == expected


@pytest.mark.parametrize("kind", MODELS)
def test_data_models_are_found_without_their_methods(kind: str) -> None:
    path, text = MODELS[kind]
    assert outline(path, text).stores
    (model,) = definitions(path, text).models
    assert (model.kind, model.name) == (kind, "User")
    assert "save" not in model.text
    assert "getId" not in model.text
    assert "SELECT" not in model.text


def conventions(files: dict[str, str]) -> Conventions:
    return find_conventions(snapshot_of(files))


def test_conventions_come_from_the_manifests() -> None:
    found = conventions(
        {
            "pyproject.toml": '[project]\ndependencies = ["fastapi>=0.110", "psycopg[binary]"]\n[tool.ruff]\n',
            "tests/conftest.py": "",
            "app/main.py": "",
        }
    )
    assert (found.language, found.framework, found.databases) == ("Python", "FastAPI", ("PostgreSQL",))
    assert (found.tests, found.linters) == ("python -m pytest", ("Ruff",))
    words = '[project]\ndependencies = ["fastapi[standard]>=1"]\n# Black is not used; neither is redis\n'
    assert conventions({"pyproject.toml": words, "requirements.txt": "uvicorn # not mysql\n"}) == Conventions(
        framework="FastAPI",
        manifests=("pyproject.toml", "requirements.txt"),
        project=ProjectFolder("", "the only project"),
    )
    node = conventions(
        {
            "package.json": '{"scripts": {"test": "jest"}, "dependencies": {"express": "4", "pg": "8"}}',
            "a.js": "",
        }
    )
    assert (node.language, node.framework, node.databases, node.tests) == (
        ("JavaScript", "Express", ("PostgreSQL",), "npm test")
    )
    go = conventions({"go.mod": "module x\nrequire github.com/gin-gonic/gin v1.10.0\n", "main.go": ""})
    assert (go.framework, go.tests) == ("Gin", "go test ./...")


FILES = {
    "app/auth.py": "from app.sessions import start\n\n\ndef login(name, password):\n    return start(name)\n",
    "app/sessions.py": "def start(name):\n    return name\n",
    "app/billing.py": "def invoice(order):\n    return order\n",
    "app/config.py": (
        'import os\n\nDEBUG = 1\nAPI_TOKEN = "sk-proj-aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3xY5zA7b"\n\n\n'
        "def login_limit():\n    return 3\n"
    ),
    ".env": "LOGIN_SECRET=abcdefgh12345678\n",
    "docs/login.md": "# Login\n",
}  # fmt: skip


def test_files_are_ranked_by_words_and_by_who_imports_whom() -> None:
    outlines = Reading(snapshot_of(FILES), None).outlines
    order = [path for path, _ in rank(outlines, "Lock the account after five failed logins")]
    assert order.index("app/auth.py") == 0
    assert order.index("app/sessions.py") < order.index("app/billing.py")


def test_files_that_the_task_names_are_found() -> None:
    assert named_files(FILES, "change billing.py and app/auth.py, but not setup.py") == [
        "app/billing.py",
        "app/auth.py",
    ]


def test_no_secret_is_told() -> None:
    reading = Reading(snapshot_of(FILES), None)
    context = build_context("shop", reading, "Change config.py, .env and login").context
    everything = str(context)
    assert "sk-proj" not in everything
    assert "abcdefgh12345678" not in everything
    assert LEFT_OUT in context.files["app/config.py"]
    left_out = dict(context.left_out)
    assert left_out["app/config.py"] == "1 lines that hold a secret were taken out"


def test_no_key_is_told_by_a_signature() -> None:
    body = "    return 1\n" * 4000
    key = "ghp_" + "aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3xY5"
    files = {"app/pay.py": f'def pay(amount, key="{key}"):\n{body}\n\ndef pay_back(amount):\n    return 1\n'}
    context = build_context("shop", Reading(snapshot_of(files), None), "pay", budget=2000).context
    assert context.files == {}
    assert key not in str(context)
    assert LEFT_OUT in context.map
    assert "def pay_back(amount)" in context.map


def test_the_budget_holds() -> None:
    files = {f"app/part{n}.py": f"def login_{n}(a, b):\n    return a\n\n\n" * 40 for n in range(60)}
    built = build_context("shop", Reading(snapshot_of(files), None), "login", budget=4000)
    assert 1000 < sum(built.tokens.values()) <= 4000
    assert "more files" in built.context.map or len(built.context.map.split("\n")) > 60


class Counted:
    """A source that tells which files were read."""

    def __init__(self, files: dict[str, str]) -> None:
        self._snapshot = snapshot_of(files)
        self.commit, self.blobs = "0" * 40, self._snapshot.blobs
        self.asked: list[str] = []

    def read(self, paths: Iterable[str]) -> dict[str, str]:
        listed = list(paths)
        self.asked += listed
        return self._snapshot.read(listed)


def test_what_was_read_once_is_known_by_its_content(tmp_path: Path) -> None:
    """Of a changed repository only the changed files are read for the outlines, and only shown ones for the rest."""
    cold, warm = (
        Counted(FILES),
        Counted({**FILES, "app/billing.py": "def refund(order):\n    return order\n"}),
    )
    first = build_context("shop", Reading(cold, ContextCache(tmp_path)), "login")
    reading = Reading(warm, ContextCache(tmp_path))
    assert warm.asked == ["app/billing.py"]
    assert reading.outlines.keys() == FILES.keys()
    second = build_context("shop", reading, "login")
    assert "docs/login.md" not in warm.asked
    assert second.context.map == first.context.map.replace("invoice", "refund")


def test_a_damaged_cache_is_a_miss(tmp_path: Path) -> None:
    fresh = Reading(snapshot_of(FILES), ContextCache(tmp_path)).outlines
    with sqlite3.connect(tmp_path / "context.sqlite") as database:
        database.execute("UPDATE kept SET data = 'no outline'")
    database.close()
    assert Reading(snapshot_of(FILES), ContextCache(tmp_path)).outlines == fresh
    (tmp_path / "context.sqlite").write_bytes(b"no database at all" * 100)
    assert Reading(snapshot_of(FILES), ContextCache(tmp_path)).outlines == fresh
    assert Reading(snapshot_of(FILES), ContextCache(tmp_path)).outlines == fresh


def test_words_are_counted_by_their_parts_and_found_when_packed() -> None:
    assert word_parts("userLimits user_limit HTTPServer x1 Limiting") == {
        "user": 2,
        "limit": 3,
        "http": 1,
        "server": 1,
    }
    packed = outline("a.py", "rate rate rates\nlimits = 1\n" + "other " * 12).words
    assert (count_in(packed, "rate"), count_in(packed, "limit"), count_in(packed, "other")) == (3, 1, 12)
    assert count_in(packed, "rat") == count_in(packed, "ther") == 0


IMPORTS = {
    "a.py": ("import os.path\nfrom app.db import get\n", ("path", "db")),
    "a.ts": (
        "import x from './db'\nimport { y } from '../user.service'\nconst z = require('./lib/mail.js')\n",
        ("x", "db", "user.service", "mail"),
    ),
    "a.go": ('import (\n\t"fmt"\n\tpq "github.com/lib/pq"\n)\n', ("fmt", "pq")),
    "A.java": ("import static a.b.C;\nimport a.Names;\n", ("C", "Names")),
    "a.rs": ("use crate::db::pool;\n", ("pool",)),
}  # fmt: skip


@pytest.mark.parametrize("path", IMPORTS)
def test_imports_are_known_by_their_last_names(path: str) -> None:
    text, expected = IMPORTS[path]
    assert outline(path, text).imports == expected
