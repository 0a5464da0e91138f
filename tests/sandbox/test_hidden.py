"""Hidden tests: not there while the answer's own code runs, and not to be changed when they run themselves."""

from pathlib import Path

import pytest

from sandbox.environments.node import node_problem
from sandbox.hidden import has_own_tests, joined, with_hidden_alone
from sandbox.isolation.protocol import Isolation
from sandbox.report import TestCase, TestReport
from sandbox.toolchains.choose import all_toolchains, find_toolchain
from sandbox.trial import Laboratory, Project, Trial
from sandbox.trial_cache import TrialCache

ADD = "def add(a, b):\n    return a + b\n"
OWN = "from calc import add\n\ndef test_own():\n    assert add(1, 2) == 3\n"
HIDDEN = "from calc import add\n\ndef test_hidden():\n    assert add(2, 2) == %d\n"


async def attempt(isolation: Isolation, files: dict[str, str], hidden: str, **more: object) -> Trial:
    project = Project(files, hidden_tests={"checks/api/test_api.py": hidden}, **more)  # type: ignore[arg-type]
    async with Laboratory(isolation) as laboratory:
        return await laboratory.run(project)


def outcomes(trial: Trial) -> dict[str, tuple[str, bool]]:
    return {case.id: (case.outcome, case.hidden) for case in trial.report.cases}


@pytest.mark.network
class TestTrials:
    @pytest.mark.parametrize(("sum_", "outcome"), [(4, "passed"), (5, "failed")])
    async def test_own_and_hidden_tests_are_told_apart(
        self, isolation: Isolation, sum_: int, outcome: str
    ) -> None:
        trial = await attempt(isolation, {"calc.py": ADD, "test_own.py": OWN}, HIDDEN % sum_)
        assert outcomes(trial) == {
            "test_own.py::test_own": ("passed", False),
            "checks/api/test_api.py::test_hidden": (outcome, True),
        }, trial.report
        assert trial.report.passed is (outcome == "passed")
        assert [case.id for case in trial.report.own.cases] == ["test_own.py::test_own"]
        assert "hidden-tests" in trial.timings

    async def test_an_answer_without_tests_is_judged_by_the_hidden_ones(self, isolation: Isolation) -> None:
        trial = await attempt(isolation, {"calc.py": ADD}, HIDDEN % 4)
        assert outcomes(trial) == {"checks/api/test_api.py::test_hidden": ("passed", True)}, trial.report
        assert trial.report.passed

    async def test_nobody_reads_them_before_they_run_and_nothing_stays(self, isolation: Isolation) -> None:
        spying = (
            "import pathlib\n"
            "SEEN = [p for p in pathlib.Path('/work').rglob('*') if 'checks' in str(p)]\n"
            "def test_own():\n    assert SEEN == []\n    pathlib.Path('calc.py').write_text('broken(')\n"
        )
        command = "test ! -e checks && echo 'raise SystemExit' > conftest.py && rm conftest.py && touch left"
        hidden = HIDDEN % 4 + "    import os\n    assert os.path.exists('left')\n"
        trial = await attempt(
            isolation, {"calc.py": ADD, "test_own.py": spying}, hidden, migrations=(("command", command),)
        )
        assert trial.report.passed, trial.report
        assert [step.ok for step in trial.migrations] == [True]

    @pytest.mark.parametrize(
        "action",
        [
            "pathlib.Path(PLACE).write_text(FAKE)",
            "pathlib.Path(PLACE).unlink()",
            "os.chmod(PLACE, 0o777); pathlib.Path(PLACE).write_text(FAKE)",
            "os.rename('/work/checks', '/work/elsewhere')",
            "os.rename('/work/checks/api', '/work/checks/other')",
            "shutil.rmtree('/work/checks')",
            "pathlib.Path('/work/fake.py').write_text(FAKE); os.replace('/work/fake.py', PLACE)",
        ],
    )
    async def test_the_answers_code_cannot_change_them(self, isolation: Isolation, action: str) -> None:
        evil = (
            ADD + "import os, pathlib, shutil\nPLACE = '/work/checks/api/test_api.py'\n"
            "FAKE = 'def test_hidden(): pass\\n'\n"
            f"try:\n    {action}\nexcept OSError as error:\n    REFUSED = str(error)\n"
        )
        hidden = "import calc\n" + HIDDEN % 5 + "def test_refused():\n    assert calc.REFUSED\n"
        trial = await attempt(isolation, {"calc.py": evil}, hidden)
        assert outcomes(trial) == {
            "checks/api/test_api.py::test_hidden": ("failed", True),
            "checks/api/test_api.py::test_refused": ("passed", True),
        }, trial.report

    @pytest.mark.parametrize(
        "command",
        [
            "ln -s /etc checks",
            "mkdir -p checks && ln -s /etc checks/api",
            "mkdir -p checks/api/test_api.py/deep && chmod 0 checks/api",
            "mkdir -p checks/api && ln -s /etc/passwd checks/api/test_api.py",
            "touch checks && chmod 0 .",
        ],
    )
    async def test_migrations_prepare_no_trap_for_them(self, isolation: Isolation, command: str) -> None:
        passwd = Path("/etc/passwd").read_bytes()
        trial = await attempt(isolation, {"calc.py": ADD}, HIDDEN % 4, migrations=(("command", command),))
        assert trial.report.passed, trial.report
        assert Path("/etc/passwd").read_bytes() == passwd

    async def test_a_hidden_test_that_cannot_be_loaded_is_told(self, isolation: Isolation) -> None:
        trial = await attempt(isolation, {"calc.py": ADD, "test_own.py": OWN}, "import nowhere_at_all\n")
        assert not trial.report.passed
        assert trial.report.problem.startswith("hidden tests: ")
        bad = next(case for case in trial.report.cases if case.outcome == "errored")
        assert (bad.hidden, "nowhere_at_all" in bad.message) == (True, True)
        assert "nowhere_at_all" not in trial.report.output

    async def test_both_runs_are_kept(self, isolation: Isolation, tmp_path: Path) -> None:
        project = Project({"calc.py": ADD, "test_own.py": OWN}, hidden_tests={"test_x.py": HIDDEN % 4})
        cache = TrialCache(tmp_path / "trials")
        trials = []
        for _ in range(2):
            async with Laboratory(isolation, cache=cache) as laboratory:
                trials.append(await laboratory.run(project))
        assert [trial.cached for trial in trials] == [False, True]
        assert trials[0].report == trials[1].report
        assert [case.hidden for case in trials[1].report.cases] == [False, True]

    @pytest.mark.skipif(bool(node_problem()), reason=node_problem() or "node is there")
    async def test_hidden_tests_in_node(self, isolation: Isolation) -> None:
        test = "require('node:test').test('%s', () => require('node:assert').equal(1, %d));\n"
        project = Project(
            {"package.json": '{"scripts": {"test": "node --test"}}', "test/own.js": test % ("own", 1)},
            hidden_tests={"test/hidden.js": test % ("hidden", 2)},
        )
        async with Laboratory(isolation) as laboratory:
            trial = await laboratory.run(project)
        assert outcomes(trial) == {"own": ("passed", False), "hidden": ("failed", True)}, trial.report


