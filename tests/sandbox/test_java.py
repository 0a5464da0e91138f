"""Maven: poms as they may be resolved, and whole trials with JUnit 5 and Spring Boot."""

from pathlib import Path

import pytest

from prompts.cache_folder import cache_folder
from prompts.task import Limits
from sandbox.environments.maven import java_problem
from sandbox.environments.maven_pom import UnreadablePomError, provider_poms, resolvable
from sandbox.isolation.protocol import Finished, Isolation
from sandbox.report import TestReport
from sandbox.toolchains.java_tests import genuine
from sandbox.toolchains.judge_run import report_from_junit_folder
from sandbox.toolchains.word import secret_word
from sandbox.trial import Laboratory, Project, Trial
from tests.isolations import working_bubblewrap

POM = """<?xml version="1.0" encoding="UTF-8"?>
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>x</groupId><artifactId>x</artifactId><version>1</version>
  <properties><maven.compiler.release>17</maven.compiler.release></properties>
  <dependencies>
    <dependency>
      <groupId>org.junit.jupiter</groupId><artifactId>junit-jupiter</artifactId>
      <version>5.11.4</version><scope>test</scope>
    </dependency>
  </dependencies>
  <build><plugins>
    <plugin><artifactId>maven-surefire-plugin</artifactId><version>3.5.2</version></plugin>
  </plugins></build>
</project>
"""
HOSTILE = """<project xmlns="http://maven.apache.org/POM/4.0.0">
  <artifactId>x</artifactId>
  <repositories><repository><id>central</id><url>https://evil.example</url></repository></repositories>
  <profiles><profile><pluginRepositories><pluginRepository/></pluginRepositories></profile></profiles>
  <build>
    <extensions><extension><artifactId>evil-extension</artifactId></extension></extensions>
    <plugins>
      <plugin><artifactId>exec-maven-plugin</artifactId><extensions>true</extensions>
        <executions><execution><id>evil-run</id></execution></executions></plugin>
      <plugin><artifactId>maven-compiler-plugin</artifactId><configuration><annotationProcessorPaths><path>
        <groupId>org.projectlombok</groupId><artifactId>lombok</artifactId><version>1.18.36</version>
      </path></annotationProcessorPaths></configuration></plugin>
    </plugins>
  </build>
</project>"""


def test_nothing_of_a_pom_runs_or_leads_elsewhere_with_network() -> None:
    text = resolvable(HOSTILE)
    assert "evil" not in text
    assert "pluginRepositor" not in text
    assert "<artifactId>exec-maven-plugin</artifactId>" in text
    assert "<version>1.18.36</version><scope>provided</scope>" in text
    assert text.startswith("<project>")


@pytest.mark.parametrize(
    "text", ["<project", '<!DOCTYPE x [<!ENTITY a "b">]><project/>', "<p>" * 100_000, "x" * 2_000_000]
)
def test_poms_that_cannot_be_read_say_so(text: str) -> None:
    with pytest.raises(UnreadablePomError):
        resolvable(text)


def test_what_surefire_looks_for_follows_from_what_was_resolved() -> None:
    poms = provider_poms(
        "[INFO]  org.apache.maven.plugins:maven-surefire-plugin:maven-plugin:3.5.2\n"
        "[INFO]  org.junit.platform:junit-platform-engine:jar:1.11.4:test -- module x\n"
    )
    everything = "".join(poms.values())
    assert "surefire-junit-platform</artifactId><version>3.5.2<" in everything
    assert "junit-platform-launcher</artifactId><version>1.11.4<" in everything
    assert len(poms) == 4


SOURCES = {
    "src/test/java/x/CalcTest.java": "@Test void adds() {}",
    "src/test/java/x/OtherTests.java": "@ParameterizedTest void adds(int a) {}",
    "src/test/java/x/BaseTest.java": "abstract class BaseTest { @Test void adds() {} }",
    "src/test/java/x/Fixtures.java": "class Fixtures {}",
    "src/test/java/x/SlowIT.java": "@Test void adds() {}",
}


def judged(tmp_path: Path, *reports: str) -> TestReport:
    folder = tmp_path / "surefire"
    folder.mkdir()
    for number, text in enumerate(reports):
        (folder / f"{number}.xml").write_text(text, encoding="utf-8")
    report = report_from_junit_folder(folder, Finished(0, "", 1.0), {0, 1})
    return genuine(report, folder, SOURCES)


def suite(name: str, word: str) -> str:
    properties = f'<properties><property name="backsmith.word" value="{word}"/></properties>'
    return f'<testsuite name="{name}">{properties}<testcase classname="{name}" name="adds"/></testsuite>'


