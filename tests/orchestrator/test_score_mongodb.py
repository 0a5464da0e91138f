"""A task on MongoDB, from an answer of our own writing to a verdict, on a real server."""

import json
from pathlib import Path

import pytest

from sandbox.services.mongodb import MongoDB
from tests.orchestrator.conftest import Cli

CASE = Path(__file__).with_name("cases") / "bookmarks-mongodb"


@pytest.mark.network
@pytest.mark.slow
@pytest.mark.skipif(bool(MongoDB().problem()), reason=MongoDB().problem() or "a server is there")
def test_an_answer_on_mongodb_is_verified(cli: Cli) -> None:
    done = cli("score", CASE / "response.md", "--task", CASE / "task.yaml", "--json")
    found = json.loads(done.stdout)
    assert found["tests"]["problem"] == ""
    assert (found["tests"]["passed"], found["tests"]["failed"]) == (10, 0), found["tests"]
    assert found["verdict"] == "pass", found["reasons"]
    assert found["probes"]["requests"] > 50, found["probes"]["problem"]
