"""The adaptive limit on concurrent calls."""

import asyncio
import math

import pytest

from agents.limiter import Limiter, Limiters


class Clock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


async def test_no_more_than_the_limit_are_under_way() -> None:
    limiter = Limiter(start=3)
    most = 0

    async def call() -> None:
        nonlocal most
        async with limiter.slot():
            most = max(most, limiter.active)
            await asyncio.sleep(0)

    await asyncio.gather(*(call() for _ in range(50)))
    assert most == 3
    assert limiter.active == 0


async def test_waiters_are_served_in_order() -> None:
    limiter = Limiter(start=1)
    served: list[int] = []

    async def call(number: int) -> None:
        async with limiter.slot():
            served.append(number)
            await asyncio.sleep(0)

    await asyncio.gather(*(call(number) for number in range(10)))
    assert served == list(range(10))


async def test_a_waiter_that_is_cancelled_takes_no_place() -> None:
    limiter = Limiter(start=1)

    async def hold() -> None:
        async with limiter.slot():
            await asyncio.sleep(3600)

    first, second, third = (asyncio.create_task(hold()) for _ in range(3))
    await asyncio.sleep(0)
    # The second is given the place in the same moment in which it is cancelled.
    first.cancel()
    await asyncio.sleep(0)
    second.cancel()
    await asyncio.gather(first, second, return_exceptions=True)
    await asyncio.sleep(0)
    assert limiter.active == 1
    third.cancel()
    await asyncio.gather(third, return_exceptions=True)
    assert limiter.active == 0


async def test_it_doubles_until_it_is_refused_then_falls_back() -> None:
    clock = Clock()
    limiter = Limiter(start=1, clock=clock)
    for _ in range(15):
        async with limiter.slot():
            held = [limiter.slot() for _ in range(math.floor(limiter.limit) - 1)]
            for slot in held:
                await slot.__aenter__()
            limiter.succeeded()
            for slot in held:
                await slot.__aexit__(None, None, None)
    assert limiter.limit == 16

    clock.now = 1
    async with limiter.slot() as sent_at:
        slots = [limiter.slot() for _ in range(10)]
        for slot in slots:
            await slot.__aenter__()
        clock.now = 2
        limiter.refused(sent_at)
        assert limiter.limit == pytest.approx(9)
        limiter.refused(sent_at)
        assert limiter.limit == pytest.approx(9), "one burst of refusals is one step"
        for slot in slots:
            await slot.__aexit__(None, None, None)


async def test_an_unused_limit_does_not_grow() -> None:
    limiter = Limiter(start=8)
    async with limiter.slot():
        limiter.succeeded()
    assert limiter.limit == 8


async def test_everyone_waits_as_long_as_one_was_told_to() -> None:
    limiter = Limiter()
    async with limiter.slot() as sent_at:
        limiter.refused(sent_at, retry_after=0.1)
    began = asyncio.get_running_loop().time()
    async with limiter.slot():
        assert asyncio.get_running_loop().time() - began >= 0.09


async def test_it_never_stops_altogether() -> None:
    limiter = Limiter(start=1)
    for _ in range(20):
        async with limiter.slot() as sent_at:
            limiter.refused(sent_at)
    assert limiter.limit == 1


def test_a_run_has_one_limiter_for_each_model() -> None:
    limiters = Limiters()
    assert limiters.of("openai/a") is limiters.of("openai/a")
    assert limiters.of("openai/a") is not limiters.of("openai/b")
