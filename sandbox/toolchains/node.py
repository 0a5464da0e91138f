"""Node projects, tested by what package.json's test script runs: node:test, jest, vitest or mocha."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from sandbox.environments.node import node_problem, prepare_node
from sandbox.environments.result import Prepared, Unprepared
from sandbox.isolation.protocol import Finished, Isolation
from sandbox.report import TestReport
from sandbox.toolchains.door import behind_door, with_door
from sandbox.toolchains.door_events import REPORT, report_from_door
from sandbox.toolchains.judge_run import report_from_junit
from sandbox.toolchains.node_script import UnusableScriptError, find_runner, test_script
from sandbox.toolchains.protocol import TestCommand

_TEST_FILE = re.compile(
    r"(?:^|/)(?:tests?|__tests__)/.*\.[cm]?[jt]sx?$|\.(?:test|spec)\.[cm]?[jt]sx?$", re.ASCII
)
_NAMED_TEST = re.compile(r"\.(?:test|spec)\.[cm]?[jt]sx?$", re.ASCII)
_HOLDS_TESTS = re.compile(r"(?:^|[;{\s])(?:describe|it|test)(?:\.\w+)?[ \t]*\(|node:test", re.ASCII)
# From 128 on it was a signal.
_ENDS = range(128)


class Node:
    """The machine's Node.js with npm."""

    name = "node"
    ecosystem = "npm"

    def detects(self, files: Mapping[str, str]) -> bool:
        """A package.json at the top, or test files of JavaScript's."""
        return "package.json" in files or any(_TEST_FILE.search(path) for path in files)

    def tests(self, files: Mapping[str, str]) -> frozenset[str]:
        """Files named as tests, and those in folders for tests that hold some."""
        return frozenset(
            path
            for path, text in files.items()
            if _NAMED_TEST.search(path) or (_TEST_FILE.search(path) and _HOLDS_TESTS.search(text))
        )

    def problem(self) -> str:
        """Whether node and npm are there."""
        return node_problem()

    async def prepare(
        self, files: Mapping[str, str], named: Iterable[str], isolation: Isolation
    ) -> Prepared | Unprepared:
        """A node_modules folder of the project's packages."""
        prepared = await prepare_node(files, named, isolation)
        return prepared if isinstance(prepared, Unprepared) else with_door(prepared, isolation, self.name)

    def command(self, files: Mapping[str, str], work: str, results: str) -> TestCommand | str:
        """What ``npm test`` runs, its runner told to use a reporter of ours, or to write JUnit XML (vitest)."""
        try:
            script = test_script(files, results)
        except UnusableScriptError as error:
            return str(error)
        return behind_door(script, results, {"CI": "true", "NO_COLOR": "1"})

    def read(self, files: Mapping[str, str], results: Path, finished: Finished) -> TestReport:
        """The cases of the runner's report, held against the script's exit code."""
        if find_runner(files) == "vitest":
            # Its reporter runs in a process of its own, which no test can end or talk over.
            return report_from_junit(results / "junit.xml", finished, _ENDS)
        holds = {path: "node:test" in text for path, text in files.items()}
        return report_from_door(results / REPORT, finished, holds)
