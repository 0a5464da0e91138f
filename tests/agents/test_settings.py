"""Model settings: what is accepted, and what is said about the rest."""

import pytest

from agents.completion import Parameters
from agents.settings import merge, parse_settings, read_settings
from prompts.errors import ConfigError
from prompts.taskfile import parse_task


def test_settings_are_read_from_options() -> None:
    pairs = [
        "temperature=0.2",
        "max_tokens=32_000",
        "seed=7",
        "reasoning_effort=low",
        "stop=A",
        "stop=B",
        "top_k=5",
    ]
    assert parse_settings(pairs, "compatible") == Parameters(
        temperature=0.2,
        max_tokens=32_000,
        seed=7,
        reasoning_effort="low",
        stop=("A", "B"),
        extra=(("top_k", 5),),
    )


def test_settings_are_read_from_a_mapping_with_its_types() -> None:
    values = {"temperature": 1, "stop": ["A", "B"], "store": True, "verbosity": "low"}
    assert read_settings(values, "openai-chat") == Parameters(
        temperature=1.0, stop=("A", "B"), extra=(("store", True), ("verbosity", "low"))
    )


def test_a_tasks_settings_are_read_as_written() -> None:
    task = parse_task(
        "task: T\nframework: F\nsettings: {temperature: 0.20, stop: [A, B], store: yes}\n", "task.yaml", None
    )
    assert read_settings(task.settings, "openai-chat") == Parameters(
        temperature=0.2, stop=("A", "B"), extra=(("store", "yes"),)
    )


def test_an_unknown_option_of_a_compatible_server_can_be_sent_as_it_is() -> None:
    assert parse_settings(["body.num_ctx=8192"], "ollama").extra == (("body.num_ctx", 8192),)


@pytest.mark.parametrize(
    ("pair", "provider", "told", "hint"),
    [
        (
            "temprature=1",
            "openai",
            "unknown model setting 'temprature' for openai",
            "Did you mean 'temperature'?",
        ),
        ("max_token=1", "anthropic", "unknown model setting 'max_token'", "Did you mean 'max_tokens'?"),
        ("num_ctx=1", "ollama", "unknown model setting 'num_ctx'", "body.num_ctx="),
        ("body.x=1", "openai", "unknown model setting 'body.x'", "Known: temperature"),
        ("seed=1", "openai", "openai has no setting 'seed'", "openai-chat/NAME"),
        ("temperature=0", "anthropic", "anthropic has no setting 'temperature'", "reasoning_effort"),
        ("reasoning_effort=hihg", "openai", "reasoning_effort='hihg' is unknown", "Did you mean 'high'?"),
        ("temperature=warm", "openai", "must be a number from 0 to 2", ""),
        ("temperature=3", "openai", "must be a number from 0 to 2", ""),
        ("temperature=nan", "openai", "must be a number from 0 to 2", ""),
        ("max_tokens=0", "openai", "must be a whole number", ""),
        ("max_tokens=1e3", "openai", "must be a whole number", ""),
        ("temperature", "openai", "has no value", "NAME=VALUE"),
    ],
)
def test_what_is_wrong_is_named_with_what_was_meant(pair: str, provider: str, told: str, hint: str) -> None:
    with pytest.raises(ConfigError) as error:
        parse_settings([pair], provider)
    assert told in str(error.value)
    assert hint in error.value.hint


def test_later_layers_win_and_leave_the_rest() -> None:
    file = Parameters(temperature=0.2, max_tokens=100, extra=(("top_p", 0.9), ("top_k", 1)))
    task = Parameters(max_tokens=200, stop=("END",))
    options = Parameters(extra=(("top_k", 5),))
    assert merge(file, task, options) == Parameters(
        temperature=0.2, max_tokens=200, stop=("END",), extra=(("top_k", 5), ("top_p", 0.9))
    )


def test_replay_takes_the_settings_of_any_provider() -> None:
    assert parse_settings(["seed=7", "cache_ttl=1h"], "replay").extra == (("cache_ttl", "1h"),)
