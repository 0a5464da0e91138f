"""The probes' pure parts: what is read out of documents, tests and answers, and what is made from it."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from socketserver import UnixStreamServer
from tempfile import TemporaryDirectory
from threading import Thread
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.checklist.probed import with_probes
from evals.code.view import build_view
from evals.probes.board import Board
from evals.probes.client import Answer, Ask, Client
from evals.probes.explorer import Explorer
from evals.probes.injection import probe_injection
from evals.probes.literals import examples
from evals.probes.openapi import Document, Input
from evals.probes.reading import database_error, fault, leaked_hash, rows
from evals.probes.report import ProbeReport, ProbeResult, blamed
from evals.probes.targets import Target, find_targets, template
from evals.probes.unauthenticated import probe_unauthenticated
from evals.probes.unknown_things import probe_unknown_things
from evals.probes.values import PASSWORD, Values
from evals.verdict import CheckResult, Evidence, Verdict
from prompts.task import Task

RECURSIVE = {
    "components": {
        "schemas": {"A": {"$ref": "#/components/schemas/B"}, "B": {"$ref": "#/components/schemas/A"}}
    }
}


def answer(status: int, body: object) -> Answer:
    return Answer(status, {}, (body if isinstance(body, str) else json.dumps(body)).encode())


@pytest.mark.parametrize(
    ("path", "plain"),
    [
        ("/a/:id", "/a/{id}"),
        ("/a/<int:note_id>/b", "/a/{note_id}/b"),
        ("/a/{key:path}", "/a/{key}"),
        ("/a/{id}", "/a/{id}"),
        ("/a/*rest", "/a/{rest}"),
        ("/a/:id(\\d+)?", "/a/{id}"),
    ],
)
def test_every_framework_s_parameters_are_read(path: str, plain: str) -> None:
    assert template(path) == plain


def test_operations_of_a_document() -> None:
    schema = {
        "allOf": [
            {"$ref": "#/components/schemas/Base"},
            {"properties": {"b": {"type": "integer"}}, "required": ["b"]},
        ]
    }
    document = Document(
        {
            "components": {"schemas": {"Base": {"properties": {"a": {"type": "string"}}, "required": ["a"]}}},
            "paths": {"/x/{id}": {"parameters": [{"name": "id", "in": "path"}], "put": {
                "security": [{"bearer": []}],
                "requestBody": {"content": {"application/json": {"schema": schema}}}}}},
        }
    )  # fmt: skip
    (operation,) = document.operations()
    assert (operation.method, operation.path, operation.secured) == ("PUT", "/x/{id}", True)
    assert [(i.name, i.place, i.required) for i in operation.inputs] == [
        ("id", "path", False),
        ("a", "body", True),
        ("b", "body", True),
    ]


def test_a_hostile_document_is_read_to_a_bounded_depth() -> None:
    document = Document(RECURSIVE)
    schema = document.resolve({"$ref": "#/components/schemas/A"})
    assert Values(document).of(Input("a", "body", schema)) is not None
    Document({"paths": {"/x": {"get": {"parameters": [7, None, {"name": 3}]}}, "/y": 3}}).operations()
    Document({"paths": []}).operations()


@pytest.mark.parametrize(
    ("name", "schema", "made"),
    [
        ("email", {"type": "string", "format": "email"}, "probe0@example.com"),
        ("password", {"type": "string", "minLength": 8}, PASSWORD),
        ("currency", {"type": "string"}, "EUR"),
        ("kind", {"enum": ["a", "b"]}, "a"),
        ("age", {"type": "integer", "minimum": 18}, 19),
        ("ratio", {"type": "number", "maximum": 1}, 1),
        ("title", {"type": "string", "maxLength": 3}, "pro"),
        ("tags", {"type": "array", "items": {"type": "string"}}, ["probe 0"]),
        ("agreed", {"type": "boolean"}, True),
        ("quantity", {}, 3),
    ],
)
def test_values_fit_their_schema_and_name(name: str, schema: dict[str, object], made: object) -> None:
    assert Values().of(Input(name, "body", schema)) == made


SAID = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
KEYS = (
    "type",
    "enum",
    "properties",
    "items",
    "required",
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "$ref",
)


@given(
    st.recursive(
        SAID,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
        max_leaves=12,
    )
)
def test_any_schema_gives_a_value(schema: object) -> None:
    if isinstance(schema, dict):
        document = Document({"components": schema})
        Values(document).of(Input("name", "body", schema))


def test_bodies_are_found_in_the_tests_of_each_language() -> None:
    view = build_view(
        {
            "tests/test_a.py": "def test_a(client):\n"
            '    client.post(f"/notes/{x}", json={"title": "T", "n": 1, "v": y})\n',
            "a.test.js": "it('x', () => request(app).post('/posts').send({ title: 'P', tags: ['a'] }));\n",
            "a_test.go": "package a\nfunc TestA(t *testing.T) {\n"
            '\tcall(r, "POST", fmt.Sprintf("/p/%d", id), `{"sku":"A"}`)\n}\n',
        }
    )
    found = {(tuple(sorted(e.paths)), json.dumps(e.body)) for e in examples(view.modules_of("test"))}
    assert (("/notes/{}",), '{"title": "T", "n": 1}') in found
    assert (("/posts",), '{"title": "P", "tags": ["a"]}') in found
    assert (("/p/{}",), '{"sku": "A"}') in found


def test_what_answers_give_away() -> None:
    assert fault(answer(500, {})) == "a 5xx"
    assert "stack trace" in fault(
        answer(400, {"detail": 'Traceback (most recent call last):\n  File "a.py", line 3'})
    )
    assert "stack trace" in fault(answer(400, "Error: x\n    at Object.<anonymous> (/work/a.js:3:5)\n"))
    assert fault(answer(404, {"error": "no file at the place"})) == ""
    assert database_error(answer(400, 'pq: syntax error at or near "x"'))
    assert database_error(answer(400, {"error": "title is required"})) == ""
    bcrypt = "$2b$12$abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ012"
    assert "hash" in leaked_hash(answer(200, {"user": {"x": bcrypt}}))
    assert leaked_hash(answer(200, {"user": {"passwordHash": "0123"}})) == "the field passwordHash"
    assert leaked_hash(answer(422, {"password": "too short"})) == ""
    assert leaked_hash(answer(200, {"user": {"password": None}})) == ""
    assert rows({"items": [1, 2], "total": 2}) == 2
    assert rows({"data": {"items": [1]}}) == 1
    assert rows({"a": [], "b": []}) is None


def test_targets_come_from_the_code_and_know_what_is_guarded() -> None:
    files = {
        "app.py": "from flask import Flask\napp = Flask(__name__)\n@app.post('/items')\ndef make():\n    return {}\n"
        "@app.get('/items/<int:item_id>')\ndef one(item_id):\n    return {}\n"
    }
    task = Task(
        task="t", framework="Flask", requirements=("POST /items - needs a token", "GET /items/{id} - public")
    )
    targets = {t.name: t for t in find_targets(build_view(files, task=task), None)}
    assert targets["POST /items"].guarded.startswith("the task: POST /items")
    assert targets["GET /items/{item_id}"].guarded == ""
    assert (targets["POST /items"].file, targets["POST /items"].line) == ("app.py", 3)


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
        from dataclasses import replace

        return with_probes(read, replace(view, probes=ProbeReport(results)))

    wrong = joined(result(Verdict.PASS, "fine"), result(Verdict.FAIL, "granted: GET /x answered 200"))
    assert wrong.verdict is Verdict.FAIL
    assert wrong.evidence == (Evidence("granted: GET /x answered 200", "a.py", 7),)
    right = joined(result(Verdict.PASS, "fine"), result(Verdict.INCONCLUSIVE, "no answer"))
    assert right.verdict is Verdict.PASS
    assert [e.message for e in right.evidence] == ["guarded", "fine", "not judged: no answer"]
    open_question = CheckResult("auth-required", Verdict.INCONCLUSIVE, "unread", (Evidence("unread"),))
    assert joined(result(Verdict.PASS, "fine"), read=open_question).verdict is Verdict.INCONCLUSIVE
    other = CheckResult("complete", Verdict.PASS, "whole", (Evidence("whole"),))
    assert joined(result(Verdict.FAIL, "x"), read=other) == other


@contextmanager
def answering(reply: Callable[[Ask], Answer]) -> Iterator[Client]:
    """A client of a server on a Unix socket that answers by a function."""

    class Handler(BaseHTTPRequestHandler):
        def handle_one_request(self) -> None:
            self.raw_requestline = self.rfile.readline(65536)
            if not self.raw_requestline or not self.parse_request():
                self.close_connection = True
                return
            url = urlsplit(self.path)
            query = tuple(parse_qsl(url.query, keep_blank_values=True))
            said = reply(Ask(self.command, unquote(url.path), query))
            headers = {**said.headers, "content-length": str(len(said.body))}
            lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
            self.wfile.write(f"HTTP/1.1 {said.status} X\r\n{lines}\r\n".encode())
            self.wfile.write(said.body)
            self.close_connection = True

    with TemporaryDirectory() as folder:
        place = f"{folder}/http.sock"
        with UnixStreamServer(place, Handler) as server:
            thread = Thread(target=server.serve_forever, args=(0.01,))
            thread.start()
            client = Client(place, 30)
            try:
                yield client
            finally:
                client.close()
                server.shutdown()
                thread.join()


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
