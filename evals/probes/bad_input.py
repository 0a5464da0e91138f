"""Bad input: malformed, missing, ill-typed, oversized, and text that databases or encodings choke on.

Each must be refused with a 4xx whose body is JSON. What is wrong with a field is the validation's business, what is
wrong with the request or with the error's form is the error handling's.
"""

from collections.abc import Iterator

from evals.probes.board import Board
from evals.probes.client import Answer, Ask
from evals.probes.explorer import Explorer, Granted
from evals.probes.openapi import Input
from evals.probes.reading import fault, is_json_error
from evals.probes.targets import Target

ERRORS = "error-handling"
INPUT = "input-validation"
_SQL = "sql-parameterized"
_OVERSIZED = 1_000_000
_BUSY = {408, 429}
_OWN_FORM = {405, 413, 414, 431}
"""Statuses that servers answer before the application sees the request; their form is not its own."""

_MALFORMED: tuple[tuple[str, bytes], ...] = (
    ("a body that is cut off", b'{"a": '),
    ("a body that is no JSON", b"\xff\xfe not json"),
    ("a list for an object", b"[]"),
    ("a text for an object", b'"text"'),
    ("null for an object", b"null"),
)
_ILL_TYPED = (b"[]", b'"text"', b"null")
_NUL = "probe\x00probe"
_HALF_PAIR = "probe\ud800probe"
_ODD_NUMBERS: tuple[tuple[str, object], ...] = (
    ("a number beyond all ranges", 10**40),
    ("an infinite number", float("inf")),
    ("NaN", float("nan")),
)
_ODD_QUERIES = ("not-a-number", "-1", "9" * 40, "\x00", "a" * 5_000)


def probe_bad_input(explorer: Explorer, board: Board) -> None:
    """All endpoints that take a body or a query."""
    for target in explorer.judged:
        granted = explorer.granted.get(target.name)
        if target.method in {"POST", "PUT", "PATCH"} and (target.at("body") or (granted and granted.body)):
            _malformed(explorer, board, target)
            _fields(explorer, board, target)
        if target.at("query"):
            _queries(explorer, board, target)


def judge_refusal(
    board: Board,
    item: str,
    probe: str,
    target: Target,
    what: str,
    ask: Ask,
    answer: Answer,
    *,
    by_router: bool = False,
) -> None:
    """Whether bad input was refused as it should be. Without credentials, or under a rate limit, nothing is said.

    ``by_router``: the path may not have reached the endpoint, so that the form of a 404 is not its own.
    """
    if not answer.status:
        board.unclear(item, probe, target, f"no answer ({answer.silence})")
    elif answer.status in {401, 403} or answer.status in _BUSY:
        board.unclear(item, probe, target, f"{what} was answered {answer.status} before it was looked at")
    elif answer.status >= 500 and board.failed(_SQL, target):
        board.unclear(item, probe, target, f"{what} gives a 5xx, as injection strings do here")
    elif answer.status >= 500 and target in board.unguarded:
        board.unclear(item, probe, target, f"{what} gives a 5xx, as everything may here for want of a guard")
    elif why := fault(answer):
        board.against(
            item if answer.status >= 500 else ERRORS, probe, target, f"{what} gives {why}", ask, answer
        )
    elif answer.refused:
        if not (by_router and answer.status == 404):
            _form(board, probe, target, ask, answer)
        board.fine(item, probe, target, ask, answer)
    elif answer.good:
        board.against(item, probe, target, f"{what} is accepted", ask, answer)
    else:
        board.unclear(item, probe, target, f"{what} was answered {answer.status}")


def _form(board: Board, probe: str, target: Target, ask: Ask, answer: Answer) -> None:
    """The form of a refusal."""
    if answer.status in _OWN_FORM or is_json_error(answer):
        return
    board.against(ERRORS, probe, target, "the error's body is not JSON", ask, answer)


def _malformed(explorer: Explorer, board: Board, target: Target) -> None:
    granted = explorer.granted.get(target.name)
    path = granted.path if granted else ""
    for what, raw in _MALFORMED:
        if target.form:
            break
        ask, answer = explorer.send(target, path=path, raw=raw, query=granted.query if granted else ())
        if answer.good and granted is None:
            board.unclear(ERRORS, "malformed", target, f"{what} is accepted, and so may be any body")
            continue
        # What is accepted was not validated, and neither was JSON of another type that breaks what takes all else.
        ill_typed = raw in _ILL_TYPED and not board.failed(ERRORS, target)
        item = INPUT if answer.good or ill_typed else ERRORS
        judge_refusal(board, item, "malformed", target, what, ask, answer)


