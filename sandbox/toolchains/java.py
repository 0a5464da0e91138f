"""Java projects built by Maven, tested by surefire (JUnit 5, JUnit 4, Spring Boot)."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from sandbox.environments.java import prepare_java
from sandbox.environments.maven import java_problem
from sandbox.environments.result import Prepared, Unprepared
from sandbox.isolation.protocol import Finished, Isolation
from sandbox.report import TestReport
from sandbox.toolchains.java_tests import PROPERTY, genuine, test_classes
from sandbox.toolchains.judge_run import report_from_junit_folder
from sandbox.toolchains.protocol import TestCommand
from sandbox.toolchains.word import secret_word

_ENDS = {0, 1}
# Reports that lie there before the run are none; what a pom says about skipping or ignoring is overruled.
_SCRIPT = """
find . -depth -type d -name surefire-reports -exec rm -rf {} +
mvn -o -B -ntp -Dstyle.color=never -Daether.enhancedLocalRepository.trackingFilename=untracked \\
  -Dmaven.repo.local="$BACKSMITH_MAVEN_REPOSITORY" -DskipTests=false -Dmaven.test.skip=false \\
  -Dmaven.test.failure.ignore=false -DtrimStackTrace=true "-D$2" test
code=$?
mkdir -p "$1"
find . -type f -path '*/target/surefire-reports/TEST-*.xml' | sort | head -n 2000 | {
  at=0
  while IFS= read -r file; do at=$((at + 1)); cp "$file" "$1/$(printf %04d $at).xml"; done
}
exit $code
"""


class Java:
    """The machine's JDKs with Maven."""

    name = "java"
    ecosystem = "maven"

    def detects(self, files: Mapping[str, str]) -> bool:
        """A build file of Maven's or Gradle's at the top, or Java files."""
        manifests = ("pom.xml", "build.gradle", "build.gradle.kts")
        return any(name in files for name in manifests) or any(path.endswith(".java") for path in files)

    def tests(self, files: Mapping[str, str]) -> frozenset[str]:
        """Classes below ``src/test`` that hold test methods."""
        return test_classes(files)

    def problem(self) -> str:
        """Whether a JDK and Maven are there."""
        return java_problem()

    async def prepare(
        self, files: Mapping[str, str], named: Iterable[str], isolation: Isolation
    ) -> Prepared | Unprepared:
        """The project's plugins and dependencies."""
        return await prepare_java(files, named, isolation)

    def command(self, files: Mapping[str, str], work: str, results: str) -> TestCommand | str:
        """``mvn -o test``; surefire's reports are copied beside the project."""
        word = f"{PROPERTY}={secret_word(files)}"
        return TestCommand(("/bin/sh", "-c", _SCRIPT, "sh", f"{results}/surefire", word))

    def read(self, files: Mapping[str, str], results: Path, finished: Finished) -> TestReport:
        """The cases of surefire's reports, held against Maven's exit code and against the sources."""
        report = report_from_junit_folder(results / "surefire", finished, _ENDS)
        return genuine(report, results / "surefire", files)
