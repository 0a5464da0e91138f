"""The door through which a reporter tells of tests: who may tell, and how what was told is read."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.environments.node import node_problem
from sandbox.isolation.protocol import Finished
from sandbox.report import TestReport
from sandbox.toolchains.door_events import report_from_door

DOOR = Path(__file__).parents[2] / "sandbox/toolchains/inside/backsmith_door.py"
REPORTER = """
import json, os, sys
place = os.environ["BACKSMITH_DOOR"]
events = open(f"{place}/events", "w")
word = open(f"{place}/hello").read()
def tell(**event):
    events.write(word + " " + json.dumps(event) + "\\n")
    events.flush()
"""
PASSED = "tell(event='result', id='a', outcome='passed')\ntell(event='finished')\n"


def run(tmp_path: Path, program: str) -> TestReport:
    report = tmp_path / "events.jsonl"
    env = {**os.environ, "BACKSMITH_REPORT": str(report), "TMPDIR": str(tmp_path)}
    argv = [sys.executable, "-I", "-S", str(DOOR), sys.executable, "-c", program]
    done = subprocess.run(argv, env=env, timeout=30, check=False)
    return report_from_door(report, Finished(done.returncode, "", 1.0))


def test_a_reporter_that_comes_through_the_door_is_heard(tmp_path: Path) -> None:
    report = run(tmp_path, REPORTER + PASSED)
    assert report.passed, report
    assert [(case.id, case.outcome) for case in report.cases] == [("a", "passed")]


@pytest.mark.parametrize(
    ("program", "problem"),
    [
        (
            REPORTER + "tell(event='result', id='a', outcome='passed')\n",
            "ended in the middle, with exit code 0",
        ),
        (REPORTER + PASSED + "sys.exit(3)", "exit code 3 disagree"),
        (REPORTER + PASSED + "tell(event='result', id='b', outcome='passed')", "after the end"),
        (REPORTER + PASSED + "os.write(events.fileno(), b'{}\\n')", "came from elsewhere"),
        (REPORTER + PASSED + "os.write(events.fileno(), b'guess {}\\n')", "came from elsewhere"),
        (REPORTER + PASSED + "os.write(events.fileno(), b'torn')", "came from elsewhere"),
        (REPORTER + PASSED + "os.kill(os.getpid(), 9)", "exit code 137 disagree"),
        ("print('1 passed')", "told of no test, and ended with exit code 0"),
        ("import os\nopen(os.environ['BACKSMITH_DOOR'] + '/events', 'w').write('{}\\n')", "from elsewhere"),
        (
            "import os\nopen(os.environ['BACKSMITH_REPORT'], 'w').write('"
            + json.dumps({"event": "finished"})
            + "')",
            "told of no test",
        ),
    ],
)
def test_nothing_else_is_believed(tmp_path: Path, program: str, problem: str) -> None:
    report = run(tmp_path, program)
    assert problem in report.problem, report
    assert not report.passed


def test_nobody_comes_in_after_the_reporter(tmp_path: Path) -> None:
    late = REPORTER + "assert not os.listdir(place)\n" + PASSED
    assert run(tmp_path, late).passed


NODE_TESTS = {
    "a.test.js": """
