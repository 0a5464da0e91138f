"""The image that tests of Docker use, made of this machine's own packages, since tests reach no registry of images.

It is what Backsmith's Dockerfiles make of the official images: a system with the languages' tools and python3.
"""

import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from functools import cache
from importlib.metadata import version
from pathlib import Path

import pytest
import uv
from docker import APIClient
from docker.errors import APIError

from prompts.errors import SandboxError
from sandbox.isolation.docker_daemon import connect
from tests.sandbox.docker_languages import Tool, parts, tools

_REPOSITORY = "backsmith-tests"
_SYSTEM = (
    "base-files base-passwd bash ca-certificates coreutils dash debianutils diffutils findutils grep gzip"
)
_PACKAGES = (
    *_SYSTEM.split(),
    "libc-bin",
    "mawk",
    "perl-base",
    "procps",
    "python3",
    "sed",
    "tar",
    "util-linux",
)
# Left out where they are not installed.
_LANGUAGES = (
    *("nodejs", "npm"),
    *("ruby", "ruby-rspec", "ruby-minitest"),
    *("gcc", "libc6-dev"),
    "openjdk-17-jdk-headless",
)
_NAME = re.compile(r"(?:^|[,|])\s*([a-z0-9][a-z0-9+.-]+)")
_NOT_NEEDED = re.compile(
    r"/usr/share/(?:doc|man|locale|info|fonts)/|/usr/include/node/|/usr/lib/jvm/[^/]+/(?:jmods|man)/|.*-lto-dump"
)
_MADE_LATER = ("/etc/alternatives", "/etc/ssl/certs", "/etc/ssl/certs/java", "/etc/ld.so.cache")
_MADE_BY = ("docker_image.py", "docker_languages.py")
_TOP = ("/bin", "/sbin", "/lib", "/lib64", "/tmp", "/proc", "/sys", "/dev")


@cache
def image_names() -> str:
    """How images are called, for ``Docker``; the image is made where the daemon does not have it yet.

    Skips the test where there is no daemon, or no way to make the image.
    """
    if named := os.environ.get("BACKSMITH_DOCKER_IMAGES"):
        return named
    try:
        api = connect().api
    except SandboxError as error:
        pytest.skip(f"{error}; {error.hint}")
    if not shutil.which("dpkg-query"):
        pytest.skip("the image is made of Debian packages; BACKSMITH_DOCKER_IMAGES can name others")
    packages, found = _installed(), tools()
    made_of = (*packages.values(), *(tool.version for tool in found), version("uv"), *_programs())
    tag = hashlib.sha256("\n".join(made_of).encode()).hexdigest()[:12]
    with Path(tempfile.gettempdir(), "backsmith-tests-image.lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several processes may run tests
        if not api.images(f"{_REPOSITORY}:{tag}"):
            _make(api, tag, packages, found)
    return f"{_REPOSITORY}:{tag}"


def _make(api: APIClient, tag: str, packages: Iterable[str], found: list[Tool]) -> None:
    """Import the image, and call it ``latest`` as well, for who has to name it."""
    for image in api.images(_REPOSITORY):
        with contextlib.suppress(APIError):  # a container may use it
            api.remove_image(image["Id"], force=True)
    with tempfile.TemporaryDirectory() as folder, _packed(packages, found, Path(folder)) as tar:
        said = api.import_image_from_stream(tar.stdout, repository=_REPOSITORY, tag=tag)
    assert tar.returncode == 0, f"tar: {tar.returncode} {said!r}"
    api.tag(f"{_REPOSITORY}:{tag}", _REPOSITORY, "latest")


def _packed(packages: Iterable[str], found: list[Tool], folder: Path) -> "subprocess.Popen[bytes]":
    """tar(1) at work on the system's files and the tools; ``folder`` is empty and stays until it is done."""
    moved = {folder: "", Path(uv.find_uv_bin()): "/usr/local/bin/uv"}
    names = [*_system(packages), uv.find_uv_bin()]
    for tool in found:
        moved |= tool.moved
        names += tool.parts()
        for place, target in tool.links.items():
            link = folder / place.lstrip("/")
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(target)
            names.append(str(link))
    options = ["--no-recursion", "--absolute-names", "--numeric-owner", "--owner=0", "--group=0", "--null"]
    for source, target in moved.items():
        options.append(f"--transform=flags=rSH;s,^{re.escape(str(source))}\\($\\|/\\),{target}\\1,")
    listed = folder / "names"
    listed.write_bytes(b"\0".join(os.fsencode(name) for name in names))
    argv = ["tar", "--create", *options, f"--files-from={listed}"]
    return subprocess.Popen(argv, stdout=subprocess.PIPE)


def _programs() -> list[str]:
    """The text of what makes the image."""
    return [Path(__file__).with_name(name).read_text(encoding="utf-8") for name in _MADE_BY]


def _installed() -> dict[str, str]:
    """The packages and all that they depend on, each with its version."""
    form = "${Package}\t${Version}\t${Depends}, ${Pre-Depends}\n"
    listed = subprocess.run(["dpkg-query", "-W", "-f", form], capture_output=True, text=True, check=True)
    known = {}
    for line in listed.stdout.split("\n")[:-1]:
        package, number, needs = line.split("\t")
        known[package] = (f"{package}={number}", _NAME.findall(needs))
    todo, found = [*_PACKAGES, *_LANGUAGES], {}
    while todo:
        package = todo.pop()
        if package in known and package not in found:
            found[package], further = known[package]
            todo += further
    return dict(sorted(found.items()))


def _npm() -> list[str]:
    """npm's own files, since npm may have renewed itself without its package's knowledge."""
    npm = Path(shutil.which("npm") or "/").resolve()
    home = next((folder for folder in npm.parents if folder.name == "npm"), None)
    return list(parts(home)) if home is not None and home.is_relative_to("/usr") else []


def _system(packages: Iterable[str]) -> list[str]:
    """The files of the packages, and what was made of them when they were installed."""
    listed = subprocess.run(["dpkg-query", "-L", *packages], capture_output=True, text=True, check=True)
    names = {*_TOP, *_MADE_LATER}
    for folder in _MADE_LATER:
        if Path(folder).is_dir():
            names |= {str(path) for path in Path(folder).iterdir()}
    for link in Path("/etc/alternatives").iterdir():
        names.add(f"/usr/bin/{link.name}")
    for name in listed.stdout.split("\n"):
        path = Path(name)
        if path.is_absolute() and path.name and not _NOT_NEEDED.match(name):
            # Packages say /bin/sh where the file is /usr/bin/sh, as these folders are one.
            names.add(str(path.parent.resolve() / path.name))
    names.update(_npm())
    return sorted(name for name in names if os.path.lexists(name))
