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
import tarfile
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
_LANGUAGES = ("nodejs", "npm", "ruby", "ruby-rspec", "ruby-minitest")  # left out where they are not installed
_NAME = re.compile(r"(?:^|[,|])\s*([a-z0-9][a-z0-9+.-]+)")
_NOT_NEEDED = (
    "/usr/share/doc/",
    "/usr/share/man/",
    "/usr/share/locale/",
    "/usr/share/info/",
    "/usr/include/",
)
_MADE_LATER = ("/etc/alternatives", "/etc/ssl/certs", "/etc/ld.so.cache")
_LINKS = ("/bin", "/sbin", "/lib", "/lib64")


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
    packages = _installed()
    tag = hashlib.sha256("\n".join((*packages.values(), version("uv"), _program())).encode()).hexdigest()[:12]
    with Path(tempfile.gettempdir(), "backsmith-tests-image.lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several processes may run tests
        if not api.images(f"{_REPOSITORY}:{tag}"):
            _make(api, tag, list(packages))
    return f"{_REPOSITORY}:{tag}"


def _make(api: APIClient, tag: str, packages: list[str]) -> None:
    for image in api.images(_REPOSITORY):
        with contextlib.suppress(APIError):  # a container may use it
            api.remove_image(image["Id"], force=True)
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder, "system.tar")
        _write(archive, packages)
        api.import_image_from_file(str(archive), repository=_REPOSITORY, tag=tag)


def _program() -> str:
    return Path(__file__).read_text(encoding="utf-8")


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


def _npm() -> set[str]:
    """npm's own files, since npm may have renewed itself without its package's knowledge."""
    npm = Path(shutil.which("npm") or "/").resolve()
    home = next((folder for folder in npm.parents if folder.name == "npm"), None)
    if home is None or not home.is_relative_to("/usr"):
        return set()
    return {str(path) for path in (home, *home.rglob("*"))}


def _write(archive: Path, packages: list[str]) -> None:
    listed = subprocess.run(["dpkg-query", "-L", *packages], capture_output=True, text=True, check=True)
    names = {*_LINKS, *_MADE_LATER}
    for folder in _MADE_LATER:
        if Path(folder).is_dir():
            names |= {str(path) for path in Path(folder).iterdir()}
    for name in listed.stdout.split("\n"):
        path = Path(name)
        if path.is_absolute() and path.name and not name.startswith(_NOT_NEEDED):
            # Packages say /bin/sh where the file is /usr/bin/sh, as these folders are one.
            names.add(str(path.parent.resolve() / path.name))
    names |= _npm()
    with tarfile.open(archive, "w") as tar:
        for name in sorted(names):
            if os.path.lexists(name):
                tar.add(name, name.lstrip("/"), recursive=False)
        tar.add(uv.find_uv_bin(), "usr/local/bin/uv")
        for name in {"/tmp", "/proc", "/sys", "/dev"} - names:
            place = tarfile.TarInfo(name.lstrip("/"))
            place.type, place.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(place)
