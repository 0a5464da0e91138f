"""The field ``auth`` of a task file: which entries there are, which of them counts, and what the errors say."""

import pytest
from pydantic import ValidationError

from prompts.access import Access
from prompts.errors import ConfigError
from prompts.task import Task
from prompts.taskfile import parse_task

MINIMAL = "task: Build it\nframework: Flask\n"


def parse(field: str) -> Task:
    return parse_task(MINIMAL + field, "task.yaml", None)


def complaint(field: str) -> str:
    with pytest.raises(ConfigError) as caught:
        parse(field)
    return f"{caught.value} | {caught.value.hint}"


def test_one_entry_or_a_list() -> None:
    access = parse("auth:\n  public: GET /notes\n  owner: ['PUT, DELETE /notes/{id}']\n").auth
    assert access is not None
    assert [(r.standing, sorted(r.methods), r.path) for r in access.rules] == [
        ("owner", ["DELETE", "PUT"], "/notes/{}"),
        ("public", ["GET"], "/notes"),
    ]


def test_what_says_more_counts_first() -> None:
    access = Access(required=("*", "/admin/*", "/x"), public=("/admin/login", "GET /x", "/admin/open/*"))
    assert [rule.text for rule in access.rules] == [
        "/admin/login", "GET /x", "/x", "/admin/open/*", "/admin/*", "*",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("field", "message"),
    [
        ("auth: all", "task.yaml:3: `auth` must be a mapping"),
        ("auth: {publc: GET /a}", "unknown field `auth: publc` | did you mean `public`?"),
        ("auth: {public: GETT /a}", "auth: public: `GETT` is no HTTP method"),
        ("auth: {owner: notes}", "`notes` names no endpoint (write `GET /notes/{id}`"),
        ("auth: {owner: /*/notes}", "`*` may only stand at the end of a path"),
        ("auth: {owner: [[GET /a]]}", "`auth: owner` must name endpoints"),
        ("auth: {public: GET /a/:id, owner: 'GET, PUT /a/{key}'}", "GET /a/{} is both"),
    ],
)
def test_errors(field: str, message: str) -> None:
    assert message in complaint(field)


def test_contradictions_are_refused_wherever_a_task_comes_from() -> None:
    with pytest.raises(ValidationError, match="is both"):
        Task(task="a", framework="b", auth=Access(public=("/a",), required=("/a",)))


def test_a_task_without_the_field_is_the_task_that_it_was() -> None:
    assert parse("").digest == Task(task="Build it", framework="Flask").digest
    assert parse("auth: {public: /a}").digest != parse("").digest
