"""Brings a command's folders to where a zygote can mount them, and back again afterwards."""

import contextlib
import os
import secrets
import shutil
import stat
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from sandbox.isolation.protocol import Command, Mount
from sandbox.warm.nest import BENCHES, owner

_SMALL = 64 * 1024


class NotWarmError(Exception):
    """This sample cannot be run warm, and nothing of it has run; the reason, in words for people."""


class ZygoteLostError(Exception):
    """The zygote ended while this sample's tests ran: they may have begun, and what they did is to be undone."""


@contextmanager
def placed(command: Command, benches: Path, seen: Collection[tuple[Path, str]]) -> Iterator[dict[Mount, str]]:
    """The mounts of a command by where they are in a nest that sees ``benches``, and what it has ``seen`` already.

    What the command may write is moved there as long as this lasts, files are copied and sockets linked.
    Raises NotWarmError for what cannot be brought there.
    """
    folder = benches / secrets.token_hex(6)
    folder.mkdir(mode=0o711)
    folder.chmod(0o711)
    places: dict[Mount, str] = {}
    moved: dict[Path, Path] = {}
    try:
        for number, mount in enumerate(command.mounts):
            target = folder / str(number)
            if mount.scratch:
                raise NotWarmError(f"{mount.target} is an overlay")
            if (mount.source, mount.target) in seen and not mount.writable:
                places[mount] = mount.target
                continue
            if around := next((path for path in mount.source.parents if path in moved), None):
                target = moved[around] / mount.source.relative_to(around)
            elif mount.writable:
                _move(mount.source, target)
                moved[mount.source] = target
                _give(target, owner())
            else:
                _bring(mount.source, target)
            places[mount] = f"{BENCHES}/{target.relative_to(benches)}"
        yield places
    finally:
        for source, target in moved.items():
            _give(target, None if owner() is None else os.geteuid())
            target.rename(source)
        shutil.rmtree(folder, ignore_errors=True)


def _move(source: Path, target: Path) -> None:
    try:
        source.rename(target)
    except OSError as error:
        raise NotWarmError(f"{source.name} cannot be moved to the zygote: {error.strerror}") from error


def _give(folder: Path, user: int | None) -> None:
    """Make somebody the owner of all that is in a folder; links are not followed."""
    if user is None:
        return
    os.chown(folder, user, user)
    for root, folders, files in os.walk(folder):
        for name in (*folders, *files):
            with contextlib.suppress(OSError):
                os.lchown(f"{root}/{name}", user, user)


def _bring(source: Path, target: Path) -> None:
    """A copy of a file, or the same sockets in another folder: whoever connects reaches the same server."""
    try:
        if source.is_file():
            shutil.copyfile(source, target)
            target.chmod(0o644)
            return
        target.mkdir(mode=0o755)
        target.chmod(0o755)
        for entry in source.iterdir():
            about = entry.lstat()
            if stat.S_ISSOCK(about.st_mode):
                os.link(entry, target / entry.name, follow_symlinks=False)
            elif not stat.S_ISREG(about.st_mode) or about.st_size > _SMALL:
                raise NotWarmError(f"{source.name} holds more than sockets")
    except OSError as error:
        raise NotWarmError(f"{source.name} cannot be brought to the zygote: {error.strerror}") from error
