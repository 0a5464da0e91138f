"""How the command line writes to people: colour only on a terminal, progress on standard error."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, TextIO, cast

from orchestrator.watcher import Watcher
from prompts.quoting import visible

if TYPE_CHECKING:
    from rich.console import Console
    from rich.status import Status


def console(*, stderr: bool = False) -> "Console":
    """A console for plain text: no markup, no emoji, no highlighting; honours NO_COLOR and pipes."""
    from rich.console import Console

    # A stream that is closed is None; Rich knows of that.
    file = cast(IO[str], _Lenient(sys.stderr)) if stderr and sys.stderr else None
    return Console(file=file, stderr=stderr, markup=False, emoji=False, highlight=False, soft_wrap=True)


class _Lenient:
    """Standard error for what is told on the way: the work goes on where nobody reads it any more.

    A terminal that was closed, a pipe without a reader, a full disk: none of them is worth a run.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> object:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write it where that is possible."""
        with self._let_go():
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Flush it where that is possible."""
        with self._let_go():
            self._stream.flush()

    @contextmanager
    def _let_go(self) -> Iterator[None]:
        """After a write that failed all others go nowhere, the interpreter's last ones too."""
        try:
            yield
        except OSError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)


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
        self._update(self._stage)

    def text(self, piece: str) -> None:
        """Count what the model writes."""
        self._characters = self._characters + len(piece) if piece else 0
        now = time.monotonic()
        if self._status and now - self._shown > 0.1:
            self._shown = now
            self._update(f"{self._stage}: {self._characters:,} characters")

    def file(self, path: str) -> None:
        """Say that a file has arrived."""
        self._print(f"  {visible(path)}")

    def note(self, text: str) -> None:
        """Say it."""
        self._print(f"  note: {visible(text)}")

    def _update(self, text: str) -> None:
        from rich.text import Text

        if self._status:
            self._status.update(Text(text))  # a text alone would be read as markup

    def _print(self, text: str) -> None:
        self._told.print(
            f"{time.monotonic() - self._start:7.1f}s  {text}", style="dim" if self._status else None
        )
