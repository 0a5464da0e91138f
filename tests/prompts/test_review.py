"""Reading a reviewer's answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts.finding import Finding
from prompts.review import parse_review


def test_the_form_that_is_asked_for() -> None:
    text = (
        "- [high] app/api.py:41 - no owner check - anyone can delete\n- [low] app/db.py:3 - pool unbounded\n"
    )
    assert parse_review(text) == (
        Finding("review", "no owner check - anyone can delete", path="app/api.py", line=41, severity="high"),
        Finding("review", "pool unbounded", path="app/db.py", line=3, severity="low"),
    )


@pytest.mark.parametrize(
    "text", ["No findings.", "**No findings.**\n", "- no findings", "Looks good.\n\nNo findings."]
)
def test_nothing_found(text: str) -> None:
    assert parse_review(text) == ()


@pytest.mark.parametrize(
    ("line", "path", "number", "severity", "title"),
    [
        ("* **[Critical]** `a/b.go:7` \u2014 race", "a/b.go", 7, "high", "race"),
        ("1. [medium] a.py:10-20 - two places", "a.py", 10, "medium", "two places"),
        ("[MAJOR]: a.py - no line", "a.py", 0, "high", "no line"),
        ("- [minor] Dockerfile:2 -- runs as root", "Dockerfile", 2, "low", "runs as root"),
        (
            "- [high] the tests are missing - all of them",
            "",
            0,
            "high",
            "the tests are missing - all of them",
        ),
        ("- [low] nothing tells the limits", "", 0, "low", "nothing tells the limits"),
        ("- [high] src/x y.py:3 - spaces", "", 0, "high", "src/x y.py:3 - spaces"),
        ("- [high] app/[id]/route.ts:5 - unescaped", "app/[id]/route.ts", 5, "high", "unescaped"),
    ],
)
def test_deviations_are_understood(line: str, path: str, number: int, severity: str, title: str) -> None:
    (finding,) = parse_review(f"Here is my review:\n{line}\nThanks.")
    assert (finding.path, finding.line, finding.severity, finding.title) == (path, number, severity, title)


def test_findings_win_over_a_claim_that_there_are_none() -> None:
    assert len(parse_review("- [high] a.py:1 - broken\n\nNo findings.")) == 1


def test_what_cannot_be_read_is_kept_whole() -> None:
    (finding,) = parse_review("I would rewrite the transfer function, since it loses updates.")
    assert finding.detail.startswith("I would rewrite") and "not in the form" in finding.title
    (finding,) = parse_review("  \n")
    assert finding.title == "the review is empty"


def test_words_in_brackets_are_not_severities() -> None:
    (finding,) = parse_review("- [x] done\n- [ ] a.py:1 - todo\n- [note] a.py - hm")
    assert "not in the form" in finding.title


def test_a_flood_is_bounded() -> None:
    assert len(parse_review("".join(f"- [high] a.py:{n} - x{n}\n" for n in range(100_000)))) == 50
    (finding,) = parse_review("- [high] " + "a" * 1_000_000)
    assert len(finding.title) <= 2_000
    assert parse_review("- " * 200_000 + "[" * 200_000)[0].title.startswith("the review is not")


@given(st.text(alphabet="-[]high :.a1\n*`\u2014", max_size=300))
def test_any_text_gives_an_answer(text: str) -> None:
    for finding in parse_review(text):
        assert finding.kind == "review" and finding.title and finding.line >= 0
