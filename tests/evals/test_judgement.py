from agents.submission import Answer, Diagnostic, SourceFile, Submission
from evals.findings import findings_of
from evals.judgement import judge_answer
from evals.score import read_score, score_of, write_score
from evals.verdict import CheckResult, Evidence, Verdict
from sandbox.migrations import MigrationStep
from sandbox.report import TestCase, TestReport
from sandbox.trial import Trial

ANSWER = Answer(Submission((SourceFile("a.py", "x = 1\n", (1, 4)),)))
GOOD = Trial(TestReport((TestCase("t::a", "passed"),)), "python", "key")
BAD = Trial(
    TestReport((TestCase("t::a", "passed"), TestCase("t::b", "failed", "assert 1 == 2"))), "python", "key"
)
OURS = Trial(TestReport(problem="no network", ours=True))
FAILED_CHECK = CheckResult("auth-required", Verdict.FAIL, "open", (Evidence("no guard", "a.py", 3),))
UNCLEAR_CHECK = CheckResult("sql-parameterized", Verdict.INCONCLUSIVE, "unknown", (Evidence("Rust"),))


def test_all_good() -> None:
    judged = judge_answer(ANSWER, GOOD, (UNCLEAR_CHECK,))
    assert judged.verdict is Verdict.PASS
    assert "1 tests passed" in judged.reasons[0].message


def test_a_failing_test_is_named() -> None:
    judged = judge_answer(ANSWER, BAD, ())
    assert judged.verdict is Verdict.FAIL
    assert judged.reasons == (Evidence("test failed: t::b - assert 1 == 2"),)


def test_a_failing_check_fails() -> None:
    judged = judge_answer(ANSWER, GOOD, (FAILED_CHECK,))
    assert (judged.verdict, judged.reasons[0].path, judged.reasons[0].line) == (Verdict.FAIL, "a.py", 3)


def test_what_is_ours_is_inconclusive_unless_something_else_fails() -> None:
    assert judge_answer(ANSWER, OURS, ()).verdict is Verdict.INCONCLUSIVE
    assert judge_answer(ANSWER, OURS, (FAILED_CHECK,)).verdict is Verdict.FAIL


def test_nothing_passes_without_a_passed_test() -> None:
    skipped = Trial(TestReport((TestCase("t", "skipped"),)))
    assert judge_answer(ANSWER, skipped, ()).verdict is Verdict.FAIL
    assert judge_answer(ANSWER, None, ()).verdict is Verdict.FAIL


def test_format_errors_fail() -> None:
    broken = Answer(ANSWER.submission, (Diagnostic("truncated", "error", 9, "b.py", "cut off"),))
    assert judge_answer(broken, None, ()).reasons == (Evidence("truncated: cut off", "b.py", 9),)


def test_scores_survive_being_written_down() -> None:
    migrated = Trial(BAD.report, "python", "key", migrations=(MigrationStep("sql", "CREATE"),), notes=("n",))
    score = score_of(judge_answer(ANSWER, migrated, (FAILED_CHECK,), {"tests": 1.5}))
    assert read_score(write_score(score)) == score


def test_findings_are_what_the_model_can_mend() -> None:
    failed_migration = (MigrationStep("sql", "CREATE TABLE", "already exists"),)
    trial = Trial(BAD.report, "python", "key", migrations=failed_migration)
    found = findings_of(score_of(judge_answer(ANSWER, trial, (FAILED_CHECK, UNCLEAR_CHECK))))
    assert [(f.kind, f.title, f.path) for f in found] == [
        ("test", "failed: t::b", ""),
        ("environment", "migration failed: CREATE TABLE", ""),
        ("check", "auth-required: no guard", "a.py"),
    ]


def test_what_is_ours_is_not_asked_of_the_model() -> None:
    assert findings_of(score_of(judge_answer(ANSWER, OURS, ()))) == ()
    assert findings_of(score_of(judge_answer(ANSWER, GOOD, ()))) == ()


def test_every_failure_gives_a_finding() -> None:
    assert findings_of(score_of(judge_answer(ANSWER, None, ())))
    skipped = Trial(TestReport((TestCase("t", "skipped"),)), "python", "key")
    assert findings_of(score_of(judge_answer(ANSWER, skipped, ())))
