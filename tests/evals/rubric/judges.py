"""Judges of known quality, as a server that speaks a provider's wire format."""

import json
from collections.abc import Callable
from typing import Any

from evals.rubric.labels import LabelledSet, Part
from tests.agents.loopback import Reply, Seen

Rules = Callable[[Part, str, int], str]
"""The verdict on a part by a criterion, the n-th time that it is asked."""


def judging(labelled: LabelledSet, rules: Rules) -> Callable[[Seen], Reply]:
    """A server's answers: the part is known by its text, the criteria by their names in the question."""
    asked: dict[str, int] = {}

    def answer(seen: Seen) -> Reply:
        question = _question(seen.body)
        part = next(p for p in labelled.parts if p.text.strip()[:200] in question)
        asked[part.id] = asked.get(part.id, 0) + 1
        names = [c for c in part.labels if f"### {c}\n" in question]
        rulings = [
            {
                "criterion": name,
                "quote": next(line for line in part.text.split("\n") if len(line) > 20),
                "reason": "as the criterion says",
                "verdict": rules(part, name, asked[part.id]),
            }
            for name in names
        ]
        return Reply(text=json.dumps({"rulings": rulings}), piece=4000)

    return answer


def agrees(part: Part, criterion: str, _: int) -> str:
    """What the label says."""
    return part.labels[criterion].verdict


def always_passes(*_: object) -> str:
    """A judge that likes everything."""
    return "pass"


def wavers(part: Part, criterion: str, time: int) -> str:
    """The label, but every third time the opposite."""
    verdict = part.labels[criterion].verdict
    return ("fail" if verdict == "pass" else "pass") if time % 3 == 0 else verdict


def _question(body: Any) -> str:
    messages = body.get("input") or body["messages"]
    content = messages[-1]["content"]
    return content if isinstance(content, str) else "".join(piece["text"] for piece in content)
