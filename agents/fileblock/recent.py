"""Parses an answer once, however often its reading is asked for while it is on its way."""

from collections import OrderedDict

from agents.fileblock.parsing import parse
from agents.submission import Answer

# What these stop reasons say of an answer is the same: that it ended of itself.
_ENDED = frozenset({None, "end", "stop"})


def parse_once(text: str, stop_reason: str | None = None) -> Answer:
    """The same as ``parse``, from memory where the answer was parsed a short while ago."""
    reason = None if stop_reason in _ENDED else stop_reason
    known = _recent.get(text, reason)
    if known is None:
        known = parse(text, reason)
        _recent.keep(text, reason, known)
    return known


class _Recent:
    """The answers that were parsed last: most are asked for twice (is it whole? what does it say?)."""

    def __init__(self, most: int, most_characters: int) -> None:
        self._most = most
        self._most_characters = most_characters
        self._held = 0
        self._answers: OrderedDict[tuple[str, str | None], Answer] = OrderedDict()

    def get(self, text: str, reason: str | None) -> Answer | None:
        return self._answers.get((text, reason))

    def keep(self, text: str, reason: str | None, answer: Answer) -> None:
        self._answers[text, reason] = answer
        self._held += len(text)
        while len(self._answers) > self._most or self._held > self._most_characters:
            (old, _), _ = self._answers.popitem(last=False)
            self._held -= len(old)


_recent = _Recent(512, 2_000_000)  # as many as may be on their way at once
