"""Writes reports where a person said."""

import sys
from pathlib import Path

from prompts.errors import StoreError


def put_text(target: Path, text: str) -> None:
    """Write ``text`` to a file, or print it for ``-``. Raises StoreError where that cannot be done."""
    if str(target) == "-":
        sys.stdout.write(text)
        return
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8", errors="surrogatepass", newline="")
    except OSError as error:
        raise StoreError(f"the report cannot be written to {target}: {error.strerror}") from error
