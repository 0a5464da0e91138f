"""Budgets: checked before a call is sent, counted by what it really took."""

import asyncio
from dataclasses import replace
from decimal import Decimal

import pytest

from agents.completion import Completion, Parameters, Request, Usage
from agents.models import ModelOptions
from agents.spending import Amounts, Limit, Spending, worst_case
from prompts.errors import BudgetReachedError
from tests.agents.conftest import QUICK, Opener, request_for
from tests.agents.loopback import Loopback, Reply

NAME = "openai/gpt-5"  # $1.25 and $10 per million tokens
SMALL = Parameters(max_tokens=1000)


def ask(sample: str = "", text: str = "Build it.") -> Request:
    return request_for(NAME, text, parameters=SMALL, sample=sample)


def test_the_worst_case_is_above_what_a_call_can_take() -> None:
    worst = worst_case(request_for(NAME, "x" * 3000, parameters=SMALL))
    assert worst.tokens == (3000 + len("You build backends.")) // 3 + 16 + 1000
    assert Decimal("0.011") < worst.money < Decimal("0.012")
    assert worst.calls == 1


def test_no_limit_on_the_answer_is_not_taken_for_none() -> None:
    assert worst_case(request_for(NAME)).tokens > 30_000


async def test_a_call_that_could_overshoot_is_not_sent(server: Loopback, opened: Opener) -> None:
    spending = Spending(Limit(money=Decimal("0.005")))
    model = opened(NAME, options=ModelOptions(base_url=server.v1, spending=spending))
    with pytest.raises(BudgetReachedError, match=r"run's budget of 0\.005 US dollars") as error:
        await model.complete(ask())
    assert error.value.exit_code == 3
    assert "larger budget" in error.value.hint
    assert server.seen == []


@pytest.mark.parametrize(
    "limit",
    [Limit(calls=5), Limit(tokens=4 * 120 + 1040), Limit(money=4 * Decimal("0.000295") + Decimal("0.0101"))],
    ids=["calls", "tokens", "money"],
)
async def test_calls_go_on_until_the_budget_is_reached(
    limit: Limit, server: Loopback, opened: Opener
) -> None:
    spending = Spending(limit)
    model = opened(NAME, options=ModelOptions(base_url=server.v1, spending=spending))
    with pytest.raises(BudgetReachedError):
        for _ in range(50):
            await model.complete(ask())
    assert len(server.seen) == 5
    assert spending.spent.calls == 5
    assert spending.spent.tokens == 5 * 120


async def test_many_at_once_do_not_overshoot_and_use_the_budget_up(server: Loopback, opened: Opener) -> None:
    spending = Spending(Limit(tokens=5000))
    model = opened(NAME, options=ModelOptions(base_url=server.v1, spending=spending))
    outcomes = await asyncio.gather(*(model.complete(ask()) for _ in range(60)), return_exceptions=True)

    done = [outcome for outcome in outcomes if isinstance(outcome, Completion)]
    stopped = [outcome for outcome in outcomes if isinstance(outcome, BudgetReachedError)]
    assert len(done) + len(stopped) == 60
    # Calls under way only make others wait: the budget holds 1040 tokens at worst, and 120 each in truth.
    assert len(done) == (5000 - 1040) // 120 + 1
    assert spending.spent.tokens == 120 * len(done) <= 5000


async def test_one_sample_does_not_spend_anothers_budget(server: Loopback, opened: Opener) -> None:
    spending = Spending(sample=Limit(calls=1))
    model = opened(NAME, options=ModelOptions(base_url=server.v1, spending=spending))
    await model.complete(ask("a"))
    with pytest.raises(BudgetReachedError, match="sample's budget of 1 calls"):
        await model.complete(ask("a"))
    await model.complete(ask("b"))
    assert spending.spent.calls == 2


async def test_failed_attempts_are_counted(server: Loopback, opened: Opener) -> None:
    server.script = [Reply(text="x" * 400, cut_after=60), Reply()]
    spending = Spending()
    model = opened(NAME, options=ModelOptions(base_url=server.v1, spending=spending, retries=QUICK))
    await model.complete(ask())
    assert spending.spent.calls == 2
    assert spending.spent.tokens > 120 + 50


async def test_time_is_a_budget_too() -> None:
    now = 100.0
    spending = Spending(Limit(seconds=10), clock=lambda: now)
    async with spending.reserve(ask(), worst_case(ask())):
        pass
    now = 111
    with pytest.raises(BudgetReachedError, match="10 seconds"):
        async with spending.reserve(ask(), worst_case(ask())):
            pass


async def test_a_run_that_is_resumed_goes_on_where_it_was() -> None:
    before = Amounts(money=Decimal("0.99"), tokens=10, calls=1)
    request = ask()
    with pytest.raises(BudgetReachedError):
        async with Spending(Limit(money=Decimal(1)), before=before).reserve(request, worst_case(request)):
            pass
    larger = Spending(Limit(money=Decimal(2)), before=before)
    async with larger.reserve(request, worst_case(request)) as reservation:
        reservation.settle(Usage(input=5, output=5), Decimal("0.01"))
    assert larger.spent == Amounts(money=Decimal("1.00"), tokens=20, calls=2)


async def test_a_call_that_is_cancelled_gives_its_reservation_back() -> None:
    spending = Spending(Limit(calls=2))
    with pytest.raises(asyncio.CancelledError):
        async with spending.reserve(ask(), worst_case(ask())):
            raise asyncio.CancelledError
    async with spending.reserve(ask(), replace(worst_case(ask()))):
        pass
    assert spending.spent.calls == 2
