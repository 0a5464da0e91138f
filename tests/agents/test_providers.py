"""What each provider is sent, and what its answer becomes."""

import json
from decimal import Decimal

import pytest

from agents.completion import Parameters
from agents.providers.registry import find
from agents.settings import read_settings
from tests.agents.conftest import KEYS, NAMES, Opener, request_for
from tests.agents.loopback import Loopback, Reply

LIVE = pytest.mark.parametrize("name", NAMES)


@LIVE
async def test_an_answer_is_streamed_and_whole(name: str, server: Loopback, opened: Opener) -> None:
    server.script = [Reply(text="FILE: a.py\n---\nprint('é')\n---\n", thought="Let me see.")]
    pieces: list[str] = []

    completion = await opened(name).complete(request_for(name), pieces.append)

    assert completion.text == "FILE: a.py\n---\nprint('é')\n---\n"
    assert "".join(pieces) == completion.text
    assert len(pieces) > 3
    assert completion.reasoning == "Let me see."
    assert completion.stop_reason == "end"
    assert completion.source == "live"
    assert completion.attempts == 1


@LIVE
async def test_torn_characters_are_mended(name: str, server: Loopback, opened: Opener) -> None:
    # Sent as JSON escapes: a pair that is torn apart by the pieces, then two halves that belong to nothing.
    server.script = [Reply(text="ab\ud83d\ude00c\ude00d\ud83d", thought="x\ud800", piece=3)]
    pieces: list[str] = []
    completion = await opened(name).complete(request_for(name), pieces.append)
    assert completion.text == "ab😀c�d�"
    assert completion.reasoning == "x�"
    assert "".join(pieces) == completion.text
    assert all(piece.encode("utf-8") for piece in pieces)


@LIVE
async def test_a_completion_says_what_it_took(name: str, opened: Opener) -> None:
    completion = await opened(name).complete(request_for(name))

    assert completion.usage.input == 100
    assert completion.usage.output == 20
    assert completion.usage.cached == 40
    assert completion.usage.reasoning == 5
    assert completion.request_id == "req_loopback"
    assert completion.model.startswith(name.partition("/")[2])
    assert completion.first_token_seconds is not None
    assert completion.seconds is not None
    assert 0 < completion.first_token_seconds <= completion.seconds < 5


async def test_the_cost_is_the_price_lists(opened: Opener) -> None:
    # claude-sonnet-4-6: $3 input, $0.30 cache reads, $3.75 cache writes, $15 output, each per million tokens.
    name = "anthropic/claude-sonnet-4-6"
    completion = await opened(name).complete(request_for(name))
    assert completion.cost == Decimal("0.00015") + Decimal("0.000012") + Decimal("0.0000375") + Decimal(
        "0.0003"
    )


@pytest.mark.parametrize("name", ["compatible/local", "openai/no-such-model"])
async def test_an_unknown_price_is_unknown_and_not_nothing(name: str, opened: Opener) -> None:
    assert (await opened(name).complete(request_for(name))).cost is None


@pytest.mark.parametrize("name", ["openai/gpt-5", "compatible/local"])
async def test_missing_counts_are_unknown(name: str, server: Loopback, opened: Opener) -> None:
    server.script = [Reply(usage=False)]
    completion = await opened(name).complete(request_for(name))
    assert completion.usage.input is None
    assert completion.cost is None


@LIVE
@pytest.mark.parametrize("stop", ["length", "refusal", "filter"])
async def test_why_it_stopped(name: str, stop: str, server: Loopback, opened: Opener) -> None:
    if name.startswith("anthropic") and stop == "filter":
        stop = "refusal"  # the Messages API has one word for both
    server.script = [Reply(text="I cannot do that.", stop=stop)]
    completion = await opened(name).complete(request_for(name))
    assert completion.stop_reason == stop
    assert completion.text == "I cannot do that."


async def test_what_the_responses_api_is_sent(server: Loopback, opened: Opener) -> None:
    parameters = Parameters(max_tokens=500, reasoning_effort="low", extra=(("verbosity", "low"),))
    request = request_for("openai/gpt-5", "Build it.", "Done.", "Repair it.", parameters=parameters)

    await opened("openai/gpt-5").complete(request)

    seen = server.seen[0]
    assert seen.path == "/v1/responses"
    assert seen.headers["authorization"] == f"Bearer {KEYS['OPENAI_API_KEY']}"
    assert seen.body == {
        "model": "gpt-5",
        "stream": True,
        "store": False,
        "instructions": "You build backends.",
        "input": [
            {"role": "user", "content": "Build it."},
            {"role": "assistant", "content": "Done."},
            {"role": "user", "content": "Repair it."},
        ],
        "max_output_tokens": 500,
        "reasoning": {"effort": "low"},
        "text": {"verbosity": "low"},
    }