def test_classes_that_stand_in_the_sources_alone_are_skipped_tests(tmp_path: Path) -> None:
    report = judged(tmp_path, suite("x.CalcTest", secret_word(SOURCES)))
    assert [(case.id, case.outcome) for case in report.cases] == [
        ("x.CalcTest::adds", "passed"),
        ("x.OtherTests", "skipped"),
    ]
    assert report.passed


@pytest.mark.parametrize(
    "text", [suite("x.CalcTest", "guess"), "<testsuite><testcase name='a'/></testsuite>"]
)
def test_a_report_that_is_none_of_surefires_spoils_all(tmp_path: Path, text: str) -> None:
    report = judged(tmp_path, suite("x.OtherTests", secret_word(SOURCES)), text)
    assert "planted" in report.problem


needs_java = [
    pytest.mark.network,
    pytest.mark.slow,
    pytest.mark.skipif(bool(java_problem()), reason=java_problem() or "Maven is there"),
]
ADD = "package x;\n\npublic class Calc {\n    public static int add(int a, int b) { return a + b; }\n}\n"
TEST = """package x;

import static org.junit.jupiter.api.Assertions.assertEquals;
import org.junit.jupiter.api.*;

class CalcTest {
    @Test void adds() { %s }
    @Test @Disabled void later() { }
}
"""
GOOD = "assertEquals(3, Calc.add(1, 2));"


@pytest.fixture
def isolation() -> Isolation:
    return working_bubblewrap()


async def attempt(isolation: Isolation, body: str, pom: str = POM, seconds: float = 120) -> Trial:
    files = {"pom.xml": pom, "src/main/java/x/Calc.java": ADD, "src/test/java/x/CalcTest.java": TEST % body}
    async with Laboratory(isolation) as laboratory:
        return await laboratory.run(Project(files, limits=Limits(seconds=seconds)))


def outcomes(trial: Trial) -> dict[str, str]:
    return {case.id: case.outcome for case in trial.report.cases}


