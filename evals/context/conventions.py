"""How a repository does things, by its manifests: framework, database, tests, linters, package manager. Pure."""

import json
import posixpath
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from evals.code.files import language_of
from evals.context.projects import ProjectFolder, choose_project, manifests_to_read
from evals.context.reading import Source
from prompts.stack import DATABASES, FRAMEWORKS

_MANIFESTS = re.compile(
    r"(?:^|/)(?:requirements[\w.-]*\.(?:txt|in)|pyproject\.toml|setup\.(?:py|cfg)|Pipfile|tox\.ini|package\.json|go\.mod"
    r"|pom\.xml|build\.gradle(?:\.kts)?|Cargo\.toml|Gemfile|[\w.]+\.csproj)$|^requirements/[\w.-]+\.txt$"
)
_SETTINGS = ("settings.py", "settings/base.py", ".prisma")
_MOST = 20
_WORD = re.compile(r"[@A-Za-z][\w.@/-]*")
# Of lists of requirements only the first word of each is a package: extras, comments and prose are none.
_LISTS = (".txt", ".in", ".toml", ".cfg", ".ini", "Pipfile")
_FIRST_WORD = re.compile(r"(?:^|[\"'])[ \t]*([A-Za-z][\w.-]*)", re.MULTILINE)
_FRAMEWORK_PACKAGES = (
    ("fastapi", ("fastapi",)),
    ("flask", ("flask",)),
    ("django", ("django", "djangorestframework", "django-ninja")),
    ("nestjs", ("@nestjs/core",)),
    ("express", ("express",)),
    ("gin", ("github.com/gin-gonic/gin",)),
    ("spring-boot", ("spring-boot-starter-web", "spring-boot-starter-parent", "org.springframework.boot")),
    ("rails", ("rails",)),
    ("axum", ("axum",)),
    ("aspnet-core", ("microsoft.net.sdk.web", "microsoft.aspnetcore.openapi")),
)
_DATABASE_PACKAGES = (
    ("postgresql", ("psycopg", "psycopg2", "psycopg2-binary", "asyncpg", "pg", "postgres", "github.com/lib/pq",
                    "github.com/jackc/pgx/v5", "github.com/jackc/pgx/v4", "gorm.io/driver/postgres", "npgsql",
                    "org.postgresql", "tokio-postgres")),
    ("mysql", ("pymysql", "mysqlclient", "mysql2", "mysql", "aiomysql", "github.com/go-sql-driver/mysql",
               "gorm.io/driver/mysql", "com.mysql", "mysql-connector-j")),
    ("mongodb", ("pymongo", "motor", "mongoose", "mongodb", "go.mongodb.org/mongo-driver")),
    ("sqlite", ("aiosqlite", "better-sqlite3", "sqlite3", "gorm.io/driver/sqlite", "github.com/mattn/go-sqlite3",
                "rusqlite")),
    ("redis", ("redis", "ioredis", "aioredis", "github.com/redis/go-redis/v9")),
    ("elasticsearch", ("elasticsearch", "@elastic/elasticsearch")),
    ("cassandra", ("cassandra-driver",)),
)  # fmt: skip
_LINTERS = {
    "ruff": "Ruff", "flake8": "Flake8", "black": "Black", "pylint": "Pylint", "mypy": "mypy", "isort": "isort",
    "eslint": "ESLint", "prettier": "Prettier", "@biomejs/biome": "Biome", "standard": "standard",
    "rubocop": "RuboCop", "checkstyle": "Checkstyle", "spotless": "Spotless",
}  # fmt: skip
_LINTER_FILES = {
    "ruff.toml": "Ruff", ".ruff.toml": "Ruff", ".flake8": "Flake8", "mypy.ini": "mypy", ".rubocop.yml": "RuboCop",
    ".golangci.yml": "golangci-lint", ".golangci.yaml": "golangci-lint", "biome.json": "Biome",
    "rustfmt.toml": "rustfmt", ".prettierrc": "Prettier", ".eslintrc.json": "ESLint", ".eslintrc.js": "ESLint",
    "eslint.config.js": "ESLint", "eslint.config.mjs": "ESLint",
}  # fmt: skip
_TITLES = {
    "python": "Python",
    "javascript": "JavaScript",
    "typescript": "TypeScript",
    "go": "Go",
    "java": "Java",
}


@dataclass(frozen=True, slots=True)
class Conventions:
    """What was found; empty where nothing was. ``tests`` is the command that runs the tests in the project's folder."""

    language: str = ""
    framework: str = ""
    databases: tuple[str, ...] = ()
    tests: str = ""
    linters: tuple[str, ...] = ()
    manifests: tuple[str, ...] = ()
    project: ProjectFolder = field(default_factory=ProjectFolder)

    @property
    def lines(self) -> tuple[str, ...]:
        """One line for each thing known, for a prompt."""
        inside = f" in {self.project.path}" if self.project.path else ""
        said = (
            ("Project folder", self.project.line),
            ("Language", self.language),
            ("Framework", self.framework),
            ("Database", ", ".join(self.databases)),
            ("Tests run by", f"`{self.tests}`{inside}" if self.tests else ""),
            ("Linters and formatters", ", ".join(self.linters)),
            ("Manifests", ", ".join(self.manifests[:6])),
        )
        return tuple(f"{name}: {value}" for name, value in said if value)


