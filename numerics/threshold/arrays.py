"""Matrices from files of NumPy."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np

from theory.errors import InputError


def rows_of_array(content: bytes) -> list[list[Any]]:
    """The rows of a matrix of real numbers, what `numpy.save` wrote; nothing in the file is executed.

    Raises
    ------
    InputError
        For another array, or a file that is cut.
    """
    try:
        array = np.load(BytesIO(content), allow_pickle=False)
    except (ValueError, OSError, EOFError, MemoryError, TypeError, OverflowError) as error:
        raise InputError(f"no array of numbers that NumPy can read ({str(error)[:80]})") from None
    if not isinstance(array, np.ndarray) or array.ndim != 2 or array.dtype.kind not in "iuf":
        shape = getattr(array, "shape", "no shape")
        raise InputError(
            f"an array of shape {shape} and type {getattr(array, 'dtype', 'unknown')}; needed: real, two axes"
        )
    return array.tolist()
