"""The whole of an answer at once."""

from agents.fileblock.stream import Stream
from agents.submission import Answer


def parse(text: str, stop_reason: str | None = None) -> Answer:
    """What an answer says. Pure: reads nothing but its arguments, writes nothing, raises nothing.

    ``stop_reason`` is the provider's; ``length`` says that the answer was cut off.
    """
    stream = Stream()
    stream.feed(text)
    return stream.finish(stop_reason)
