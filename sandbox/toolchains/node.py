"""Node projects, tested by what package.json's test script runs: node:test, jest, vitest or mocha."""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from sandbox.environments.node import node_problem, prepare_node
from sandbox.environments.result import Prepared, Unprepared
from sandbox.isolation.protocol import Finished, Isolation
from sandbox.report import TestReport
from sandbox.toolchains.jest_json import report_from_jest
from sandbox.toolchains.judge_run import report_from_junit
from sandbox.toolchains.protocol import TestCommand

_TEST_FILE = re.compile(
    r"(?:^|/)(?:tests?|__tests__)/.*\.[cm]?[jt]sx?$|\.(?:test|spec)\.[cm]?[jt]sx?$", re.ASCII
)
_WITH_REPORT = {0: True, 1: False}
_RUNNER = re.compile(r"\b(jest|vitest|mocha)\b|\bnode\b[^&|;]*\s(--test)\b", re.ASCII)
_MAX_FAILURES_IN_EXIT_CODE = 255  # mocha ends with the number of failures


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
        """``npm test``, its runner told to write a report beside the project."""
        script = _test_script(files)
        if script is None:
            return "package.json cannot be read"
        if not script or "no test specified" in script:
            return "package.json has no test script"
        found = _RUNNER.search(script)
        runner = (found.group(1) or "node") if found else ""
        report = f"{results}/junit.xml"
        if runner == "node":
            reporters = f"--test-reporter=junit --test-reporter-destination={report}"
            reporters += " --test-reporter=spec --test-reporter-destination=stdout"
            return TestCommand(("npm", "test"), {"CI": "true", "NODE_OPTIONS": reporters, "NO_COLOR": "1"})
        extra = {
            "jest": ("--json", f"--outputFile={results}/jest.json", "--ci"),
            "vitest": ("--reporter=junit", "--reporter=default", f"--outputFile.junit={report}"),
            "mocha": ("--reporter", "xunit", "--reporter-option", f"output={report}"),
        }.get(runner)
        if extra is None:
            return f"the test script runs none of node --test, jest, vitest, mocha: {script[:120]}"
        return TestCommand(("npm", "test", "--", *extra), {"CI": "true", "NO_COLOR": "1"})

    def read(self, results: Path, finished: Finished) -> TestReport:
        """The cases of the runner's report, held against npm's exit code."""
        if (results / "jest.json").exists():
            return report_from_jest(results / "jest.json", finished)
        codes = dict(_WITH_REPORT)
        code = finished.exit_code
        if code is not None and 1 < code <= _MAX_FAILURES_IN_EXIT_CODE and "mocha" in finished.output[:4000]:
            codes[code] = False
        return report_from_junit(results / "junit.xml", finished, codes, {})


def _test_script(files: Mapping[str, str]) -> str | None:
    """The test script, "" where there is none, None where package.json is no readable object."""
    try:
        data = json.loads(files.get("package.json", "{}"))
    except (ValueError, RecursionError):
        return None
    if not isinstance(data, dict):
        return None
    scripts = data.get("scripts")
    script = scripts.get("test", "") if isinstance(scripts, dict) else ""
    return script if isinstance(script, str) else ""
