"""Temporary folders that do not outlive a killed process: the next start removes what the last one left.

Each folder is held by a lock that the kernel lets go of when its process ends, however it ends.
"""

import contextlib
import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from prompts.errors import SandboxError
from sandbox.room import need_room

_LOCK = ".held"
_DEEPEST = 60  # leaves room for our own names, a server's folders and its socket's name


class ScratchFolder:
    """A fresh folder, ``path``; ``remove`` it when done.

    ``sockets``: Unix sockets will stand in it, whose paths may not be longer than 107 bytes; where the usual place
    is too deep for that, it is below /tmp.
    """

    def __init__(self, name: str, *, sockets: bool = False) -> None:
        usual, short = _homes()[0], _homes()[-1]
        deep = sockets and len(os.fsencode(usual)) > _DEEPEST
        parent = _made(short if deep else usual)
        need_room(parent)
        self._home = parent / f"{name}-{secrets.token_hex(4)}"
        self._home.mkdir(mode=0o700)
        # Locked before it has its name: nobody ever finds it there and free.
        fresh = self._home / (_LOCK + ".new")
        self._lock = os.open(fresh, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        fresh.rename(self._home / _LOCK)
        self.path = self._home / "in"
        self.path.mkdir()

    def remove(self) -> None:
        """Remove it, whatever modes hostile code has given to what is in it."""
        _remove(self._home)
        with contextlib.suppress(OSError):
            os.close(self._lock)


def reap() -> tuple[str, ...]:
    """Remove the folders that no living process holds; returns their names."""
    return tuple(folder.name for folder in _stale() if _remove(folder))


def is_held(path: Path) -> bool:
    """Whether a living process holds the scratch folder with this ``path``; for another user's: yes."""
    try:
        lock = os.open(path.parent / _LOCK, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    else:
        return False
    finally:
        os.close(lock)


def _stale() -> Iterator[Path]:
    for folder in (folder for home in _homes() for folder in sorted(_made(home).iterdir())):
        try:
            lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError:
            # Killed between its making and its lock, or being made just now: those are younger than a minute.
            with contextlib.suppress(OSError):
                if _age(folder) > 60:
                    yield folder
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield folder
        except OSError:
            pass  # held by a process that lives
        finally:
            os.close(lock)


def _age(folder: Path) -> float:
    import time

    return time.time() - folder.stat().st_mtime


def _homes() -> tuple[Path, ...]:
    """Where this user's folders are: below TMPDIR, and below /tmp for those that need a short path."""
    name = f"backsmith-{os.getuid()}"
    return tuple(dict.fromkeys((Path(os.environ.get("TMPDIR") or "/tmp") / name, Path("/tmp") / name)))


def _made(home: Path) -> Path:
    """One folder a user, which nobody else may enter. Raises SandboxError where there can be none."""
    try:
        home.mkdir(mode=0o700, exist_ok=True)
        theirs = home.stat().st_uid != os.getuid() or home.is_symlink()
    except OSError as error:
        raise SandboxError(
            f"{home} cannot be made: {error.strerror}",
            "name a folder for temporary files by the environment variable TMPDIR",
        ) from error
    if theirs:
        raise SandboxError(f"{home} belongs to somebody else", "name another folder by TMPDIR, or remove it")
    return home


def _remove(home: Path) -> bool:
    """Remove a scratch folder, its lock last: one whose removal is killed is known as free ever after."""
    remove_tree(home / "in")
    return remove_tree(home)


def remove_tree(folder: Path) -> bool:
    """Remove a folder, whatever modes hostile code has given to what is in it; whether it is gone."""
    if folder.exists():
        shutil.rmtree(folder, onerror=_open_up)
    return not folder.exists()


def _open_up(function: object, path: str, _: object) -> None:
    for place in (Path(path).parent, Path(path)):
        if place.is_dir() and not place.is_symlink():
            place.chmod(0o700)
    with contextlib.suppress(OSError):
        if Path(path).is_dir() and not Path(path).is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            Path(path).unlink()
