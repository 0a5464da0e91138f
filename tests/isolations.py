"""Isolations for tests that need no particular one."""

import pytest

from sandbox.isolation.bubblewrap import Bubblewrap


def working_bubblewrap(also: str = "") -> Bubblewrap:
    """Bubblewrap; skips the test where it does not work here, or where something else is missing (``also``)."""
    isolation = Bubblewrap()
    if problem := isolation.problem() or also:
        pytest.skip(problem)
    return isolation
