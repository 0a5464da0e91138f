"""Starts the application, explores it, and puts every kind of probe to it."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from evals.code.routes import shape
from evals.code.view import CodeView
from evals.probes.bad_input import ERRORS, probe_bad_input, probe_half_pairs
from evals.probes.board import Board
from evals.probes.by_document import probe_by_document
from evals.probes.client import Ask, Client
from evals.probes.credentials import get_credentials, is_login, is_sign_up, leaves
from evals.probes.explorer import Explorer
from evals.probes.injection import probe_injection
from evals.probes.literals import examples
from evals.probes.openapi import Document
from evals.probes.other_user import probe_other_user
from evals.probes.report import ProbeReport
from evals.probes.responses import judge_responses
from evals.probes.script import Script
from evals.probes.scripted import run_scripts, unasked
from evals.probes.targets import find_targets
from evals.probes.unauthenticated import probe_unauthenticated
from evals.probes.unknown_things import probe_unknown_things
from sandbox.application.serving import Application
from sandbox.trial import Laboratory, Project

SECONDS = 45.0
"""How long there is for all probes of one application, once it answers."""

_STARTING = 90.0
_DOCUMENTS = (
    "/openapi.json", "/api/openapi.json", "/api/v1/openapi.json", "/swagger.json", "/v3/api-docs", "/api-json",
    "/docs-json",
)  # fmt: skip
_AUTH = "auth-required"


_FAMILIES: tuple[Callable[[Explorer, Board], None], ...] = (
    probe_unauthenticated,
    probe_other_user,
    probe_injection,
    probe_bad_input,
    probe_unknown_things,
    probe_by_document,
)


async def probe(
    project: Project,
    view: CodeView,
    laboratory: Laboratory,
    seconds: float = SECONDS,
    only: Collection[tuple[str, str]] | None = None,
    scripts: Sequence[Script] = (),
    explore: bool = True,
) -> ProbeReport:
    """Start the project's application and judge its answers; what cannot be done is said in ``problem``.

    The task's own probes (``scripts``) come first, while the application is as it starts; then, where it is to be
    explored, ours.

    ``only`` these endpoints (method, and path with every parameter as ``{}``) are judged; the others are asked as far
    as it takes to know how.
    """
    problem = ""
    if not view.routes and not (view.task and view.task.endpoints):
        problem = "there is no endpoint to probe"
    elif only is not None and not only:
        problem = "the change touches no endpoint"
    if (problem or not explore) and not scripts:
        return ProbeReport(problem=problem)
    async with laboratory.serve(project, _STARTING + seconds * (1 + bool(scripts))) as application:
        if not isinstance(application, Application):
            return ProbeReport(unasked(scripts, application.reason), application.reason)
        own = await asyncio.to_thread(_scripted, application, scripts, seconds)
        if problem or not explore:
            return own
        found = await asyncio.to_thread(_ask_all, application, view, seconds, only)
    return replace(found, results=own.results + found.results, requests=own.requests + found.requests)


def _scripted(application: Application, scripts: Sequence[Script], seconds: float) -> ProbeReport:
    client = Client(application.socket, seconds)
    try:
        return ProbeReport(run_scripts(scripts, client), "", application.start.shown, client.asked)
    finally:
        client.close()


def _ask_all(
    application: Application, view: CodeView, seconds: float, only: Collection[tuple[str, str]] | None
) -> ProbeReport:
    client = Client(application.socket, seconds)
    try:
        document = _document(client)
        targets = find_targets(view, document)
        sent = examples(view.modules_of("test"))
        explorer = Explorer(client, targets, document, sent, lambda: application.ended)
        if only is not None:
            explorer.judged = tuple(t for t in targets if (t.method, shape(t.path)) in only)
        board = Board(frozenset(explorer.judged))
        lacking = get_credentials(explorer, view, application.settings)
        for target in explorer.judged:
            if lacking and target.guarded:
                board.unclear(_AUTH, "credentials", target, lacking)
        explorer.explore(frozenset(t.name for t in targets if is_login(t) or is_sign_up(t) or leaves(t)))
        _logins_too(explorer)
        for family in _FAMILIES:
            family(explorer, board)
        problem = _cut_short(explorer, board, application)
        probe_half_pairs(explorer, board)
        judge_responses(explorer, board)
        return ProbeReport(board.results(), problem, application.start.shown, client.asked)
    finally:
        client.close()


def _cut_short(explorer: Explorer, board: Board, application: Application) -> str:
    """Why not everything was asked. What ends the application is its own fault, a limit of ours is not."""
    if explorer.last is None:
        return "" if explorer.client.left > 0 else "the time for probes was used up; not everything was asked"
    how = application.ended
    if not how.startswith("exit code"):
        return f"the application was ended while it was asked: {how}"
    target, ask, answer = explorer.last
    board.against(ERRORS, "crash", target, f"the application ended ({_ends_of(how)})", ask, answer)
    return "the application ended while it was asked; not everything was asked"


def _ends_of(text: str) -> str:
    """How it ended, and the last that it said."""
    first, _, rest = text.partition("\n")
    return f"{first}; {rest[-200:]}" if rest else first


def _logins_too(explorer: Explorer) -> None:
    """What logged the user in, so that its fields can be spoilt one by one."""
    for target, ask, answer in list(explorer.exchanges):
        if is_login(target) and answer.good:
            explorer.remember(target, ask, answer)


def _document(client: Client) -> Document | None:
    for path in _DOCUMENTS:
        answer = client.ask(Ask("GET", path))
        said = answer.json
        if answer.good and isinstance(said, dict) and ("openapi" in said or "swagger" in said):
            return Document(said)
    return None
