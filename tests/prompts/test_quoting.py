"""Foreign text, shown as data."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts.quoting import barred, fenced, one_line, visible

HOSTILE = st.text(alphabet=st.sampled_from("ab`|- \n\r\t\x1b[\u202e\x00FILE:é日"), max_size=400)


def test_escapes_and_control_characters_are_dropped() -> None:
    assert (
        visible("\x1b[31mred\x1b[0m \x1b]0;title\x07\u202eabc\x00\r\nnext\rlast")
        == "red 0;titleabc\nnext\nlast"
    )


@pytest.mark.parametrize(("text", "ticks"), [("a", 3), ("```", 4), ("x ````` y", 6), ("``", 3)])
def test_a_fence_is_longer_than_any_inside(text: str, ticks: int) -> None:
    assert fenced(text) == "`" * ticks + f"\n{text}\n" + "`" * ticks


@given(HOSTILE)
def test_what_is_fenced_can_be_read_back(text: str) -> None:
    lines = fenced(text).split("\n")
    assert lines[0] == lines[-1] and set(lines[0]) == {"`"}
    assert "\n".join(lines[1:-1]) == text.rstrip("\n")
    assert not any(line.strip().startswith(lines[0]) for line in lines[1:-1])


@given(HOSTILE, st.integers(min_value=0, max_value=300))
def test_every_barred_line_stands_behind_a_bar_and_the_limit_holds(text: str, limit: int) -> None:
    shown = barred(text, limit)
    assert len(shown) <= max(limit, 0)
    assert all(line.startswith("|") for line in shown.split("\n") if shown)


def test_the_middle_goes_first() -> None:
    shown = barred("\n".join(f"line {number}" for number in range(1000)), 200)
    assert shown.startswith("| line 0\n") and shown.endswith("| line 999") and "\n| [...]\n" in shown
    assert barred("x" * 1000, 100).startswith("| xxx")


@given(HOSTILE, st.integers(min_value=10, max_value=50))
def test_one_line_is_one_line(text: str, limit: int) -> None:
    line = one_line(text, limit)
    assert len(line) <= limit and "\n" not in line and line == line.strip()
