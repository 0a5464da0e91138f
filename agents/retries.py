"""How often a failed call is made again, how long it waits, and how long a call may take."""

import random
from dataclasses import dataclass

from agents.providers.faults import Fault


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds of wall time for one attempt. ``idle`` is the longest silence in the middle of a stream."""

    connect: float = 10
    first_token: float = 600
    idle: float = 180
    total: float = 1800


@dataclass(frozen=True, slots=True)
class Retries:
    """Exponential backoff with jitter. ``tries`` counts the first one; waits are in seconds.

    A provider that asks to wait longer than ``longest_request`` is not waited for.
    """

    tries: int = 6
    first_wait: float = 0.5
    longest_wait: float = 30
    longest_request: float = 120
    empty_tries: int = 3

    def pause(self, fault: Fault) -> float | None:
        """Seconds for which nobody should call, by the provider's wish; None for no wish, or one too long."""
        asked = fault.retry_after
        return None if asked is None or asked > self.longest_request else asked

    def wait(self, fault: Fault, failed: int, dice: random.Random) -> float | None:
        """Seconds until the next try after ``failed`` failed ones; None when there shall be none."""
        if not fault.retryable or failed >= self.tries:
            return None
        grown = min(self.longest_wait, self.first_wait * 2.0 ** min(failed - 1, 30))
        wait = dice.uniform(grown / 2, grown)
        if fault.retry_after is None:
            return wait
        if fault.retry_after > self.longest_request:
            return None
        # A little above what was asked for, so that callers told the same do not all return at once.
        return fault.retry_after + dice.uniform(0, min(1.0, grown / 2))
