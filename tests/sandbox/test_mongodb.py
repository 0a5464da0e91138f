"""MongoDB: a real server for each sample, spoken to from inside the sandbox by pymongo."""

from pathlib import Path

import pytest

from sandbox.isolation.host import Host
from sandbox.isolation.protocol import Isolation
from sandbox.services import mongodb
from sandbox.services.mongodb import MongoDB
from sandbox.trial import Laboratory, Project, Trial

needs_server = pytest.mark.skipif(
    bool(MongoDB().problem()), reason=MongoDB().problem() or "a server is there"
)
needs_ferretdb = pytest.mark.skipif(
    (mongodb._find_program() or Path("none")).name != "ferretdb", reason="only FerretDB lacks it"
)

HEAD = """
import os
import pymongo

client = pymongo.MongoClient(os.environ["MONGODB_URI"], serverSelectionTimeoutMS=2000)
shop = client.get_default_database()
"""
ALONE = """
def test_there_is_nothing_of_another_sample():
    assert "items" not in shop.list_collection_names()
    assert shop.name == "shop"
    shop.items.insert_one({"_id": 1})

def test_url_and_parts_name_the_same():
    assert client.address == (os.environ["MONGO_HOST"], int(os.environ["MONGO_PORT"]))
    assert os.environ["DATABASE_URL"] == os.environ["MONGODB_URL"] + "?w=1"
    assert os.environ["MONGO_DB"] == "shop"
"""
BY_SOCKET = """
from urllib.parse import quote_plus

def test_socket():
    path = quote_plus("/run/mongodb/mongodb-27017.sock")
    assert pymongo.MongoClient(f"mongodb://{path}", serverSelectionTimeoutMS=2000).shop.items.count_documents({}) == 1
"""
LOOKUP = """
def test_lookup():
    list(shop.items.aggregate([{"$lookup": {"from": "a", "localField": "b", "foreignField": "c", "as": "d"}}]))
"""
GREEDY = """
def test_fill_the_disk():
    document = {"text": "x" * 4_000_000}
    for _ in range(400):
        shop.items.insert_one(dict(document))
"""


async def attempt(laboratory: Laboratory, test: str) -> Trial:
    return await laboratory.run(
        Project(
            {"test_mongo.py": HEAD + test},
            dependencies=(("python", "pymongo"),),
            env_vars=(
                ("DATABASE_URL", "mongodb+srv://u:p@cluster0.example.net/app?w=1&authSource=admin&tls=true"),
                ("MONGODB_URI", "mongodb://mongo:27017/shop"),
                ("MONGO_HOST", "mongo"),
                ("MONGO_PORT", "27018"),
                ("MONGO_DB", "shop"),
            ),
            database="MongoDB 7",
        )
    )


@needs_server
@pytest.mark.network
async def test_each_sample_has_a_server_of_its_own(isolation: Isolation) -> None:
    async with Laboratory(isolation) as laboratory:
        first = await attempt(laboratory, ALONE + BY_SOCKET)
        again = await attempt(laboratory, ALONE)
    assert first.report.passed, first.report
    assert again.report.passed, again.report


@needs_server
@pytest.mark.network
async def test_without_isolation_it_is_reached_by_its_own_port() -> None:
    async with Laboratory(Host()) as laboratory:
        trial = await attempt(laboratory, ALONE)
    assert trial.report.passed, trial.report


@needs_ferretdb
@pytest.mark.network
async def test_what_ferretdb_lacks_is_no_fault_of_the_answer(isolation: Isolation) -> None:
    async with Laboratory(isolation) as laboratory:
        trial = await attempt(laboratory, LOOKUP)
    assert trial.report.ours
    assert "$lookup" in trial.report.problem
    assert "mongod would have it" in trial.report.problem


@needs_ferretdb
@pytest.mark.network
@pytest.mark.slow
async def test_a_sample_that_fills_its_disk_fails_alone(isolation: Isolation) -> None:
    async with Laboratory(isolation) as laboratory:
        trial = await attempt(laboratory, GREEDY)
        after = await attempt(laboratory, ALONE)
    assert not trial.report.passed
    assert not trial.report.ours
    assert after.report.passed, after.report


async def test_nothing_is_left_of_a_server(isolation: Isolation) -> None:
    service = MongoDB()
    if problem := service.problem():
        pytest.skip(problem)
    one, two = await service.bind(isolation), await service.bind(isolation)
    await service.release(one)
    assert not one.mounts[0].source.exists()
    assert service.remarks(two) == ()
    await service.stop()
    assert not two.mounts[0].source.exists()


def test_a_second_version_of_ferretdb_is_told_apart(tmp_path: Path) -> None:
    for number, expected in (("v2.7.0", False), ("v1.24.0", True)):
        program = tmp_path / f"ferretdb-{number}"
        program.write_text(f"#!/bin/sh\necho version: {number}\n", encoding="utf-8")
        program.chmod(0o755)
        assert mongodb._has_sqlite(program, number) is expected


def test_how_to_get_a_server_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "FerretDB 1.24" in MongoDB().problem()
