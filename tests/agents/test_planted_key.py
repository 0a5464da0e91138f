"""A secret of the environment that is in a prompt and comes back in an answer is written nowhere."""

import logging
from pathlib import Path

import pytest

from agents.models import ModelOptions, open_model
from prompts.errors import InfrastructureError, ProviderError
from tests.agents.conftest import NAMES, QUICK, Opener, request_for
from tests.agents.loopback import Loopback, Reply, fault

PLANTED = "sk-planted-0123456789-abcdefghij"
ENVIRON = {"OPENAI_API_KEY": PLANTED, "ANTHROPIC_API_KEY": PLANTED, "BACKSMITH_COMPATIBLE_KEY": PLANTED}


def assert_nowhere(folder: Path) -> None:
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert files
    for path in files:
        assert PLANTED.encode() not in path.read_bytes(), path
        assert PLANTED not in str(path)


@pytest.mark.parametrize("name", NAMES)
async def test_it_is_in_no_cassette_no_cache_no_log_and_no_completion(
    name: str, server: Loopback, opened: Opener, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.script = [
        fault(500, f"could not handle {PLANTED}"),
        Reply(text=f"KEY = '{PLANTED}'\nrest", thought=f"The key is {PLANTED}.", stop="length"),
        Reply(text=f"rest\nKEY2 = '{PLANTED}'\n"),
    ]
    url = server.url if name.startswith("anthropic") else server.v1
    options = ModelOptions(
        base_url=url, retries=QUICK, cache=tmp_path / "cache", record=tmp_path / "cassette"
    )
    model = opened(name, options=options, environ=ENVIRON)

    completion = await model.complete(request_for(name, f"Use the key {PLANTED}."))

    sent = str(server.seen[0].body)
    assert PLANTED in sent, "the provider gets the prompt as it is"
    assert "[redacted:" in completion.text
    assert PLANTED not in repr(completion)
    assert_nowhere(tmp_path)
    ours = [
        record for record in caplog.records if record.levelno >= logging.INFO or record.name == "backsmith"
    ]
    assert PLANTED not in "".join(record.getMessage() for record in ours)


@pytest.mark.parametrize("name", NAMES)
async def test_it_is_in_no_error(name: str, server: Loopback, opened: Opener) -> None:
    server.script = [fault(400, f"bad prompt: {PLANTED}")]
    with pytest.raises(ProviderError) as error:
        await opened(name, environ=ENVIRON).complete(request_for(name, f"Use {PLANTED}."))
    assert PLANTED not in repr(error.getrepr(style="long", chain=True)) + str(error.value)


async def test_it_is_in_no_prompt_file(tmp_path: Path) -> None:
    model = open_model("manual", ModelOptions(manual=tmp_path), environ=ENVIRON)
    with pytest.raises(InfrastructureError):
        await model.complete(request_for("manual", f"Use {PLANTED}."))
    assert_nowhere(tmp_path)


def test_it_is_not_shown_with_an_endpoint() -> None:
    from agents.providers.registry import Endpoint

    assert PLANTED not in repr(Endpoint("x", key=PLANTED))
