"""Opening a model by name, and what is said when that cannot be done."""

import subprocess
import sys
from pathlib import Path

import pytest

from agents.models import ModelOptions, open_model
from prompts.errors import ConfigError, InfrastructureError, StoreError
from tests.agents.conftest import KEYS, Opener, request_for
from tests.agents.loopback import Loopback, Reply


@pytest.mark.parametrize(
    ("name", "environ", "told", "hint"),
    [
        ("opnai/gpt-5", {}, "unknown model provider 'opnai'", "Did you mean 'openai'?"),
        ("gpt-5", {}, "unknown model provider 'gpt-5'", "Known: openai,"),
        ("openai", KEYS, "names only a provider", "Write openai/NAME."),
        ("openai/gpt-5", {}, "OPENAI_API_KEY is not set", "Set OPENAI_API_KEY in the environment"),
        (
            "anthropic/claude-opus-5",
            {},
            "ANTHROPIC_API_KEY and ANTHROPIC_AUTH_TOKEN are not set",
            "Set ANTHROPIC",
        ),
        ("openrouter/x/y", {}, "OPENROUTER_API_KEY is not set", "Set OPENROUTER_API_KEY"),
        ("compatible/x", {}, "BACKSMITH_COMPATIBLE_URL is not set", "--base-url"),
        ("replay", {}, "needs a cassette folder", "--cassette"),
        ("manual/x", {}, "model 'manual/x' is unknown", "Write manual."),
    ],
)
def test_what_cannot_be_opened_says_why(name: str, environ: dict[str, str], told: str, hint: str) -> None:
    with pytest.raises(ConfigError) as error:
        open_model(name, environ=environ)
    assert told in str(error.value)
    assert hint in error.value.hint


@pytest.mark.parametrize("url", ["localhost:8000/v1", "ftp://x/v1", "http://", "http://[::1/v1", "not a url"])
def test_a_base_url_must_be_one(url: str) -> None:
    with pytest.raises(ConfigError, match="base URL"):
        open_model("compatible/x", ModelOptions(base_url=url), environ={})


def test_local_presets_need_nothing() -> None:
    for provider in ("ollama", "vllm", "llamacpp"):
        assert open_model(f"{provider}/some:model", environ={}).name == f"{provider}/some:model"


def test_sdks_are_imported_only_when_a_model_is_opened() -> None:
    code = (
        "import sys, agents.models; print({'openai', 'anthropic', 'pydantic', 'httpx2'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


async def test_a_person_answers_by_a_file(tmp_path: Path) -> None:
    model = open_model("manual", ModelOptions(manual=tmp_path), environ={})
    request = request_for("manual")

    with pytest.raises(InfrastructureError) as error:
        await model.complete(request)
    (prompt,) = tmp_path.glob("*.prompt.md")
    answer = prompt.with_name(prompt.name.replace(".prompt.", ".answer."))
    assert str(answer) in error.value.hint
    assert "You build backends." in prompt.read_text(encoding="utf-8")
    assert "Build it." in prompt.read_text(encoding="utf-8")

    answer.write_bytes("FILE: é.py\r\n".encode())
    completion = await model.complete(request)
    assert completion.text == "FILE: é.py\r\n"
    assert completion.source == "manual"
    assert completion.cost is None


async def test_a_changed_prompt_asks_the_person_again(tmp_path: Path) -> None:
    model = open_model("manual", ModelOptions(manual=tmp_path), environ={})
    for text in ("One.", "Two."):
        with pytest.raises(InfrastructureError):
            await model.complete(request_for("manual", text))
    assert len(list(tmp_path.glob("*.prompt.md"))) == 2


async def test_a_person_who_is_there_is_waited_for(tmp_path: Path) -> None:
    def answered(_: Path, answer: Path) -> None:
        answer.write_text("The answer.", encoding="utf-8")

    options = ModelOptions(manual=tmp_path, wait=True, on_wait=answered)
    completion = await open_model("manual", options, environ={}).complete(request_for("manual"))
    assert completion.text == "The answer."


async def test_an_answer_that_is_no_text_is_named(tmp_path: Path) -> None:
    def answered(_: Path, answer: Path) -> None:
        answer.write_bytes(b"\xff\xfe\x00")

    options = ModelOptions(manual=tmp_path, wait=True, on_wait=answered)
    with pytest.raises(StoreError, match="is not UTF-8"):
        await open_model("manual", options, environ={}).complete(request_for("manual"))


async def test_a_recorded_run_replays_with_its_continuations(
    server: Loopback, opened: Opener, tmp_path: Path
) -> None:
    server.script = [Reply(text="one\ntwo\nthr", stop="length"), Reply(text="three\nfour\n")]
    live = opened("openai/gpt-5", options=ModelOptions(base_url=server.v1, record=tmp_path / "cassette"))
    first = await live.complete(request_for("openai/gpt-5"))
    assert first.text == "one\ntwo\nthree\nfour\n"

    replay = open_model("replay", ModelOptions(cassette=tmp_path / "cassette"), environ={})
    again = await replay.complete(request_for("openai/gpt-5"))
    assert (again.text, again.joins, again.usage) == (first.text, first.joins, first.usage)
    assert again.source == "replayed"
    assert len(server.seen) == 2


async def test_a_truncated_recording_is_replayed_as_it_is(
    server: Loopback, opened: Opener, tmp_path: Path
) -> None:
    server.script = [Reply(text="one\ntw", stop="length")]
    options = ModelOptions(base_url=server.v1, record=tmp_path / "cassette", continuations=0)
    await opened("openai/gpt-5", options=options).complete(request_for("openai/gpt-5"))

    replay = open_model("replay", ModelOptions(cassette=tmp_path / "cassette"), environ={})
    again = await replay.complete(request_for("openai/gpt-5"))
    assert (again.text, again.stop_reason) == ("one\ntw", "length")


async def test_cache_and_recorder_are_put_in_front(server: Loopback, opened: Opener, tmp_path: Path) -> None:
    for folder in ("first", "second"):
        options = ModelOptions(base_url=server.v1, cache=tmp_path / "cache", record=tmp_path / folder)
        completion = await opened("openai/gpt-5", options=options).complete(request_for("openai/gpt-5"))
        assert completion.text == "Hello, world."
        assert len(list((tmp_path / folder).glob("*/response.md"))) == 1
    assert len(server.seen) == 1
