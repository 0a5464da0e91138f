"""Finds the services that a sample asks for."""

from importlib import import_module
from importlib.metadata import entry_points
from typing import cast

from sandbox.services.protocol import Service

_OWN = (
    "sandbox.services.postgresql:PostgreSQL",
    "sandbox.services.mariadb:MariaDB",
    "sandbox.services.sqlite:Sqlite",
    "sandbox.services.redis:Redis",
    "sandbox.services.mongodb:MongoDB",
    "sandbox.services.elasticsearch:Elasticsearch",
    "sandbox.services.cassandra:Cassandra",
)
_GROUP = "backsmith.services"


def all_services() -> tuple[Service, ...]:
    """Every service, our own first, then those that other distributions bring. None of them is started."""
    own = []
    for place in _OWN:
        module, _, attribute = place.partition(":")
        own.append(cast("Service", getattr(import_module(module), attribute)()))
    return (*own, *(cast("Service", entry.load()()) for entry in entry_points(group=_GROUP)))


def unserved(database: str, services: tuple[Service, ...]) -> str:
    """Why what a task's ``database`` text asks for by name cannot be had here; empty where it can."""
    named = (service for service in services if service.wanted(database.lower(), frozenset()))
    return "; ".join(problem for service in named if (problem := service.problem()))
