"""Things that are not there, and things that are there already: 404, 409 and their kin, never a 5xx."""

import re

from evals.probes.bad_input import ERRORS, judge_refusal
from evals.probes.board import Board
from evals.probes.credentials import is_login
from evals.probes.explorer import Explorer
from evals.probes.reading import fault

_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_NO_SUCH = (
    "999999999",
    "00000000-0000-4000-8000-00000000dead",
    "probe-no-such-thing",
    "9" * 40,
    "\x00",
    "é" * 40,
)


def probe_unknown_things(explorer: Explorer, board: Board) -> None:
    """Every path with a parameter is asked for what cannot exist; a thing is made twice."""
    for target in explorer.judged:
        granted = explorer.granted.get(target.name)
        if target.parameters:
            alike = _alike(explorer.known_id(target))
            for value in _NO_SUCH:
                path = explorer.path_of(target, value)
                body = granted.body if granted else next(explorer.bodies(target), None)
                query = granted.query if granted else explorer.query_of(target)
                ask, answer = explorer.send(target, path=path, body=body or None, query=query)
                if answer.good or 300 <= answer.status < 400:
                    # A front page, an idempotent delete: allowed, but no evidence.
                    board.unclear(ERRORS, "unknown", target, f"{value[:40]!r} was answered {answer.status}")
                else:
                    judge_refusal(
                        board,
                        ERRORS,
                        "unknown",
                        target,
                        "something that is not there",
                        ask,
                        answer,
                        by_router=value != alike,
                    )
        elif target.method == "POST" and granted and granted.body and not is_login(target):
            _twice(explorer, board, granted.target.name)


def _alike(known: str) -> str:
    """The absent id of the same form as one that is known; empty where none is known.

    Routers that know an id's form answer 404 to all others, before any code of the endpoint runs.
    """
    if not known:
        return ""
    if known.isdigit():
        return _NO_SUCH[0]
    return _NO_SUCH[1] if _UUID.fullmatch(known) else _NO_SUCH[2]


def _twice(explorer: Explorer, board: Board, name: str) -> None:
    granted = explorer.granted[name]
    ask, answer = explorer.send(granted.target, path=granted.path, body=granted.body, query=granted.query)
    if not answer.status:
        board.unclear(ERRORS, "twice", granted.target, f"no answer ({answer.silence})")
    elif why := fault(answer):
        board.against(
            ERRORS, "twice", granted.target, f"the same request a second time gives {why}", ask, answer
        )
    else:
        board.fine(ERRORS, "twice", granted.target, ask, answer)
