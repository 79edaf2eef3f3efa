"""The networks of a simulation, several at once."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Result = TypeVar("Result")

WORKERS = min(8, os.cpu_count() or 1)  # networks in work at once
AHEAD = (
    4 * WORKERS
)  # networks handed over before the first result is asked for; an interruption is heard between two of them


def in_parallel(
    one: Callable[[int], Result], count: int, progress: Callable[[float], None] | None = None
) -> list[Result]:
    """``[one(0), ..., one(count - 1)]``, in threads; `progress` hears the finished fraction.

    NumPy releases the interpreter lock in its products. The random streams of a network depend on its number alone, so the
    order of work does not matter.
    """
    results: list[Result] = []
    waiting: deque[Future[Result]] = deque()
    pool = ThreadPoolExecutor(WORKERS)
    try:
        for k in range(count + AHEAD):
            if k < count:
                waiting.append(pool.submit(one, k))
            if k >= AHEAD and waiting:
                results.append(waiting.popleft().result())
                if progress is not None:
                    progress(len(results) / count)
    finally:
        pool.shutdown(cancel_futures=True)  # after an interruption, do not start what is still waiting
    return results
