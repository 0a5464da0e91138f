"""Go: what the sources say of their tests, and whole trials against those who end before they ran."""

import json
import shutil
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from prompts.task import Limits
from sandbox.environments.go import go_problem
from sandbox.isolation.protocol import Finished
from sandbox.report import TestReport
from sandbox.toolchains.go_json import report_from_go
from sandbox.toolchains.go_tests import CANARY, GoTests, canaries, packages_with_tests
from sandbox.trial import Laboratory, Project, Trial
from tests.isolations import working_bubblewrap

MOD = "module example.com/calc\n\ngo 1.21\n"
ADD = "package calc\n\nfunc Add(a, b int) int { return a + b }\n"
TEST = """package calc

import "testing"

func TestAdd(t *testing.T) {
\tif Add(1, 2) != %d {
\t\tt.Fatal("wrong")
\t}
}
"""


def found(*texts: str, path: str = "a_test.go") -> set[str]:
    files = {"go.mod": MOD, **{f"{number}{path}": text for number, text in enumerate(texts)}}
    return {name for tests in packages_with_tests(files) for name in tests.names}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("func TestA(t*testing.T){}\nfunc Test_b(x*testing.T){}\nfunc Test(t *testing.T)", ["Test", "TestA", "Test_b"]),
        ("func Testing(t *testing.T) {}\nfunc helper(t *testing.T) {}\nfunc (s S) TestM(t *testing.T) {}", []),
        ("func TestMain(m *testing.M) {}\nfunc BenchmarkX(b *testing.B) {}\nfunc ExampleX() {}", []),
        ("/*\nfunc TestOld(t *testing.T) {}\n*/\n// func TestB(t *testing.T)\n", []),
        ("var s = `\nfunc TestT(t *testing.T) {}\n`\nvar q='`'\nfunc TestA(t *testing.T) {}\nvar r='`'\n", ["TestA"]),
    ],
)  # fmt: skip
def test_the_tests_that_stand_in_sources(text: str, names: list[str]) -> None:
    assert sorted(found("package a\n" + text)) == names
    assert sorted(found("/* a licence */ package a\n" + text)) == names
    assert found("//go:build integration\n\npackage a\n" + text) == set()


@pytest.mark.parametrize(
    "path",
    ["testdata/a_test.go", "_old/a_test.go", "vendor/x/a_test.go", "a_windows_test.go", "sub/deep/a_test.go"],
)
def test_files_that_go_does_not_test_here_are_left_out(path: str) -> None:
    files = {"go.mod": MOD, "sub/go.mod": "module x", path: "package a\nfunc TestA(t *testing.T) {}\n"}
    assert packages_with_tests(files) == ()


def test_one_canary_for_each_package() -> None:
    test = "package %s\nfunc TestA(t *testing.T) {}\n"
    files = {
        "go.mod": MOD,
        "x/a_test.go": test % "x",
        "x/b_test.go": test % "x_test",
        "c_test.go": test % "main",
    }
    assert packages_with_tests(files)[0] == GoTests("x", "example.com/calc/x", "x", frozenset({"TestA"}))
    assert set(canaries(files)) == {"x/backsmith_canary_test.go", "backsmith_canary_test.go"}
    assert canaries(files) == canaries(dict(files))
    assert canaries(files) != canaries({**files, "d.go": "package x\n"})


@pytest.mark.parametrize("piece", ["/*", '"\\"', "`", "'", "package ", "func TestA(t ", "//go:build", "\n//"])
def test_reading_takes_time_in_proportion(piece: str) -> None:
    start = time.monotonic()
    found(piece * 60_000)
    assert time.monotonic() - start < 5


def read(tmp_path: Path, *events: Mapping[str, object], code: int = 0) -> TestReport:
    files = {"go.mod": MOD, "a.go": ADD, "a_test.go": TEST % 3}
    word = canaries(files)["backsmith_canary_test.go"].split('"')[3]
    package = {"Package": "example.com/calc"}
    told = [json.dumps({**package, **event}).replace("WORD", word) for event in events]
    (tmp_path / "go.jsonl").write_text("\n".join(told), encoding="utf-8")
    return report_from_go(tmp_path / "go.jsonl", Finished(code, "", 1.0), files)


ADDS = {"Action": "pass", "Test": "TestAdd"}
LOGGED = {"Action": "output", "Test": CANARY, "Output": "    x_test.go:6: WORD\n"}
CANARY_PASSES = {"Action": "pass", "Test": CANARY}


def test_the_canary_is_no_case_of_the_answers(tmp_path: Path) -> None:
    report = read(tmp_path, ADDS, LOGGED, CANARY_PASSES, {"Action": "pass"})
    assert report.passed, report
    assert [case.id for case in report.cases] == ["example.com/calc::TestAdd"]


@pytest.mark.parametrize(
    ("events", "told"),
    [
        ([ADDS, {"Action": "pass"}], "ended without having run"),
        ([ADDS, {**LOGGED, "Output": "guess"}, CANARY_PASSES, {"Action": "pass"}], "ended without having run"),
        ([LOGGED, CANARY_PASSES, {"Action": "pass"}], "in the sources, but never run"),
        ([ADDS, ADDS, LOGGED, CANARY_PASSES, {"Action": "pass"}], ""),
    ],
)  # fmt: skip
def test_results_of_tests_that_did_not_run_are_not_believed(
    tmp_path: Path, events: list[Mapping[str, object]], told: str
) -> None:
    report = read(tmp_path, *events)
    assert not report.passed
    assert told in "".join(case.message for case in report.cases)


needs_go = [
    pytest.mark.network,
    pytest.mark.slow,
    pytest.mark.skipif(bool(go_problem()) or not shutil.which("go"), reason=go_problem() or "go is there"),
]


class TestTrials:
    pytestmark = needs_go

    async def attempt(self, *tests: str) -> Trial:
        isolation = working_bubblewrap()
        files = {"go.mod": MOD, "calc.go": ADD, **{f"t{n}_test.go": text for n, text in enumerate(tests)}}
        async with Laboratory(isolation) as laboratory:
            return await laboratory.run(Project(files, limits=Limits(seconds=120)))

    @pytest.mark.parametrize(("sum_", "outcome"), [(3, "passed"), (4, "failed")])
    async def test_outcomes(self, sum_: int, outcome: str) -> None:
        trial = await self.attempt(TEST % sum_)
        assert not trial.report.problem, trial.report
        assert {case.id: case.outcome for case in trial.report.cases} == {
            "example.com/calc::TestAdd": outcome
        }

    async def test_a_main_of_the_tests_own_that_runs_them(self) -> None:
        main = 'package calc\n\nimport "testing"\n\nfunc TestMain(m *testing.M) { m.Run() }\n'
        trial = await self.attempt(TEST % 3, main)
        assert trial.report.passed, trial.report
