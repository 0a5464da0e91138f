"""The baseline's file, read and written."""

import contextlib
import tempfile
from pathlib import Path

from evals.gate.baseline import Baseline
from evals.gate.baseline_reading import read_baseline
from prompts.errors import ConfigError, StoreError


def load_baseline(path: Path) -> Baseline:
    """The baseline in a file. Raises ConfigError where there is none."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ConfigError(
            f"there is no baseline {path}", f"backsmith bless RUN --baseline {path} makes one"
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"the baseline {path} cannot be read: {error}") from error
    return read_baseline(text, str(path))


def store_baseline(path: Path, text: str) -> None:
    """Write the file whole or not at all; where ``path`` is a link, what it leads to is written."""
    try:
        place = path.resolve()
        place.parent.mkdir(parents=True, exist_ok=True)
        mode = place.stat().st_mode & 0o777 if place.exists() else 0o644
        with contextlib.ExitStack() as undo:
            with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=place.parent, delete=False) as file:
                undo.callback(Path(file.name).unlink)
                file.write(text)
            Path(file.name).chmod(mode)
            Path(file.name).replace(place)
            undo.pop_all()
    except OSError as error:
        raise StoreError(f"the baseline cannot be written to {path}: {error.strerror}") from error
