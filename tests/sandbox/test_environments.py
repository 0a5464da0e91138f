"""Environments: what manifests ask for, how indexes are configured, and real installs."""

import asyncio
import json
import signal
from pathlib import Path

import pytest

from sandbox.environments.cache import FolderCache, Kept, content_key
from sandbox.environments.indexes import file_mounts, npm_env, uv_env
from sandbox.environments.node import node_problem, prepare_node
from sandbox.environments.python import prepare_python
from sandbox.environments.python_manifest import wanted
from sandbox.environments.result import Prepared, Unprepared
from sandbox.isolation.protocol import Command, Isolation

REQUIREMENTS = """\
# comment
fastapi>=0.110 ; python_version >= "3.9"
uvicorn[standard] == 0.30.* --hash=sha256:abc
-r requirements-dev.txt
--index-url https://evil.example/simple
-e git+https://evil.example/x.git
evil @ https://evil.example/evil.whl
./local
"""


def test_requirement_files() -> None:
    want = wanted({"requirements.txt": REQUIREMENTS, "docs/requirements.txt": "sphinx"}, ["pytest"])
    assert want.specs == ('fastapi>=0.110; python_version >= "3.9"', "pytest", "uvicorn[standard]==0.30.*")
    assert len(want.notes) == 4
    assert any("--index-url" in note for note in want.notes)


def test_pyproject_of_both_kinds() -> None:
    text = """
[project]
dependencies = ["flask>=3", "bad ==== 1"]
[project.optional-dependencies]
test = ["pytest>=8"]
docs = ["sphinx"]
[dependency-groups]
dev = ["httpx", {include-group = "x"}]
[tool.poetry.dependencies]
python = "^3.11"
redis = "^5.0.1"
zero = "^0.2.3"
tilde = "~1.2"
exact = "1.0"
extra = {version = "*", extras = ["a"]}
"""
    assert wanted({"pyproject.toml": text}, []).specs == (
        "exact==1.0",
        "extra[a]",
        "flask>=3",
        "httpx",
        "pytest>=8",
        "redis<6,>=5.0.1",
        "tilde~=1.2",
        "zero<0.3,>=0.2.3",
    )


def test_broken_pyproject_is_a_note() -> None:
    want = wanted({"pyproject.toml": "[project"}, ["a"])
    assert want.specs == ("a",)
    assert "cannot be read" in want.notes[0]


def test_pip_configuration_reaches_uv(tmp_path: Path) -> None:
    config = tmp_path / ".config/pip/pip.conf"
    config.parent.mkdir(parents=True)
    config.write_text(
        "[global]\nindex-url = https://user:key@index.example/simple\ncert = /ca.pem\n", "utf-8"
    )
    environ = {
        "HOME": str(tmp_path),
        "PIP_EXTRA_INDEX_URL": "https://a.example/simple\nhttps://b.example/simple",
        "HTTPS_PROXY": "http://proxy.example:3128",
        "OPENAI_API_KEY": "sk-planted",
        "PIP_FIND_LINKS": str(tmp_path / "absent"),
    }
    env = uv_env(environ)
    env.pop("UV_SYSTEM_CERTS", None)  # set where this machine has certificates of its own
    assert env == {
        "UV_DEFAULT_INDEX": "https://user:key@index.example/simple",
        "UV_INDEX": "https://a.example/simple https://b.example/simple",
        "SSL_CERT_FILE": "/ca.pem",
        "HTTPS_PROXY": "http://proxy.example:3128",
    }


def test_npm_configuration() -> None:
    environ = {"npm_config_registry": "https://r.example", "HOME": "/h", "GITHUB_TOKEN": "planted"}
    assert npm_env(environ) == {"npm_config_registry": "https://r.example"}


def test_certificates_outside_the_system_are_mounted(tmp_path: Path) -> None:
    ca = tmp_path / "ca.pem"
    ca.write_text("", encoding="utf-8")
    mounts = file_mounts(
        {"SSL_CERT_FILE": str(ca), "NODE_EXTRA_CA_CERTS": "/etc/ssl/certs/ca-certificates.crt"}
    )
    assert [mount.target for mount in mounts] == [str(ca)]


async def test_cache_keeps_whole_folders_alone(tmp_path: Path) -> None:
    cache = FolderCache(tmp_path)
    async with cache.building("k") as building:
        (building / "x").write_text("", encoding="utf-8")
    assert cache.find("k") is None
    async with cache.building("k") as building:
        cache.keep(building, "k")
    assert cache.find("k") == tmp_path / "k"
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == ["k"]
    assert content_key("a", ["b"]) != content_key("a", ["c"])


async def test_those_who_want_the_same_at_once_wait_for_one_build(tmp_path: Path) -> None:
    built = []

    async def build(folder: Path) -> None:
        built.append(folder)
        await asyncio.sleep(0.2)

    def give_up(*_: object) -> None:
        raise TimeoutError("whoever waits keeps the one who builds from going on")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(20)
    try:
        kept = await asyncio.gather(*(FolderCache(tmp_path).kept("k", build) for _ in range(4)))
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
    assert len(built) == 1
    assert {one.folder for one in kept if isinstance(one, Kept)} == {tmp_path / "k"}


@pytest.mark.network
async def test_python_packages_are_installed_once_and_importable(isolation: Isolation) -> None:
    first = await prepare_python({"requirements.txt": "six==1.16.0"}, [], isolation)
    assert isinstance(first, Prepared), first
    assert first.importable is not None
    assert {"six", "pytest"} <= first.importable
    again = await prepare_python({}, ["six==1.16.0"], isolation)
    assert isinstance(again, Prepared)
    assert (again.key, again.cached) == (first.key, True)
    done = await isolation.run(
        Command(("python", "-c", "import six; print(six.__version__)"), "/tmp", first.env, first.mounts)
    )
    assert done.output == "1.16.0\n"


@pytest.mark.network
@pytest.mark.parametrize("spec", ["backsmith-no-such-package-x1", "six==99.99"])
async def test_what_cannot_be_had_is_the_answers_fault(isolation: Isolation, spec: str) -> None:
    result = await prepare_python({}, [spec], isolation)
    assert isinstance(result, Unprepared)
    assert not result.ours
    assert spec.split("=", maxsplit=1)[0] in result.message


async def test_no_index_is_no_fault_of_the_answer(
    isolation: Isolation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    result = await prepare_python({}, ["six==1.15.0"], isolation)
    assert isinstance(result, Unprepared)
    assert result.ours, result.message


needs_node = pytest.mark.skipif(bool(node_problem()), reason=node_problem() or "node is there")


@needs_node
async def test_npm_packages_from_elsewhere_are_refused(isolation: Isolation) -> None:
    manifest = json.dumps({"dependencies": {"x": "git+https://evil.example/x.git"}})
    result = await prepare_node({"package.json": manifest}, [], isolation)
    assert isinstance(result, Unprepared)
    assert "does not come from the registry" in result.message


@needs_node
@pytest.mark.network
async def test_npm_packages_are_installed(isolation: Isolation) -> None:
    manifest = json.dumps({"scripts": {"postinstall": "exit 1"}, "dependencies": {"is-number": "7.0.0"}})
    result = await prepare_node({"package.json": manifest}, [], isolation)
    assert isinstance(result, Prepared), result
    assert (result.mounts[0].source / "is-number/package.json").is_file()


@needs_node
@pytest.mark.network
async def test_unknown_npm_package_is_the_answers_fault(isolation: Isolation) -> None:
    result = await prepare_node({}, ["backsmith-no-such-package-x1"], isolation)
    assert isinstance(result, Unprepared)
    assert not result.ours, result.message
