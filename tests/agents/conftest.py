"""What the tests of models share: the loopback server, and models of every provider that talk to it."""

import random
from collections.abc import AsyncIterator, Callable, Mapping

import pytest

from agents.completion import CallTag, Message, Model, Parameters, Request
from agents.models import ModelOptions, close_model, open_model
from agents.retries import Retries, Timeouts
from tests.agents.loopback import Loopback, loopback

KEYS = {"OPENAI_API_KEY": "sk-test-4f9a8b7c6d5e", "ANTHROPIC_API_KEY": "sk-ant-test-4f9a8b7c6d5e"}
NAMES = ("openai/gpt-5", "openai-chat/gpt-5", "anthropic/claude-sonnet-4-6", "compatible/local")

QUICK = Retries(tries=4, first_wait=0.001, longest_wait=0.004)
PATIENT = Timeouts(connect=5, first_token=5, idle=5, total=10)

Opener = Callable[..., Model]


@pytest.fixture
async def server() -> AsyncIterator[Loopback]:
    async with loopback() as running:
        yield running


@pytest.fixture
async def opened(server: Loopback) -> AsyncIterator[Opener]:
    """Opens a model by name against the loopback server, with quick retries unless told otherwise."""
    models: list[Model] = []

    def open_one(
        name: str,
        *,
        retries: Retries = QUICK,
        timeouts: Timeouts = PATIENT,
        environ: Mapping[str, str] = KEYS,
        options: ModelOptions | None = None,
    ) -> Model:
        url = server.url if name.startswith("anthropic") else server.v1
        options = options or ModelOptions(base_url=url, retries=retries, timeouts=timeouts, continuations=0)
        model = open_model(name, options, environ=environ)
        models.append(model)
        return model

    random.seed(7)
    yield open_one
    for model in models:
        await close_model(model)


def request_for(
    model: str,
    *texts: str,
    parameters: Parameters | None = None,
    epoch: int = 1,
    round: int = 1,
    task: str = "a" * 64,
    sample: str = "",
) -> Request:
    """A request with a system message and then the given texts by turns of user and assistant."""
    speakers = ("user", "assistant")
    turns = [
        Message("user" if i % 2 == 0 else "assistant", text) for i, text in enumerate(texts or ("Build it.",))
    ]
    assert all(turn.speaker in speakers for turn in turns)
    return Request(
        model=model,
        messages=(Message("system", "You build backends."), *turns),
        tag=CallTag(task=task, role="backend-builder", round=round, epoch=epoch, sample=sample),
        parameters=parameters or Parameters(),
    )
