"""C# projects, tested by .NET's test platform (xUnit, NUnit, MSTest), where a dotnet is present."""

import re
import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from sandbox.environments.dotnet import dotnet_problem, prepare_dotnet
from sandbox.environments.result import Prepared, Unprepared
from sandbox.isolation.protocol import Finished, Isolation
from sandbox.report import TestReport
from sandbox.toolchains.protocol import TestCommand
from sandbox.toolchains.trx import report_from_trx

_TEST_PROJECT = re.compile(r"Microsoft\.NET\.Test\.Sdk|<IsTestProject>\s*true", re.IGNORECASE)
_HOLDS_TESTS = re.compile(r"\[(?:Fact|Theory|Test|TestCase|TestMethod|DataTestMethod)\b", re.ASCII)
_ASSEMBLY = re.compile(r"<AssemblyName>\s*([\w.-]{1,100})\s*</AssemblyName>", re.ASCII)
# MSBuild, which does whatever the project files say, is over before the tests run: what it has put where reports are
# is taken away, and the assemblies are handed to the test platform without it.
_BUILD = 'dotnet build --nologo -v quiet --source "$NUGET_PACKAGES" %s -o %s || exit 1'
_TEST = "dotnet test %s --nologo --logger 'trx;LogFileName=%s.trx' --results-directory \"$1\" || code=1"


class CSharp:
    """The machine's .NET SDK."""

    name = "csharp"
    ecosystem = "nuget"

    def detects(self, files: Mapping[str, str]) -> bool:
        """A project or solution file, or any C# file."""
        return any(path.endswith((".cs", ".csproj", ".sln", ".slnx")) for path in files)

    def tests(self, files: Mapping[str, str]) -> frozenset[str]:
        """Files that hold test methods."""
        return frozenset(
            path for path, text in files.items() if path.endswith(".cs") and _HOLDS_TESTS.search(text)
        )

    def problem(self) -> str:
        """Whether dotnet is there."""
        return dotnet_problem()

    async def prepare(
        self, files: Mapping[str, str], named: Iterable[str], isolation: Isolation
    ) -> Prepared | Unprepared:
        """The project's NuGet packages."""
        return await prepare_dotnet(files, named, isolation)

    def command(self, files: Mapping[str, str], work: str, results: str) -> TestCommand | str:
        """Builds each test project offline, then runs its assembly's tests; a trx file for each beside the project."""
        projects = sorted(
            path for path, text in files.items() if path.endswith(".csproj") and _TEST_PROJECT.search(text)
        )
        if not projects:
            return "no project refers to Microsoft.NET.Test.Sdk: there are no tests to run"
        lines = ["code=0"]
        assemblies = []
        for number, path in enumerate(projects):
            name = _ASSEMBLY.search(files[path])
            output = f"/tmp/tests/{number}"
            assembly = name.group(1) if name else PurePosixPath(path).stem
            lines.append(_BUILD % (shlex.quote(path), output))
            assemblies.append(_TEST % (shlex.quote(f"{output}/{assembly}.dll"), number))
        lines += ['rm -rf "$1"', *assemblies, "exit $code"]
        return TestCommand(("/bin/sh", "-c", "\n".join(lines), "sh", f"{results}/trx"))

    def read(self, files: Mapping[str, str], results: Path, finished: Finished) -> TestReport:
        """The cases of the trx files, held against the exit code."""
        return report_from_trx(results / "trx", finished)
