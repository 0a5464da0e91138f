"""Answers by a schema."""

from typing import Literal

import pytest
from pydantic import BaseModel, Field

from agents.structured import ask, read
from tests.agents.conftest import Opener, request_for
from tests.agents.loopback import Loopback, Reply


class Point(BaseModel):
    severity: Literal["high", "low"]
    line: int = Field(ge=1)


class Review(BaseModel):
    points: list[Point]


GOOD = '{"points": [{"severity": "high", "line": 3}]}'
BAD = '{"points": [{"severity": "awful", "line": 0}]}'


@pytest.mark.parametrize(
    ("name", "where"),
    [
        ("openai/gpt-5", ("text", "format", "schema")),
        ("compatible/local", ("response_format", "json_schema", "schema")),
        ("anthropic/claude-sonnet-4-6", ("output_config", "format", "schema")),
    ],
)
async def test_the_schema_is_sent_in_the_providers_own_way(
    name: str, where: tuple[str, ...], server: Loopback, opened: Opener
) -> None:
    server.script = [Reply(text=GOOD)]
    outcome = await ask(opened(name), request_for(name), Review)
    assert outcome.value == Review(points=[Point(severity="high", line=3)])
    sent = server.seen[0].body
    for step in where:
        sent = sent[step]
    assert sent["additionalProperties"] is False
    assert sent["$defs"]["Point"]["additionalProperties"] is False


async def test_a_wrong_answer_is_asked_for_once_more_with_its_errors(
    server: Loopback, opened: Opener
) -> None:
    server.script = [Reply(text=BAD), Reply(text=GOOD)]
    outcome = await ask(opened("openai/gpt-5"), request_for("openai/gpt-5"), Review)
    assert outcome.value is not None
    assert len(outcome.completions) == 2
    told = server.seen[1].body["input"][-1]["content"]
    assert "points.0.severity: Input should be 'high' or 'low'" in told
    assert "points.0.line: Input should be greater than or equal to 1" in told


async def test_two_wrong_answers_are_no_value(server: Loopback, opened: Opener) -> None:
    server.usual = lambda _: Reply(text=BAD)
    outcome = await ask(opened("openai/gpt-5"), request_for("openai/gpt-5"), Review)
    assert outcome.value is None
    assert len(outcome.problems) == 2
    assert len(server.seen) == 2


async def test_a_refusal_is_not_argued_with(server: Loopback, opened: Opener) -> None:
    server.script = [Reply(text="I cannot.", stop="refusal")]
    outcome = await ask(opened("openai/gpt-5"), request_for("openai/gpt-5"), Review)
    assert outcome.value is None
    assert len(server.seen) == 1


@pytest.mark.parametrize(
    "answer",
    [
        GOOD,
        f"```json\n{GOOD}\n```\n",
        f"Such as {{}} or {{x}}: {GOOD} Anything else?",
        f'An example is {{"points": 1}}.\n{GOOD}',
        "<think>{ maybe</think>\n" + GOOD,
    ],
)
def test_what_stands_around_the_object_is_let_pass(answer: str) -> None:
    value, problems = read(answer, Review)
    assert value == Review(points=[Point(severity="high", line=3)])
    assert problems == ()


@pytest.mark.parametrize("answer", ["", "no", "{" * 200_000, "[" * 200_000, '{"a":' * 100_000])
def test_what_is_no_object_is_said_to_be_none(answer: str) -> None:
    assert read(answer, Review) == (None, ("there is no JSON object in the answer",))
