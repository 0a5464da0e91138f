"""Elasticsearch: a real server in a container, where its image is on the machine."""

import pytest

from sandbox.isolation.protocol import Isolation
from sandbox.services.elasticsearch import Elasticsearch
from sandbox.trial import Laboratory, Project

# Both samples run the same: the second would fail if it found anything that the first made.
TEST = """
import json, os, urllib.request

def ask(method, path, body=None):
    request = urllib.request.Request(
        os.environ["ELASTIC_NODE"] + path, method=method, data=body and json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.loads(answer.read() or b"{}")

def test_nothing_is_there():
    assert [row["index"] for row in ask("GET", "/_cat/indices?format=json") if row["index"][0] != "."] == []
    assert ask("GET", "/_cluster/settings?flat_settings=true")["persistent"] == {}
    metadata = ask("GET", "/_cluster/state/metadata")["metadata"]
    metadata.pop("index-graveyard")  # only names, of what is gone
    assert "mine" not in json.dumps(metadata)

def test_search():
    ask("PUT", "/products", {"settings": {"number_of_replicas": 0}})
    ask("PUT", "/products/_doc/1?refresh=true", {"name": "a red lamp"})
    found = ask("GET", "/products/_search", {"query": {"match": {"name": "lamp"}}})
    assert found["hits"]["hits"][0]["_id"] == "1"

def test_leave_things_behind():
    ask("PUT", "/_index_template/mine", {"index_patterns": ["x*"]})
    ask("PUT", "/_template/mine-old", {"index_patterns": ["y*"]})
    ask("PUT", "/_component_template/mine-part", {"template": {}})
    ask("PUT", "/_cluster/settings", {"persistent": {"action.auto_create_index": "mine*"}})
    ask("PUT", "/_ingest/pipeline/mine-too", {"processors": []})
    ask("PUT", "/locked-mine", {"settings": {"index.blocks.read_only": True}})
"""


@pytest.mark.slow
@pytest.mark.network
async def test_samples_take_turns_on_a_clean_server(isolation: Isolation) -> None:
    if problem := Elasticsearch().problem():
        pytest.skip(problem)
    project = Project(
        {"test_search.py": TEST},
        env_vars=(("ELASTIC_NODE", "http://es01:9200"), ("BASE_URL", "http://localhost:3000")),
        database="PostgreSQL and Elasticsearch 8",
    )
    said: list[str] = []
    async with Laboratory(isolation, said.append) as laboratory:
        for _ in range(2):
            trial = await laboratory.run(project)
            assert trial.report.passed, trial.report
            assert trial.report.count("passed") == 3
    starts = [line for line in said if "Elasticsearch starts" in line]
    assert len(starts) < 60, "it started once"
