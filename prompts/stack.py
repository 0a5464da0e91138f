"""What a task is built with: its language, framework and databases, however people write their names."""

import difflib
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

from prompts.quoting import one_line
from prompts.task import Task


@dataclass(frozen=True, slots=True)
class Language:
    """A programming language; ``key`` names its part under ``parts/language``."""

    key: str
    title: str
    aliases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Framework:
    """A web framework; ``key`` names its part under ``parts/framework``."""

    key: str
    title: str
    language: str
    aliases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Database:
    """A database; ``key`` names its part under ``parts/database``.

    ``variable`` is the environment variable that holds its URL, ``scheme`` how that URL starts. ``primary``
    tells databases that can be an application's only one from those that stand beside one.
    """

    key: str
    title: str
    variable: str
    scheme: str
    aliases: tuple[str, ...]
    primary: bool = True


@dataclass(frozen=True, slots=True)
class Stack:
    """A task's language, framework and databases; ``fallback`` as key where there is no part for one."""

    language: Language
    framework: Framework
    databases: tuple[Database, ...]

    @property
    def relational(self) -> bool:
        """Whether one of the databases speaks SQL (one that is not known here is taken to)."""
        return any(item.key in {"postgresql", "mysql", "sqlite", FALLBACK} for item in self.databases)


FALLBACK = "fallback"

Named = TypeVar("Named", Language, Framework, Database)

LANGUAGES = (
    Language(
        "python", "Python", ("python", "python3", "tornado", "starlette", "sanic", "litestar", "aiohttp")
    ),
    Language("typescript", "TypeScript", ("typescript", "ts", "deno")),
    Language(
        "javascript",
        "JavaScript",
        ("javascript", "js", "node.js", "nodejs", "node", "fastify", "koa", "hapi", "hono"),
    ),
    Language("java", "Java", ("java", "quarkus", "micronaut")),
    Language("csharp", "C#", ("c#", "csharp")),
    Language("ruby", "Ruby", ("ruby", "sinatra")),
    Language("rust", "Rust", ("rust", "actix", "actix-web", "rocket", "warp")),
    Language("go", "Go", ("go", "golang", "net/http", "chi", "echo", "fiber")),
)

FRAMEWORKS = (
    Framework("django", "Django", "python", ("django", "django rest framework", "drf", "django-ninja")),
    Framework("fastapi", "FastAPI", "python", ("fastapi", "fast api")),
    Framework("flask", "Flask", "python", ("flask",)),
    Framework("express", "Express", "javascript", ("express", "express.js", "expressjs")),
    Framework("nestjs", "NestJS", "typescript", ("nestjs", "nest.js", "nest")),
    Framework("spring-boot", "Spring Boot", "java", ("spring boot", "springboot", "spring-boot", "spring")),
    Framework("gin", "Gin", "go", ("gin", "gin-gonic", "gin gonic")),
    Framework(
        "aspnet-core",
        "ASP.NET Core",
        "csharp",
        ("asp.net core", "asp.net", "aspnet", "aspnetcore", "aspnet-core", ".net core", ".net", "dotnet"),
    ),
    Framework("axum", "Axum", "rust", ("axum",)),
    Framework("rails", "Rails", "ruby", ("rails", "ruby on rails", "ror")),
)

DATABASES = (
    Database(
        "postgresql", "PostgreSQL", "POSTGRES_URL", "postgresql://", ("postgresql", "postgres", "pg", "psql")
    ),
    Database("mysql", "MySQL", "MYSQL_URL", "mysql://", ("mysql", "mariadb", "maria db")),
    Database("sqlite", "SQLite", "SQLITE_URL", "sqlite:///", ("sqlite", "sqlite3")),
    Database("mongodb", "MongoDB", "MONGODB_URL", "mongodb://", ("mongodb", "mongo", "mongo db")),
    Database("redis", "Redis", "REDIS_URL", "redis://", ("redis", "valkey"), primary=False),
    Database(
        "elasticsearch",
        "Elasticsearch",
        "ELASTICSEARCH_URL",
        "http://",
        ("elasticsearch", "elastic search", "elastic", "opensearch"),
        primary=False,
    ),
    Database("cassandra", "Cassandra", "CASSANDRA_URL", "cassandra://", ("cassandra", "scylladb", "scylla")),
)


