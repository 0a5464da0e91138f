"""The folder of a new run, where the person names none."""

import contextlib
import os
from datetime import datetime
from pathlib import Path

from prompts.errors import StoreError

ELSEWHERE = "name a folder that can be written to with --run"


def fresh_folder(parent: Path, name: str) -> Path:
    """A new folder below ``parent``, called by the time and ``name``. Raises StoreError where none can be made."""
    stamp = datetime.now().astimezone().strftime("%Y%m%d-%H%M%S")
    for attempt in range(1000):
        folder = parent / (f"{stamp}-{name}" + (f"-{attempt}" if attempt else ""))
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            continue
        except OSError as error:
            raise StoreError(
                f"the run folder {folder} cannot be made: {os.strerror(error.errno or 0)}", ELSEWHERE
            ) from error
        return folder
    raise StoreError(f"no free name for a run folder below {parent}")


def discard(folder: Path) -> None:
    """Remove a run folder in which nothing was kept yet, and its parent when that is empty too."""
    with contextlib.suppress(OSError):
        folder.rmdir()
        folder.parent.rmdir()