class TestMaven:
    pytestmark = needs_java

    async def test_passing(self, isolation: Isolation) -> None:
        trial = await attempt(isolation, GOOD)
        assert trial.report.passed, trial.report
        assert outcomes(trial) == {"x.CalcTest::adds": "passed", "x.CalcTest::later": "skipped"}

    @pytest.mark.parametrize(
        ("body", "outcome", "told"),
        [
            ("assertEquals(4, Calc.add(1, 2));", "failed", "expected: <4> but was: <3>"),
            ('throw new IllegalStateException("boom");', "errored", "boom"),
        ],
    )
    async def test_failing(self, isolation: Isolation, body: str, outcome: str, told: str) -> None:
        trial = await attempt(isolation, body)
        assert not trial.report.problem, trial.report
        assert outcomes(trial)["x.CalcTest::adds"] == outcome
        assert any(told in case.message for case in trial.report.cases)

    @pytest.mark.parametrize("body", ["assertEquals(3, ", "System.exit(0);", "Runtime.getRuntime().halt(0);"])
    async def test_broken_never_passes(self, isolation: Isolation, body: str) -> None:
        trial = await attempt(isolation, body)
        assert not trial.report.passed
        assert not trial.report.ours

    async def test_endless_loop(self, isolation: Isolation) -> None:
        trial = await attempt(isolation, "while (Calc.add(1, 1) == 2) { }", seconds=12)
        assert trial.report.problem == "time limit: still running after 12 s"

    async def test_skipping_by_the_pom_is_overruled(self, isolation: Isolation) -> None:
        pom = POM.replace("<properties>", "<properties><skipTests>true</skipTests>")
        trial = await attempt(isolation, "assertEquals(1, 2);", pom)
        assert outcomes(trial)["x.CalcTest::adds"] == "failed"

    async def test_unknown_artifact_is_the_answers_fault(self, isolation: Isolation) -> None:
        trial = await attempt(isolation, GOOD, POM.replace("5.11.4", "5.11.99"))
        assert "junit-jupiter" in trial.report.problem
        assert not trial.report.ours

    async def test_this_machines_settings_are_taken_and_no_network_is_ours(
        self, isolation: Isolation, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        await attempt(isolation, GOOD)  # Maven itself is there from now on
        mirror = "<mirror><id>m</id><mirrorOf>*</mirrorOf><url>http://127.0.0.1:9/</url></mirror>"
        (tmp_path / ".m2").mkdir()
        settings = f"<settings><mirrors>{mirror}</mirrors></settings>"
        (tmp_path / ".m2/settings.xml").write_text(settings, encoding="utf-8")
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("BACKSMITH_CACHE", str(cache_folder()))
        trial = await attempt(isolation, GOOD, POM.replace("5.11.4", "5.10.3"))
        assert "127.0.0.1:9" in trial.report.problem
        assert trial.report.ours

    async def test_java_that_is_not_here_is_ours(self, isolation: Isolation) -> None:
        trial = await attempt(isolation, GOOD, POM.replace(">17<", ">199<"))
        assert "Java 199" in trial.report.problem
        assert trial.report.ours

    async def test_spring_boot_with_a_database(self, isolation: Isolation) -> None:
        project = Project(
            SPRING,
            database="PostgreSQL",
            migrations=(("sql", "CREATE TABLE users (x int); INSERT INTO users VALUES (1), (2)"),),
            env_vars=(
                ("SPRING_DATASOURCE_URL", "jdbc:postgresql://localhost:5432/app"),
                ("SPRING_DATASOURCE_USERNAME", "app"),
                ("SPRING_DATASOURCE_PASSWORD", "app"),
            ),
            limits=Limits(seconds=240),
        )
        async with Laboratory(isolation) as laboratory:
            trial = await laboratory.run(project)
        assert trial.report.passed, trial.report
        assert outcomes(trial) == {"demo.DemoTests::hello": "passed"}


SPRING = {
    "pom.xml": """<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <parent>
    <groupId>org.springframework.boot</groupId><artifactId>spring-boot-starter-parent</artifactId>
    <version>3.4.1</version><relativePath/>
  </parent>
  <groupId>demo</groupId><artifactId>demo</artifactId><version>0.0.1</version>
  <properties><java.version>17</java.version></properties>
  <dependencies>
    <dependency>
      <groupId>org.springframework.boot</groupId><artifactId>spring-boot-starter-web</artifactId>
    </dependency>
    <dependency>
      <groupId>org.springframework.boot</groupId><artifactId>spring-boot-starter-jdbc</artifactId>
    </dependency>
    <dependency>
      <groupId>org.postgresql</groupId><artifactId>postgresql</artifactId><scope>runtime</scope>
    </dependency>
    <dependency>
      <groupId>org.projectlombok</groupId><artifactId>lombok</artifactId><optional>true</optional>
    </dependency>
    <dependency>
      <groupId>org.springframework.boot</groupId><artifactId>spring-boot-starter-test</artifactId>
      <scope>test</scope>
    </dependency>
  </dependencies>
  <build><plugins>
    <plugin>
      <groupId>org.apache.maven.plugins</groupId><artifactId>maven-compiler-plugin</artifactId>
      <configuration><annotationProcessorPaths><path>
        <groupId>org.projectlombok</groupId><artifactId>lombok</artifactId>
      </path></annotationProcessorPaths></configuration>
    </plugin>
    <plugin>
      <groupId>org.springframework.boot</groupId><artifactId>spring-boot-maven-plugin</artifactId>
    </plugin>
  </plugins></build>
</project>
""",
    "src/main/java/demo/DemoApplication.java": """package demo;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.web.bind.annotation.*;

@SpringBootApplication
@RestController
public class DemoApplication {
    private final JdbcTemplate jdbc;

    DemoApplication(JdbcTemplate jdbc) { this.jdbc = jdbc; }

    public static void main(String[] args) { SpringApplication.run(DemoApplication.class, args); }

    @lombok.Value
    static class Greeting { String text; int count; }

    @GetMapping("/hello")
    Greeting hello() {
        return new Greeting("hi", jdbc.queryForObject("SELECT count(*) FROM users", Integer.class));
    }
}
""",
    "src/main/resources/application.properties": """spring.datasource.url=${SPRING_DATASOURCE_URL}
spring.datasource.username=${SPRING_DATASOURCE_USERNAME}
spring.datasource.password=${SPRING_DATASOURCE_PASSWORD}
""",
    "src/test/java/demo/DemoTests.java": """package demo;

import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.get;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.*;

import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.autoconfigure.web.servlet.AutoConfigureMockMvc;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.test.web.servlet.MockMvc;

@SpringBootTest
@AutoConfigureMockMvc
class DemoTests {
    @Autowired MockMvc mvc;

    @Test
    void hello() throws Exception {
        mvc.perform(get("/hello")).andExpect(status().isOk()).andExpect(jsonPath("$.count").value(2));
    }
}
""",
}
