"""What every provider's wire delivers: one streamed answer as a sequence of pieces."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, fields
from typing import Protocol

from agents.completion import Request, StopReason, Usage

_MOST_TOKENS = 10**12


@dataclass(frozen=True, slots=True)
class Began:
    """The provider took the request. Either value may come later, or never."""

    request_id: str | None = None
    model: str | None = None


@dataclass(frozen=True, slots=True)
class Text:
    """More of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Thought:
    """More of what the model says it thought."""

    text: str


@dataclass(frozen=True, slots=True)
class Counted:
    """Token counts; the last ones hold."""

    usage: Usage


@dataclass(frozen=True, slots=True)
class Ended:
    """The provider said that the answer is whole, or why it stopped. Without it, the stream was cut."""

    stop_reason: StopReason


Piece = Began | Text | Thought | Counted | Ended


def checked(usage: Usage) -> Usage:
    """``usage`` without what are no counts; the SDKs pass on whatever a server puts there."""
    counts = {
        field.name: value
        for field in fields(usage)
        if type(value := getattr(usage, field.name)) is int and 0 <= value < _MOST_TOKENS
    }
    return Usage(**counts)


def whole_characters(text: str) -> str:
    """``text`` without lone surrogates, which JSON escapes can smuggle in and which no file can hold.

    Pairs that were torn apart become the character they stand for; what is left becomes U+FFFD.
    """
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


class Wire(Protocol):
    """One provider's wire format. Raises ``Fault`` for everything that goes wrong on it."""

    def stream(self, request: Request) -> AsyncGenerator[Piece, None]:
        """Send one request, once, and give its pieces as they arrive."""

    async def aclose(self) -> None:
        """Let go of all connections."""