def stack_of(task: Task) -> Stack:
    """What ``task`` names. The first framework named counts; every database named does.

    The first database that can stand alone is reached through ``DATABASE_URL``, the others through variables
    of their own (``REDIS_URL``).
    """
    return _stack(task.framework, task.database)


@lru_cache(maxsize=1024)
def _stack(framework_text: str, database: str | None) -> Stack:
    framework = _first(framework_text, FRAMEWORKS)
    language = _language(framework_text, framework)
    if framework is None:
        framework = Framework(FALLBACK, one_line(framework_text, 80), language.key, ())
    return Stack(language, framework, _databases(database))


def name_hints(task: Task) -> tuple[str, ...]:
    """One line for each name in ``task`` that has no part of its own, with what was perhaps meant."""
    return _hints(task.framework, task.database)


@lru_cache(maxsize=1024)
def _hints(framework: str, database: str | None) -> tuple[str, ...]:
    hints: list[str] = []
    titles: dict[str, dict[str, str]] = {
        "framework": {alias: item.title for item in FRAMEWORKS for alias in item.aliases},
        "database": {alias: item.title for item in DATABASES for alias in item.aliases},
    }
    for (field, aliases), text in zip(titles.items(), (framework, database), strict=True):
        if text is None or _position(text, tuple(aliases)) is not None:
            continue
        words = [text.lower(), *re.split(r"[^a-z0-9.#]+", text.lower()[:200])]
        near = next(filter(None, (difflib.get_close_matches(word, aliases, 1, 0.75) for word in words)), None)
        meant = f"did you mean {aliases[near[0]]}?" if near else "general guidance is used"
        hints.append(f"no guidance of its own for the {field} `{text}`: {meant}")
    return tuple(hints)


def _language(text: str, framework: Framework | None) -> Language:
    named = _first(text, LANGUAGES)
    if framework is None:
        return named or Language(FALLBACK, "", ())
    own = next(language for language in LANGUAGES if language.key == framework.language)
    # Express is written in either; every other framework settles the language.
    if framework.key == "express" and _position(text, ("typescript", "ts")) is not None:
        return next(language for language in LANGUAGES if language.key == "typescript")
    return own


def _databases(text: str | None) -> tuple[Database, ...]:
    if text is None:
        return ()
    placed = [(place, item) for item in DATABASES if (place := _position(text, item.aliases)) is not None]
    found = [item for _, item in sorted(placed, key=lambda pair: pair[0])]
    if not found:
        return (Database(FALLBACK, one_line(text, 80), "DATABASE_URL", "", ()),)
    first = next((item for item in found if item.primary), None)
    return tuple(
        Database(item.key, item.title, "DATABASE_URL", item.scheme, item.aliases) if item is first else item
        for item in found
    )


def _first(text: str, known: tuple[Named, ...]) -> Named | None:
    placed = [(place, item) for item in known if (place := _position(text, item.aliases)) is not None]
    return min(placed, key=lambda pair: pair[0])[1] if placed else None


def _position(text: str, aliases: tuple[str, ...]) -> tuple[int, int] | None:
    """Where the earliest of ``aliases`` stands in ``text`` as a word; of two at one place, the longer."""
    places: list[tuple[int, int]] = []
    for alias in aliases:
        match = re.search(rf"(?<![a-z0-9]){re.escape(alias)}(?![a-z0-9])", text.lower())
        if match:
            places.append((match.start(), -len(alias)))
    return min(places) if places else None
