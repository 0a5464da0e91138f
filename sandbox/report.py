"""What a test run found. Read from files that hostile code may have written; kept outside its process."""

from dataclasses import dataclass, replace
from typing import Literal

Outcome = Literal["passed", "failed", "errored", "skipped"]


@dataclass(frozen=True, slots=True)
class TestCase:
    """One test. ``id`` is the runner's own stable name; ``message`` is bounded text from the run.

    ``hidden``: the test is the task's own and is not shown to the model.
    """

    __test__ = False

    id: str
    outcome: Outcome
    message: str = ""
    seconds: float = 0.0
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class TestReport:
    """The cases of one run.

    ``problem`` tells why the run as a whole did not end as a test run should (a limit hit, a crash, no tests
    found); empty where it did. ``ours`` marks a problem that is not the submission's (a tool missing here).
    ``output`` holds the bounded head and tail of what was printed.
    """

    __test__ = False

    cases: tuple[TestCase, ...] = ()
    problem: str = ""
    ours: bool = False
    output: str = ""
    seconds: float = 0.0

    def count(self, outcome: Outcome) -> int:
        """How many cases ended so."""
        return sum(case.outcome == outcome for case in self.cases)

    @property
    def own(self) -> "TestReport":
        """The report without the task's hidden tests: what the answer's own came to."""
        return replace(self, cases=tuple(case for case in self.cases if not case.hidden))

    @property
    def passed(self) -> bool:
        """Whether at least one test passed, none failed or errored, and the run ended as it should."""
        bad = self.count("failed") + self.count("errored")
        return not self.problem and not bad and self.count("passed") > 0
