"""What is said where a run's folder holds another run."""

import json
from typing import Any

import pytest

from orchestrator.run_plan import changes


def agent(**settings: object) -> dict[str, Any]:
    return {"id": "gpt", "model": "openai/gpt", "parameters": json.dumps({"seed": None, **settings})}


def task(name: str, digest: str = "1" * 64) -> dict[str, Any]:
    return {"id": name, "hash": digest, "title": "a long title " * 20}


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        ({"rounds": 1, "tests": True}, {"rounds": 1, "tests": True}, ""),
        ({"rounds": 1}, {"rounds": 2}, "rounds was 1, is 2"),
        ({}, {"judge": "openai/gpt"}, "judge was None, is 'openai/gpt'"),
        (
            {"agents": [agent()]},
            {"agents": [agent(temperature=0.1)]},
            "agents: gpt has changed (parameters (temperature was None, is 0.1))",
        ),
        (
            {"tasks": [task("a"), task("b")]},
            {"tasks": [task("a", "2" * 64), *(task(f"t{n}") for n in range(9))]},
            "tasks: no longer b, t0, t1, t2 and 6 more besides, a has changed "
            f"(hash was '{'1' * 64}', is '{'2' * 64}')",
        ),
        ({"tasks": [task("a"), task("a")]}, {"tasks": []}, None),
    ],
)
def test_only_what_differs_is_told(before: dict[str, Any], now: dict[str, Any], said: str | None) -> None:
    told = changes(before, now)
    assert len(told) < 300
    assert said is None or told == said
