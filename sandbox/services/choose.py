"""Finds the services that a sample asks for."""

from importlib import import_module
from importlib.metadata import entry_points
from typing import cast

from sandbox.services.protocol import Service

_OWN = ("sandbox.services.postgresql:PostgreSQL", "sandbox.services.sqlite:Sqlite")
_GROUP = "backsmith.services"
# Services that tasks name but that nothing here can start yet.
_KNOWN = {
    "mysql": "MySQL",
    "mariadb": "MariaDB",
    "mongo": "MongoDB",
    "redis": "Redis",
    "elasticsearch": "Elasticsearch",
    "cassandra": "Cassandra",
}


def all_services() -> tuple[Service, ...]:
    """Every service, our own first, then those that other distributions bring. None of them is started."""
    own = []
    for place in _OWN:
        module, _, attribute = place.partition(":")
        own.append(cast("Service", getattr(import_module(module), attribute)()))
    return (*own, *(cast("Service", entry.load()()) for entry in entry_points(group=_GROUP)))


def unserved(database: str, services: tuple[Service, ...]) -> tuple[str, ...]:
    """Names of services that a task's ``database`` text asks for and that none of ``services`` offers."""
    text = database.lower()
    return tuple(
        label
        for word, label in _KNOWN.items()
        if word in text and not any(service.wanted(word, frozenset()) for service in services)
    )
