"""What probes make of a server's answers: its faults, and what looks like one."""

from collections.abc import Callable
from dataclasses import replace

from evals.probes.board import Board
from evals.probes.client import Answer, Ask
from evals.probes.explorer import Explorer
from evals.probes.injection import probe_injection
from evals.probes.openapi import Input
from evals.probes.targets import Target
from evals.probes.unauthenticated import probe_unauthenticated
from evals.probes.unknown_things import probe_unknown_things
from evals.verdict import Verdict
from tests.evals.probes.answers import answer, answering


def verdicts(
    probe: Callable[[Explorer, Board], None], target: Target, reply: Callable[[Ask], Answer]
) -> set[Verdict]:
    board = Board()
    with answering(reply) as client:
        probe(Explorer(client, (target,), None, ()), board)
    return {result.verdict for result in board.results()}


def test_a_guard_that_only_the_code_shows_may_let_strangers_in() -> None:
    def granted(_: Ask) -> Answer:
        return answer(200, {})

    shown = Target("GET", "/x", guarded="its guard get_user_or_none")
    assert verdicts(probe_unauthenticated, shown, granted) == {Verdict.INCONCLUSIVE}
    wanted = Target("GET", "/x", guarded="the task: GET /x - needs a token", asked_for=True)
    assert verdicts(probe_unauthenticated, wanted, granted) == {Verdict.FAIL}


def test_what_breaks_for_want_of_a_guard_is_the_guards_matter_and_told_once() -> None:
    def items(target: Target) -> set[tuple[str, Verdict]]:
        board = Board()
        with answering(lambda _: answer(500, {"error": "no user"})) as client:
            explorer = Explorer(client, (target,), None, ())
            probe_unauthenticated(explorer, board)
            probe_unknown_things(explorer, board)
        return {(result.item, result.verdict) for result in board.results()}

    wanted = Target("DELETE", "/x/{id}", guarded="the task", asked_for=True, file="a.py", line=1)
    assert items(replace(wanted, bare=True)) == {
        ("auth-required", Verdict.FAIL),
        ("error-handling", Verdict.INCONCLUSIVE),
    }
    assert items(wanted) == {("error-handling", Verdict.FAIL)}, "a guard that breaks is there, and breaks"


def test_a_search_for_any_of_its_words_is_no_injection() -> None:
    def words(ask: Ask) -> Answer:
        asked = dict(ask.query).get("q", "").replace("'", " ").replace('"', " ").split()
        return answer(200, {"items": [1, 2] if "OR" in asked else []})

    def injected(ask: Ask) -> Answer:
        return answer(200, {"items": [1, 2] if "' OR" in dict(ask.query).get("q", "") else []})

    target = Target("GET", "/x", (Input("q", "query"),))
    assert verdicts(probe_injection, target, words) == {Verdict.PASS}
    assert verdicts(probe_injection, target, injected) == {Verdict.FAIL}


def test_what_breaks_on_all_odd_text_is_no_injection() -> None:
    def picky(ask: Ask) -> Answer:
        asked = dict(ask.query).get("q", "")
        return answer(200 if asked.replace("-", "").isalnum() else 500, {"items": []})

    def injected(ask: Ask) -> Answer:
        return answer(500 if "'" in dict(ask.query).get("q", "") else 200, {"items": []})

    target = Target("GET", "/x", (Input("q", "query"),))
    assert verdicts(probe_injection, target, picky) == {Verdict.INCONCLUSIVE}
    assert verdicts(probe_injection, target, injected) == {Verdict.FAIL}


def test_a_router_s_own_404_need_not_be_json() -> None:
    target = Target("GET", "/x/{id}")
    assert verdicts(probe_unknown_things, target, lambda _: answer(404, "<h1>Not Found</h1>")) == {
        Verdict.PASS
    }
    assert verdicts(probe_unknown_things, target, lambda _: answer(500, "<h1>Oops</h1>")) == {Verdict.FAIL}


def test_a_path_that_only_lacks_its_slash_is_asked_again_with_it() -> None:
    def strict(ask: Ask) -> Answer:
        if ask.path == "/notes":
            return Answer(308, {"location": "http://localhost/notes/"})
        return answer(401, {"error": "who?"})

    target = Target("GET", "/notes", guarded="the task", asked_for=True)
    assert verdicts(probe_unauthenticated, target, strict) == {Verdict.PASS}
