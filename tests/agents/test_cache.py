"""The completion cache of live calls."""

from pathlib import Path

import pytest

from agents.cache import Cached
from agents.redaction import Redactor
from tests.agents.conftest import Opener, request_for
from tests.agents.loopback import Loopback, Reply

NAME = "openai/gpt-5"


async def test_the_same_call_is_made_once(server: Loopback, opened: Opener, tmp_path: Path) -> None:
    server.script = [Reply(text="é\u2028\n", thought="Hm.")]
    first = await Cached(opened(NAME), tmp_path).complete(request_for(NAME))
    pieces: list[str] = []
    again = await Cached(opened(NAME), tmp_path).complete(request_for(NAME), pieces.append)

    assert len(server.seen) == 1
    assert again.source == "cached"
    assert again.text == first.text == "".join(pieces)
    assert (again.usage, again.cost, again.reasoning) == (first.usage, first.cost, first.reasoning)


async def test_a_cache_that_cannot_be_written_to_loses_no_answer(
    server: Loopback, opened: Opener, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    answer = await Cached(opened(NAME), tmp_path / "file/completions").complete(request_for(NAME))
    assert answer.source == "live"


async def test_epochs_stay_independent(server: Loopback, opened: Opener, tmp_path: Path) -> None:
    model = Cached(opened(NAME), tmp_path)
    for epoch in (1, 2, 3):
        assert (await model.complete(request_for(NAME, epoch=epoch))).source == "live"
    assert len(server.seen) == 3


@pytest.mark.parametrize("reply", [Reply(text="No.", stop="filter"), Reply(text="")], ids=["filter", "empty"])
async def test_answers_that_may_come_better_are_not_kept(
    reply: Reply, server: Loopback, opened: Opener, tmp_path: Path
) -> None:
    server.usual = lambda _: reply
    model = Cached(opened(NAME), tmp_path)
    assert (await model.complete(request_for(NAME))).source == "live"
    assert (await model.complete(request_for(NAME))).source == "live"


async def test_a_damaged_entry_is_no_entry(server: Loopback, opened: Opener, tmp_path: Path) -> None:
    model = Cached(opened(NAME), tmp_path)
    await model.complete(request_for(NAME))
    (path,) = tmp_path.glob("*/*.json")
    for damage in (b"", b"{", b"\xff\xfe", b'{"text": 1}'):
        path.write_bytes(damage)
        assert (await model.complete(request_for(NAME))).source == "live"
    assert (await model.complete(request_for(NAME))).source == "cached"


async def test_secrets_are_not_kept(server: Loopback, opened: Opener, tmp_path: Path) -> None:
    secret = "tok-1234567890abcdef"
    server.script = [Reply(text=f"TOKEN = '{secret}'")]
    model = Cached(opened(NAME), tmp_path, Redactor({"MY_TOKEN": secret}))
    await model.complete(request_for(NAME))
    (path,) = tmp_path.glob("*/*.json")
    assert secret not in path.read_text(encoding="utf-8")
