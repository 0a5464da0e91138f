"""Ruby: whole trials with RSpec and minitest."""

import pytest

from prompts.task import Limits
from sandbox.environments.ruby import ruby_problem
from sandbox.isolation.protocol import Isolation
from sandbox.trial import Laboratory, Project, Trial
from tests.isolations import working_bubblewrap


@pytest.fixture
def isolation() -> Isolation:
    return working_bubblewrap(ruby_problem())


async def attempt(isolation: Isolation, files: dict[str, str], seconds: float = 30) -> Trial:
    async with Laboratory(isolation) as laboratory:
        trial = await laboratory.run(Project(files, limits=Limits(seconds=seconds)))
    if trial.report.ours:
        pytest.skip(trial.report.problem)
    return trial


ADD = "def add(a, b)\n  a + b\nend\n"
SPEC = (
    "require_relative '../lib/calc'\nRSpec.describe 'calc' do\n  it('adds') { %s }\n  xit('later') { }\nend\n"
)
MINI = "require 'calc'\nclass CalcTest < Minitest::Test\n  def test_adds\n    %s\n  end\nend\n"


@pytest.mark.parametrize(
    ("body", "outcome"), [("expect(add(1, 2)).to eq 3", "passed"), ("expect(add(1, 2)).to eq 4", "failed")]
)
async def test_rspec(isolation: Isolation, body: str, outcome: str) -> None:
    trial = await attempt(isolation, {"lib/calc.rb": ADD, "spec/calc_spec.rb": SPEC % body})
    assert not trial.report.problem, trial.report
    assert {case.id: case.outcome for case in trial.report.cases} == {
        "spec/calc_spec.rb::calc adds": outcome,
        "spec/calc_spec.rb::calc later": "skipped",
    }


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        ("assert_equal 3, add(1, 2)", "passed"),
        ("assert_equal 4, add(1, 2)", "failed"),
        ("raise 'boom'", "errored"),
    ],
)
async def test_minitest(isolation: Isolation, body: str, outcome: str) -> None:
    trial = await attempt(isolation, {"lib/calc.rb": ADD, "test/calc_test.rb": MINI % body})
    assert not trial.report.problem, trial.report
    assert {case.id: case.outcome for case in trial.report.cases} == {"CalcTest::test_adds": outcome}


@pytest.mark.parametrize("body", ["end end", "exit! 0", "exit 0", "loop {}"])
async def test_broken_never_passes(isolation: Isolation, body: str) -> None:
    for files in ({"spec/calc_spec.rb": SPEC % body}, {"test/calc_test.rb": MINI % body}):
        trial = await attempt(isolation, {"lib/calc.rb": ADD, **files}, seconds=4)
        assert not trial.report.passed


async def test_gems_that_are_not_here_are_named(isolation: Isolation) -> None:
    files = {"Gemfile": "gem 'backsmith-no-such-gem'\n", "test/a_test.rb": ""}
    async with Laboratory(isolation) as laboratory:
        trial = await laboratory.run(Project(files))
    assert trial.report.ours
    assert "backsmith-no-such-gem" in trial.report.problem
