"""Says what of a run was live and what was replayed, the same way in every report."""

from collections.abc import Iterable, Mapping

_WORDS = {
    "drifted": "replayed, recorded with another prompt",
    "cached": "from the completion cache",
    "manual": "from elsewhere or by hand",
}


def sources_told(sources: Mapping[str, int]) -> str:
    """The counts of samples by where their answers came from, in words."""
    return "; ".join(f"{count} {_WORDS.get(source, source)}" for source, count in sources.items()) or "none"


def sources_named(sources: Iterable[str]) -> str:
    """Where the answers of one sample came from, in words."""
    return "; ".join(_WORDS.get(source, source) for source in dict.fromkeys(sources)) or "none"


def counted(count: int, noun: str) -> str:
    """``1 task``, ``2 tasks``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
