"""Averages <F(x1) G(x2)> over two states of one network: jointly Gaussian, zero means, different variances."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sympy import Expr, diff

from numerics.algorithms.averages import Mean
from numerics.algorithms.quadrature import REACH, gaussian_average
from numerics.averages.average import mean_object
from theory.activation.activation import Activation
from theory.averages.average import Average
from theory.averages.measures import Normal
from theory.symbols import mu, phi, x

Values = NDArray[np.float64]

STANDARD_DEVIATIONS = 8.9  # the Gaussian weight beyond is below 1e-17
COARSEST, FINEST = 0.4, 0.02  # steps of the two-dimensional trapezoidal rule, in standard deviations
ROUNDING = 1e-15  # of a variance
INDEPENDENT = 1e-2  # least share of independent variance for averages by parts
SETTLED = 1e-7  # change from twice the step; the error, exp(-c/step), is its square


def _evaluator(integrand: Expr, order: int = 0) -> cached_property[Mean]:
    """The evaluator of <F^(order)> at any mean, built when pairs of states are first asked for it."""
    return cached_property(lambda pairs: mean_object(Average(integrand, order, Normal(mu)), pairs.activation))


class StatePairs:
    """<phi(x1) phi(x2)> of one activation and what stability asks for, at any variances and any covariance.

    A smooth activation is summed over the plane, along x1/sd1 + x2/sd2 and x1/sd1 - x2/sd2: no digit is lost where the states
    coincide. For the others the inner of two nested rules is a one-state average at a mean, in closed form or by quadrature.

    Parameters
    ----------
    activation : Activation
    own : list of float
        Its parameters.
    """

    def __init__(self, activation: Activation, own: list[float]) -> None:
        self.activation, self.own = activation, own
        self._step = COARSEST

    activity = _evaluator(phi(x))  # <phi> at any mean; it carries phi itself
    slope = _evaluator(phi(x), 1)  # <phi'>
    scaling = _evaluator(x * diff(phi(x), x))  # <x phi'>
    weighted = _evaluator(x * phi(x))  # <x phi>

    def activities(self, first: float, second: ArrayLike, covariance: ArrayLike) -> Values:
        """<phi(x1) phi(x2)>, nan where unresolved; `first`, `second` are the variances."""
        return self.average(self.activity, self.activity, first, second, covariance)

    def slopes(self, first: float, second: float, covariance: float) -> tuple[float, float]:
        """<phi'(x1) phi'(x2)> and <phi(x1) phi''(x2)>, of a continuous phi.

        The latter by Stein's lemma, <phi(x1) x2 phi'(x2)> = c <phi' phi'> + Delta2 <phi phi''>: it exists at a kink, too.
        """
        both = float(self.average(self.slope, self.slope, first, second, covariance))
        scaled = float(self.average(self.activity, self.scaling, first, second, covariance))
        if np.isnan(both):
            both = self._slopes_by_parts(first, second, covariance, scaled)
        return both, (scaled - covariance * both) / second

    def _slopes_by_parts(self, first: float, second: float, covariance: float, scaled: float) -> float:
        """<phi'(x1) phi'(x2)> without phi' itself, which may be infinite: `scaled` and Stein's lemma for <x1 phi x2 phi>."""
        free = first * second - covariance**2
        if free < INDEPENDENT * first * second:
            return np.nan
        weights = float(self.average(self.weighted, self.weighted, first, second, covariance))
        values = float(self.average(self.activity, self.activity, first, second, covariance))
        turned = float(self.average(self.scaling, self.activity, first, second, covariance))
        return (weights - covariance * (values + turned + scaled)) / free

    def average(self, F: Mean, G: Mean, first: ArrayLike, second: ArrayLike, covariance: ArrayLike) -> Values:
        """<F(x1) G(x2)> for functions given by the integrands of their one-state averages."""
        columns = [np.array(c, dtype=float) for c in np.broadcast_arrays(first, second, covariance)]
        shape = columns[0].shape
        columns = [c.reshape(-1) for c in columns]
        value = np.full(columns[0].shape, np.nan)
        if not self.activation.pieces.breakpoints:
            for k, point in enumerate(zip(*columns, strict=True)):
                value[k] = self._over_the_plane(F, G, *map(float, point))
        left = np.isnan(value)
        if np.any(left):
            value[left] = self._nested(F, G, *(c[left] for c in columns))
        return value.reshape(shape)

    def _over_the_plane(self, F: Mean, G: Mean, first: float, second: float, covariance: float) -> float:
        """The trapezoidal rule, its step halved until it has converged; nan where none is fine enough."""
        deviations = np.sqrt(first), np.sqrt(second)
        rho = float(np.clip(covariance / (deviations[0] * deviations[1]), -1.0, 1.0))
        step, previous = min(COARSEST, 2 * self._step), None
        while step > FINEST:
            total, size = self._sum(F, G, deviations, rho, step)
            if previous is not None and abs(total - previous) <= SETTLED * size:
                self._step = step
                return total
            step, previous = 0.5 * step, total
        return np.nan

    def _sum(self, F: Mean, G: Mean, deviations: tuple[float, float], rho: float, step: float) -> tuple[float, float]:
        """Sums of F G and |F G| over a grid; a direction along which the arguments move slowly is sampled less finely."""
        fast, slow = np.sqrt(0.5 * (1 + rho)), np.sqrt(0.5 * (1 - rho))
        nodes, weights = [], []
        for fraction, other in ((fast, slow), (slow, fast)):
            spacing = 1.0 / np.hypot(fraction / step, other / COARSEST)
            reach = int(STANDARD_DEVIATIONS / spacing) + 1
            z = np.arange(-reach, reach + 1) * spacing
            nodes.append(fraction * z)
            weights.append(np.exp(-0.5 * z * z) * spacing / np.sqrt(2 * np.pi))
        along, across = nodes[0][:, None], nodes[1]
        product = plain(F, deviations[0] * (along + across), self.own) * plain(
            G, deviations[1] * (along - across), self.own
        )
        return float(weights[0] @ product @ weights[1]), float(weights[0] @ np.abs(product) @ weights[1])

    def _nested(self, F: Mean, G: Mean, first: Values, second: Values, covariance: Values) -> Values:
        """<F(x1) <G(x2)|x1>>, x2 | x1 ~ N(c x1/Delta1, Delta2 - c^2/Delta1), cut where either function has a breakpoint."""
        tilt = covariance / first
        rho = np.clip(covariance / np.sqrt(first * second), -1.0, 1.0)
        rest = second * (1 - rho) * (1 + rho)
        rest[rest <= ROUNDING * second] = 0.0
        own = [np.full(first.shape, p) for p in self.own]
        points = [np.broadcast_to(np.asarray(b, dtype=float), first.shape) for b in F.breakpoints(*own)]
        far = REACH * np.sqrt(first)
        with np.errstate(all="ignore"):
            images = [np.clip(b / tilt, -far, far) for b in points if np.any(b)]
        cuts = np.sort(np.stack([*points, *images]), axis=0)

        def beside(k: int) -> Callable[..., Values]:
            def integrand(u: Values, tilt: Values, rest: Values, *others: Values) -> Values:
                own = others[len(cuts) :]
                x1 = others[k] + u
                given = plain(G, tilt * x1, own)
                wide = rest[:, 0] > 0
                if np.any(wide):
                    given[wide] = G(rest[wide], *(p[wide] for p in own), mean=(tilt * x1)[wide])
                return plain(F, x1, own) * given

            return integrand

        sides = [beside(k) for k in range(len(cuts))]
        return gaussian_average(sides, sides, list(cuts), 0.0, first, [tilt, rest, *cuts, *own], exponent=F.exponent)[0]


def plain(mean: Mean, at: Values, own: Sequence[ArrayLike]) -> Values:
    """The function that a one-state average integrates, put together from what it is beside its breakpoints."""
    points = mean.breakpoints(*own)
    with np.errstate(all="ignore"):
        value = np.zeros(at.shape) + mean.left[0](at - points[0], 0.0, 1.0, *own)
        for point, right in zip(points, mean.right, strict=True):
            value = np.where(at >= point, right(at - point, 0.0, 1.0, *own), value)
    return value
