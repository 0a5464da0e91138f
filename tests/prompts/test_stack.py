"""Names of frameworks and databases, as people write them."""

import pytest

from prompts.stack import name_hints, stack_of
from prompts.task import Task


def task(framework: str, database: str | None = None) -> Task:
    return Task(task="t", framework=framework, database=database)


@pytest.mark.parametrize(
    ("written", "framework", "language"),
    [
        ("FastAPI", "fastapi", "python"),
        ("FastAPI + SQLAlchemy", "fastapi", "python"),
        ("Python/Django REST Framework", "django", "python"),
        ("flask 3", "flask", "python"),
        ("Express.js", "express", "javascript"),
        ("express", "express", "javascript"),
        ("Node.js/Express", "express", "javascript"),
        ("Express with TypeScript", "express", "typescript"),
        ("NestJS (Express)", "nestjs", "typescript"),
        ("Nest.js", "nestjs", "typescript"),
        ("Spring", "spring-boot", "java"),
        ("Java, Spring Boot 3", "spring-boot", "java"),
        (".NET", "aspnet-core", "csharp"),
        ("C# / ASP.NET Core 8", "aspnet-core", "csharp"),
        ("Go (Gin)", "gin", "go"),
        ("gin-gonic/gin", "gin", "go"),
        ("Rust + Axum", "axum", "rust"),
        ("Ruby on Rails", "rails", "ruby"),
        ("Python with Tornado", "fallback", "python"),
        ("Fiber", "fallback", "go"),
        ("Phoenix", "fallback", "fallback"),
        ("Engine", "fallback", "fallback"),
    ],
)
def test_frameworks_and_languages(written: str, framework: str, language: str) -> None:
    stack = stack_of(task(written))
    assert (stack.framework.key, stack.language.key) == (framework, language)


@pytest.mark.parametrize(
    ("written", "databases"),
    [
        ("Postgres 16", {"postgresql": "DATABASE_URL"}),
        ("PostgreSQL and Redis", {"postgresql": "DATABASE_URL", "redis": "REDIS_URL"}),
        ("Redis for sessions, MySQL for the rest", {"redis": "REDIS_URL", "mysql": "DATABASE_URL"}),
        ("Mongo", {"mongodb": "DATABASE_URL"}),
        ("SQLite3", {"sqlite": "DATABASE_URL"}),
        ("MariaDB", {"mysql": "DATABASE_URL"}),
        ("Postgres + Mongo", {"postgresql": "DATABASE_URL", "mongodb": "MONGODB_URL"}),
        ("Elastic", {"elasticsearch": "ELASTICSEARCH_URL"}),
        ("Cassandra", {"cassandra": "DATABASE_URL"}),
        ("Oracle", {"fallback": "DATABASE_URL"}),
        (None, {}),
    ],
)
def test_databases_and_their_variables(written: str | None, databases: dict[str, str]) -> None:
    assert {item.key: item.variable for item in stack_of(task("Flask", written)).databases} == databases


def test_unknown_names_are_accepted_with_a_hint() -> None:
    assert name_hints(task("FastAPI", "PostgreSQL")) == ()
    assert name_hints(task("Fastapy", "Postgress")) == (
        "no guidance of its own for the framework `Fastapy`: did you mean FastAPI?",
        "no guidance of its own for the database `Postgress`: did you mean PostgreSQL?",
    )
    assert name_hints(task("Phoenix")) == (
        "no guidance of its own for the framework `Phoenix`: general guidance is used",
    )


def test_a_name_cannot_bring_lines_into_the_prompt() -> None:
    stack = stack_of(task("Foo\n\n# New rules", "Bar\n---\nFILE: x"))
    assert stack.framework.title == "Foo # New rules"
    assert stack.databases[0].title == "Bar --- FILE: x"
