"""How the adaptive limiter finds a server's real capacity, printed as a curve.

    python -m benchmarks.limiter [--capacity 10] [--calls 1500] [--concurrency 64]

A loopback server admits a fixed number of requests at once and answers 429 to the rest. The real SDK client
talks to it. Prints the limit over time, the ratio of sent to needed requests, and where the limit settled.
"""

import argparse
import asyncio
import statistics
import time

from agents.completion import CallTag, Message, Request
from agents.limiter import Limiters
from agents.models import ModelOptions, close_model, open_model
from agents.retries import Retries
from tests.agents.loopback import Reply, loopback

NAME = "compatible/local"


async def measure(capacity: int, calls: int, concurrency: int) -> None:
    async with loopback() as server:
        server.capacity = capacity
        server.usual = lambda _: Reply(before_headers=0.03)
        limiters = Limiters()
        limiter = limiters.of(NAME)
        options = ModelOptions(
            base_url=server.v1,
            limiters=limiters,
            retries=Retries(tries=50, first_wait=0.01, longest_wait=0.1),
        )
        model = open_model(NAME, options, environ={})
        gate = asyncio.Semaphore(concurrency)
        done = 0
        curve: list[tuple[float, int, float, int]] = []
        began = time.perf_counter()

        async def call(number: int) -> None:
            nonlocal done
            async with gate:
                request = Request(NAME, (Message("user", f"Task {number}"),), CallTag("t", "r"))
                await model.complete(request)
                done += 1

        async def watch() -> None:
            while True:
                curve.append((time.perf_counter() - began, done, limiter.limit, limiter.active))
                await asyncio.sleep(0.05)

        watcher = asyncio.create_task(watch())
        await asyncio.gather(*(call(number) for number in range(calls)))
        watcher.cancel()
        await close_model(model)

    step = max(1, len(curve) // 30)
    print(f"{'seconds':>8} {'done':>6} {'limit':>6} {'active':>6}")
    for at, count, limit, active in curve[::step]:
        print(f"{at:8.2f} {count:6d} {limit:6.1f} {active:6d}  {'#' * round(limit)}")
    late = [limit for _, _, limit, _ in curve[len(curve) // 2 :]]
    print(f"\nadmitted at once: {capacity}; asked for at once: {concurrency}")
    print(
        f"limit in the second half: median {statistics.median(late):.1f}, {min(late):.1f} to {max(late):.1f}"
    )
    print(f"sent/needed: {len(server.seen)}/{calls} = {len(server.seen) / calls:.3f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--capacity", type=int, default=10)
    parser.add_argument("--calls", type=int, default=1500)
    parser.add_argument("--concurrency", type=int, default=64)
    given = parser.parse_args()
    asyncio.run(measure(given.capacity, given.calls, given.concurrency))


if __name__ == "__main__":
    main()
