"""Secrets of the environment are taken out; ordinary text is left alone."""

import pytest

from agents.models import redactor
from agents.redaction import Redactor

ENVIRON = {
    "OPENAI_API_KEY": "sk-proj-abc123def456",
    "MY_SERVICE_TOKEN": "tok_9f8e7d6c5b4a",
    "DATABASE_URL": "postgresql://app:p%40ssw0rd1@db.example/app",
    "DB_PASSWORD": "postgres",
    "SSH_KEY_PATH": "/home/me/.ssh/id_ed25519",
    "HOME": "/home/me1234567890123",
    "PIP_INDEX_URL": "https://user:index-secret-42@pypi.example/simple",
}


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("key sk-proj-abc123def456.", "key [redacted:OPENAI_API_KEY]."),
        ("tok_9f8e7d6c5b4a tok_9f8e7d6c5b4a", "[redacted:MY_SERVICE_TOKEN] [redacted:MY_SERVICE_TOKEN]"),
        ("the password is p@ssw0rd1", "the password is [redacted:DATABASE_URL:password]"),
        ("https://user:index-secret-42@pypi", "https://user:[redacted:PIP_INDEX_URL:password]@pypi"),
        ("image: postgres", "image: postgres"),
        ("cd /home/me1234567890123", "cd /home/me1234567890123"),
        ("/home/me/.ssh/id_ed25519", "/home/me/.ssh/id_ed25519"),
    ],
)
def test_secrets_of_the_environment(text: str, redacted: str) -> None:
    assert redactor(ENVIRON).redact(text) == redacted


def test_the_longer_of_two_secrets_goes_as_a_whole() -> None:
    found = Redactor.from_environment({"A_TOKEN": "abcdef123456", "B_TOKEN": "abcdef123456-and-more"})
    assert found.redact("abcdef123456-and-more") == "[redacted:B_TOKEN]"


@pytest.mark.parametrize(
    "key",
    [
        "sk-ant-api03-AbCdEf0123456789AbCdEf",
        "sk-1234567890abcdefghij",
        "ghp_0123456789abcdefghijABCDEFGHIJ",
        "AKIAIOSFODNN7EXAMPLE",
        "AIzaSyA-1234567890abcdefghijklmnopqrst",
        "hf_abcdefghijklmnopqrstuvwx",
    ],
)
def test_messages_lose_whatever_looks_like_a_key_but_answers_keep_it(key: str) -> None:
    assert Redactor({}).redact_message(f"bad key {key}!") == "bad key [redacted]!"
    assert Redactor({}).redact(f"KEY = '{key}'") == f"KEY = '{key}'"


def test_an_empty_environment_changes_nothing() -> None:
    assert Redactor.from_environment({}).redact("text") == "text"
