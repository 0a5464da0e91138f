"""Token counts: an estimate everywhere, exact counts with the extra."""

import importlib.util

import pytest

from prompts.tokens import TokenCount, count_tokens

# Counted once with the vocabulary o200k_base.
COUNTED = [
    ("The request is validated before the transaction begins. " * 20, 181),
    ('{"a": 1.25, "items": [{"id": 123456, "name": "Foo"}]}' * 100, 2500),
    ("Die Verwaltung der Bestellungen übernimmt ein eigener Dienst, der täglich läuft. " * 50, 701),
    ("Не удалось подключиться к базе данных. Повторите попытку позже. " * 50, 751),
    ("データベースに接続できませんでした。もう一度お試しください。" * 50, 950),
    ("🎉🚀" * 100, 400),
]


@pytest.mark.parametrize(
    ("text", "tokens"), COUNTED, ids=["english", "json", "german", "russian", "japanese", "emoji"]
)
def test_the_estimate_is_near_what_was_counted(text: str, tokens: int) -> None:
    estimate = count_tokens(text)
    assert not estimate.exact and estimate.how == "estimate"
    assert abs(estimate.tokens / tokens - 1) < 0.2


def test_models_without_a_known_vocabulary_are_estimated() -> None:
    assert not count_tokens("hello", "anthropic/claude-sonnet").exact
    assert count_tokens("", "openai/gpt-5").tokens == 0
    assert count_tokens("x").tokens == 1


def test_long_texts_are_counted_in_linear_time() -> None:
    for piece in ("a", " ", "\n ", "日", "`", "1", "\x00"):
        assert count_tokens(piece * 300_000).tokens >= 1


@pytest.mark.skipif(importlib.util.find_spec("rs_bpe") is None, reason="the extra `tokens` is not installed")
def test_openai_models_are_counted_exactly() -> None:
    assert count_tokens("hello world", "openai/gpt-5") == TokenCount(2, True, "o200k_base")
    assert count_tokens("hello world", "gpt-4") == TokenCount(2, True, "cl100k_base")
    for text, tokens in COUNTED:
        assert count_tokens(text, "o3").tokens == tokens
