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


def proven(before: TestReport, after: TestReport, without: TestReport) -> Judgement:
    return judge_change(ANSWER, Trial(before), Trial(after), (), without=Trial(without))


def test_a_new_test_shows_the_change_only_if_it_fails_without_it() -> None:
    before, after = report(a="passed"), report(a="passed", new="passed")
    idle = proven(before, after, report(new="passed"))
    assert idle.verdict is Verdict.FAIL
    assert "no test shows the change (new pass without it as well)" in idle.reasons[-1].message
    for without in (report(new="failed"), report("cannot import b")):
        assert proven(before, after, without).verdict is Verdict.PASS


def test_idle_tests_beside_one_that_shows_the_change_are_named() -> None:
    done = proven(report(), report(idle="passed", shows="passed"), report(idle="passed", shows="failed"))
    assert done.verdict is Verdict.PASS
    assert done.trial is not None
    assert "new, but pass without the change as well, and do not test it: idle" in done.trial.notes


def test_a_changed_test_that_fails_over_the_old_code_shows_the_change() -> None:
    assert proven(report(a="passed"), report(a="passed"), report(a="failed")).verdict is Verdict.PASS


def test_a_test_that_was_mended_in_itself_shows_nothing() -> None:
    assert proven(report(a="failed"), report(a="passed"), report(a="passed")).verdict is Verdict.FAIL


def test_where_the_tests_could_not_be_tried_without_the_change_new_ones_count() -> None:
    broken = TestReport(problem="no server", ours=True)
    done = proven(report(), report(new="passed"), broken)
    assert done.verdict is Verdict.PASS
    assert done.trial is not None
    assert any("could not be tried without it: no server" in note for note in done.trial.notes)


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
