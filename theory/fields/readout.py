r"""A readout that is fed back, in the collective-field engine: a rank-one coupling and site vectors inside the site average.

    x_i = sum_j J_ij phi(x_j) + m_i z + I_i,      z = (1/N) sum_j n_j phi(x_j).

The loop adds one product of fields to the exponent, ``sum_ij xr_i m_i n_j phi_j / N = N B[m xr] B[n phi]``.  The vectors m, I, n,
jointly Gaussian over units, belong to the measure of a single site.  The rest is the engine of `theory.fields.collective`: the
saddle, the fluctuation kernel, and its determinant, whose zeros are the instabilities.

Perturb the saddle by ``exp(s t)``.  A response field that carries the perturbation brings ``1/(1 + s) = 1/lambda``, one that does
not brings 1, so that every entry of Pi F'' between perturbed fields is divided by lambda: ``det(1 - Pi F''/lambda) = 0`` is the
equation of the outliers of the Jacobian, and at lambda = 1 that of a fold.

Source: Mastrogiuseppe, Ostojic 2019, Neural Computation 31, 1139 (model); the derivation by collective fields is this toolkit's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sympy import Expr, Matrix, S, Symbol

from theory.fields.collective import (
    ACTIVITY,
    RESPONSE,
    Action,
    Bilinear,
    Kernel,
    Operator,
    disorder_average,
)
from theory.gaussian.average import Average, stein
from theory.networks import GaussianCouplings
from theory.symbols import growth, phi, x

FEEDBACK_ENTRY, READOUT_ENTRY = Symbol("m", real=True), Symbol("n", real=True)
"""Entries of the feedback and of the readout vector at one site."""

NOISE_POWER = Bilinear.of((1, RESPONSE), (1, RESPONSE))
POWER = Bilinear.of((1, ACTIVITY), (1, ACTIVITY))
LOADED_RESPONSE = Bilinear.of((1, Operator(1, FEEDBACK_ENTRY)))
OUTPUT = Bilinear.of((1, Operator(0, READOUT_ENTRY * phi(x))))
ACTIVITIES = (POWER, OUTPUT)
FIELDS = (NOISE_POWER, LOADED_RESPONSE, *ACTIVITIES)
"""Two response fields and the activities conjugate to them."""


def readout_action(couplings: GaussianCouplings) -> Action:
    """exp(N F) of one trajectory with the loop: ``F = (g^2/2) B[xr^2] B[phi^2] + B[m xr] B[n phi]``."""
    bulk = disorder_average(couplings, (1,))
    return Action((*bulk.fields, LOADED_RESPONSE, OUTPUT), bulk.F + LOADED_RESPONSE.symbol * OUTPUT.symbol)


@dataclass(frozen=True)
class LoadedSite:
    """Measure of one site: x and the entries of m and n are jointly Gaussian.

    Attributes
    ----------
    variance, mean : Expr
        Of x.
    with_x : mapping of Symbol to Expr
        Covariance of an entry with x.
    between : Expr
        Covariance of the entries of m and n.
    means : mapping of Symbol to Expr
        Of the entries; 0 where not given.
    """

    variance: Expr
    with_x: Mapping[Symbol, Expr]
    between: Expr
    mean: Expr = S.Zero
    means: Mapping[Symbol, Expr] = field(default_factory=dict)

    def average(self, b: Bilinear) -> Expr:
        """<b>: a response field differentiates by x at fixed entries, <(n, f)> = <d^n f/dx^n>."""
        ((_, operator),) = b.factors
        entries = [v for v in self.with_x if operator.function.has(v)]
        function = operator.function.subs(dict.fromkeys(entries, S.One))
        powers = [v for v in entries for _ in range(operator.function.as_powers_dict()[v])]
        return stein(self._wick(tuple(powers), function, operator.power)).expand()

    def _wick(self, entries: tuple[Symbol, ...], function: Expr, order: int) -> Expr:
        """<e_1 e_2 ... d^n function/dx^n> by Gaussian integration by parts in the first entry; no entry occurs twice."""
        if not entries:
            return Average(function, order, self.mean, self.variance)
        first, rest = entries[0], entries[1:]
        total = self.means.get(first, S.Zero) * self._wick(rest, function, order)
        total += self.with_x[first] * self._wick(rest, function, order + 1)
        return total + sum(
            self.between * self._wick((*rest[:k], *rest[k + 1 :]), function, order) for k in range(len(rest))
        )

    def connected(self, a: Bilinear, b: Bilinear) -> Expr:
        """<a b> - <a><b>."""
        return self.average(a * b) - self.average(a) * self.average(b)


@dataclass(frozen=True)
class Loop:
    """What the fluctuation kernel says about a network with a readout at a stationary state.

    Attributes
    ----------
    action : Action
    kernel : Kernel
        Of `FIELDS`.
    gain : Matrix
        2x2 block of Pi F'': how perturbations of (<phi^2>, <n phi>) come back after one turn, without the filter of the units.
    trace, determinant : Expr
        ``lambda^2 - trace lambda + determinant = 0`` is the equation of the outliers.
    transfer : Expr
        h(lambda), the response of the output to a feedback signal ``exp((lambda - 1) t)`` with the loop open.
    """

    action: Action
    kernel: Kernel
    gain: Matrix
    trace: Expr
    determinant: Expr
    transfer: Expr

    @property
    def polynomial(self) -> Expr:
        """Its zeros are the outliers."""
        return growth**2 - self.trace * growth + self.determinant


def readout_loop(couplings: GaussianCouplings, site: LoadedSite) -> Loop:
    """Outliers and transfer function of the loop, for a generic phi."""
    action = readout_action(couplings)
    kernel = readout_kernel(action, site)
    gain = (kernel.Pi * kernel.coupling).extract([2, 3], [2, 3])
    (mode, to_variance), (to_output, direct) = gain.tolist()
    return Loop(
        action=action,
        kernel=kernel,
        gain=gain,
        trace=gain.trace().expand(),
        determinant=gain.det().expand(),
        transfer=(direct + to_output * to_variance / (growth - mode)) / growth,
    )


def readout_kernel(action: Action, site: LoadedSite) -> Kernel:
    """Kernel of `FIELDS`; covariances of two activities are left open, because no determinant depends on them."""
    size = len(FIELDS)

    def entry(a: Bilinear, b: Bilinear) -> Expr:
        if a in ACTIVITIES and b in ACTIVITIES:
            first, second = sorted((a.label, b.label))
            return Symbol(f"Cov({first}, {second})")
        return site.connected(a, b)

    Pi = Matrix(size, size, lambda r, c: entry(FIELDS[r], FIELDS[c]))
    return Kernel(FIELDS, Pi, Matrix(size, size, lambda r, c: action.coupling(FIELDS[r], FIELDS[c])))
