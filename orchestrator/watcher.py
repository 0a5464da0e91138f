"""What a run tells while it works. Whoever shows it to people implements this."""

from typing import Protocol


class Watcher(Protocol):
    """Gets told each thing once, in order, by the one task that works on a sample."""

    def stage(self, name: str, detail: str = "") -> None:
        """A stage begins: ``design``, ``build``, ``review``, ``parse``, ``environment``, ``tests``, ..."""

    def text(self, piece: str) -> None:
        """The model wrote another piece of its answer; an empty piece means that it starts over."""

    def file(self, path: str) -> None:
        """A whole file of the answer has arrived."""

    def note(self, text: str) -> None:
        """Something that a person should know."""


class Silent:
    """Shows nothing."""

    def stage(self, name: str, detail: str = "") -> None:
        """Not shown."""

    def text(self, piece: str) -> None:
        """Not shown."""

    def file(self, path: str) -> None:
        """Not shown."""

    def note(self, text: str) -> None:
        """Not shown."""
