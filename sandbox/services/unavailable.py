"""Servers that tasks name and that cannot be started here: each says what is missing, and what helps."""

from prompts.errors import SandboxError
from sandbox.isolation.protocol import Isolation
from sandbox.services.protocol import Binding


class Unavailable:
    """A server of which nothing is offered; ``word`` is how a task's ``database`` names it."""

    def __init__(self, label: str, word: str) -> None:
        self.name = label.lower()
        self._label = label
        self._word = word

    def wanted(self, database: str, schemes: frozenset[str]) -> bool:
        """By name alone: a URL among an answer's variables may be of no use to its tests."""
        return self._word in database

    def problem(self) -> str:
        """Always: that it cannot be had."""
        return (
            f"Backsmith starts no {self._label} server; use PostgreSQL, MySQL, SQLite or Redis for this task, "
            "or bring a service of your own (entry point group backsmith.services)"
        )

    def version(self) -> str:
        """There is no program."""
        return ""

    async def bind(self, isolation: Isolation) -> Binding:
        """Always raises SandboxError."""
        raise SandboxError(self.problem())

    async def release(self, binding: Binding) -> None:
        """There is never a binding."""

    async def stop(self) -> None:
        """There is nothing to stop."""


def mongodb() -> Unavailable:
    """MongoDB."""
    return Unavailable("MongoDB", "mongo")


def elasticsearch() -> Unavailable:
    """Elasticsearch."""
    return Unavailable("Elasticsearch", "elastic")


def cassandra() -> Unavailable:
    """Cassandra."""
    return Unavailable("Cassandra", "cassandra")
