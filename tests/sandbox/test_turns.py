"""A server in a container on which samples take turns: here a small one that speaks the simplest of protocols."""

import asyncio
import contextlib
import io
import os
import sys
import tarfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from docker import APIClient

from sandbox.isolation.bubblewrap import Bubblewrap
from sandbox.isolation.docker import Docker
from sandbox.isolation.docker_daemon import connect
from sandbox.scratch import reap
from sandbox.services.container import ServerContainer, ServerImage
from sandbox.services.elasticsearch import Elasticsearch
from sandbox.services.turns import Turns, listens
from sandbox.trial import Laboratory
from tests.sandbox.docker_image import image_names

pytestmark = pytest.mark.slow

PORT = 7000
# Lines: SET word, GET; every word is also written to the data folder.
SERVER = f"""
import pathlib, socketserver
words = []
class Line(socketserver.StreamRequestHandler):
    def handle(self):
        for line in self.rfile:
            command, _, word = line.decode().strip().partition(" ")
            if command == "SET":
                words.append(word)
                pathlib.Path("/data", word).write_text(word)
            if command == "DROP":
                words.clear()
            self.wfile.write((",".join(words) + "\\n").encode())
socketserver.ThreadingTCPServer.allow_reuse_address = True
socketserver.ThreadingTCPServer(("0.0.0.0", {PORT}), Line).serve_forever()
"""


class Words:
    """What is known of that server; ``stubborn``: it never gets clean."""

    stubborn = False

    async def ready(self, container: ServerContainer, address: str) -> bool:
        return await listens(address, PORT)

    async def clean(self, container: ServerContainer, address: str) -> bool:
        reader, writer = await asyncio.open_connection(address, PORT)
        writer.write(b"DROP\n")
        await reader.readline()
        writer.close()
        return not self.stubborn


# Several processes may run these tests at once, each with an image of its own.
TAG = f"backsmith-tests-words:{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"


@pytest.fixture(scope="module")
def image() -> Iterator[ServerImage]:
    """The server's image, built on that of the other tests."""
    if problem := Docker(image_names()).problem():
        pytest.skip(problem)
    dockerfile = f"FROM {image_names()}\nLABEL tag={TAG}\nCOPY server.py /\nENTRYPOINT python3 /server.py\n"
    context = io.BytesIO()
    with tarfile.open(fileobj=context, mode="w") as tar:
        for name, text in (("Dockerfile", dockerfile), ("server.py", SERVER)):
            about = tarfile.TarInfo(name)
            about.size = len(text.encode())
            tar.addfile(about, io.BytesIO(text.encode()))
    context.seek(0)
    said = connect().api.build(fileobj=context, custom_context=True, tag=TAG, rm=True)
    assert b"Successfully tagged" in b"".join(said)
    yield words_image()
    connect().api.remove_image(TAG, force=True)


def words_image() -> ServerImage:
    """What ``ServerContainer`` has to know of it."""
    return ServerImage(
        label="Words",
        names=(),
        setting="BACKSMITH_WORDS_IMAGE",
        pull="words",
        env={"WORDS": "1"},
        data="/data",
        data_mb=1,
        memory_mb=128,
        uid=1234,
        gid=1234,
    )


@pytest.fixture(autouse=True)
def _named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACKSMITH_WORDS_IMAGE", TAG)


@pytest.fixture
async def turns(image: ServerImage) -> AsyncIterator[Turns]:
    turns = Turns(image, PORT, Words())
    yield turns
    await turns.stop()


async def say(socket: Path, line: str) -> str:
    reader, writer = await asyncio.open_unix_connection(socket)
    writer.write(f"{line}\n".encode())
    answer = await asyncio.wait_for(reader.readline(), 10)
    writer.close()
    return answer.decode().strip()


async def test_samples_take_turns_and_find_nothing_of_each_other(turns: Turns) -> None:
    _, first = await turns.take()
    assert await say(first / "server", "SET mine") == "mine"
    waiting = asyncio.create_task(turns.take())
    await asyncio.sleep(0.2)
    assert not waiting.done()
    open_still = await asyncio.open_unix_connection(first / "server")
    await turns.give_back()
    with contextlib.suppress(ConnectionResetError):
        assert await asyncio.wait_for(open_still[0].read(), 10) == b"", "whoever was in is cut off"
    open_still[1].close()
    _, second = await waiting
    with pytest.raises(OSError, match=r"refused|No such file"):
        await say(first / "server", "GET")
    assert await say(second / "server", "GET") == ""
    await turns.give_back()


