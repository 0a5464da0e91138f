"""What a run was asked to do, and whether that is still the same."""

from collections.abc import Mapping


def changes(before: Mapping[str, object], now: Mapping[str, object]) -> str:
    """What of a plan has changed, in words; empty where nothing has."""
    changed = sorted(key for key in {*before, *now} if before.get(key) != now.get(key))
    return "; ".join(_difference(key, before.get(key), now.get(key)) for key in changed)


def _difference(key: str, before: object, now: object) -> str:
    """What of the plan has changed; of a list, only what is not in both."""
    if isinstance(before, list) and isinstance(now, list):
        gone = [one for one in before if one not in now]
        new = [one for one in now if one not in before]
        return f"{key}: {_short(gone)} became {_short(new)}"
    return f"{key} was {before!r}, is {now!r}"


def _short(values: list[object]) -> str:
    return repr(values)[:200] if values else "nothing"
