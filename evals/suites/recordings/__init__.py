"""Real answers to real tasks, one folder each (task.yaml, response.md): recorded 2026-11-21, one try each."""

from pathlib import Path


def recordings_folder() -> Path:
    """The folder of the recordings; usable as a cassette by task."""
    return Path(__file__).parent


def recording_names() -> tuple[str, ...]:
    """The names of the recordings, sorted."""
    return tuple(sorted(path.parent.name for path in recordings_folder().glob("*/response.md")))
