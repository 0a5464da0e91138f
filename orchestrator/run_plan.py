"""What a run was asked to do, and whether that is still the same."""

import json
from collections.abc import Iterator, Mapping, Sequence

_SHOWN = 80
_NAMED = 3


def changes(before: Mapping[str, object], now: Mapping[str, object]) -> str:
    """What of a plan has changed, in words; empty where nothing has."""
    changed = sorted(key for key in {*before, *now} if before.get(key) != now.get(key))
    return "; ".join(_difference(key, before.get(key), now.get(key)) for key in changed)


def _difference(key: str, before: object, now: object) -> str:
    """What of one value has changed; of tasks and agents, which ones, and what of them."""
    was, becomes = _named(before), _named(now)
    if was is not None and becomes is not None:
        return f"{key}: {', '.join(_members(was, becomes))}"
    if key == "parameters" and isinstance(before, str) and isinstance(now, str):
        return f"{key} ({changes(json.loads(before), json.loads(now))})"
    return f"{key} was {_short(before)}, is {_short(now)}"


def _members(before: Mapping[str, object], now: Mapping[str, object]) -> Iterator[str]:
    gone, new = [name for name in before if name not in now], [name for name in now if name not in before]
    if gone:
        yield f"no longer {_list(gone)}"
    if new:
        yield f"{_list(new)} besides"
    for name in before:
        was, becomes = before[name], now.get(name)
        if isinstance(was, Mapping) and isinstance(becomes, Mapping) and was != becomes:
            yield f"{name} has changed ({changes(was, becomes)})"


def _named(value: object) -> Mapping[str, object] | None:
    """A list of tasks or agents by their ids; None for anything else, and where two share one."""
    if not isinstance(value, list) or not all(isinstance(one, Mapping) and "id" in one for one in value):
        return None
    found = {str(one["id"]): one for one in value}
    return found if len(found) == len(value) else None


def _list(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
