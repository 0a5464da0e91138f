"""The expert's review of an answer, asked for as an object and read as findings."""

from typing import Literal

from pydantic import BaseModel, Field

from agents.completion import Model, Request
from agents.structured import ask
from prompts.finding import Finding
from prompts.review import parse_review


class ReviewFinding(BaseModel):
    """One thing that is wrong with the answer."""

    severity: Literal["high", "medium", "low"]
    path: str = Field(default="", description="the path after FILE:, or where a missing file belongs")
    line: int = Field(default=0, ge=0, description="counted from the first line of that file's content")
    finding: str = Field(description="what is wrong, what happens because of it, and how to mend it")


class Review(BaseModel):
    """A whole review; no findings mean that nothing is wrong."""

    findings: list[ReviewFinding] = Field(max_length=50)


async def ask_review(model: Model, request: Request) -> tuple[Finding, ...]:
    """The findings of a review. One that is no such object even when asked again is read as plain text."""
    answer = await ask(model, request, Review)
    if answer.value is None:
        return parse_review(answer.completions[-1].text)
    return tuple(
        Finding("review", found.finding, path=found.path, line=found.line, severity=found.severity)
        for found in answer.value.findings
    )
