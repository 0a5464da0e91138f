"""Node projects, tested by what package.json's test script runs: node:test, jest, vitest or mocha."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from sandbox.environments.node import node_problem, prepare_node
from sandbox.environments.result import Prepared, Unprepared
from sandbox.isolation.protocol import Finished, Isolation
from sandbox.report import TestReport
from sandbox.toolchains.jest_json import report_from_jest
from sandbox.toolchains.judge_run import report_from_junit
from sandbox.toolchains.node_script import UnusableScriptError, reports_as_jest, test_script
from sandbox.toolchains.protocol import TestCommand

_TEST_FILE = re.compile(
    r"(?:^|/)(?:tests?|__tests__)/.*\.[cm]?[jt]sx?$|\.(?:test|spec)\.[cm]?[jt]sx?$", re.ASCII
)
# mocha ends with the number of failures, the others with 1; from 128 on it was a signal.
_WITH_REPORT = {0: True} | dict.fromkeys(range(1, 128), False)


class Node:
    """The machine's Node.js with npm."""

    name = "node"
    ecosystem = "npm"

    def detects(self, files: Mapping[str, str]) -> bool:
        """A package.json at the top, or test files of JavaScript's."""
        return "package.json" in files or any(_TEST_FILE.search(path) for path in files)

    def problem(self) -> str:
        """Whether node and npm are there."""
        return node_problem()

    async def prepare(
        self, files: Mapping[str, str], named: Iterable[str], isolation: Isolation
    ) -> Prepared | Unprepared:
        """A node_modules folder of the project's packages."""
        return await prepare_node(files, named, isolation)

    def command(self, files: Mapping[str, str], work: str, results: str) -> TestCommand | str:
        """What ``npm test`` runs, its runner told to write a report beside the project."""
        try:
            script = test_script(files, results)
        except UnusableScriptError as error:
            return str(error)
        return TestCommand(("/bin/sh", "-c", script), {"CI": "true", "NO_COLOR": "1"})

    def read(self, files: Mapping[str, str], results: Path, finished: Finished) -> TestReport:
        """The cases of the runner's report, held against the script's exit code."""
        if reports_as_jest(files):
            return report_from_jest(results / "jest.json", finished)
        return report_from_junit(results / "junit.xml", finished, _WITH_REPORT, {})
