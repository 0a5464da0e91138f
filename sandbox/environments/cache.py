"""A cache of folders by key, safe against other processes that build the same one."""

import asyncio
import fcntl
import hashlib
import json
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from prompts.cache_folder import cache_folder
from prompts.errors import SandboxError
from sandbox.environments.result import Unprepared

_LOOK_SECONDS = 0.1


def content_key(*parts: object) -> str:
    """A short hash of JSON-able values; equal values give equal keys."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:32]


def need_cache() -> None:
    """Make the cache folder where it is not there; SandboxError where it cannot be written to."""
    folder = cache_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise SandboxError(
            f"the cache folder {folder} cannot be written to: {error.strerror}",
            "name another folder by the environment variable BACKSMITH_CACHE",
        ) from error


def reap_builds() -> None:
    """Remove what killed processes left half-built in the environments' caches."""
    for building in (cache_folder() / "environments").glob("*/*.building-*"):
        key = building.name.partition(".building-")[0]
        with building.with_name(f"{key}.lock").open("a", encoding="utf-8") as lock:
            if _taken(lock):  # else somebody builds there now
                shutil.rmtree(building, ignore_errors=True)


def _taken(lock: TextIO) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Kept:
    """A finished folder; ``cached``: it was there already."""

    folder: Path
    cached: bool


class FolderCache:
    """Finished folders below ``root``, each whole or absent."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def find(self, key: str) -> Path | None:
        """The finished folder of that key."""
        folder = self._root / key
        return folder if folder.is_dir() else None

    @asynccontextmanager
    async def building(self, key: str) -> AsyncIterator[Path]:
        """A fresh folder to build in; ``keep`` it to make it the key's own, or leave it to be removed.

        Waits while somebody builds the same key, in this process or another; ask ``find`` again inside.
        """
        self._root.mkdir(parents=True, exist_ok=True)
        with (self._root / f"{key}.lock").open("a", encoding="utf-8") as lock:
            # Never in the kernel: the one who builds may be a task of this very process, and could not go on.
            while not _taken(lock):  # noqa: ASYNC110 - other processes set no Event
                await asyncio.sleep(_LOOK_SECONDS)
            folder = Path(tempfile.mkdtemp(prefix=f"{key}.building-", dir=self._root))
            folder.chmod(0o755)
            try:
                yield folder
            finally:
                if folder.is_dir():
                    shutil.rmtree(folder, ignore_errors=True)

    async def kept(
        self, key: str, build: Callable[[Path], Awaitable[Unprepared | None]]
    ) -> Kept | Unprepared:
        """The finished folder of that key, made by ``build`` in a fresh one where it is not there; or what failed."""
        if folder := self.find(key):
            return Kept(folder, cached=True)
        async with self.building(key) as building:
            folder = self.find(key)
            if folder is None:
                failure = await build(building)
                if failure is not None:
                    return failure
                folder = self.keep(building, key)
        return Kept(folder, cached=False)

    def keep(self, folder: Path, key: str) -> Path:
        """Give a finished folder its final name, in one step."""
        final = self._root / key
        folder.rename(final)
        return final
