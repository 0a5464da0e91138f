"""What a replayed call costs on top of reading the answer, and whether memory stays flat.

    python -m benchmarks.replay [--calls 10000] [--entries 200] [--answer-kb 20]

Records a cassette of answers of a usual size, then replays them over and over, streaming included. Prints
milliseconds per call and the peak of Python's memory after a tenth and after all of the calls.
"""

import argparse
import asyncio
import tempfile
import time
import tracemalloc
from pathlib import Path

from agents.cassette.cassette import Cassette, open_cassette
from agents.cassette.replay import ReplayModel
from agents.completion import CallTag, Completion, Message, Request, Usage


def request(number: int) -> Request:
    prompt = f"Task {number}: build a wallet service with safe transfers.\n" * 40
    return Request(
        "openai/gpt-5",
        (Message("system", "You build backends.\n" * 400), Message("user", prompt)),
        CallTag(f"{number:064x}", "backend-builder"),
    )


async def replay(model: ReplayModel, calls: int, entries: int) -> float:
    streamed = 0

    def on_text(piece: str) -> None:
        nonlocal streamed
        streamed += len(piece)

    began = time.perf_counter()
    for number in range(calls):
        await model.complete(request(number % entries), on_text)
    assert streamed
    return (time.perf_counter() - began) / calls * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=10_000)
    parser.add_argument("--entries", type=int, default=200)
    parser.add_argument("--answer-kb", type=int, default=20)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        cassette = Cassette(Path(folder))
        answer = Completion("x = 1  # code\n" * (given.answer_kb * 73), "end", "gpt-5", usage=Usage(10, 10))
        began = time.perf_counter()
        for number in range(given.entries):
            cassette.write(request(number), answer)
        print(f"recording: {(time.perf_counter() - began) / given.entries * 1000:.2f} ms a call")
        model = ReplayModel(open_cassette(Path(folder)))
        asyncio.run(replay(model, given.entries, given.entries))
        print(f"replaying: {asyncio.run(replay(model, given.calls, given.entries)):.3f} ms a call")
        tracemalloc.start()
        for calls in (given.calls // 10, given.calls):
            tracemalloc.reset_peak()
            asyncio.run(replay(model, calls, given.entries))
            print(f"peak memory of {calls} calls: {tracemalloc.get_traced_memory()[1] / 2**20:.2f} MiB")


if __name__ == "__main__":
    main()
