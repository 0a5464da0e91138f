"""Keeps how trials ended, by the hash of everything that could make them end otherwise.

One file an entry, in the user's cache folder. An entry that is damaged, too old or no entry at all is not there.
Kept are only runs that came to their end by themselves: a limit, a crash or a fault of this machine's is never kept.
"""

import contextlib
import hashlib
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from prompts.cache_folder import cache_folder
from sandbox.bench import Project
from sandbox.environments.cache import content_key
from sandbox.environments.result import Prepared
from sandbox.isolation.protocol import Isolation
from sandbox.migrations import MigrationStep
from sandbox.report import TestReport
from sandbox.services.protocol import Service

if TYPE_CHECKING:
    from pydantic import TypeAdapter

_MAX_BYTES = 32 * 1024 * 1024
_KEPT_SECONDS = 30 * 24 * 3600
# What changes whenever a program or library of this machine is installed, renewed or removed.
_MACHINE = (
    "/usr/bin",
    "/usr/lib",
    "/usr/local/bin",
    "/usr/local/lib",
    "/var/lib/dpkg/status",
    "/var/lib/gems",
)
_OWN_CODE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class KeptTrial:
    """What of a trial is worth keeping."""

    report: TestReport
    migrations: tuple[MigrationStep, ...] = ()
    notes: tuple[str, ...] = ()


class TrialCache:
    """Entries below ``folder``; safe beside other processes that use the same one."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or cache_folder() / "trials"

    def find(self, key: str) -> KeptTrial | None:
        """What is kept under a key; None where nothing is that can be believed."""
        try:
            handle = os.open(self._place(key), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            with os.fdopen(handle, "rb") as file:
                if os.fstat(handle).st_mtime < time.time() - _KEPT_SECONDS:
                    return None
                data = file.read(_MAX_BYTES + 1)
        except OSError:
            return None
        digest, _, body = data.partition(b"\n")
        if digest.decode("ascii", "replace") != _digest(key, body):
            return None
        try:
            return _adapter().validate_json(body)
        except ValueError:
            return None

    def keep(self, key: str, trial: KeptTrial) -> None:
        """Keep a trial that came to its end; another one is left out, and so is one that cannot be written."""
        if trial.report.problem or trial.report.ours:
            return
        try:
            body = _adapter().dump_json(trial)
        except ValueError:
            return  # a message that is no text
        if len(body) >= _MAX_BYTES:
            return
        place = self._place(key)
        # The cache is a help and no duty: a full disk or a read-only home folder stops nothing.
        with contextlib.suppress(OSError):
            place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle, draft = tempfile.mkstemp(prefix=".draft-", dir=place.parent)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(_digest(key, body).encode("ascii") + b"\n" + body)
                Path(draft).replace(place)
            except BaseException:
                Path(draft).unlink(missing_ok=True)
                raise

    def prune(self) -> None:
        """Remove what is too old to be used, drafts of killed processes included."""
        before = time.time() - _KEPT_SECONDS
        with contextlib.suppress(OSError):
            for path in self._folder.glob("*/*"):
                if path.lstat().st_mtime < before:
                    path.unlink(missing_ok=True)

    def _place(self, key: str) -> Path:
        return self._folder / key[:2] / key[2:]


def trial_key(
    project: Project, toolchain: str, prepared: Prepared, services: Iterable[Service], isolation: Isolation
) -> str:
    """The hash of everything that can change how a trial ends; empty where that cannot be known.

    Passwords, names of databases and secrets that are made anew for each trial have no part in it. Without
    isolation everything on the machine has, so there is no key. Time, chance and load have a part in tests that
    look at them: what such a test came to once is what is kept.
    """
    if isolation.name == "host":
        return ""
    image = isolation.image(toolchain)
    return content_key(
        "trial",
        _own_code(),
        {**asdict(project), "limits": project.limits.model_dump()},
        toolchain,
        (prepared.key, sorted(prepared.env.items()), [_seen(mount.source) for mount in prepared.mounts]),
        [(service.name, service.version()) for service in services],
        (isolation.name, image or _machine()),
    )


def _seen(path: Path) -> tuple[str, int, int]:
    """What tells an environment from one that was built anew, maybe of newer packages, under the same key."""
    about = path.stat()
    return str(path), about.st_ino, about.st_mtime_ns


@cache
def _own_code() -> str:
    """A hash of the sandbox's own code, what it puts into the sandbox included."""
    digest = hashlib.sha256()
    for path in sorted(_OWN_CODE.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(f"{path.relative_to(_OWN_CODE)}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _machine() -> tuple[object, ...]:
    folders = [(name, Path(name).stat().st_mtime_ns) for name in _MACHINE if Path(name).exists()]
    return (platform.platform(), sys.version, folders)


def _digest(key: str, body: bytes) -> str:
    return hashlib.sha256(json.dumps(key).encode("ascii") + body).hexdigest()


@cache
def _adapter() -> "TypeAdapter[KeptTrial]":
    from pydantic import TypeAdapter

    return TypeAdapter(KeptTrial)
