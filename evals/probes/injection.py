"""Injection strings: they neither fail with a database's error nor change what is selected."""

from collections.abc import Callable
from functools import cache, partial

from evals.probes.board import Board
from evals.probes.client import Answer, Ask
from evals.probes.credentials import is_login, leaves
from evals.probes.explorer import Explorer, Granted, token_in
from evals.probes.reading import database_error, rows
from evals.probes.targets import Target

ITEM = "sql-parameterized"
_NOTHING = "probe-no-such-thing"
_ODD = "probe # such & thing <>"
"""Text that no query minds and that whoever looks at its letters refuses, as he refuses quotes."""
_BREAKS = ("'", '"', "' OR '1'='1", "'; SELECT 1; --", "\\'", "1 OR 1=1", "%' OR 1=1 --", "1) OR (1=1")
_WIDENS = (
    f"{_NOTHING}' OR '1'='1",
    f"{_NOTHING}' OR 1=1 -- ",
    f"{_NOTHING}%' OR 1=1 -- ",
    f'{_NOTHING}" OR "1"="1',
)
_NUMBERS = ("999999999 OR 1=1", "999999999) OR (1=1")


def probe_injection(explorer: Explorer, board: Board) -> None:
    """Every text of every endpoint: path, query, body."""
    for target in explorer.judged:
        if leaves(target):
            continue
        for given in target.at("query")[:8]:
            _query(explorer, board, target, given.name)
        if target.parameters:
            _path(explorer, board, target)
        if is_login(target):
            _login(explorer, board, target)
        elif target.method in {"POST", "PUT", "PATCH"}:
            _body(explorer, board, target)


def _query(explorer: Explorer, board: Board, target: Target, name: str) -> None:
    others = tuple(pair for pair in explorer.query_of(target) if pair[0] != name)

    def ask(value: str) -> tuple[Ask, Answer]:
        return explorer.send(target, query=(*others, (name, value)))

    plain = ask(_NOTHING)[1]
    if plain.status >= 500:
        board.unclear(ITEM, "injection", target, f"{name[:40]} gives a {plain.status} with harmless text too")
        return
    before = rows(plain.json) if plain.good else None
    odd = cache(lambda: ask(_ODD)[1])
    for value in (*_BREAKS, *_WIDENS, *_NUMBERS):
        sent, answer = ask(value)
        after = rows(answer.json) if answer.good else None
        if before is not None and after is not None and after > before and value in _WIDENS:
            # The same words without quotes: a search for any of several words may find them.
            words = ask("".join(" " if c in "'\"" else c for c in value))[1]
            before = max(before, rows(words.json) or 0) if words.good else before
        if before is not None and after is not None and after > before and value in _WIDENS:
            what = f"{name[:40]} widens the selection from {before} to {after} rows"
            board.against(ITEM, "injection", target, what, sent, answer)
        else:
            _judge(board, target, sent, answer, odd)


def _path(explorer: Explorer, board: Board, target: Target) -> None:
    """A thing that is not there stays so, whatever is put behind its name."""
    if target.method not in {"GET", "HEAD"}:
        return
    absent = explorer.send(target, path=explorer.path_of(target, _NOTHING))[1]
    if absent.status >= 500:
        board.unclear(ITEM, "injection", target, f"the path gives a {absent.status} with harmless text too")
        return
    odd = cache(lambda: explorer.send(target, path=explorer.path_of(target, _ODD))[1])
    for value in (*_BREAKS, *_WIDENS, *_NUMBERS):
        sent, answer = explorer.send(target, path=explorer.path_of(target, value))
        if answer.good and absent.refused and value in {*_WIDENS, *_NUMBERS}:
            board.against(ITEM, "injection", target, "something is selected that is not there", sent, answer)
        else:
            _judge(board, target, sent, answer, odd)


def _login(explorer: Explorer, board: Board, target: Target) -> None:
    names = [i.name for i in target.at("body")] or ["email", "username", "password"]
    password = [n for n in names if "pass" in n.lower()]
    harmless = {n: ("wrong-password" if n in password else "nobody@example.com") for n in names}
    if (status := explorer.send(target, body=harmless, headers=())[1].status) >= 500:
        board.unclear(ITEM, "injection", target, f"a login gives a {status} with harmless text too")
        return
    for field in names:
        odd = cache(partial(_answer, explorer, target, {**harmless, field: _ODD}))
        for value in (*_BREAKS, "' OR 1=1 -- ", "probe@example.com' OR '1'='1", "admin' -- "):
            sent, answer = explorer.send(target, body={**harmless, field: value}, headers=())
            if answer.good and token_in(answer):
                board.against(ITEM, "injection", target, "a login is granted to nobody", sent, answer)
            elif answer.status in {401, 403}:
                board.fine(ITEM, "injection", target, sent, answer)  # a login's own way to refuse
            else:
                _judge(board, target, sent, answer, odd)


def _answer(explorer: Explorer, target: Target, body: dict[str, str]) -> Answer:
    return explorer.send(target, body=body, headers=())[1]


def _body(explorer: Explorer, board: Board, target: Target) -> None:
    granted = explorer.granted.get(target.name)
    if granted is None:
        board.unclear(ITEM, "injection", target, "no request was found that it grants")
        return
    for name, value in granted.body.items():
        if isinstance(value, str):
            odd = cache(partial(_spoilt_answer, explorer, granted, name, _ODD))
            for text in _BREAKS[:5]:
                sent, answer = _spoilt(explorer, granted, name, text)
                _judge(board, target, sent, answer, odd)


def _spoilt(explorer: Explorer, granted: Granted, name: str, text: str) -> tuple[Ask, Answer]:
    """The granted request with one text in place of another."""
    explorer.values.fresh()
    body = {**explorer.values.renewed(dict(granted.body)), name: text}
    return explorer.send(granted.target, path=granted.path, body=body, query=granted.query)


def _spoilt_answer(explorer: Explorer, granted: Granted, name: str, text: str) -> Answer:
    return _spoilt(explorer, granted, name, text)[1]


def _judge(board: Board, target: Target, sent: Ask, answer: Answer, odd: Callable[[], Answer]) -> None:
    """``odd`` asks the same with odd text that is no injection: what breaks on that too breaks for another cause."""
    if words := database_error(answer):
        board.against(ITEM, "injection", target, f"a database's error ({words})", sent, answer)
    elif answer.status >= 500 and odd().status >= 500:
        board.unclear(ITEM, "injection", target, f"gives a {answer.status}, as other odd text does too")
    elif answer.status >= 500:
        board.against(ITEM, "injection", target, "an injection string gives a 5xx", sent, answer)
    elif answer.status in {401, 403} or not answer.status:
        board.unclear(
            ITEM, "injection", target, f"answered {answer.shown[:80]} before the text was looked at"
        )
    else:
        board.fine(ITEM, "injection", target, sent, answer)
