"""The verdict on a change: what it broke, mended and added; old failures and unchanged lines are not blamed on it."""

from agents.submission import Answer, SourceFile, Submission
from evals.change import changed_lines, compare_tests, judge_change, on_changed_lines
from evals.judgement import Judgement
from evals.verdict import CheckResult, Evidence, Verdict
from sandbox.report import Outcome, TestCase, TestReport
from sandbox.trial import Trial

ANSWER = Answer(Submission((SourceFile("a.py", "x = 1\n", (1, 4)),)))


def report(problem: str = "", **cases: Outcome) -> TestReport:
    return TestReport(tuple(TestCase(name, outcome) for name, outcome in cases.items()), problem)


def judged(before: TestReport, after: TestReport) -> Judgement:
    return judge_change(ANSWER, Trial(before), Trial(after), ())


def test_tests_are_told_apart() -> None:
    before = report(kept="passed", broken="passed", gone="passed", mended="failed", old="errored")
    after = report(kept="passed", broken="failed", mended="passed", old="failed", new="passed", bad="failed")
    change = compare_tests(before, after)
    assert [case.id for case in change.broken] == ["broken"]
    assert (change.gone, change.mended, change.added, change.old) == (
        ("gone",),
        ("mended",),
        ("new",),
        ("old",),
    )
    assert [case.id for case in change.added_bad] == ["bad"]
    assert change.kept == 1


def test_an_old_failure_is_named_and_not_blamed() -> None:
    done = judged(report(old="failed", a="passed"), report(old="failed", a="passed", new="passed"))
    assert done.verdict is Verdict.PASS
    assert done.trial is not None
    assert [case.id for case in done.trial.report.cases] == ["a", "new"]
    assert "failed at the base commit as well, and are not blamed: old" in done.trial.notes


def test_a_mended_failure_shows_the_change() -> None:
    assert judged(report(a="failed"), report(a="passed")).verdict is Verdict.PASS


def test_what_passed_must_pass_and_be_there() -> None:
    assert judged(report(a="passed"), report(a="failed", new="passed")).verdict is Verdict.FAIL
    gone = judged(report(a="passed"), report(new="passed"))
    assert gone.verdict is Verdict.FAIL
    assert "passed at the base commit and is not run any more" in gone.reasons[0].message


def test_a_change_that_no_test_shows_falls_short() -> None:
    done = judged(report(a="passed"), report(a="passed"))
    assert done.verdict is Verdict.FAIL
    assert "no test shows the change" in done.reasons[-1].message


def test_tests_that_never_ran_say_nothing() -> None:
    done = judged(report("cannot import x"), report("cannot import x"))
    assert done.verdict is Verdict.INCONCLUSIVE
    assert "at the base commit either" in done.reasons[0].message
    assert judged(report("no tests"), report(new="passed")).verdict is Verdict.PASS
    assert judged(report(a="passed"), report("cannot import x")).verdict is Verdict.FAIL


def test_changed_lines_are_those_that_differ() -> None:
    before = "a\nb\nc\nd\ne\n"
    assert changed_lines(before, "a\nB\nc\nd\nnew\ne\n") == {2, 5}
    assert changed_lines(None, "a\nb\n") == {1, 2, 3}
    assert changed_lines(before, "a\nb\nd\ne\n") == {2, 3}
    assert changed_lines(before, before) == frozenset()


def check(*evidence: Evidence, item: str = "x", verdict: Verdict = Verdict.FAIL) -> CheckResult:
    return CheckResult(item, verdict, "because", evidence)


def test_only_findings_on_changed_lines_count() -> None:
    here, there = Evidence("secret", "a.py", 3), Evidence("secret", "a.py", 9)
    changed = {"a.py": frozenset({3})}
    (kept,) = on_changed_lines((check(here, there),), changed)
    assert (kept.verdict, kept.evidence) == (Verdict.FAIL, (here,))
    (dropped,) = on_changed_lines((check(there),), changed)
    assert dropped.verdict is Verdict.NOT_APPLICABLE
    (fine,) = on_changed_lines((check(there, verdict=Verdict.PASS),), changed)
    assert fine.verdict is Verdict.PASS


def test_an_import_that_a_deletion_broke_counts_where_it_stands() -> None:
    old = check(Evidence("x leads nowhere", "b.py", 1), item="complete")
    new = check(
        Evidence("x leads nowhere", "b.py", 1), Evidence("y leads nowhere", "b.py", 2), item="complete"
    )
    (kept,) = on_changed_lines((new,), {"a.py": frozenset()}, (old,))
    assert [evidence.message for evidence in kept.evidence] == ["y leads nowhere"]
