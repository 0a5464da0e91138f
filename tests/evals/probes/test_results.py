"""What comes of a probe's findings: one result for each endpoint, joined to what the checklist read."""

from dataclasses import replace

from evals.checklist.probed import with_probes
from evals.code.view import build_view
from evals.probes.board import Board
from evals.probes.client import Ask
from evals.probes.report import TASK, ProbeReport, ProbeResult, blamed, own_result
from evals.probes.targets import Target
from evals.verdict import CheckResult, Evidence, Verdict
from tests.evals.probes.answers import answer


def test_a_board_gives_one_result_for_each_probe_of_an_endpoint() -> None:
    board, target, ask = Board(), Target("GET", "/x", file="a.py", line=3), Ask("GET", "/x")
    board.fine("i", "p", target, ask, answer(404, {"e": 1}))
    board.fine("i", "p", target, ask, answer(400, {"e": 1}))
    board.unclear("i", "p", target, "nothing said")
    board.against("i", "q", target, "bad", ask, answer(500, {}))
    board.fine("i", "q", target, ask, answer(404, {}))
    board.unclear("i", "r", target, "nothing said")
    told = [(r.probe, r.verdict, r.path, r.line) for r in board.results()]
    assert told == [
        ("q", Verdict.FAIL, "a.py", 3),
        ("p", Verdict.PASS, "a.py", 3),
        ("r", Verdict.INCONCLUSIVE, "a.py", 3),
    ]


def test_probes_join_an_item_s_result() -> None:
    def result(verdict: Verdict, message: str) -> ProbeResult:
        return ProbeResult("auth-required", "stranger", "GET /x", verdict, message, "a.py", 7)

    view = build_view({"a.py": "x = 1\n"})
    read = CheckResult("auth-required", Verdict.PASS, "guarded", (Evidence("guarded", "a.py", 7),))
    assert with_probes(read, view) == read

    def joined(*results: ProbeResult, read: CheckResult = read) -> CheckResult:
        return with_probes(read, replace(view, probes=ProbeReport(results)))

    wrong = joined(result(Verdict.PASS, "fine"), result(Verdict.FAIL, "granted: GET /x answered 200"))
    assert wrong.verdict is Verdict.FAIL
    assert wrong.evidence == (Evidence("granted: GET /x answered 200", "a.py", 7),)
    right = joined(result(Verdict.PASS, "fine"), result(Verdict.INCONCLUSIVE, "no answer"))
    assert right.verdict is Verdict.PASS
    assert [e.message for e in right.evidence] == ["guarded", "fine", "not judged: no answer"]
    open_question = CheckResult("auth-required", Verdict.INCONCLUSIVE, "unread", (Evidence("unread"),))
    assert joined(result(Verdict.PASS, "fine"), read=open_question).verdict is Verdict.INCONCLUSIVE
    against = CheckResult("auth-required", Verdict.FAIL, "no guard", (Evidence("no guard", "a.py", 3),))
    assert joined(result(Verdict.PASS, "fine"), read=against) == against, "what is right is no finding"
    other = CheckResult("complete", Verdict.PASS, "whole", (Evidence("whole"),))
    assert joined(result(Verdict.FAIL, "x"), read=other) == other


def test_a_task_s_own_probes_are_a_result_as_an_item_has_one() -> None:
    def own(verdict: Verdict) -> ProbeResult:
        return ProbeResult(TASK, "sold once", "POST /b", verdict, f"answered {verdict}", "a.py", 3)

    assert own_result(None) == own_result(ProbeReport((replace(own(Verdict.PASS), item="complete"),))) == ()
    [found] = own_result(ProbeReport((own(Verdict.PASS), own(Verdict.FAIL))))
    assert (found.item, found.verdict, found.reason) == (
        "task",
        Verdict.FAIL,
        "1 of 2 of the task's own probes",
    )
    assert found.evidence == (Evidence("probe sold once: answered fail", "a.py", 3),)
    assert own_result(ProbeReport((own(Verdict.PASS),)))[0].verdict is Verdict.PASS


def test_only_what_is_judged_comes_out() -> None:
    one, other = Target("GET", "/a"), Target("GET", "/b")
    board = Board(frozenset({one}))
    board.told("error-handling", "malformed", one, "wrong")
    board.told("error-handling", "malformed", other, "wrong")
    assert [result.endpoint for result in board.results()] == ["GET /a"]


def test_what_failed_before_decides_nothing() -> None:
    old = ProbeResult("error-handling", "malformed", "GET /a", Verdict.FAIL, "a 5xx")
    new = replace(old, endpoint="GET /b")
    told = blamed(ProbeReport((old, new), "", "python a.py", 9), ProbeReport((old,)))
    assert [(r.endpoint, r.verdict) for r in told.results] == [
        ("GET /a", Verdict.INCONCLUSIVE),
        ("GET /b", Verdict.FAIL),
    ]
    assert told.results[0].message == "as at the base commit: a 5xx"
