"""Writes reports where a person said."""

import sys
from collections.abc import Iterable
from pathlib import Path

from prompts.errors import StoreError


def put_text(target: Path, text: str) -> None:
    """Write ``text`` to a file, or print it for ``-``. Raises StoreError where that cannot be done."""
    put_pieces(target, (text,))


def put_pieces(target: Path, pieces: Iterable[str]) -> None:
    """Write texts one after the other; for what is too large to be joined first. Raises as ``put_text``."""
    if str(target) == "-":
        sys.stdout.writelines(pieces)
        return
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("w", encoding="utf-8", errors="surrogatepass", newline="") as file:
            file.writelines(pieces)
    except OSError as error:
        raise StoreError(f"the report cannot be written to {target}: {error.strerror}") from error


def put_bytes(target: Path, data: bytes) -> None:
    """Write bytes to a file. Raises StoreError where that cannot be done."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    except OSError as error:
        raise StoreError(f"the report cannot be written to {target}: {error.strerror}") from error
