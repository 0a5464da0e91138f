"""The outlines of many files at once, by as many processes as there are cores where that is worth their start."""

import os
from collections.abc import Mapping

from evals.context.outline import Outline, outline

_WORTH_PROCESSES = 4_000_000
_MOST_PROCESSES = 8
_CHUNK = 40


def outline_all(files: Mapping[str, str]) -> dict[str, Outline]:
    """The outline of every file (path to text)."""
    processes = min(_MOST_PROCESSES, len(os.sched_getaffinity(0)))
    if processes < 2 or sum(map(len, files.values())) < _WORTH_PROCESSES:
        return {path: outline(path, text) for path, text in files.items()}
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    # Started afresh: a fork would copy whatever threads and locks this process has.
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        made = pool.map(outline, files.keys(), files.values(), chunksize=_CHUNK)
        return dict(zip(files, made, strict=True))
