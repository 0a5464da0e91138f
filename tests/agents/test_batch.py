"""Calls by way of the providers' batch APIs."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest

from agents.batch.ledger import FILE, Ledger
from agents.batch.model import BatchModel, BatchRules
from agents.batch.service import Progress
from agents.completion import Completion, Model
from agents.models import ModelOptions, close_model, open_model
from agents.providers.registry import Endpoint, find
from agents.spending import Limit, Spending
from prompts.errors import BudgetReachedError, ConfigError, ProviderError
from tests.agents.batch_server import BatchServer, batch_server
from tests.agents.conftest import QUICK, request_for

NAMES = ("openai/gpt-5", "openai-chat/gpt-5", "anthropic/claude-sonnet-4-6")
BATCHED = pytest.mark.parametrize("name", NAMES)


@pytest.fixture
async def server() -> AsyncIterator[BatchServer]:
    async with batch_server() as running:
        yield running


def opened(
    name: str,
    server: BatchServer,
    folder: Path,
    seen: list[Progress] | None = None,
    spending: Spending | None = None,
    size: int = 100,
) -> BatchModel:
    url = server.url if name.startswith("anthropic") else f"{server.url}/v1"
    provider, _, rest = name.partition("/")
    rules = BatchRules(
        size=size,
        linger=0.02,
        poll=0.01,
        retries=QUICK,
        on_progress=seen.append if seen is not None else None,
    )
    service = find(provider).open_batches(Endpoint(rest, base_url=url, key="sk-test"))
    return BatchModel(name, service, Ledger(folder), rules=rules, spending=spending)


async def ask(model: Model, *prompts: str) -> list[Completion | BaseException]:
    calls = (model.complete(request_for(model.name, prompt)) for prompt in prompts)
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    await close_model(model)
    return outcomes


def texts(outcomes: list[Completion | BaseException]) -> list[str]:
    return [one.text if isinstance(one, Completion) else f"{type(one).__name__}: {one}" for one in outcomes]


@BATCHED
async def test_concurrent_calls_become_one_batch_at_half_the_price(
    name: str, server: BatchServer, tmp_path: Path
) -> None:
    seen: list[Progress] = []
    prompts = [f"Task {number}" for number in range(20)]

    outcomes = await ask(opened(name, server, tmp_path, seen), *prompts)

    assert texts(outcomes) == [f"Done: {prompt}" for prompt in prompts]
    assert len(server.batches) == 1
    first = outcomes[0]
    assert isinstance(first, Completion)
    whole = Decimal("0.000325") if name.startswith("openai") else Decimal("0.0006")
    assert first.cost == whole / 2
    assert first.reasoning == "Hm."
    assert [(one.succeeded, one.total, one.ended) for one in seen] == [(0, 20, False), (20, 20, True)]


@BATCHED
async def test_a_restart_finds_its_batch_and_pays_once(
    name: str, server: BatchServer, tmp_path: Path
) -> None:
    server.looks = 1000
    first = opened(name, server, tmp_path)
    calls = [asyncio.create_task(first.complete(request_for(name, f"Task {n}"))) for n in range(3)]
    while not Ledger(tmp_path).batches:  # noqa: ASYNC110 - what is waited for is a line in a file
        await asyncio.sleep(0.01)
    for call in calls:
        call.cancel()
    await asyncio.gather(*calls, return_exceptions=True)
    await close_model(first)

    server.looks = 0
    outcomes = await ask(opened(name, server, tmp_path), "Task 0", "Task 1", "Task 2", "Task 3")
    assert texts(outcomes) == [f"Done: Task {n}" for n in range(4)]
    assert sorted(server.prompts) == ["Task 0", "Task 1", "Task 2", "Task 3"]


@BATCHED
async def test_a_restart_in_the_middle_of_a_submission_finds_it_too(
    name: str, server: BatchServer, tmp_path: Path
) -> None:
    await ask(opened(name, server, tmp_path), "Task 0")
    ledger = tmp_path / FILE
    lines = ledger.read_bytes().split(b"\n")
    ledger.write_bytes(lines[0] + b"\n" + lines[1][:10])  # killed before the batch's id was written down

    outcomes = await ask(opened(name, server, tmp_path), "Task 0")
    assert texts(outcomes) == ["Done: Task 0"]
    assert server.prompts == ["Task 0"]


@BATCHED
async def test_a_submission_whose_answer_is_lost_is_not_made_twice(
    name: str, server: BatchServer, tmp_path: Path
) -> None:
    server.drop_next_submission = True
    outcomes = await ask(opened(name, server, tmp_path), "Task 0", "Task 1")
    assert texts(outcomes) == ["Done: Task 0", "Done: Task 1"]
    assert sorted(server.prompts) == ["Task 0", "Task 1"]


@BATCHED
async def test_a_submission_that_is_refused_for_now_is_made_again(
    name: str, server: BatchServer, tmp_path: Path
) -> None:
    server.refuse_next_submission = True
    assert texts(await ask(opened(name, server, tmp_path), "Task 0")) == ["Done: Task 0"]


@BATCHED
@pytest.mark.parametrize("failure", ["error", "expired", "lost"])
async def test_what_failed_goes_into_another_batch(
    name: str, failure: str, server: BatchServer, tmp_path: Path
) -> None:
    server.verdict = lambda prompt, batch: failure if prompt == "Task 1" and batch == 0 else "ok"
    outcomes = await ask(opened(name, server, tmp_path), "Task 0", "Task 1", "Task 2")
    assert texts(outcomes) == ["Done: Task 0", "Done: Task 1", "Done: Task 2"]
    assert sorted(server.prompts) == ["Task 0", "Task 1", "Task 1", "Task 2"]


@BATCHED
async def test_what_cannot_be_mended_fails_alone(name: str, server: BatchServer, tmp_path: Path) -> None:
    server.verdict = lambda prompt, _: "invalid" if prompt == "Task 1" else "ok"
    outcomes = await ask(opened(name, server, tmp_path), "Task 0", "Task 1")
    assert texts(outcomes) == ["Done: Task 0", f"ProviderError: {name}: batch: bad-request: scripted"]
    assert len(server.prompts) == 2


@BATCHED
async def test_what_keeps_failing_is_given_up(name: str, server: BatchServer, tmp_path: Path) -> None:
    server.verdict = lambda *_: "error"
    (outcome,) = await ask(opened(name, server, tmp_path), "Task 0")
    assert isinstance(outcome, ProviderError)
    assert len(server.batches) == BatchRules().tries


async def test_the_same_request_at_the_same_time_is_submitted_once(
    server: BatchServer, tmp_path: Path
) -> None:
    outcomes = await ask(opened("openai/gpt-5", server, tmp_path), "Task 0", "Task 0", "Task 0")
    assert texts(outcomes) == ["Done: Task 0"] * 3
    assert server.prompts == ["Task 0"]


async def test_a_full_batch_does_not_wait(server: BatchServer, tmp_path: Path) -> None:
    model = opened("openai/gpt-5", server, tmp_path, size=4)
    outcomes = await ask(model, *(f"Task {n}" for n in range(10)))
    assert texts(outcomes) == [f"Done: Task {n}" for n in range(10)]
    assert [len(held.rows) for held in server.batches.values()] == [4, 4, 2]


async def test_the_budget_holds_for_batches(server: BatchServer, tmp_path: Path) -> None:
    spending = Spending(Limit(tokens=20_000))
    (outcome,) = await ask(opened("openai/gpt-5", server, tmp_path, spending=spending), "Task 0")
    assert isinstance(outcome, BudgetReachedError)
    assert server.batches == {}


async def test_a_folder_that_cannot_be_written_fails_every_call(server: BatchServer, tmp_path: Path) -> None:
    model = opened("openai/gpt-5", server, tmp_path / "ledger")
    (tmp_path / "ledger").write_text("not a folder", encoding="utf-8")
    outcomes = await ask(model, "Task 0", "Task 1")
    assert [type(one).__name__ for one in outcomes] == ["StoreError", "StoreError"]


def test_a_provider_without_batches_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="ollama has no batch API") as error:
        open_model("ollama/x", ModelOptions(batch=tmp_path), environ={})
    assert error.value.hint == "These have one: openai, openai-chat, anthropic"


async def test_batches_are_opened_by_name(server: BatchServer, tmp_path: Path) -> None:
    options = ModelOptions(base_url=f"{server.url}/v1", batch=tmp_path, batch_poll=0.01)
    model = open_model("openai/gpt-5", options, environ={"OPENAI_API_KEY": "sk-test"})
    assert texts(await ask(model, "Task 0")) == ["Done: Task 0"]
    assert (tmp_path / "openai-gpt-5" / FILE).exists()
