"""Guarded endpoints without credentials, and with credentials that nobody gave out: 401 or 403."""

import base64
import json
import time

from evals.probes.board import Board
from evals.probes.client import Answer, Ask
from evals.probes.explorer import Explorer, Headers
from evals.probes.reading import fault
from evals.probes.targets import Target

ITEM = "auth-required"
_ERRORS = "error-handling"


def probe_unauthenticated(explorer: Explorer, board: Board) -> None:
    """Every guarded endpoint, with a request that is granted with credentials where one is known."""
    for target in explorer.judged:
        if not target.guarded:
            continue
        granted = explorer.granted.get(target.name)
        body = granted.body if granted else next(explorer.bodies(target), None)
        path = granted.path if granted else explorer.path_of(target)
        query = granted.query if granted else explorer.query_of(target)
        for what, headers in _strangers(explorer):
            ask, answer = explorer.send(target, path=path, body=body or None, query=query, headers=headers)
            if answer.good and not headers and not target.asked_for:
                # What looks like a guard may let strangers in on purpose: a user who is optional, say.
                board.unclear(
                    ITEM, "stranger", target, f"granted {what}; only {target.guarded} speaks against it"
                )
                break
            _judge(board, target, what, ask, answer, nothing=not headers)


def _judge(board: Board, target: Target, what: str, ask: Ask, answer: Answer, *, nothing: bool) -> None:
    """``nothing``: no credentials were sent. What breaks then, where the code shows no guard, breaks for want of it."""
    needs = f"{what}, though it is guarded by {target.guarded}"
    if not answer.status:
        board.unclear(ITEM, "stranger", target, f"no answer ({answer.silence})")
    elif answer.status >= 500 and target.bare and (nothing or target in board.unguarded):
        board.unguarded.add(target)
        board.against(ITEM, "stranger", target, f"a 5xx in place of 401 or 403 {needs}", ask, answer)
    elif why := fault(answer):
        board.against(_ERRORS, "stranger", target, f"{what} gives {why}", ask, answer)
    elif answer.good:
        board.against(ITEM, "stranger", target, f"granted {needs}", ask, answer)
    elif answer.status in {401, 403}:
        board.fine(ITEM, "stranger", target, ask, answer)
    else:
        board.unclear(
            ITEM, "stranger", target, f"{what} it was answered {answer.status}, neither 401 nor 403"
        )


def _strangers(explorer: Explorer) -> list[tuple[str, Headers]]:
    """No credentials; wrong ones in each header that carries the right ones; a token that nobody signed."""
    found: list[tuple[str, Headers]] = [("without credentials", ())]
    for name, value in explorer.credentials:
        if name == "authorization":
            found.append(("with a made-up token", ((name, "Bearer probe.made.up"),)))
            if value.count(".") == 2:
                found.append(("with an unsigned token", ((name, f"Bearer {_unsigned(value)}"),)))
        else:
            found.append(("with made-up credentials", ((name, "probe-made-up"),)))
    return found


def _unsigned(value: str) -> str:
    """The same claims as in the token that was given out, under ``alg: none`` (RFC 7519, section 6)."""
    claims = value.removeprefix("Bearer ").split(".")[1]
    try:
        said = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    except (ValueError, RecursionError):
        said = {}
    said = said if isinstance(said, dict) else {}
    said = {"sub": "1", **said, "exp": int(time.time()) + 3600}
    parts = ({"alg": "none", "typ": "JWT"}, said)
    return (
        ".".join(base64.urlsafe_b64encode(json.dumps(p).encode()).rstrip(b"=").decode() for p in parts) + "."
    )