def _fields(explorer: Explorer, board: Board, target: Target) -> None:
    granted = explorer.granted.get(target.name)
    if granted is None or not granted.body:
        board.unclear(
            INPUT, "fields", target, "no request was found that it grants, so that no field stands alone"
        )
        return
    for what, body in _spoilt(explorer, granted):
        explorer.values.fresh()
        ask, answer = explorer.send(target, path=granted.path, body=body, query=granted.query)
        if answer.good and what.startswith("a NUL"):
            board.fine(
                INPUT, "fields", target, ask, answer
            )  # odd text is text; it must only not break anything
        else:
            judge_refusal(board, INPUT, "fields", target, what, ask, answer)


def _spoilt(explorer: Explorer, granted: Granted) -> Iterator[tuple[str, dict[str, object]]]:
    """The granted body with one field wrong, field by field."""
    declared = {i.name: i for i in granted.target.at("body")}
    fresh = explorer.values.renewed(dict(granted.body))
    for name, value in granted.body.items():
        given = declared.get(name)
        body = {k: v for k, v in fresh.items() if k != name}
        if given is not None and given.required:
            yield f"a body without the required {name[:40]}", body
        if isinstance(value, bool) or (given is not None and not _is_plain(given)):
            continue
        if isinstance(value, (str, int, float)):
            yield f"an object for {name[:40]}", {**body, name: {"probe": 1}}
            yield f"null in a list for {name[:40]}", {**body, name: [None]}
        if isinstance(value, str) and len(granted.target.at("body")) < 30:
            yield f"{_OVERSIZED} characters for {name[:40]}", {**body, name: "a" * _OVERSIZED}
            yield f"a NUL character in {name[:40]}", {**body, name: _NUL}
        elif isinstance(value, (int, float)):
            yield f"a text for {name[:40]}", {**body, name: "probe"}
            for what, number in _ODD_NUMBERS:
                yield f"{what} for {name[:40]}", {**body, name: number}


def probe_half_pairs(explorer: Explorer, board: Board) -> None:
    """Half a surrogate pair in every text. RFC 8259, section 8.2, leaves open what software does with such JSON
    (up to fatal errors), so that what breaks is told and decides nothing; it comes last, since it may end everything.
    """
    for name, granted in list(explorer.granted.items()):
        for field, value in granted.body.items():
            if isinstance(value, str) and not explorer.alone() and not granted.target.form:
                explorer.values.fresh()
                body = {**explorer.values.renewed(dict(granted.body)), field: _HALF_PAIR}
                ask, answer = explorer.send(granted.target, path=granted.path, body=body, query=granted.query)
                if not answer.status and explorer.alone():
                    board.unclear(INPUT, "half pair", granted.target, f"{ask.shown} ended the application")
                elif answer.status >= 500:
                    board.unclear(
                        INPUT, "half pair", granted.target, f"{name}: {field[:40]} gives {answer.shown}"
                    )
                elif answer.status:
                    board.fine(INPUT, "half pair", granted.target, ask, answer)


def _is_plain(given: Input) -> bool:
    """Whether a field is declared as text or a number, or as nothing in particular."""
    return not given.schema or given.schema.get("type") in {"string", "integer", "number"}


def _queries(explorer: Explorer, board: Board, target: Target) -> None:
    """Odd query values may be refused or taken as text; they must not break anything."""
    ask, plain = explorer.send(target, query=explorer.query_of(target))
    if plain.status >= 500:
        board.against(ERRORS, "query", target, "a plain request gives a 5xx", ask, plain)
        return
    for given in target.at("query")[:8]:
        numeric = given.schema.get("type") in {"integer", "number"}
        for value in _ODD_QUERIES:
            others = tuple(pair for pair in explorer.query_of(target) if pair[0] != given.name)
            ask, answer = explorer.send(target, query=(*others, (given.name, value)))
            if answer.good and (not numeric or value in {"-1", "9" * 40} or not target.known):
                board.fine(INPUT, "query", target, ask, answer)
            else:
                what = f"{_named(value)} for the parameter {given.name[:40]}"
                judge_refusal(board, INPUT, "query", target, what, ask, answer)


def _named(value: str) -> str:
    return (
        f"{len(value)} characters"
        if len(value) > 60
        else "a NUL character"
        if value == "\x00"
        else repr(value)
    )
