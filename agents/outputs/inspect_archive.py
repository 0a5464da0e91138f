"""Inspect AI's ``.eval`` files: zip archives whose members hold JSON, mostly compressed with Zstandard.

The zip format: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT (section 4.3.7, and method 93)
"""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from prompts.errors import ConfigError

if TYPE_CHECKING:
    import zstandard

LARGEST = 64 * 1024 * 1024
"""Bytes of one member, unpacked."""

_ZSTANDARD = 93
_OTHERS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_HEADER = struct.Struct("<4s5H3L2H")
_CHUNK = 1 << 20


class Archive:
    """The members of an archive. A context manager; raises ConfigError for what it cannot read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._zip = zipfile.ZipFile(path)
        except (OSError, zipfile.BadZipFile) as error:
            raise ConfigError(f"{path} is no .eval file: {error}") from error

    def __enter__(self) -> "Archive":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._zip.close()

    def names(self, start: str) -> Iterator[str]:
        """The JSON members whose names begin so, in the archive's order; one that was rewritten stands once."""
        found = dict.fromkeys(self._zip.namelist())
        return (name for name in found if name.startswith(start) and name.endswith(".json"))

    def read(self, name: str) -> bytes:
        """A member's content, at most ``LARGEST`` bytes of it."""
        try:
            info = self._zip.getinfo(name)
            if info.compress_type == _ZSTANDARD:
                data = self._zstandard(info)
                if len(data) == info.file_size and zlib.crc32(data) != info.CRC:
                    raise zipfile.BadZipFile("its checksum is another")
            elif info.compress_type not in _OTHERS:
                raise zipfile.BadZipFile(f"Inspect AI does not compress by method {info.compress_type}")
            else:
                with self._zip.open(info) as member:
                    data = member.read(LARGEST + 1)
        except KeyError as error:
            raise ConfigError(f"{self._path} has no {name}", "is it a log of Inspect AI?") from error
        except (OSError, EOFError, zlib.error, zipfile.BadZipFile, ValueError, RuntimeError) as error:
            raise ConfigError(f"{self._path}: {name} cannot be unpacked: {error}") from error
        if len(data) > LARGEST:
            raise ConfigError(f"{self._path}: {name} is larger than {LARGEST} bytes")
        return data

    def _zstandard(self, info: zipfile.ZipInfo) -> bytes:
        try:
            import zstandard
        except ImportError as error:
            raise ConfigError(
                f"{self._path} is compressed with Zstandard, which needs the package zstandard",
                "install backsmith[inspect], or write the log with `inspect log convert --to json`",
            ) from error
        with self._path.open("rb") as file:
            file.seek(info.header_offset)
            header = file.read(_HEADER.size)
            if len(header) < _HEADER.size or not header.startswith(b"PK\x03\x04"):
                raise zipfile.BadZipFile("no member where the directory says")
            name, extra = _HEADER.unpack(header)[-2:]
            file.seek(name + extra, 1)
            packed = io.BytesIO(file.read(min(info.compress_size, LARGEST)))
        try:
            with zstandard.ZstdDecompressor().stream_reader(packed, read_across_frames=True) as reader:
                return _read_all(reader, min(info.file_size, LARGEST + 1))
        except zstandard.ZstdError as error:
            raise zipfile.BadZipFile(str(error)) from error


def _read_all(reader: "zstandard.ZstdDecompressionReader", size: int) -> bytes:
    parts: list[bytes] = []
    while size > 0 and (part := reader.read(min(size, _CHUNK))):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)
