"""Standard normal numbers for the steps between two snapshots, drawn in another thread where that pays."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from math import pi, prod
from typing import Any

import numpy as np

AHEAD = 8192  # numbers per step above which another thread draws: below, handing over costs more


def standard_normal(stream: np.random.Generator, shape: tuple[int, ...], dtype: Any) -> Any:
    """Independent standard normal numbers.

    In double precision they are NumPy's own. In single precision, where these would cost as much as the products of a network
    of 500 units, they are made from uniform ones with vectorised functions (Box, Muller 1958, Ann. Math. Stat. 29, 610); 24 bits
    of the uniform numbers end the tail at 5.8 standard deviations, beyond which lie 8e-9 of all.
    """
    if np.dtype(dtype).itemsize == 8:
        return stream.standard_normal(shape)
    count = prod(shape)
    uniform = stream.random((2, (count + 1) // 2), dtype=np.float32)
    radius, angle = uniform
    np.subtract(1.0, radius, out=radius)  # in (0, 1]
    np.log(radius, out=radius)
    radius *= -2.0
    np.sqrt(radius, out=radius)
    angle *= 2.0 * pi
    numbers = np.empty_like(uniform)
    np.cos(angle, out=numbers[0])
    np.sin(angle, out=numbers[1])
    numbers *= radius
    return numbers.reshape(-1)[:count].reshape(shape)


def drawn_ahead(
    pool: Executor, stream: np.random.Generator, shape: tuple[int, ...], dtype: Any, count: int
) -> Iterator[Any]:
    """Numbers for `count` intervals, shape (steps, r, N, M); large ones are drawn while the interval before is stepped."""
    if prod(shape[1:]) < AHEAD:
        yield from (standard_normal(stream, shape, dtype) for _ in range(count))
        return
    following = pool.submit(standard_normal, stream, shape, dtype)
    for k in range(count):
        numbers = following.result()
        if k + 1 < count:
            following = pool.submit(standard_normal, stream, shape, dtype)
        yield numbers
