"""Puts a test command behind the door (see ``inside/backsmith_door.py``), which is a Python program."""

import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from sandbox.environments.result import Prepared
from sandbox.isolation.bwrap_view import interpreter_folders
from sandbox.isolation.protocol import Isolation, Mount
from sandbox.toolchains.door_events import REPORT
from sandbox.toolchains.protocol import TestCommand

_INSIDE = Mount(Path(__file__).with_name("inside"), "/run/backsmith")
# The place of our programs and the Python that runs them differ by isolation, so variables tell them.
_SCRIPT = 'exec "$BACKSMITH_PYTHON" -I -S -B "$BACKSMITH_INSIDE/backsmith_door.py" /bin/sh -c "$1"'


def with_door(prepared: Prepared, isolation: Isolation, toolchain: str) -> Prepared:
    """The environment with what the door needs."""
    image = isolation.image(toolchain)
    python = "python3" if image else os.path.realpath(sys.executable)
    mounts = () if image else tuple(Mount(Path(path), path) for path in interpreter_folders())
    env = {**prepared.env, "BACKSMITH_INSIDE": isolation.inside(_INSIDE), "BACKSMITH_PYTHON": python}
    return replace(prepared, mounts=(*prepared.mounts, *mounts, _INSIDE), env=env)


def behind_door(script: str, results: str, env: Mapping[str, str]) -> TestCommand:
    """The command that runs a shell script behind the door."""
    return TestCommand(
        ("/bin/sh", "-c", _SCRIPT, "sh", script), {**env, "BACKSMITH_REPORT": f"{results}/{REPORT}"}
    )
