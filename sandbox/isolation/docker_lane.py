"""A thread for one run: all that blocks happens there in order, and the last thing happens whatever comes."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

_P = ParamSpec("_P")
_T = TypeVar("_T")


class Lane:
    """Calls run one after another. One that is under way when its caller is cancelled still runs to its end."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="docker")

    async def call(self, function: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """Run a blocking function and wait for what it returns."""
        return await asyncio.wrap_future(self._thread.submit(partial(function, *args, **kwargs)))

    async def last(self, function: Callable[[], None]) -> None:
        """Run this after all that is under way, even where the caller is cancelled; nothing may follow."""
        future = self._thread.submit(function)
        self._thread.shutdown(wait=False)
        await asyncio.shield(asyncio.wrap_future(future))
