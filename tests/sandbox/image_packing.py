"""Packs installed Debian packages and other folders of this machine into what ``docker import`` takes."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from docker import APIClient

MARK = "backsmith.tests"
"""A label of all images made here, and of those that are built on them."""

_NAME = re.compile(r"(?:^|[,|])\s*([a-z0-9][a-z0-9+.-]+)")
_NOT_NEEDED = re.compile(
    r"/usr/share/(?:doc|man|locale|info|fonts)/|/usr/include/node/|/usr/lib/jvm/[^/]+/(?:jmods|man)/|.*-lto-dump"
)
_TOP = ("/bin", "/sbin", "/lib", "/lib64", "/tmp", "/proc", "/sys", "/dev")
_MADE_LATER = ("/etc/ssl/certs", "/etc/ssl/certs/java", "/etc/ld.so.cache")


@dataclass(frozen=True, slots=True)
class Tool:
    """Folders and files of this machine's and their places in the image; ``links`` by their place there.

    Paths in which ``without`` is found are left out.
    """

    version: str
    moved: Mapping[Path, str]
    links: Mapping[str, str] = field(default_factory=dict)
    without: str = "$^"

    def parts(self) -> Iterator[str]:
        """All that is to be copied."""
        for source in self.moved:
            yield str(source)
            yield from (str(path) for path in source.rglob("*") if not re.search(self.without, str(path)))


def installed(wanted: Iterable[str]) -> dict[str, str]:
    """The packages and all that they depend on, each with its version; what is not on this machine is left out."""
    form = "${Package}\t${Version}\t${Depends}, ${Pre-Depends}\n"
    listed = subprocess.run(["dpkg-query", "-W", "-f", form], capture_output=True, text=True, check=True)
    known = {}
    for line in listed.stdout.split("\n")[:-1]:
        package, number, needs = line.split("\t")
        known[package] = (f"{package}={number}", _NAME.findall(needs))
    todo, found = [*wanted], {}
    while todo:
        package = todo.pop()
        if package in known and package not in found:
            found[package], further = known[package]
            todo += further
    return dict(sorted(found.items()))


def import_image(
    api: APIClient,
    name: str,
    packages: Iterable[str],
    tools: Iterable[Tool],
    folder: Path,
    env: Iterable[str] = (),
) -> None:
    """Make the image ``name`` of packages, tools, and all that is below ``folder``, in which there is ``top``."""
    repository, _, tag = name.partition(":")
    with _packed(packages, tools, folder) as tar:
        changes = [f"LABEL {MARK}=yes", *(f"ENV {setting}" for setting in env)]
        said = api.import_image_from_stream(tar.stdout, repository=repository, tag=tag, changes=changes)
    assert tar.returncode == 0, f"tar: {tar.returncode} {said!r}"


def _packed(packages: Iterable[str], tools: Iterable[Tool], folder: Path) -> "subprocess.Popen[bytes]":
    """tar(1) at work on it all."""
    top = folder / "top"
    moved = {top: ""}
    names = [*_system(packages)]
    for tool in tools:
        moved |= tool.moved
        names += tool.parts()
        for place, target in tool.links.items():
            link = top / place.lstrip("/")
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(target)
    names += [
        str(path)
        for path in top.rglob("*")
        if path.is_symlink() or not path.is_dir() or not any(path.iterdir())
    ]
    options = ["--no-recursion", "--absolute-names", "--numeric-owner", "--owner=0", "--group=0", "--null"]
    for source, target in moved.items():
        options.append(f"--transform=flags=rSH;s,^{re.escape(str(source))}\\($\\|/\\),{target}\\1,")
    listed = folder / "names"
    listed.write_bytes(b"\0".join(os.fsencode(name) for name in dict.fromkeys(names)))
    argv = ["tar", "--create", *options, f"--files-from={listed}"]
    return subprocess.Popen(argv, stdout=subprocess.PIPE)


def _system(packages: Iterable[str]) -> list[str]:
    """The files of the packages, and what was made of them when they were installed."""
    listed = subprocess.run(["dpkg-query", "-L", *packages], capture_output=True, text=True, check=True)
    names = set(_TOP)
    for name in listed.stdout.split("\n"):
        path = Path(name)
        if path.is_absolute() and path.name and not _NOT_NEEDED.match(name):
            # Packages say /bin/sh where the file is /usr/bin/sh, as these folders are one.
            names.add(str(path.parent.resolve() / path.name))
    for made in map(Path, _MADE_LATER):
        if str(made) in names or str(made.parent) in names:
            names |= {str(made), *(str(path) for path in made.iterdir())} if made.is_dir() else {str(made)}
    for choice in Path("/etc/alternatives").iterdir():
        if str(choice.resolve()) in names:
            names |= {str(choice), f"/usr/bin/{choice.name}"}
    if "nodejs" in packages:
        names |= _npm()
    return sorted(name for name in names if os.path.lexists(name))


def _npm() -> set[str]:
    """npm's own files, since npm may have renewed itself without its package's knowledge."""
    npm = Path(shutil.which("npm") or "/").resolve()
    home = next((folder for folder in npm.parents if folder.name == "npm"), None)
    if home is None or not home.is_relative_to("/usr"):
        return set()
    return {str(path) for path in (home, *home.rglob("*"))}
