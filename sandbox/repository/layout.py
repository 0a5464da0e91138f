"""What of a repository is no text, laid out beside its text: bytes, modes, and links that stay inside."""

import base64
import os
import posixpath
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_EXECUTABLE = 0o755


@dataclass(frozen=True, slots=True)
class Carried:
    """A file of a repository that is no text: its bytes in base64, or the target of a symbolic link."""

    path: str
    data: str = ""
    link: str = ""


def lay_out_carried(carried: Iterable[Carried], executable: Iterable[str], folder: Path) -> None:
    """Write them into a folder of ours whose other files are there already. Links come last, and only such as lead
    to a place below the folder; nothing is ever written through one."""
    links = []
    for one in carried:
        if one.link:
            links.append(one)
            continue
        target = folder / one.path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(base64.b64decode(one.data))
    for path in executable:
        if (folder / path).is_file():
            (folder / path).chmod(_EXECUTABLE)
    for one in links:
        aim = posixpath.normpath(posixpath.join(posixpath.dirname(one.path), one.link))
        target = folder / one.path
        if not one.link.startswith("/") and aim.split("/", 1)[0] != ".." and not os.path.lexists(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            target.symlink_to(one.link)
