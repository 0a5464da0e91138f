"""The image that tests of Docker use, made of this machine's own packages, since tests reach no registry of images.

It is what Backsmith's Dockerfiles make of the official images: a system with the languages' tools and python3.
"""

import contextlib
import fcntl
import hashlib
import os
import shutil
import tempfile
from functools import cache
from importlib.metadata import version
from pathlib import Path

import pytest
import uv
from docker import APIClient
from docker.errors import APIError

from prompts.errors import SandboxError
from sandbox.isolation.docker_daemon import connect
from tests.sandbox.docker_languages import tools
from tests.sandbox.image_packing import MARK, Tool, import_image, installed

_REPOSITORY = "backsmith-tests"
_SYSTEM = (
    *(
        "base-files",
        "base-passwd",
        "bash",
        "ca-certificates",
        "coreutils",
        "dash",
        "debianutils",
        "diffutils",
    ),
    *("findutils", "grep", "gzip", "libc-bin", "mawk", "perl-base", "procps", "python3", "sed", "tar"),
    "util-linux",
)
# Left out where they are not installed.
_LANGUAGES = (
    *("nodejs", "npm"),
    *("ruby", "ruby-rspec", "ruby-minitest"),
    *("gcc", "libc6-dev"),
    "openjdk-17-jdk-headless",
)
_MADE_BY = ("docker_image.py", "docker_languages.py", "image_packing.py")


@cache
def image_names() -> str:
    """How images are called, for ``Docker``; the image is made where the daemon does not have it yet.

    Skips the test where there is no daemon, or no way to make the image.
    """
    if named := os.environ.get("BACKSMITH_DOCKER_IMAGES"):
        return named
    api = daemon()
    packages, found = installed((*_SYSTEM, *_LANGUAGES)), [*tools(), _uv()]
    texts = [Path(__file__).with_name(name).read_text(encoding="utf-8") for name in _MADE_BY]
    made_of = (*packages.values(), *(tool.version for tool in found), *texts)
    tag = hashlib.sha256("\n".join(made_of).encode()).hexdigest()[:12]
    with Path(tempfile.gettempdir(), "backsmith-tests-image.lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several processes may run tests
        if not api.images(f"{_REPOSITORY}:{tag}"):
            _make(api, tag, packages, found)
    return f"{_REPOSITORY}:{tag}"


def daemon() -> APIClient:
    """The daemon, where one answers and images can be made for it; else the test is skipped."""
    if not shutil.which("dpkg-query"):
        pytest.skip("images are made of Debian packages; BACKSMITH_DOCKER_IMAGES can name others")
    try:
        return connect().api
    except SandboxError as error:
        pytest.skip(f"{error}; {error.hint}")


def _make(api: APIClient, tag: str, packages: dict[str, str], found: list[Tool]) -> None:
    """Import the image in place of older ones, and call it ``latest`` as well, for who has to name it."""
    # What was built on an older one keeps that from being removed.
    api.prune_images(filters={"dangling": True, "label": [MARK]})  # type: ignore[no-untyped-call]
    for image in api.images(_REPOSITORY):
        with contextlib.suppress(APIError):  # a container may use it
            api.remove_image(image["Id"], force=True)
    with tempfile.TemporaryDirectory() as folder:
        import_image(api, f"{_REPOSITORY}:{tag}", packages, found, Path(folder))
    api.tag(f"{_REPOSITORY}:{tag}", _REPOSITORY, "latest")


def _uv() -> Tool:
    return Tool(version("uv"), {Path(uv.find_uv_bin()): "/usr/local/bin/uv"})
