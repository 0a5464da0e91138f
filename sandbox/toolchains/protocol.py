"""What every toolchain offers: is this project mine, what does it need, how are its tests run and read."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from sandbox.environments.result import Prepared, Unprepared
from sandbox.isolation.protocol import Finished, Isolation
from sandbox.report import TestReport

WORK = "/work"
RESULTS = "/results"


@dataclass(frozen=True, slots=True)
class WarmRunner:
    """How the same tests are run by a zygote (``sandbox.warm``): its program, and the file for what they come to.

    Both are inside paths.
    """

    program: str
    report: str


@dataclass(frozen=True, slots=True)
class TestCommand:
    """How to run a project's tests; ``work`` and ``results`` in it are inside paths.

    ``warm``: they can also be run from a process that has the environment's packages imported. ``files`` are ours
    and are laid out beside the project's, for this command alone. ``serial``: the language's threads work one at
    a time.
    """

    __test__ = False

    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    warm: WarmRunner | None = None
    files: Mapping[str, str] = field(default_factory=dict)
    serial: bool = False


class Toolchain(Protocol):
    """One language's way to test."""

    @property
    def name(self) -> str:
        """The name in reports."""

    @property
    def ecosystem(self) -> str:
        """Which dependencies of an answer are for it (``python``, ``npm``, ...)."""

    def detects(self, files: Mapping[str, str]) -> bool:
        """Whether these files are a project of this language."""

    def tests(self, files: Mapping[str, str]) -> frozenset[str]:
        """Which of the files hold tests and nothing that the rest of the project, or other tests, may need."""

    def problem(self) -> str:
        """What is missing on this machine, and how to get it; empty where nothing is."""

    async def prepare(
        self, files: Mapping[str, str], named: Iterable[str], isolation: Isolation
    ) -> Prepared | Unprepared:
        """Make the environment ready. ``named`` are the dependencies that the answer lists by itself."""

    def command(self, files: Mapping[str, str], work: str, results: str) -> TestCommand | str:
        """How to run the tests, or why they cannot be run (a fault of the answer)."""

    def read(self, files: Mapping[str, str], results: Path, finished: Finished) -> TestReport:
        """What the run of these ``files`` found, from ``results`` and from how it ended. All of it is hostile.

        Which report is read follows from the files alone, never from what lies in ``results``.
        """
