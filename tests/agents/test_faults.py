"""Every fault that a provider can have, and its stated outcome: a completion after all, or a clear error."""

import asyncio
import random
import time
from pathlib import Path

import pytest

from agents.cassette.cassette import Cassette, open_cassette
from agents.cassette.replay import Recorder
from agents.completion import Completion, Request
from agents.models import ModelOptions, open_model
from agents.providers.faults import Fault, retry_after
from agents.retries import Retries, Timeouts
from prompts.errors import ProviderError
from tests.agents.conftest import KEYS, NAMES, QUICK, Opener, request_for
from tests.agents.loopback import Loopback, Reply, fault

LIVE = pytest.mark.parametrize("name", NAMES)


async def failed(opened: Opener, name: str) -> ProviderError:
    model = opened(name)
    with pytest.raises(ProviderError) as error:
        await model.complete(request_for(name))
    assert error.value.exit_code == 3
    return error.value


PASSING = [
    pytest.param(fault(408, "took too long"), id="408"),
    pytest.param(fault(409, "conflict"), id="409"),
    pytest.param(fault(429, "slow down"), id="429"),
    pytest.param(fault(429, "slow down", retry_after="0"), id="429 with Retry-After"),
    pytest.param(fault(500, "oops"), id="500"),
    pytest.param(fault(502, "bad gateway"), id="502"),
    pytest.param(fault(503, "unavailable"), id="503"),
    pytest.param(fault(529, "overloaded", kind="overloaded_error"), id="529"),
    pytest.param(Reply(cut_after=4), id="cut stream"),
    pytest.param(Reply(end_after=4), id="stream that ends early"),
    pytest.param(Reply(malformed_after=4), id="malformed event"),
    pytest.param(Reply(content_type="text/html", body="<h1>Bad gateway</h1>"), id="page instead of a stream"),
    pytest.param(Reply(content_type="application/json", body='{"wrong":'), id="wrong JSON"),
    pytest.param(Reply(text=""), id="empty answer"),
]


@LIVE
@pytest.mark.parametrize("reply", PASSING)
async def test_a_passing_fault_is_retried_until_the_answer_is_whole(
    name: str, reply: Reply, server: Loopback, opened: Opener
) -> None:
    server.script = [reply, reply, Reply(text="At last.")]
    completion = await opened(name).complete(request_for(name))
    assert completion.text == "At last."
    assert completion.attempts == 3
    assert len(server.seen) == 3


@LIVE
async def test_a_lasting_fault_ends_after_the_last_try(name: str, server: Loopback, opened: Opener) -> None:
    server.usual = lambda _: fault(503, "we are down")
    error = await failed(opened, name)
    assert str(error) == f"{name}: server (HTTP 503) after 4 tries: we are down [request req_loopback]"
    assert "go on later" in error.hint
    assert len(server.seen) == QUICK.tries


@LIVE
@pytest.mark.parametrize(
    ("reply", "told", "hint"),
    [
        (fault(400, "temperature is not supported"), "temperature is not supported", "refused a setting"),
        (fault(401, "invalid key"), "unauthorized (HTTP 401)", "environment variable"),
        (fault(403, "not allowed"), "forbidden (HTTP 403)", "permissions"),
        (fault(404, "no such model", kind="not_found_error"), "not-found (HTTP 404)", "the model's name"),
        (fault(422, "bad field"), "bad-request (HTTP 422)", "refused a setting"),
        (fault(413, "too large", kind="request_too_large"), "context-overflow (HTTP 413)", "Shorten"),
        (fault(400, "prompt is too long: 300000 tokens > 200000 maximum"), "context-overflow", "Shorten"),
        (fault(400, "too long", kind="context_length_exceeded"), "context-overflow", "Shorten"),
        (fault(429, "You exceeded your current quota", kind="insufficient_quota"), "quota", "add credit"),
        (fault(400, "the prompt was filtered", kind="content_filter"), "content-filter", "reword"),
    ],
    ids=lambda value: getattr(value, "status", None),
)
async def test_what_another_try_cannot_mend_is_told_at_once(
    name: str, reply: Reply, told: str, hint: str, server: Loopback, opened: Opener
) -> None:
    server.script = [reply]
    error = await failed(opened, name)
    assert told in str(error)
    assert hint in error.hint
    assert len(server.seen) == 1


@LIVE
async def test_an_error_in_the_middle_of_a_stream_is_retried(
    name: str, server: Loopback, opened: Opener
) -> None:
    event = {"type": "overloaded_error", "code": "server_error", "message": "Overloaded"}
    server.script = [Reply(error_event=event), Reply(text="At last.")]
    assert (await opened(name).complete(request_for(name))).text == "At last."