async def test_what_chat_completions_is_sent(server: Loopback, opened: Opener) -> None:
    parameters = Parameters(
        temperature=0.2, max_tokens=500, seed=7, stop=("END",), extra=(("body.num_ctx", 8192), ("min_p", 0.1))
    )
    await opened("compatible/local").complete(request_for("compatible/local", parameters=parameters))

    seen = server.seen[0]
    assert seen.path == "/v1/chat/completions"
    assert seen.body == {
        "model": "local",
        "messages": [
            {"role": "system", "content": "You build backends."},
            {"role": "user", "content": "Build it."},
        ],
        "stream": True,
        "stream_options": {"include_usage": True},
        "temperature": 0.2,
        "max_tokens": 500,
        "seed": 7,
        "stop": ["END"],
        "num_ctx": 8192,
        "min_p": 0.1,
    }


async def test_openai_itself_is_sent_the_newer_name_of_the_limit(server: Loopback, opened: Opener) -> None:
    parameters = Parameters(max_tokens=500)
    await opened("openai-chat/gpt-5").complete(request_for("openai-chat/gpt-5", parameters=parameters))
    assert server.seen[0].body["max_completion_tokens"] == 500
    assert "max_tokens" not in server.seen[0].body


async def test_what_the_messages_api_is_sent(server: Loopback, opened: Opener) -> None:
    name = "anthropic/claude-sonnet-4-6"
    parameters = Parameters(stop=("END",), reasoning_effort="high", json_schema='{"type": "object"}')
    await opened(name).complete(request_for(name, parameters=parameters))

    seen = server.seen[0]
    assert seen.path == "/v1/messages"
    assert seen.headers["authorization"] == f"Bearer {KEYS['ANTHROPIC_API_KEY']}"
    assert seen.body == {
        "model": "claude-sonnet-4-6",
        "stream": True,
        "max_tokens": 32_000,
        "system": [
            {"type": "text", "text": "You build backends.", "cache_control": {"type": "ephemeral"}},
        ],
        "messages": [{"role": "user", "content": "Build it."}],
        "stop_sequences": ["END"],
        "output_config": {
            "effort": "high",
            "format": {"type": "json_schema", "schema": {"type": "object"}},
        },
    }


async def test_a_compatible_server_learns_nothing_of_the_openai_account(
    server: Loopback, opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-account")
    monkeypatch.setenv("OPENAI_ADMIN_KEY", "sk-admin")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-mine")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "proj-mine")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Gateway: gateway-secret")

    await opened("compatible/local", environ={}).complete(request_for("compatible/local"))

    sent = str(server.seen[0].headers)
    for private in ("sk-account", "sk-admin", "org-mine", "proj-mine", "gateway-secret"):
        assert private not in sent


_VALUES: dict[str, str | int | float | bool] = {
    "top_p": 0.9, "service_tier": "default", "verbosity": "low", "reasoning_summary": "auto", "store": False,
    "prompt_cache_key": "k", "truncation": "auto", "presence_penalty": 0.1, "frequency_penalty": 0.1,
    "top_k": 5, "min_p": 0.1, "repetition_penalty": 1.1, "max_tokens_field": "max_tokens", "cache_ttl": "1h",
    "speed": "standard", "thinking": "adaptive", "thinking_budget": 2048, "thinking_display": "summarized",
}  # fmt: skip


@LIVE
async def test_the_sdk_takes_every_setting_that_the_registry_knows(
    name: str, server: Loopback, opened: Opener
) -> None:
    spec = find(name.partition("/")[0])
    common: dict[str, object] = {
        "temperature": 0.5, "max_tokens": 9000, "seed": 1, "reasoning_effort": "low", "stop": ["END"],
    }  # fmt: skip
    given = {key: value for key, value in common.items() if key not in spec.refused}
    parameters = read_settings({**given, **{key: _VALUES[key] for key in spec.extra}}, spec.name)

    completion = await opened(name).complete(request_for(name, parameters=parameters))

    assert completion.text == "Hello, world."
    sent = json.dumps(server.seen[0].body)
    assert "9000" in sent
    assert ("END" in sent) == ("stop" not in spec.refused)
