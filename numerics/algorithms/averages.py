"""A Gaussian average of a generated module: the closed form where its terms do not cancel, quadrature elsewhere."""

import numpy as np

from numerics.algorithms.quadrature import gaussian_average

CANCELLATION = 300.0  # sum of |terms| over |sum| above which a closed form is not used
ROUNDING = 1e-15  # relative error of one term
FAR = 7.0  # standard deviations: the Gaussian weight beyond is below 1e-11
SAFE_RANGE = (1e-15, 1e15)  # variances at which no power in a sum of terms can over- or underflow
REMEMBERED, WORTH = (
    4,
    (100, 5000),
)  # arrays whose averages are kept, and their sizes: the grids that every solution scans


def summed(terms, columns, shape):
    """Terms of a closed form, their sum, the sum of their absolute values, and where they do not cancel."""
    with np.errstate(all="ignore"):
        terms = [np.broadcast_to(term, shape) for term in terms(*columns)]
        total, size = sum(terms), sum(np.abs(term) for term in terms)
        return terms, total, size, size <= CANCELLATION * np.abs(total)


class Mean:
    """<F(x)> over x ~ N(mean, variance), vectorised over variance, mean and parameters.

    Parameters
    ----------
    terms : callable or None
        ``terms(mean, variance, *parameters)``: the terms of the closed form, to be summed.
    left, right, breakpoints, even, exponent :
        Integrand for `gaussian_average`; ``breakpoints(*parameters)`` returns their positions, the integrands take
        ``(u, mean, variance, *parameters)``.
    finite : callable or None
        ``finite(mean, variance, *parameters)``: where the average is finite; +infinity elsewhere. None: everywhere.
    reach : float
        |x| up to which every narrow feature is among the breakpoints: what needs more is refused by quadrature.
    """

    def __init__(
        self, terms=None, left=(), right=(), breakpoints=None, even=False, exponent=0.0, finite=None, reach=np.inf
    ):
        self.terms, self.left, self.right, self.breakpoints = terms, left, right, breakpoints
        self.even, self.exponent, self.finite, self.reach = even, exponent, finite, reach
        self.remembered = {}

    def __call__(self, variance, *parameters, mean=0.0):
        """Value of the average; nan where it could not be resolved."""
        return self.with_error(variance, *parameters, mean=mean)[0]

    def with_error(self, variance, *parameters, mean=0.0):
        """Value and an estimate of its absolute error."""
        columns = np.broadcast_arrays(*(np.asarray(c, dtype=float) for c in (mean, variance, *parameters)))
        if not WORTH[0] <= columns[0].size <= WORTH[1]:
            return self.evaluated(columns)
        key = (columns[0].shape, *(c.tobytes() for c in columns))
        if key not in self.remembered:
            while len(self.remembered) >= REMEMBERED:
                self.remembered.pop(next(iter(self.remembered)), None)
            self.remembered[key] = self.evaluated(columns)
        return tuple(values.copy() for values in self.remembered[key])

    def evaluated(self, columns):
        """Value and error for columns of one shape: mean, variance, parameters."""
        shape = columns[0].shape
        value, error = np.full(shape, np.nan), np.full(shape, np.nan)
        open_cases = np.isfinite(columns[1]) & (columns[1] > 0)
        if self.finite is not None:
            infinite = open_cases & ~np.broadcast_to(self.finite(*columns), shape)
            value[infinite], error[infinite] = np.inf, 0.0
            open_cases &= ~infinite
        if self.terms is not None:
            terms, total, size, clear = summed(self.terms, columns, shape)
            safe = (len(terms) == 1) | ((columns[1] > SAFE_RANGE[0]) & (columns[1] < SAFE_RANGE[1]))
            good = open_cases & safe & clear
            value[good], error[good] = total[good], ROUNDING * size[good]
            open_cases &= ~good
        if np.any(open_cases):
            value[open_cases], error[open_cases] = self.by_quadrature([c[open_cases] for c in columns])
        return value, error

    def by_quadrature(self, columns):
        """The same average by quadrature, for all elements."""
        mean, variance, *parameters = columns
        points = self.breakpoints(*parameters)
        value, error = gaussian_average(
            self.left, self.right, points, mean, variance, columns, even=self.even, exponent=self.exponent
        )
        value[np.abs(mean) + FAR * np.sqrt(variance) > self.reach] = np.nan
        return value, error