SHAPES = [
    "null",
    "7",
    '"text"',
    "[]",
    '{"type": 7}',
    '{"type": "response.completed"}',
    '{"type": "response.completed", "response": null}',
    '{"type": "response.completed", "response": {"usage": [], "status": 5, "error": "x"}}',
    '{"type": "response.failed", "response": {"status": "failed", "error": null}}',
    '{"type": "response.output_text.delta", "delta": {"text": 1}}',
    '{"type": "error", "message": null}',
    '{"choices": 7}',
    '{"choices": [null]}',
    '{"choices": [{"delta": null}]}',
    '{"choices": [{"delta": {"content": 5}, "finish_reason": {}}]}',
    '{"choices": [], "usage": "much"}',
    '{"choices": [], "model": {}, "usage": {"prompt_tokens": "100", "completion_tokens": -5}}',
    '{"error": "broken"}',
    '{"error": {"message": {}, "code": []}}',
    '{"type": "message_start"}',
    '{"type": "message_start", "message": {"usage": null}}',
    '{"type": "message_start", "message": {"model": [], "usage": {"input_tokens": "5"}}}',
    '{"type": "content_block_delta", "delta": null}',
    '{"type": "message_delta", "delta": {"stop_reason": []}, "usage": {}}',
]


@LIVE
async def test_an_event_of_another_shape_breaks_nothing(name: str, server: Loopback, opened: Opener) -> None:
    """It is overlooked, or the attempt is a fault and made again: never an error of ours."""
    model = opened(name)
    for shape in SHAPES:
        server.script = [
            Reply(malformed_after=3, malformed=shape, text="Hello, world."),
            Reply(text="At last."),
        ]
        completion = await model.complete(request_for(name))
        assert completion.text in {"At last.", "Hello, world."}, shape
        assert completion.usage.output == 20, shape


@LIVE
async def test_an_answer_that_stays_empty_is_the_answer(name: str, server: Loopback, opened: Opener) -> None:
    server.usual = lambda _: Reply(text="")
    completion = await opened(name).complete(request_for(name))
    assert completion.text == ""
    assert completion.attempts == QUICK.empty_tries


@LIVE
@pytest.mark.parametrize(
    ("reply", "told"),
    [
        (
            Reply(before_headers=30),
            "first-token-timeout after 2 tries: nothing of the answer came within 0.15 s",
        ),
        (Reply(before_text=30), "first-token-timeout after 2 tries"),
        (Reply(between=30), "idle-timeout after 2 tries: the stream fell silent for 0.1 s"),
        (
            Reply(text="x" * 1000, between=0.03),
            "total-timeout after 2 tries: the answer was not whole within 0.4 s",
        ),
    ],
    ids=["30 s hang", "slow first token", "stalled stream", "endless stream"],
)
async def test_silence_has_an_end(
    name: str, reply: Reply, told: str, server: Loopback, opened: Opener
) -> None:
    server.usual = lambda _: reply
    timeouts = Timeouts(connect=5, first_token=0.15, idle=0.1, total=0.4)
    model = opened(name, timeouts=timeouts, retries=Retries(tries=2, first_wait=0.001))
    with pytest.raises(ProviderError) as error:
        await model.complete(request_for(name))
    assert told in str(error.value)


@LIVE
async def test_a_slow_first_token_within_the_limit_is_waited_for(
    name: str, server: Loopback, opened: Opener
) -> None:
    server.script = [Reply(before_text=0.2)]
    model = opened(name, timeouts=Timeouts(first_token=5, idle=0.1, total=5))
    completion = await model.complete(request_for(name))
    assert completion.attempts == 1
    assert completion.first_token_seconds is not None
    assert completion.first_token_seconds >= 0.2


async def test_a_server_that_is_not_there_is_told() -> None:
    options = ModelOptions(base_url="http://127.0.0.1:9/v1", retries=QUICK)
    with pytest.raises(ProviderError, match=r"compatible/x: connection after 4 tries: ConnectError") as error:
        await open_model("compatible/x", options, environ={}).complete(request_for("compatible/x"))
    assert "base URL" in error.value.hint


@LIVE
async def test_a_restarted_stream_says_so_to_who_watches(name: str, server: Loopback, opened: Opener) -> None:
    server.script = [Reply(text="wrong wrong wrong", cut_after=5), Reply(text="right")]
    pieces: list[str] = []
    await opened(name).complete(request_for(name), pieces.append)
    start_over = pieces.index("")
    assert "".join(pieces[:start_over]).startswith("wrong")
    assert "".join(pieces[start_over:]) == "right"


