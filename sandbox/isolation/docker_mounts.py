"""Makes what a command may see ready for a container, whose user may be somebody else than ours."""

import contextlib
import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from sandbox.isolation.docker_daemon import User
from sandbox.isolation.limits import disk_use
from sandbox.isolation.protocol import Mount

_OWN_ETC = Path(__file__).with_name("etc")


@dataclass(frozen=True, slots=True)
class Bind:
    """One bind mount of the container's."""

    source: Path
    target: str
    writable: bool


@dataclass(frozen=True, slots=True)
class Lent:
    """What a container gets of ours. ``copied`` is the size in bytes of what was copied for it alone."""

    binds: tuple[Bind, ...]
    copied: int

    @property
    def writable(self) -> tuple[Path, ...]:
        """The folders that may grow."""
        return tuple(bind.source for bind in self.binds if bind.writable)


def lend(mounts: Iterable[Mount], user: User, copies: Path) -> Lent:
    """Binds for the mounts: scratch ones are copied below ``copies``, writable ones become the user's own.

    What only we can read (a package index's password) is copied for the user too.
    """
    binds = []
    copied = 0
    for number, mount in enumerate(mounts):
        source = mount.source.resolve()
        if mount.scratch:
            source = _copy(source, copies / str(number))
            copied += disk_use([source], 1 << 62)
        elif user.give and not mount.writable and _is_private(source):
            source = _copy(source, copies / str(number))
            _give(source, user)
        writable = mount.writable or mount.scratch
        if writable and user.give:
            _give(source, user)
        binds.append(Bind(source, mount.target, writable))
    for bind in binds:
        _make_place(bind, binds, user)
    binds += _names(user, copies)
    return Lent(tuple(binds), copied)


def _names(user: User, folder: Path) -> list[Bind]:
    """Who is who inside: root, and the user by the name that it has in the other isolations."""
    binds = []
    for name in ("passwd", "group"):
        text = (_OWN_ETC / name).read_text(encoding="ascii")
        text = text.replace("1000:1000", f"{user.uid}:{user.gid}").replace("x:1000:", f"x:{user.gid}:")
        (folder / name).write_text(text, encoding="ascii")
        (folder / name).chmod(0o444)
        binds.append(Bind(folder / name, f"/etc/{name}", writable=False))
    return binds


def _is_private(place: Path) -> bool:
    needed = 0o005 if place.is_dir() else 0o004
    return place.stat().st_mode & needed != needed


def _copy(source: Path, target: Path) -> Path:
    if source.is_dir():
        shutil.copytree(source, target, symlinks=True)
    else:
        shutil.copy(source, target)
    return target


def _give(place: Path, user: User) -> None:
    """Change the owner of all below, following no link that hostile code may have put there."""
    os.chown(place, user.uid, user.gid, follow_symlinks=False)
    if not place.is_dir():
        return
    for _, folders, files, here in os.fwalk(place):
        for name in (*folders, *files):
            with contextlib.suppress(FileNotFoundError):
                os.chown(name, user.uid, user.gid, dir_fd=here, follow_symlinks=False)


def _make_place(bind: Bind, binds: Iterable[Bind], user: User) -> None:
    """Make the mount point of a mount within a writable one; the daemon would make it as root."""
    holders = [
        holder
        for holder in binds
        if holder is not bind and PurePosixPath(bind.target).is_relative_to(holder.target)
    ]
    if not holders:
        return
    holder = max(holders, key=lambda holder: len(PurePosixPath(holder.target).parts))
    if not holder.writable:
        return
    here = holder.source
    *folders, last = PurePosixPath(bind.target).relative_to(holder.target).parts
    for name in folders:
        here /= name
        if here.is_symlink():
            return  # the daemon resolves it inside the container
        if not here.exists():
            here.mkdir()
            _own(here, user)
    here /= last
    if not os.path.lexists(here):
        if bind.source.is_dir():
            here.mkdir()
        else:
            here.touch()
        _own(here, user)


def _own(place: Path, user: User) -> None:
    if user.give:
        os.chown(place, user.uid, user.gid, follow_symlinks=False)
