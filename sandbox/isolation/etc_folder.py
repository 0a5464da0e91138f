"""The /etc that commands in bubblewrap see: who is who inside, and those few files of the host that are no secret.

It is put together once for each process and bound as one mount, since bwrap needs a fifth of a millisecond for
every mount.
"""

import atexit
import contextlib
import os
import shutil
from functools import cache
from pathlib import Path

from sandbox.scratch import ScratchFolder

# What programs may read of /etc: how to link, how to check certificates, which version of a tool is meant.
_SHARED = (
    "alternatives",
    "ca-certificates",
    "ca-certificates.conf",
    "debian_version",
    "ld.so.cache",
    "ld.so.conf",
    "ld.so.conf.d",
    "localtime",
    "mime.types",
    "os-release",
    "pki",
    "protocols",
    "services",
    "ssl/certs",
    "ssl/openssl.cnf",
    "timezone",
)
_WITH_NETWORK = ("resolv.conf", "gai.conf", "host.conf")
# Four of five alternatives lead to pages of manuals.
_NO_PROGRAMS = shutil.ignore_patterns("*.gz")
# Who is who inside: nobody of the host.
_OWN = Path(__file__).with_name("etc")


@cache
def etc_folder(network: bool) -> Path:
    """The folder to be mounted; removed when this process ends."""
    scratch = ScratchFolder("etc")
    for file in sorted(_OWN.iterdir()):
        shutil.copyfile(file, scratch.path / file.name)
    for name in (*_SHARED, *(_WITH_NETWORK if network else ())):
        _copy(Path("/etc", name), scratch.path / name)
    _open_to_all(scratch.path)
    atexit.register(_remove, scratch, os.getpid())
    return scratch.path


def _copy(source: Path, target: Path) -> None:
    """A file, or a folder with its links as they are; what is not there or not to be read is left out."""
    with contextlib.suppress(OSError, shutil.Error):
        if source.is_dir():
            shutil.copytree(source, target, symlinks=True, ignore=_NO_PROGRAMS)
        elif source.is_file():
            target.parent.mkdir(exist_ok=True)
            shutil.copyfile(source, target)


def _open_to_all(folder: Path) -> None:
    """Readable whatever the umask is: the command may be another user's."""
    folder.chmod(0o755)
    for path in folder.rglob("*"):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() else 0o644)


def _remove(scratch: ScratchFolder, owner: int) -> None:
    if os.getpid() == owner:
        scratch.remove()