@LIVE
async def test_cancelling_stops_at_once_and_hangs_up(name: str, server: Loopback, opened: Opener) -> None:
    server.script = [Reply(text="x" * 1000, between=0.05)]
    got = asyncio.Event()
    call = asyncio.create_task(opened(name).complete(request_for(name), lambda _: got.set()))
    await got.wait()

    began = time.perf_counter()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert time.perf_counter() - began < 0.2
    await asyncio.wait_for(server.idle.wait(), 2)


@LIVE
async def test_keys_are_never_in_an_error(name: str, server: Loopback, opened: Opener) -> None:
    keys = " and ".join(KEYS.values())
    server.usual = lambda _: fault(
        401, f"Incorrect API key provided: {keys}, or sk-someoneelses1234567890abcdef"
    )
    error = await failed(opened, name)
    for key in (*KEYS.values(), "sk-someoneelses"):
        assert key not in str(error) + repr(error) + error.hint
    assert error.__suppress_context__


@LIVE
async def test_a_long_error_is_cut(name: str, server: Loopback, opened: Opener) -> None:
    server.script = [fault(400, "no " * 100_000)]
    assert len(str(await failed(opened, name))) < 1000


def waits(fault: Fault, retries: Retries, count: int = 10) -> list[float | None]:
    return [retries.wait(fault, failed, random.Random(1)) for failed in range(1, count + 1)]


def test_waits_grow_are_spread_and_end() -> None:
    got = waits(Fault("server", ""), Retries(tries=8, first_wait=1, longest_wait=10))
    for wait, most in zip(got, [1, 2, 4, 8, 10, 10, 10], strict=False):
        assert wait is not None
        assert most / 2 <= wait <= most
    assert got[7:] == [None, None, None]


def test_waits_honour_what_the_provider_asks_for() -> None:
    (wait,) = waits(Fault("rate-limit", "", retry_after=60), Retries(), count=1)
    assert wait is not None
    assert 60 <= wait <= 61


async def test_a_wait_that_is_too_long_is_not_waited_for(server: Loopback, opened: Opener) -> None:
    server.script = [fault(429, "slow down", retry_after="3600")]
    error = await failed(opened, "openai/gpt-5")
    assert "The provider asks to wait 3600 s." in str(error)


async def test_a_wait_that_is_too_long_does_not_hold_up_the_others(server: Loopback, opened: Opener) -> None:
    server.script = [fault(429, "slow down", retry_after="3600")]
    model = opened("openai/gpt-5")
    with pytest.raises(ProviderError):
        await model.complete(request_for("openai/gpt-5"))
    completion = await asyncio.wait_for(model.complete(request_for("openai/gpt-5")), 5)
    assert completion.text == "Hello, world."


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after-ms": "250", "retry-after": "1"}, 0.25),
        ({"retry-after": "Thu, 01 Jan 1970 00:01:40 GMT"}, 90),
        ({"retry-after": "Thu, 01 Jan 1970 00:00:01 GMT"}, 0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "-5"}, None),
        ({}, None),
    ],
)
def test_retry_after_is_read_in_all_its_forms(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers, now=10) == seconds


@pytest.mark.slow
async def test_a_thousand_calls_with_faults_on_every_fifth_all_complete(
    server: Loopback, opened: Opener, tmp_path: Path
) -> None:
    dice = random.Random(3)
    faulty = [
        Reply(cut_after=4),
        fault(500),
        fault(429),
        Reply(malformed_after=3),
        fault(529),
        Reply(text=""),
    ]
    server.usual = lambda number: dice.choice(faulty) if dice.random() < 0.2 else Reply(text="Done.")
    model = opened(
        "compatible/local", retries=Retries(tries=12, first_wait=0.002, longest_wait=0.02, empty_tries=9)
    )
    recorder = Recorder(model, Cassette(tmp_path))
    gate = asyncio.Semaphore(64)

    async def call(request: Request) -> Completion:
        async with gate:
            return await recorder.complete(request)

    completions = await asyncio.gather(
        *(call(request_for("compatible/local", f"Task {n}")) for n in range(1000))
    )

    assert [completion.text for completion in completions] == ["Done."] * 1000
    assert sum(completion.attempts for completion in completions) == len(server.seen)
    asked = [seen.body["messages"][-1]["content"] for seen in server.seen]
    assert set(asked) == {f"Task {n}" for n in range(1000)}
    assert len(open_cassette(tmp_path)) == len([p for p in tmp_path.iterdir() if p.is_dir()]) == 1000
    print(f"sent {len(server.seen)} requests for 1000 completions: {len(server.seen) / 1000:.2f}")  # noqa: T201
