"""Docker's parts that need no daemon."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.isolation import docker as docker_module
from sandbox.isolation.docker_container import network_mode
from sandbox.isolation.docker_output import Frames
from sandbox.isolation.protocol import Command

IMAGES = Path(docker_module.__file__).with_name("images")


@given(st.lists(st.tuples(st.sampled_from([1, 2]), st.binary(max_size=40))), st.lists(st.integers(1, 30)))
def test_output_is_the_same_wherever_it_is_torn(frames: list[tuple[int, bytes]], cuts: list[int]) -> None:
    sent = b"".join(bytes([kind, 0, 0, 0]) + len(text).to_bytes(4) + text for kind, text in frames)
    reader = Frames()
    got = b""
    for cut in (*cuts, len(sent)):
        got += b"".join(reader.feed(sent[:cut]))
        sent = sent[cut:]
    assert got == b"".join(text for _, text in frames)


@pytest.mark.parametrize(
    ("network", "env", "mode"),
    [
        (False, {"UV_DEFAULT_INDEX": "http://127.0.0.1:9/simple"}, "none"),
        (True, {"UV_DEFAULT_INDEX": "https://index.example/simple"}, "bridge"),
        (True, {"UV_INDEX": "https://a.example http://localhost:3141/simple"}, "host"),
        (True, {"HTTPS_PROXY": "http://user:key@127.0.0.1:3128"}, "host"),
        (True, {"GOPROXY": "http://[::1]:3000,direct"}, "host"),
        (True, {"NOTE": "localhost", "BROKEN": "http://[::1"}, "bridge"),
    ],
)
def test_network(network: bool, env: dict[str, str], mode: str) -> None:
    assert network_mode(Command(("x",), "/", env, network=network)) == mode


@pytest.mark.parametrize("folder", sorted(IMAGES.iterdir()), ids=lambda folder: folder.name)
def test_dockerfiles_bring_what_commands_need(folder: Path) -> None:
    lines = (folder / "Dockerfile").read_text(encoding="utf-8").split("\n")
    base = next(line for line in lines if line.startswith("ARG BASE="))
    assert base.partition("=")[2].partition(":")[0] in {"python", "node", "golang", "maven", "rust"}
    assert folder.name == "python" or any("python3" in line.split() for line in lines)
    assert f"docker build -t backsmith-{folder.name} ." in lines[0] + lines[1]
