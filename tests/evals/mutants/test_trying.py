"""What a submission's tests make of small faults in its code, and what that says about the tests."""

from dataclasses import replace

import pytest

from evals.checklist.mutated import with_mutants
from evals.code.view import build_view
from evals.mutants.mutant import Mutant, MutantReport
from evals.mutants.trying import try_mutants
from evals.verdict import CheckResult, Evidence, Verdict
from prompts.task import Limits
from sandbox.environments.maven import java_problem
from sandbox.environments.rust import rust_problem
from sandbox.isolation.bubblewrap import Bubblewrap
from sandbox.report import TestCase, TestReport
from sandbox.trial import Laboratory, Project, Trial
from tests.isolations import working_bubblewrap
from tests.sandbox.test_java import POM


def mutant(line: int) -> Mutant:
    return Mutant("a.py", line, "comparison", 0, 6, "a == b", "a != b")


def test_the_kill_rate_decides_only_over_enough_mutants() -> None:
    view = build_view({"a.py": "a == b\n"})
    read = CheckResult("tests-cover-errors", Verdict.PASS, "tested", (Evidence("tested"),))

    def judged(killed: int, survived: int) -> CheckResult:
        report = MutantReport(tuple(map(mutant, range(killed))), tuple(map(mutant, range(survived))), 50)
        return with_mutants(read, replace(view, mutants=report))

    assert judged(2, 3).verdict is Verdict.PASS
    assert judged(3, 3).verdict is Verdict.PASS
    weak = judged(2, 4)
    assert weak.verdict is Verdict.FAIL
    assert weak.reason == "the tests notice 2 of 6 small faults put into the code"
    assert weak.evidence[0] == Evidence(
        "no test notices a comparison inverted: `a == b` became `a != b`", "a.py", 0
    )
    assert judged(0, 0).verdict is Verdict.PASS
    other = CheckResult("complete", Verdict.PASS, "whole", (Evidence("whole"),))
    assert with_mutants(other, replace(view, mutants=MutantReport())) == other


CODE = """def price(count):
    if count < 1:
        raise ValueError('count')
    return 5 if count == 1 else count * 4
"""
STRONG = (
    "import pytest\nfrom shop import price\n"
    "def test_price():\n    assert price(1) == 5\n    assert price(3) == 12\n"
    "def test_none():\n    with pytest.raises(ValueError):\n        price(0)\n"
)
WEAK = "from shop import price\ndef test_price():\n    assert price(3) > 0\n"


def shop(language: str, *, strong: bool) -> dict[str, str]:
    """The same shop in three languages, with tests that notice everything or next to nothing."""
    if language == "python":
        return {"shop.py": CODE, "test_shop.py": STRONG if strong else WEAK}
    if language == "rust":
        return {
            "Cargo.toml": '[package]\nname = "shop"\nversion = "0.1.0"\nedition = "2021"\n',
            "src/lib.rs": RUST,
            "tests/shop.rs": RUST_STRONG if strong else RUST_WEAK,
        }
    return {
        "pom.xml": POM,
        "src/main/java/x/Shop.java": JAVA,
        "src/test/java/x/ShopTest.java": JAVA_TEST % (JAVA_STRONG if strong else JAVA_WEAK),
    }


RUST = """pub fn price(count: i32) -> Result<i32, String> {
    if count < 1 {
        return Err("count".into());
    }
    Ok(if count == 1 { 5 } else { count * 4 })
}
"""
RUST_STRONG = """use shop::price;

#[test]
fn prices() {
    assert_eq!(price(1), Ok(5));
    assert_eq!(price(3), Ok(12));
    assert!(price(0).is_err());
}
"""
RUST_WEAK = "#[test]\nfn prices() {\n    assert!(shop::price(3).unwrap() > 0);\n}\n"
JAVA = """package x;

public class Shop {
    public static int price(int count) {
        if (count < 1) throw new IllegalArgumentException("count");
        return count == 1 ? 5 : count * 4;
    }
}
"""
JAVA_TEST = """package x;

import static org.junit.jupiter.api.Assertions.*;
import org.junit.jupiter.api.Test;

class ShopTest {
    @Test void prices() { %s }
}
"""
JAVA_STRONG = (
    "assertEquals(5, Shop.price(1)); assertEquals(12, Shop.price(3)); "
    "assertThrows(IllegalArgumentException.class, () -> Shop.price(0));"
)
JAVA_WEAK = "assertTrue(Shop.price(3) > 0);"
JAVA_HERE = pytest.mark.skipif(bool(java_problem()), reason=java_problem() or "Maven is there")
RUST_HERE = pytest.mark.skipif(bool(rust_problem()), reason=rust_problem() or "cargo is there")


@pytest.mark.slow
@pytest.mark.network
@pytest.mark.parametrize(("strong", "survivors"), [(True, set()), (False, {"validation", "comparison"})])
@pytest.mark.parametrize(
    "language",
    ["python", pytest.param("rust", marks=RUST_HERE), pytest.param("java", marks=JAVA_HERE)],
)
async def test_tests_are_told_apart_by_what_they_notice(
    language: str, strong: bool, survivors: set[str]
) -> None:
    isolation = working_bubblewrap()
    files = shop(language, strong=strong)
    project = Project(files, limits=Limits(seconds=120))
    async with Laboratory(isolation) as laboratory:
        trial = await laboratory.run(project)
        report = await try_mutants(project, build_view(files), trial, laboratory, 120)
    assert report.possible == report.tried == 3, report
    assert {m.kind for m in report.survived} == survivors


@pytest.mark.slow
@pytest.mark.network
@RUST_HERE
async def test_a_mutant_that_does_not_compile_counts_for_nothing() -> None:
    isolation = working_bubblewrap()
    files = shop("rust", strong=True)
    files["src/lib.rs"] = "const LIMIT: i32 = 3;\nconst _: () = if LIMIT > 0 {} else { panic!() };\n" + RUST
    project = Project(files, limits=Limits(seconds=120))
    async with Laboratory(isolation) as laboratory:
        trial = await laboratory.run(project)
        report = await try_mutants(project, build_view(files), trial, laboratory, 120)
    assert trial.report.passed, trial.report
    assert (report.tried, report.possible) == (3, 4), report
    assert report.survived == ()


async def test_nothing_is_tried_where_the_tests_fail_already() -> None:
    trial = Trial(TestReport((TestCase("t", "failed"),)))
    files = {"shop.py": CODE}
    async with Laboratory(Bubblewrap()) as laboratory:
        report = await try_mutants(Project(files), build_view(files), trial, laboratory, 60)
    assert report == MutantReport(problem="the tests do not pass as they are")
