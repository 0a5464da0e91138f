"""Somebody else's things: where the task speaks of an owner, a second user must not get at what the first one made."""

from evals.probes.board import Board
from evals.probes.client import Answer, Ask
from evals.probes.credentials import log_in
from evals.probes.explorer import Explorer, Granted, Headers
from evals.probes.reading import fault, pairs
from evals.probes.targets import Target

ITEM = "auth-required"
_PROBE = "other user"


def probe_other_user(explorer: Explorer, board: Board) -> None:
    """Every endpoint with an owner, those that delete last: what the first user may, the second may not."""
    owned = sorted((t for t in explorer.judged if t.owned), key=lambda t: (t.method == "DELETE", t.name))
    if not owned:
        return
    other = tuple(log_in(explorer).items())
    for target in owned:
        if not other or other == explorer.credentials:
            board.unclear(ITEM, _PROBE, target, "no second user could be had")
        elif target.parameters:
            _thing(explorer, board, target, other)
        elif target.method == "GET":
            _listing(explorer, board, target, other)


def _thing(explorer: Explorer, board: Board, target: Target, other: Headers) -> None:
    """One thing of the first user's, asked for by the second."""
    granted = explorer.granted.get(target.name)
    if target.method == "DELETE":
        reader = next((t for t in explorer.targets if t.method == "GET" and t.path == target.path), None)
        seen = explorer.send(reader)[1] if reader else Answer(0)
        granted = Granted(target, explorer.path_of(target), {}, (), seen) if seen.good else None
    elif granted is not None and not _ask(explorer, granted, None)[1].good:
        granted = None
    if granted is None:
        board.unclear(ITEM, _PROBE, target, "no thing was found that its owner may do this with")
        return
    ask, answer = _ask(explorer, granted, other)
    _judge(board, target, ask, answer, taken=answer.good)


def _ask(explorer: Explorer, granted: Granted, headers: Headers | None) -> tuple[Ask, Answer]:
    body = dict(granted.body) or None
    return explorer.send(granted.target, path=granted.path, body=body, query=granted.query, headers=headers)


def _listing(explorer: Explorer, board: Board, target: Target, other: Headers) -> None:
    """A listing of the second user's, who has made nothing, holds nothing that the first one made."""
    first = {str(thing["id"]) for thing in explorer.made(target.path) if "id" in thing}
    if not first:
        board.unclear(ITEM, _PROBE, target, "nothing was made that could be listed")
        return
    ask, answer = explorer.send(target, query=explorer.query_of(target), headers=other)
    listed = {str(value) for key, value in pairs(answer.json) if key == "id"}
    _judge(board, target, ask, answer, taken=answer.good and bool(first & listed))


def _judge(board: Board, target: Target, ask: Ask, answer: Answer, *, taken: bool) -> None:
    if taken:
        board.against(ITEM, _PROBE, target, "another user's thing is granted", ask, answer)
    elif not answer.status or fault(answer):
        board.unclear(ITEM, _PROBE, target, f"answered {answer.shown[:80]}")
    else:
        board.fine(ITEM, _PROBE, target, ask, answer)
