"""Whole trials with jest, vitest, mocha and TypeScript: passing, failing, broken and endless."""

import json

import pytest

from prompts.task import Limits
from sandbox.environments.node import node_problem
from sandbox.isolation.protocol import Isolation
from sandbox.trial import Laboratory, Project, Trial
from tests.isolations import working_bubblewrap

pytestmark = [
    pytest.mark.network,
    pytest.mark.slow,
    pytest.mark.skipif(bool(node_problem()), reason=node_problem() or "node is there"),
]


@pytest.fixture
def isolation() -> Isolation:
    return working_bubblewrap()


BODIES = {
    "passing": "test('adds', () => { expect(add(1, 2)).toBe(3); });\n",
    "failing": "test('adds', () => { expect(add(1, 2)).toBe(4); });\n",
    "syntax": "test('adds', () => { expect(add(1, 2).toBe(3; });\n",
    "endless": "test('adds', () => { while (true) {} });\n",
}
ADD_JS = "module.exports = { add: (a, b) => a + b };\n"
ADD_TS = "export const add = (a: number, b: number): number => a + b;\n"
ASSERTING = "const expect = (x) => ({ toBe: (y) => assert.strictEqual(x, y) });\n"
TSCONFIG = '{"compilerOptions": {"strict": true, "target": "ES2022", "module": "commonjs"}}'


def manifest(test: str, packages: dict[str, str], **more: str) -> str:
    return json.dumps({"scripts": {"test": test}, "devDependencies": packages, **more})


def project(runner: str, body: str) -> dict[str, str]:
    if runner == "jest":
        head = "const { add } = require('../add');\n"
        return {
            "package.json": manifest("jest", {"jest": "^29"}),
            "add.js": ADD_JS,
            "tests/add.test.js": head + body,
        }
    if runner == "vitest":
        head = "import { test, expect } from 'vitest';\nimport { add } from '../src/add';\n"
        return {
            "package.json": manifest("vitest run", {"vitest": "^2"}, type="module"),
            "src/add.ts": ADD_TS,
            "tests/add.test.ts": head + body,
        }
    if runner == "mocha":
        head = "const assert = require('assert');\nconst { add } = require('../add');\n" + ASSERTING
        return {
            "package.json": manifest("mocha", {"mocha": "^10"}),
            "add.js": ADD_JS,
            "test/add.js": head + "const test = it;\n" + body,
        }
    if runner == "ts-jest":
        packages = {"jest": "^29", "ts-jest": "^29", "typescript": "^5", "@types/jest": "^29"}
        return {
            "package.json": manifest("jest", packages),
            "jest.config.js": "module.exports = { preset: 'ts-jest' };\n",
            "tsconfig.json": TSCONFIG,
            "src/add.ts": ADD_TS,
            "tests/add.test.ts": "import { add } from '../src/add';\n" + body,
        }
    head = "import { test } from 'node:test';\nimport assert from 'node:assert';\n"
    head += "import { add } from '../src/add';\n" + ASSERTING.replace("(x)", "(x: number)").replace(
        "(y)", "(y: number)"
    )
    return {
        "package.json": manifest("node --import tsx --test tests/*.test.ts", {"tsx": "^4"}, type="module"),
        "src/add.ts": ADD_TS,
        "tests/add.test.ts": head + body,
    }


async def attempt(isolation: Isolation, files: dict[str, str], seconds: float = 60) -> Trial:
    async with Laboratory(isolation) as laboratory:
        return await laboratory.run(Project(files, limits=Limits(seconds=seconds)))


RUNNERS = ["jest", "vitest", "mocha", "ts-jest", "tsx"]


@pytest.mark.parametrize("runner", RUNNERS)
async def test_passing(isolation: Isolation, runner: str) -> None:
    trial = await attempt(isolation, project(runner, BODIES["passing"]))
    assert trial.report.passed, trial.report
    assert trial.report.count("passed") == 1


@pytest.mark.parametrize("runner", RUNNERS)
async def test_failing(isolation: Isolation, runner: str) -> None:
    trial = await attempt(isolation, project(runner, BODIES["failing"]))
    assert not trial.report.problem, trial.report
    [case] = trial.report.cases
    assert case.outcome == "failed"
    assert case.id.endswith("adds")
    assert "4" in case.message


@pytest.mark.parametrize("runner", RUNNERS)
async def test_syntax_error(isolation: Isolation, runner: str) -> None:
    trial = await attempt(isolation, project(runner, BODIES["syntax"]))
    assert not trial.report.passed
    assert not trial.report.ours
    assert trial.report.count("passed") == 0
    told = trial.report.output + "".join(case.message for case in trial.report.cases)
    assert any(sign in told for sign in ("SyntaxError", "TS1005", "Expected", "error TS", "expected")), told


@pytest.mark.parametrize("runner", ["jest", "vitest", "mocha", "tsx"])
async def test_endless_loop(isolation: Isolation, runner: str) -> None:
    trial = await attempt(isolation, project(runner, BODIES["endless"]), seconds=4)
    assert trial.report.problem == "time limit: still running after 4 s"
    assert not trial.report.ours


async def test_native_modules_are_compiled(isolation: Isolation) -> None:
    body = "const b = require('bcrypt'); require('assert')(b.compareSync('x', b.hashSync('x', 4)));"
    files = {
        "package.json": json.dumps({"scripts": {"test": "node --test"}, "dependencies": {"bcrypt": "5.1.1"}}),
        "tests/a.test.js": "require('node:test').test('hashes', () => {" + body + "});\n",
    }
    trial = await attempt(isolation, files)
    assert trial.report.passed, trial.report
