"""Whether there is room for temporary files: a full disk says nothing of an answer, but one may fill it too."""

import os
from pathlib import Path

from prompts.errors import SandboxError

_LEAST = 16 << 20
_FULL = 1 << 20
_MEND = "make room, or name another folder for temporary files by the environment variable TMPDIR"


def need_room(folder: Path) -> None:
    """Raises SandboxError where so little is left that no sample can be expected to come to its end."""
    left = room(folder)
    if left < _LEAST:
        raise SandboxError(f"the disk of {folder} is full: {left >> 10} KiB are left", _MEND)


def room(folder: Path) -> int:
    """The bytes that may still be written where ``folder`` is."""
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize


def crowded_out(folder: Path, before: int) -> str:
    """What is to be said where the disk of ``folder`` is full now, and others than those who wrote there filled it.

    ``before`` bytes were free at first. Empty where there is room, and where what stands in ``folder`` took it.
    """
    if room(folder) >= _FULL or _size(folder) > before // 2:
        return ""
    return f"the disk of {folder.parent.parent} was full; {_MEND}"


def _size(folder: Path) -> int:
    """The bytes that the files below a folder take, as far as can be seen."""
    return sum(
        os.lstat(os.path.join(place, name)).st_blocks * 512  # noqa: PTH118 - as os.walk tells it
        for place, _, names in os.walk(folder)
        for name in names
    )
