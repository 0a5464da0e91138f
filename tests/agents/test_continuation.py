"""Answers that were cut off are continued and joined."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.continuation import Continuing, block_never_closes, join, join_diagnostics
from tests.agents.conftest import NAMES, Opener, request_for
from tests.agents.loopback import Loopback, Reply

WHOLE = "FILE: a.py\n---\ndef one():\n    return 1\n\n\ndef two():\n    return 2\n---\n"


def ideal_rest(whole: str, cut: int) -> str:
    """What a model that does as it is asked sends: the last line that arrived, whole, and all after it."""
    so_far = whole[:cut]
    return whole[so_far.rstrip("\n").rfind("\n") + 1 :]


@pytest.mark.parametrize("name", NAMES)
async def test_an_answer_stopped_for_length_is_made_whole(
    name: str, server: Loopback, opened: Opener
) -> None:
    cut = WHOLE.index("return 1") + 3
    server.script = [Reply(text=WHOLE[:cut], stop="length"), Reply(text=ideal_rest(WHOLE, cut))]
    pieces: list[str] = []

    completion = await Continuing(opened(name)).complete(request_for(name), pieces.append)

    assert completion.text == WHOLE
    assert completion.stop_reason == "end"
    assert completion.usage.output == 40
    assert completion.attempts == 2
    assert len(completion.joins) == 1
    asked = str(server.seen[1].body)
    assert "Its last line so far is" in asked
    assert "    ret" in asked


async def test_the_join_is_told(server: Loopback, opened: Opener) -> None:
    server.script = [Reply(text="one\ntwo\nthr", stop="length"), Reply(text="three\nfour\n")]
    completion = await Continuing(opened("openai/gpt-5")).complete(request_for("openai/gpt-5"))
    assert completion.text == "one\ntwo\nthree\nfour\n"
    assert completion.cost == 2 * Decimal("0.00028")
    (diagnostic,) = join_diagnostics(completion)
    assert (diagnostic.code, diagnostic.severity, diagnostic.line) == ("continued", "warning", 3)


async def test_a_block_that_never_closes_is_continued_too(server: Loopback, opened: Opener) -> None:
    server.script = [Reply(text="FILE: a.py\n---\nx = 1\n"), Reply(text="x = 1\ny = 2\n---\n")]
    model = Continuing(opened("openai/gpt-5"), unfinished=block_never_closes)
    completion = await model.complete(request_for("openai/gpt-5"))
    assert completion.text == "FILE: a.py\n---\nx = 1\ny = 2\n---\n"


async def test_it_asks_only_so_often(server: Loopback, opened: Opener) -> None:
    server.usual = lambda number: Reply(text=f"line {number}\n", stop="length")
    completion = await Continuing(opened("openai/gpt-5"), limit=3).complete(request_for("openai/gpt-5"))
    assert len(server.seen) == 4
    assert completion.stop_reason == "length"
    assert completion.text == "line 0\nline 1\nline 2\nline 3\n"


async def test_a_whole_answer_is_left_alone(server: Loopback, opened: Opener) -> None:
    completion = await Continuing(opened("openai/gpt-5")).complete(request_for("openai/gpt-5"))
    assert completion.joins == ()
    assert len(server.seen) == 1


@given(whole=st.text(alphabet="ab{}\n -", max_size=80), data=st.data())
def test_an_ideal_continuation_joins_to_the_whole(whole: str, data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(whole)))
    if not whole[:cut].strip():
        return
    if not whole[:cut].rstrip("\n").rsplit("\n", maxsplit=1)[-1].strip():
        return  # a last line of blanks is no line to go on from
    text, _ = join(whole[:cut], ideal_rest(whole, cut))
    assert text == whole


@pytest.mark.parametrize(
    ("so_far", "more", "text"),
    [
        ("a = 1\n  total = ", "Here is the rest:\n\n```python\ntotal = 2\n", "a = 1\n  total = 2\n"),
        ("a = 1\nb = ", "2\nc = 3\n", "a = 1\nb = 2\nc = 3\n"),
        ("return value", "value + 1\n", "return value + 1\n"),
        ("f(\n}", "\n}\n", "f(\n}\n"),
        ("a\n", "b\n", "a\nb\n"),
        ("a", "", "a"),
    ],
    ids=["preface and fence", "goes on at once", "overlap", "short line", "next line", "nothing"],
)
def test_other_continuations_are_joined_as_far_as_they_can(so_far: str, more: str, text: str) -> None:
    assert join(so_far, more)[0] == text
