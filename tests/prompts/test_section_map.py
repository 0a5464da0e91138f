"""The table in docs/prompts.md: every section of the source documents has a place that exists."""

import re
from pathlib import Path

import pytest

from prompts.role import SHIPPED

DOCUMENT = Path(__file__).parents[2] / "docs" / "prompts.md"
BUILDER = [
    "Backend Builder Prompt (Codex)",
    "Role",
    "Your Strengths",
    "Your Constraints",
    "Input You Need",
    "Output Format",
    "Best Practices",
    "API Endpoint Structure",
    "Error Handling Patterns",
    "Database Operations",
    "Input Validation (builder)",
    "Example Task",
    "Checklist",
]
EXPERT = [
    "Backend Development Prompt Template",
    "Role (expert)",
    "Expertise",
    "Guidelines",
    "API Design",
    "Database Design",
    "Security",
    "Performance",
    "Framework-Specific Guidelines",
    "Python/Django",
    "Go",
    "Node.js/Express",
    "Common Patterns",
    "RESTful API Design",
    "Database Modeling",
    "Authentication Middleware",
    "Performance Optimization",
    "Database Optimization",
    "API Performance",
    "Caching Strategies",
    "Testing Strategies",
    "Unit Testing",
    "Integration Testing",
    "API Testing",
    "Security Considerations",
    "Input Validation (expert)",
    "Rate Limiting",
    "Output Format (expert)",
    "Examples",
    "Example 1: API Design",
    "Constraints",
]


def rows() -> dict[str, str]:
    text = DOCUMENT.read_text(encoding="utf-8").split("## Where each section")[1]
    cells = [line.strip("|").split("|") for line in text.split("\n") if line.startswith("| ")]
    return {row[0].strip(): row[1] for row in cells if row[0].strip() != "section"}


@pytest.mark.parametrize("section", BUILDER + EXPERT)
def test_each_section_has_a_place_that_exists(section: str) -> None:
    places = re.findall(r"`((?:roles|parts)/[^`]+)`", rows()[section])
    assert places or "own items" in rows()[section]
    for place in places:
        assert (SHIPPED / place).exists(), place


def test_the_table_holds_nothing_else() -> None:
    assert list(rows()) == BUILDER + EXPERT


def test_every_shipped_part_is_named_in_the_document() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    for path in SHIPPED.glob("parts/**/*.j2"):
        assert path.name.removesuffix(".md.j2") in text, path


def test_every_example_task_in_the_documents_can_be_read() -> None:
    from prompts.taskfile import parse_task

    text = (DOCUMENT.parent / "tasks.md").read_text(encoding="utf-8")
    first, second, third = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    assert len(parse_task(first, "tasks.md", None).endpoints) == 4
    without_files = re.sub(r"(?m)^(context|hidden_tests):\n(  - .*\n)+", "", second)
    assert len(parse_task(without_files, "tasks.md", None).endpoints) == 7
    access = parse_task(f"task: a\nframework: b\n{third}", "tasks.md", None).auth
    assert access is not None and len(access.rules) == 4
