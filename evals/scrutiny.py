"""How closely an answer is looked at beyond its tests and its text."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scrutiny:
    """``probes``: the application is started and asked. ``mutant_seconds``: how long small faults put into the code
    are run against its tests; 0 for not at all.
    """

    probes: bool = False
    mutant_seconds: float = 0.0
