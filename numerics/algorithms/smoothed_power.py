"""Smoothed powers I_n(z) = E[(z + eta)_+^n], eta standard normal: a threshold-power law under Gaussian noise.

Parabolic cylinder functions: I_n(z) = Gamma(n + 1) exp(-z^2/4) D_(-n-1)(-z) / sqrt(2 pi) (DLMF 12.5.1).  They are
sums of two functions of Kummer, which cancel for z < 0.  There the moments J_n = I_n/density are the minimal solution of
J_(n+1) = z J_n + n J_(n-1): their ratios follow from a continued fraction, their size from ``sum_k |z|^k J_(n+k)/k! = J_n(0)``,
all of positive terms; far out there is an asymptotic series.
"""

import numpy as np
from scipy import special

SMALLEST_SQUARED = 1e-20  # |z| whose square changes nothing; SciPy's hyp1f1 is nan at some tiny arguments
CANCELLING = -1.0  # below it the two functions of Kummer cancel
LOST_FACTOR = 30.0  # of rounding that the recursion for whole n may bring
FARTHEST_TAIL = 60.0  # |z| beyond which I_n is below the smallest number
FAR_TAIL, SERIES_TERMS = 12.0, 40  # |z| from which the terms of the asymptotic series reach rounding, for n <= |z| - 2
FAR_RISE, RISE_TERMS = 12.0, 24  # beyond which the series in 1/z^2 is used, whose terms fall below rounding there
FARTHEST_RISE = 1e150  # in the correction, which is 1 long before


def smoothed_power(n, z):
    """I_n(z), for n > -1 and by analytic continuation for other n that are no negative integers; n and z broadcast.

    To relative accuracy 1e-12 for -0.9 < n < 10, z < 1e3; 0 where it is below the smallest number.
    """
    order = np.asarray(n, dtype=float)
    n, z = np.broadcast_arrays(order, np.asarray(z, dtype=float))
    value = np.full(z.shape, np.nan)
    whole = order.ndim == 0 and order >= 0 and order % 1 == 0
    cancelling = -(LOST_FACTOR ** (0.5 / order) if order else np.inf) if whole else CANCELLING
    above, below = z >= cancelling, z < cancelling
    value[above] = whole_power(int(order), z[above]) if whole else rising_power(n[above], z[above])
    value[below] = power_of_tail(n[below], z[below])
    return value[()]


def whole_power(n, z):
    """I_n(z) for a whole number n >= 0 by I_n = z I_(n-1) + (n - 1) I_(n-2), whose terms cancel to z^(-2n) of their size."""
    before, value = np.exp(-0.5 * z * z) / np.sqrt(2.0 * np.pi), special.ndtr(z)
    for k in range(1, n + 1):
        before, value = value, z * value + (k - 1 or 1) * before
    return value


def rising_power(n, z):
    """I_n(z) for z > -1: by Kummer's functions (DLMF 12.7.12), for large z by ``z^n sum_k (-n)_(2k)/(2^k k! z^(2k))``."""
    value, far = np.empty(z.shape), z > FAR_RISE
    order, large = n[far], np.minimum(z[far], FARTHEST_RISE)
    total = np.ones(large.shape)
    for k in range(RISE_TERMS, 0, -1):
        total = 1.0 + (order - 2 * k + 2.0) * (order - 2 * k + 1.0) / (2 * k * large * large) * total
    value[far] = z[far] ** order * total
    value[~far] = kummer_power(n[~far], z[~far])
    return value


def kummer_power(n, z):
    """I_n(z) for moderate z as a sum of two functions of Kummer."""
    square = np.where(np.abs(z) < SMALLEST_SQUARED, 0.0, -0.5 * z * z)
    even = special.gamma(0.5 * (n + 1.0)) * special.hyp1f1(-0.5 * n, 0.5, square)
    odd = np.sqrt(2.0) * z * special.gamma(0.5 * n + 1.0) * special.hyp1f1(0.5 * (1.0 - n), 1.5, square)
    return 2.0 ** (0.5 * n - 1.0) / np.sqrt(np.pi) * (even + odd)


def power_of_tail(n, z):
    """I_n(z) for z < -1; for n < -1 from I_(n+1) and I_(n+2)."""
    value = np.empty(z.shape)
    low, far = n < -1.0, z < -np.maximum(FAR_TAIL, n + 2.0)
    if np.any(low):
        order, here = n[low], z[low]
        value[low] = (power_of_tail(order + 2.0, here) - here * power_of_tail(order + 1.0, here)) / (order + 1.0)
    far &= ~low
    near = ~far & ~low
    value[far], value[near] = far_tail(n[far], np.minimum(-z[far], FARTHEST_TAIL)), near_tail(n[near], -z[near])
    return value


def far_tail(n, x):
    """I_n(-x) for large x by the asymptotic series ``Gamma(n + 1) density x^(-n-1) sum_k (-1)^k (n+1)_(2k)/(2^k k! x^(2k))``."""
    total = np.ones(x.shape)
    for k in range(SERIES_TERMS, 0, -1):
        total = 1.0 - (n + 2 * k - 1.0) * (n + 2 * k) / (2 * k * x * x) * total
    return special.gamma(n + 1.0) * x ** (-n - 1.0) * np.exp(-0.5 * x * x) / np.sqrt(2.0 * np.pi) * total


def near_tail(n, x):
    """I_n(-x) for moderate x by the moments J_n."""
    if x.size == 0:
        return x
    terms = int(np.max(30.0 + 11.0 * x + 2.0 * np.abs(n) + 220.0 / x**2))  # what is left out is below rounding
    ratio = 0.5 * (np.sqrt(x * x + 4.0 * (n + terms)) - x)  # J_(n+k)/J_(n+k-1) for large k, soon forgotten
    total = np.ones(x.shape)
    for k in range(terms, 0, -1):
        ratio = (n + k) / (ratio + x)
        total = 1.0 + x * ratio / k * total
    at_zero = 2.0 ** (0.5 * n - 1.0) * special.gamma(0.5 * (n + 1.0)) / np.sqrt(np.pi)
    return at_zero * np.exp(-0.5 * x * x) / total