async def test_a_server_that_stays_unclean_or_ends_is_replaced(image: ServerImage) -> None:
    tenant = Words()
    tenant.stubborn = True
    turns = Turns(image, PORT, tenant)
    told: list[str] = []
    turns.tell = told.append
    try:
        _, first = await turns.take()
        await turns.give_back()
        assert not first.exists()
        tenant.stubborn = False
        _, second = await turns.take()
        await turns.give_back()
        assert second.exists()
        for name in names():
            connect().api.kill(name)
        _, third = await turns.take()
        assert await say(third / "server", "GET") == ""
        assert third.parent != second.parent
        [third_name] = names()
        assert networks({third_name})
        await turns.give_back()
    finally:
        await turns.stop()
    assert not names()
    assert not networks({third_name})


async def test_whoever_gives_up_waiting_leaves_a_server_that_works(turns: Turns) -> None:
    for patience in (0.05, 0.6):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(turns.take(), patience)
    _, folder = await turns.take()
    assert await say(folder / "server", "SET a") == "a"
    assert len(names()) == 1
    await turns.give_back()


async def test_the_container_is_as_closed_as_a_samples(image: ServerImage) -> None:
    container = await ServerContainer.start(image)
    try:
        assert await container.address()
        _, status = await container.run("cat", "/proc/1/status")
        assert "Uid:\t1234\t1234" in status
        assert "CapEff:\t0000000000000000" in status
        assert "NoNewPrivs:\t1" in status
        about = connect().api.inspect_container(names()[0])
        networks = list(about["NetworkSettings"]["Networks"])
        assert [connect().api.inspect_network(name)["Internal"] for name in networks] == [True]
        assert not about["HostConfig"]["PortBindings"]
        code, said = await container.run("dd", "if=/dev/zero", "of=/data/big", "bs=1M", "count=2")
        assert (code, "No space left" in said) == (1, True)
        assert about["HostConfig"]["Memory"] == about["HostConfig"]["MemorySwap"] == 128 * 1024 * 1024
        assert about["HostConfig"]["PidsLimit"] == 2048
    finally:
        await container.remove()
    assert not names()


async def test_one_that_does_not_come_up_is_told_with_its_log(
    image: ServerImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    from prompts.errors import SandboxError

    monkeypatch.setenv(image.setting, image_names())  # has no program to start
    turns = Turns(image, PORT, Words())
    with pytest.raises(SandboxError, match="Words"):
        await turns.take()
    monkeypatch.setenv(image.setting, "there-is-no-such-image")
    with pytest.raises(SandboxError, match="no Docker image there-is-no-such-image") as refused:
        await turns.take()
    assert refused.value.hint.startswith("docker pull there-is-no-such-image")
    assert not names()


START = """
import asyncio, time
from tests.sandbox.test_turns import PORT, Words, words_image
from sandbox.services.turns import Turns
async def main():
    await Turns(words_image(), PORT, Words()).take()
    print("up", flush=True)
    time.sleep(60)
asyncio.run(main())
"""


async def test_the_next_start_removes_what_a_killed_run_left(image: ServerImage) -> None:
    if problem := Bubblewrap().problem():
        pytest.skip(problem)
    reap()
    environment = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", START, stdout=asyncio.subprocess.PIPE, env=environment
    )
    assert process.stdout is not None
    assert await asyncio.wait_for(process.stdout.readline(), 60) == b"up\n"
    [left] = names()
    process.kill()
    await process.communicate()
    async with Laboratory(Bubblewrap()):
        pass
    assert not names()
    assert not networks({left})


def test_where_there_is_no_daemon_it_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    problem = Elasticsearch().problem()
    assert problem.startswith("Elasticsearch runs in a container: no Docker daemon answers")
    assert "install Docker" in problem


def names() -> list[str]:
    """The containers of this test that are there."""
    api: APIClient = connect().api
    found = api.containers(all=True, filters={"ancestor": TAG})
    return [str(container["Names"][0]).removeprefix("/") for container in found]


def networks(called: set[str]) -> list[str]:
    """Those of these names that are there."""
    return [found["Name"] for found in connect().api.networks() if found["Name"] in called]
