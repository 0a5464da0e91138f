"""How the command line writes to people: colour only on a terminal, progress on standard error."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from orchestrator.watcher import Watcher
from prompts.quoting import visible

if TYPE_CHECKING:
    from rich.console import Console
    from rich.status import Status


def console(*, stderr: bool = False) -> "Console":
    """A console for plain text: no markup, no emoji, no highlighting; honours NO_COLOR and pipes."""
    from rich.console import Console

    return Console(stderr=stderr, markup=False, emoji=False, highlight=False, soft_wrap=True)


@contextmanager
def progress(quiet: bool = False) -> Iterator[Watcher]:
    """A watcher that shows stages and files on standard error; nothing at all when ``quiet``."""
    from orchestrator.watcher import Silent

    if quiet:
        yield Silent()
        return
    told = console(stderr=True)
    if told.is_terminal and sys.stderr.isatty():
        with told.status("starting") as status:
            yield _Lines(told, status)
    else:
        yield _Lines(told, None)


class _Lines:
    """One line for each finished stage and each file; on a terminal a spinner for the one under way."""

    def __init__(self, told: "Console", status: "Status | None") -> None:
        self._told = told
        self._status = status
        self._start = time.monotonic()
        self._characters = 0
        self._stage = ""
        self._shown = 0.0

    def stage(self, name: str, detail: str = "") -> None:
        """Say which stage begins, and when."""
        self._stage = f"{name} ({detail})" if detail else name
        self._characters = 0
        self._print(self._stage)
        if self._status:
            self._status.update(self._stage)

    def text(self, piece: str) -> None:
        """Count what the model writes."""
        self._characters = self._characters + len(piece) if piece else 0
        now = time.monotonic()
        if self._status and now - self._shown > 0.1:
            self._shown = now
            self._status.update(f"{self._stage}: {self._characters:,} characters")

    def file(self, path: str) -> None:
        """Say that a file has arrived."""
        self._print(f"  {visible(path)}")

    def note(self, text: str) -> None:
        """Say it."""
        self._print(f"  note: {visible(text)}")

    def _print(self, text: str) -> None:
        self._told.print(
            f"{time.monotonic() - self._start:7.1f}s  {text}", style="dim" if self._status else None
        )
