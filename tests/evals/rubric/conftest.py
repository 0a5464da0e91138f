"""Judges are models: the loopback server and what opens models on it come from the agents' tests."""

from tests.agents.conftest import opened, server

__all__ = ["opened", "server"]