PASSED, FAILED = TestCase("a", "passed"), TestCase("b", "failed")
OTHER = Project({}, hidden_tests={"test_h.py": ""})


def test_what_runs_both_times_counts_once() -> None:
    report = joined(TestReport((PASSED,)), TestReport((PASSED, FAILED)), OTHER)
    assert [(case.id, case.hidden) for case in report.cases] == [("a", False), ("b", True)]


def test_hidden_tests_of_which_none_ran_are_a_problem() -> None:
    report = joined(TestReport((PASSED,)), TestReport((PASSED,)), OTHER)
    assert report.problem == "hidden tests: none of them was run"
    assert not report.passed


@pytest.mark.parametrize(
    ("own", "ours"), [(None, True), (TestReport((PASSED,)), True), (TestReport((FAILED,)), False)]
)
def test_a_failure_of_the_answers_own_is_not_excused(own: TestReport | None, ours: bool) -> None:
    hidden = TestReport(problem="no network", ours=True)
    assert joined(own, hidden, OTHER).ours is ours


FILES = {
    "python": (
        ["tests/test_a.py", "a_test.py", "app/tests.py"],
        ["tests/conftest.py", "app.py", "tests/data.py"],
    ),
    "node": (["src/a.test.ts", "test/b.js", "tests/c.spec.jsx"], ["tests/setup.js", "src/test.ts", "app.js"]),
    "go": (["a/b_test.go"], ["a/b.go", "a/testing.go"]),
    "rust": (["tests/api.rs", "crates/x/tests/y.rs"], ["src/lib.rs", "tests/common/mod.rs"]),
    "java": (["src/test/java/x/ATest.java"], ["src/test/java/x/Base.java", "src/main/java/x/A.java"]),
    "ruby": (
        ["spec/a_spec.rb", "test/a_test.rb", "test/x/test_b.rb"],
        ["spec/spec_helper.rb", "test/test_helper.rb"],
    ),
}
TEXTS = {"test/b.js": "describe('x', () => {})", "src/test/java/x/ATest.java": "@Test void x() {}"}


@pytest.mark.parametrize("name", FILES)
def test_which_files_hold_tests_alone(name: str) -> None:
    tests, others = FILES[name]
    toolchain = next(toolchain for toolchain in all_toolchains() if toolchain.name == name)
    files = {path: TEXTS.get(path, "") for path in (*tests, *others)}
    assert toolchain.tests(files) == set(tests)


def test_the_hidden_run_is_without_the_answers_own_tests() -> None:
    project = Project(
        {"calc.py": ADD, "test_own.py": OWN}, hidden_tests={"test_own.py": "x", "test_h.py": "y"}
    )
    toolchain = find_toolchain(project.files)
    assert toolchain is not None
    assert has_own_tests(project, toolchain)
    assert with_hidden_alone(project, toolchain).files == {"calc.py": ADD}
