"""The networks of a simulation, several at once."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Result = TypeVar("Result")

WORKERS = min(8, os.cpu_count() or 1)  # networks in work at once


def in_parallel(
    one: Callable[[int], Result], count: int, progress: Callable[[float], None] | None = None
) -> list[Result]:
    """``[one(0), ..., one(count - 1)]``, in threads; `progress` hears the finished fraction.

    NumPy releases the interpreter lock in its products. The random streams of a network depend on its number alone, so the
    order of work does not matter.
    """
    results: list[Result] = []
    pool = ThreadPoolExecutor(WORKERS)
    try:
        for result in pool.map(one, range(count)):
            results.append(result)
            if progress is not None:
                progress(len(results) / count)
    finally:
        pool.shutdown(cancel_futures=True)  # after an interruption, do not start what is still waiting
    return results
