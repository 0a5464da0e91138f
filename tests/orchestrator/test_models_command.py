"""``backsmith models``: what it lists, and what a test call tells."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

import pytest
from typer.testing import CliRunner

from orchestrator.commands.models import app
from prompts.errors import ConfigError, ProviderError
from tests.agents.loopback import Loopback, Reply, fault, loopback

RUN = CliRunner()


@contextmanager
def running() -> Iterator[Loopback]:
    """The loopback server in a thread of its own: the command brings its own event loop."""
    ready, stop = Event(), Event()
    servers: list[Loopback] = []

    async def serve() -> None:
        async with loopback() as server:
            servers.append(server)
            ready.set()
            await asyncio.to_thread(stop.wait)

    thread = Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    ready.wait(10)
    try:
        yield servers[0]
    finally:
        stop.set()
        thread.join()


@pytest.mark.parametrize("arguments", [[], ["list"]])
def test_the_list_says_what_is_missing(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret-value")
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    monkeypatch.delenv("ANTHROPIC_AUTH_TOKEN", raising=False)
    monkeypatch.setenv("COLUMNS", "160")

    shown = RUN.invoke(app, arguments)

    lines = {line.split(" ")[0]: line for line in shown.output.split("\n")}
    assert "ready" in lines["openai/NAME"]
    assert "a key in ANTHROPIC_API_KEY or ANTHROPIC_AUTH_TOKEN" in lines["anthropic/NAME"]
    assert "ready" in lines["ollama/NAME"]
    assert "ready" in lines["replay"]
    assert "sk-very-secret-value" not in shown.output


def test_the_list_as_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BACKSMITH_COMPATIBLE_URL", raising=False)
    listed = json.loads(RUN.invoke(app, ["list", "--json"]).output)
    compatible = next(one for one in listed["providers"] if one["name"] == "compatible")
    assert compatible["configured"] is False
    assert compatible["missing"] == "a URL in BACKSMITH_COMPATIBLE_URL (or --base-url)"
    assert "temperature" in compatible["settings"]
    assert set(listed["offline"]) == {"replay", "manual"}


def test_one_providers_models_with_prices() -> None:
    listed = json.loads(RUN.invoke(app, ["list", "anthropic", "--json"]).output)
    opus = next(one for one in listed["models"] if one["model"] == "anthropic/claude-opus-4-5")
    assert opus == {
        "model": "anthropic/claude-opus-4-5",
        "context": 200_000,
        "input_usd_per_million": 5.0,
        "output_usd_per_million": 25.0,
    }
    assert "temperature" not in listed["settings"]


def test_a_server_of_ones_own_is_asked_which_models_it_has() -> None:
    with running() as server:
        server.models = [{"id": "qwen3:8b"}, {"id": "llama4\x1b[2J"}]
        outcome = RUN.invoke(app, ["list", "ollama", "--base-url", server.v1])
    assert outcome.exit_code == 0
    assert "ollama/qwen3:8b" in outcome.output
    assert "unknown" in outcome.output
    assert "\x1b" not in outcome.output


def test_a_server_that_is_not_there_is_told() -> None:
    outcome = RUN.invoke(app, ["list", "ollama", "--base-url", "http://127.0.0.1:9/v1"])
    assert isinstance(outcome.exception, ProviderError)
    assert str(outcome.exception).startswith("ollama: connection: ConnectError")


def test_a_model_that_answers_says_what_it_took() -> None:
    with running() as server:
        server.script = [Reply(text="ready")]
        outcome = RUN.invoke(app, ["test", "compatible/local", "--base-url", server.v1])
    assert outcome.exit_code == 0
    assert "compatible/local answers: ready" in outcome.output
    assert "100 in, 20 out; cost unknown" in outcome.output
    assert "req_loopback" in outcome.output


def test_what_a_model_says_cannot_command_the_terminal() -> None:
    with running() as server:
        server.script = [Reply(text="\x1b[2Jready\x07")]
        outcome = RUN.invoke(app, ["test", "compatible/local", "--base-url", server.v1])
    assert "\x1b" not in outcome.output
    assert "\x07" not in outcome.output


def test_a_model_that_fails_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-wrong-0123456789")
    with running() as server:
        server.usual = lambda _: fault(401, "invalid x-api-key sk-ant-wrong-0123456789")
        outcome = RUN.invoke(app, ["test", "anthropic/claude-opus-5", "--base-url", server.url])
    assert isinstance(outcome.exception, ProviderError)
    assert "unauthorized (HTTP 401)" in str(outcome.exception)
    assert "environment variable" in outcome.exception.hint
    assert "sk-ant-wrong" not in str(outcome.exception)


@pytest.mark.parametrize("name", ["replay", "manual"])
def test_there_is_nothing_to_test_without_a_provider(name: str) -> None:
    assert isinstance(RUN.invoke(app, ["test", name]).exception, ConfigError)


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from orchestrator.commands import models; "
        "print({'openai', 'anthropic', 'pydantic', 'genai_prices', 'rich'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
