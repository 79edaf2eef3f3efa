"""Sets of parameters: sums that cancel, and functions of one set over many."""

import numpy as np

CANCELLED = 1e-13  # relative to the sum of absolute values: what is smaller is rounding


def cancelled(*terms):
    """The sum of the terms, 0 where they cancel to rounding."""
    total, size = sum(terms), sum(np.abs(term) for term in terms)
    return np.where(np.abs(total) <= CANCELLED * size, 0.0, total)[()]


def over_sets(function, keys, parameters, shape):
    """Results of a function of one set of numbers for arrays of parameters: each different set once.

    Returns
    -------
    dict
        An array of the given shape for each key.
    """
    columns = [np.broadcast_to(np.asarray(p, dtype=float), shape).ravel() for p in parameters]
    rows = [function(*(float(value) for value in row)) for row in zip(*columns, strict=True)]
    return {key: np.array([row[key] for row in rows], dtype=float).reshape(shape) for key in keys}
