"""The design before the building: shown, edited or refused by a person, and kept so that a run that goes on
does not ask again."""

import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from prompts.errors import ConfigError
from prompts.quoting import visible

_KEPT = "design.md"


class DesignRefusedError(ConfigError):
    """The person refused the design; nothing was built."""

    exit_code = 1


def approval(run: Path, *, asked: bool) -> Callable[[str], str] | None:
    """What asks a person about a design; None where nobody is asked: unattended, or no terminal to ask on."""
    if not asked or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return None
    return lambda design: _ask(design, run / _KEPT)


def _ask(design: str, kept: Path) -> str:
    from orchestrator.terminal import console

    if kept.is_file():
        return kept.read_text(encoding="utf-8", errors="surrogatepass")
    out = console(stderr=True)
    text = design
    while True:
        out.print("\nThe design:\n", style="bold")
        out.print(visible(text))
        out.print("\nBuild by it? [y]es, [e]dit in $EDITOR, [n]o: ", end="")
        answer = sys.stdin.readline()
        word = answer.strip().lower()
        if not answer or word in {"n", "no"}:
            raise DesignRefusedError(
                "the design was refused; nothing was built", "the run keeps what there is"
            )
        if word in {"y", "yes"}:
            kept.write_text(text, encoding="utf-8", errors="surrogatepass")
            return text
        if word in {"e", "edit"}:
            text = edit(text)


def edit(text: str) -> str:
    """The text as the person leaves it in ``$VISUAL`` or ``$EDITOR``. Raises ConfigError where that cannot be run."""
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "design.md"
        file.write_text(text, encoding="utf-8", errors="surrogatepass")
        try:
            subprocess.run([*shlex.split(editor), str(file)], check=True)
        except (OSError, subprocess.CalledProcessError, ValueError) as error:
            raise ConfigError(f"the editor {editor!r} cannot be used: {error}", "set EDITOR") from error
        return file.read_text(encoding="utf-8", errors="replace")
