"""What the command line exits with (see docs/command-line.md)."""

from collections.abc import Iterable

from evals.verdict import Verdict

VERIFIED = 0
FALLS_SHORT = 1
USAGE = 2
INCONCLUSIVE = 3
INTERRUPTED = 130


def exit_code(verdicts: Iterable[Verdict]) -> int:
    """The code for several verdicts: a failure first, then what is inconclusive."""
    found = set(verdicts)
    if Verdict.FAIL in found:
        return FALLS_SHORT
    return VERIFIED if found == {Verdict.PASS} else INCONCLUSIVE
