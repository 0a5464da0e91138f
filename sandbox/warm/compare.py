"""Holds what tests came to in a warm run to what they came to in a cold one."""

from sandbox.report import TestReport

_SHOWN = 10


def differences(warm: TestReport, cold: TestReport) -> tuple[str, ...]:
    """What came out differently, in words; one line that says so where nothing did."""
    found = []
    if bool(warm.problem) != bool(cold.problem):
        found.append(f"warm: {warm.problem or 'no problem'}; cold: {cold.problem or 'no problem'}")
    before = {case.id: case.outcome for case in warm.cases}
    after = {case.id: case.outcome for case in cold.cases}
    found += [
        f"{name}: warm {before.get(name, 'absent')}, cold {after.get(name, 'absent')}"
        for name in sorted({*before, *after})
        if before.get(name) != after.get(name)
    ]
    if not found:
        return (f"warm and cold runs agree on {len(after)} tests",)
    more = [f"and {len(found) - _SHOWN} more"] if len(found) > _SHOWN else []
    return tuple(f"warm and cold runs differ: {what}" for what in [*found[:_SHOWN], *more])
