"""What is read out of documents, code, tests and answers, and what is made from it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.code.view import build_view
from evals.probes.literals import examples
from evals.probes.openapi import Document, Input
from evals.probes.reading import database_error, fault, leaked_hash, rows
from evals.probes.targets import find_targets, template
from evals.probes.values import PASSWORD, Values
from prompts.task import Task
from tests.evals.probes.answers import answer

RECURSIVE = {
    "components": {
        "schemas": {"A": {"$ref": "#/components/schemas/B"}, "B": {"$ref": "#/components/schemas/A"}}
    }
}


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
