"""The difference of two texts as git shows it, in bounded time however they were made."""

import os
import subprocess
import tempfile
from pathlib import Path

from prompts.errors import SandboxError

_LONGEST = 60_000
_SECONDS = 20


def text_diff(before: str, after: str, longest: int = _LONGEST) -> str:
    """A unified diff without its file header, at most ``longest`` characters; empty for equal texts.

    Raises SandboxError where git is not installed.
    """
    if before == after:
        return ""
    with tempfile.TemporaryDirectory(prefix="backsmith-diff-") as name:
        folder = Path(name)
        for side, text in (("before", before), ("after", after)):
            (folder / side).write_bytes(text.encode("utf-8", "surrogatepass"))
        command = ["git", "diff", "--no-index", "--no-ext-diff", "--no-textconv", "--no-color", "--text"]
        try:
            done = subprocess.run(
                [*command, "--", "before", "after"],
                cwd=folder,
                capture_output=True,
                timeout=_SECONDS,
                check=False,
                env={**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"},
            )
        except FileNotFoundError as error:
            raise SandboxError(
                "git is not installed", "install git; runs are kept in repositories"
            ) from error
        except subprocess.TimeoutExpired:
            return "(too different to be shown line by line)"
    lines = done.stdout.decode("utf-8", "replace").split("\n")
    start = next((number for number, line in enumerate(lines) if line.startswith("@@")), 0)
    found = "\n".join(lines[start:]).rstrip("\n")
    return found if len(found) <= longest else found[:longest] + "\n(and more)"