def find_conventions(
    source: Source, task: str = "", folder: str | None = None, within: str = ""
) -> Conventions:
    """Read the manifests of the project that ``task`` is about, the nearest to its root first.

    ``folder`` is the project's where the task says it, ``within`` the one that a person named. Raises ConfigError
    where the former is not there.
    """
    paths = list(source.blobs)
    project = choose_project(paths, source.read(manifests_to_read(paths)), task, folder, within)
    start = f"{project.path}/" if project.path else ""
    files = {path.removeprefix(start): path for path in paths if path.startswith(start)}
    manifests = sorted((p for p in files if _MANIFESTS.search(p)), key=lambda p: (p.count("/"), p))[:_MOST]
    settings = [path for path in files if path.endswith(_SETTINGS)][:_MOST]
    read = source.read(files[path] for path in (*manifests, *settings))
    texts = {path.removeprefix(start): text for path, text in read.items()}
    packages = {name for path in manifests if path in texts for name in _packages(path, texts[path])}
    databases = [key for key, names in _DATABASE_PACKAGES if packages & set(names)]
    databases += [key for key in _named_databases(texts) if key not in databases]
    framework = next((key for key, names in _FRAMEWORK_PACKAGES if packages & set(names)), "")
    names = {posixpath.basename(path) for path in files if path.count("/") <= 1}
    names |= {path for path in paths if "/" not in path}
    linters = [title for package, title in _LINTERS.items() if package in packages]
    linters += [title for name, title in _LINTER_FILES.items() if name in names]
    return Conventions(
        language=_language(files),
        framework=next((item.title for item in FRAMEWORKS if item.key == framework), ""),
        databases=tuple(item.title for item in DATABASES if item.key in databases),
        tests=_tests(files, texts, packages),
        linters=tuple(dict.fromkeys(linters)),
        manifests=tuple(files[path] for path in manifests),
        project=project,
    )


def _packages(path: str, text: str) -> Iterable[str]:
    name = posixpath.basename(path)
    if name == "package.json":
        for group in ("dependencies", "devDependencies", "peerDependencies"):
            listed = _json(text).get(group)
            yield from listed if isinstance(listed, dict) else ()
        return
    yield from re.findall(r"^\[tool\.([\w-]+)", text[:200_000], re.MULTILINE)
    for word in (_FIRST_WORD if path.endswith(_LISTS) else _WORD).findall(text[:200_000]):
        yield word.lower().rstrip(".")
        yield word.lower().partition("@")[0].rstrip(".")


def _json(text: str) -> dict[str, object]:
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _named_databases(files: Mapping[str, str]) -> Iterable[str]:
    """Databases that settings name rather than packages: Django's ENGINE, Prisma's provider."""
    for path, text in files.items():
        if path.endswith(".py"):
            yield from re.findall(r"django\.db\.backends\.(postgresql|mysql|sqlite)", text)
        elif path.endswith(".prisma"):
            yield from re.findall(r"provider\s*=\s*\"(postgresql|mysql|sqlite|mongodb)\"", text)


def _language(files: Iterable[str]) -> str:
    counts: dict[str, int] = {}
    for path in files:
        language: str = language_of(path) or ""
        for ending, other in ((".rs", "Rust"), (".rb", "Ruby"), (".cs", "C#")):
            language = other if path.endswith(ending) else language
        if language:
            counts[language] = counts.get(language, 0) + 1
    best = max(counts, key=lambda name: counts[name], default="")
    return _TITLES.get(best, best)


def _tests(files: Collection[str], texts: Mapping[str, str], packages: set[str]) -> str:
    if "package.json" in texts:
        scripts = _json(texts["package.json"]).get("scripts")
        if isinstance(scripts, dict) and "test" in scripts:
            return "npm test"
    if "go.mod" in files:
        return "go test ./..."
    if "Cargo.toml" in files:
        return "cargo test"
    if "pom.xml" in files:
        return "mvn test"
    if "build.gradle" in files or "build.gradle.kts" in files:
        return "gradle test"
    if "Gemfile" in files:
        return "bundle exec rspec" if "rspec" in " ".join(packages) else "bin/rails test"
    if (
        "pytest" in packages
        or "pytest.ini" in files
        or "conftest.py" in {posixpath.basename(p) for p in files}
    ):
        return "python -m pytest"
    if "manage.py" in files:
        return "python manage.py test"
    return "python -m pytest" if any(path.endswith(".py") for path in files) else ""