const { test, describe, it } = require('node:test');
const fail = () => { throw new Error('boom'); };
test('adds', () => {});
test('bad', fail);
test('later', { skip: 'why' }, fail);
test('some day', { todo: true }, fail);
describe('suite', () => { it('inner', () => {}); it('worse', fail); });
test('parent', async (t) => { await t.test('child', () => {}); });
""",
    "b.test.js": "process.exit(0);\nrequire('node:test');\n",
    "c.test.js": "syntax(",
    "helper.js": "module.exports = 1;\n",
}


@pytest.mark.skipif(bool(node_problem()), reason=node_problem() or "node is there")
@pytest.mark.parametrize(
    "names", [[], ["tests/a.test.js", "tests/b.test.js", "tests/c.test.js", "tests/helper.js"]]
)
def test_what_nodes_own_runner_tells(tmp_path: Path, names: list[str]) -> None:
    (tmp_path / "tests").mkdir()
    for name, text in NODE_TESTS.items():
        (tmp_path / "tests" / name).write_text(text, encoding="utf-8")
    report = tmp_path / "events.jsonl"
    reporters = [f"--test-reporter={DOOR.with_name('backsmith_node_test.mjs')}", "--test-reporter=spec"]
    reporters += ["--test-reporter-destination=stderr", "--test-reporter-destination=stdout"]
    argv = [sys.executable, "-I", "-S", str(DOOR), "node", "--test", *reporters, *names]
    env = {**os.environ, "BACKSMITH_REPORT": str(report)}
    done = subprocess.run(argv, cwd=tmp_path, env=env, capture_output=True, timeout=60, check=False)
    holds = {f"tests/{name}": "node:test" in text for name, text in NODE_TESTS.items()}
    found = report_from_door(report, Finished(done.returncode, "", 1.0), holds)
    assert not found.problem, found
    assert outcomes(found) == {
        "adds": "passed",
        "bad": "failed",
        "later": "skipped",
        "some day": "skipped",
        "suite::inner": "passed",
        "suite::worse": "failed",
        "parent::child": "passed",
        "tests/b.test.js": "errored",
        "tests/c.test.js": "errored",
    }


def test_without_a_door_what_the_command_prints_is_taken_down(tmp_path: Path) -> None:
    report = tmp_path / "events.jsonl"
    plant = (
        f"import pathlib, sys; pathlib.Path({str(report)!r}).write_text('planted'); print('[1]'); sys.exit(3)"
    )
    env = {**os.environ, "BACKSMITH_REPORT": str(report), "BACKSMITH_STREAM": "1"}
    done = subprocess.run(
        [sys.executable, "-I", str(DOOR), sys.executable, "-c", plant], env=env, check=False
    )
    assert (done.returncode, report.read_text(encoding="utf-8")) == (3, "[1]\n")


def told(tmp_path: Path, *events: object, code: int = 0, silent: bool = True) -> TestReport:
    path = tmp_path / "r.jsonl"
    path.write_text("".join(json.dumps(event) + "\n" for event in events), encoding="utf-8")
    return report_from_door(path, Finished(code, "", 1.0), {"tests/a.js": silent, "b.js": False})


def outcomes(report: TestReport) -> dict[str, str]:
    return {case.id: case.outcome for case in report.cases}


GOOD = {"event": "result", "id": "a", "outcome": "passed", "seconds": 0.5}
END = {"event": "finished"}


def test_what_was_collected_or_began_has_to_end(tmp_path: Path) -> None:
    twice = {"event": "collected", "id": "a"}
    begun = {"event": "started", "id": "b"}
    report = told(tmp_path, twice, twice, GOOD, begun, END, code=1)
    assert outcomes(report) == {"a": "passed", "a#2": "errored", "b": "errored"}
    assert [case.message for case in report.cases[1:]] == [
        "collected, but never run",
        "began, and never came to its end",
    ]


def test_a_test_file_that_tells_of_no_test_is_an_error(tmp_path: Path) -> None:
    files = [{"event": "silent", "path": path} for path in ("tests/a.js", "b.js")]
    assert outcomes(told(tmp_path, *files, GOOD, END, code=1)) == {"tests/a.js": "errored", "a": "passed"}
    assert told(tmp_path, *files, GOOD, END, silent=False).passed


@pytest.mark.parametrize(
    "event",
    [
        [],
        {"event": []},
        {"event": "result", "id": {}, "outcome": "great", "seconds": "x"},
        {"event": "result", "id": "\ud800", "outcome": [1], "message": "\ud800", "seconds": -1},
        {"event": "result", "id": "x" * 9999, "seconds": True, "message": ["y" * 99999]},
    ],
)
def test_hostile_events_are_read_and_pass_nothing(tmp_path: Path, event: object) -> None:
    report = told(tmp_path, event, END)
    assert not report.passed
    assert all(len(case.id) <= 500 and len(case.message) < 9000 for case in report.cases)
    json.dumps([case.id for case in report.cases]).encode()
    "".join(case.id + case.message for case in report.cases).encode("utf-8")


def test_skipped_tests_alone_are_none_that_pass(tmp_path: Path) -> None:
    report = told(tmp_path, {**GOOD, "outcome": "skipped"}, END)
    assert not report.problem
    assert not report.passed
    assert told(tmp_path, END).problem == "no tests were found"
