"""Cassandra: a real server in a container, where its image is on the machine."""

import pytest

from sandbox.isolation.protocol import Isolation
from sandbox.services.cassandra import Cassandra
from sandbox.trial import Laboratory, Project

# Both samples run the same: the second would fail if it found anything that the first made.
TEST = """
import os
import pytest
from cassandra.cluster import Cluster

@pytest.fixture(scope="module")
def session():
    cluster = Cluster([os.environ["CASSANDRA_HOSTS"]], port=int(os.environ["CASSANDRA_PORT"]))
    yield cluster.connect(os.environ["CASSANDRA_KEYSPACE"])
    cluster.shutdown()

def test_nothing_is_there(session):
    names = {row.keyspace_name for row in session.execute("SELECT keyspace_name FROM system_schema.keyspaces")}
    assert {name for name in names if not name.startswith("system")} == {"app"}
    assert not list(session.execute("SELECT * FROM system_schema.tables WHERE keyspace_name = 'app'"))
    assert os.environ["CASSANDRA_LOCAL_DC"] == "datacenter1"

def test_rows(session):
    session.execute("CREATE TABLE items (owner uuid, made timeuuid, name text, PRIMARY KEY (owner, made))")
    session.execute("INSERT INTO items (owner, made, name) VALUES (uuid(), now(), 'a lamp')")
    assert [row.name for row in session.execute("SELECT name FROM items")] == ["a lamp"]

def test_own_keyspace(session):
    session.execute(
        "CREATE KEYSPACE IF NOT EXISTS \\"Shop\\" "
        "WITH replication = {'class': 'NetworkTopologyStrategy', 'datacenter1': 1}"
    )
    session.execute("CREATE TABLE \\"Shop\\".t (k int PRIMARY KEY)")
"""


@pytest.mark.slow
@pytest.mark.network
async def test_samples_take_turns_on_a_clean_server(isolation: Isolation) -> None:
    if problem := Cassandra().problem():
        pytest.skip(problem)
    project = Project(
        {"test_rows.py": TEST},
        dependencies=(("python", "cassandra-driver"),),
        env_vars=(
            ("CASSANDRA_HOSTS", "cassandra"),
            ("CASSANDRA_PORT", "9043"),
            ("CASSANDRA_KEYSPACE", "shop"),
            ("CASSANDRA_LOCAL_DC", "dc1"),
        ),
        database="Cassandra",
    )
    async with Laboratory(isolation) as laboratory:
        for _ in range(2):
            trial = await laboratory.run(project)
            assert trial.report.passed, trial.report
            assert trial.report.count("passed") == 3
