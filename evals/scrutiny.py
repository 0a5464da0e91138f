"""How closely an answer is looked at beyond its tests and its text."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evals.probes.script import Script


@dataclass(frozen=True, slots=True)
class Scrutiny:
    """``probes``: the application is started and asked. ``mutant_seconds``: how long small faults put into the code
    are run against its tests; 0 for not at all. ``scripts`` are the task's own probes, which are put in any case.
    """

    probes: bool = False
    mutant_seconds: float = 0.0
    scripts: "tuple[Script, ...]" = ()
