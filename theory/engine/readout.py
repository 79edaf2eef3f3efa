r"""A readout that is fed back, in the collective-field engine: a rank-one coupling and site vectors inside the site average.

    x_i = sum_j J_ij phi(x_j) + m_i z + I_i,      z = (C/N) sum_j n_j phi(x_j).

The loop adds one product of fields to the exponent, ``sum_ij xr_i m_i C n_j phi_j / N = N B[m xr] B[C n phi]``.  The vectors
m, I, n, jointly Gaussian over units, belong to the measure of a single site.  The rest is the engine of
`theory.engine.collective`: the saddle, the fluctuation kernel, and its determinant, whose zeros are the instabilities.

Perturb the saddle by ``exp(s t)``.  A response field that carries the perturbation brings ``1/(1 + s) = 1/lambda``, one that does
not brings 1, so that every entry of Pi F'' between perturbed fields is divided by lambda: ``det(1 - Pi F''/lambda) = 0`` is the
equation of the outliers of the Jacobian, and at lambda = 1 that of a fold.

Source: Mastrogiuseppe, Ostojic 2019, Neural Computation 31, 1139 (model); the derivation by collective fields is this toolkit's.
"""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Expr, Matrix, Symbol, symbols

from theory.averages.average import Average
from theory.averages.measures import Joint
from theory.engine.collective import (
    ACTIVITY,
    RESPONSE,
    Action,
    Bilinear,
    Kernel,
    Operator,
    disorder_average,
    fluctuation_kernel,
)
from theory.networks import GaussianCouplings
from theory.symbols import C, growth, phi, x

m, I_, n = symbols("m I n", real=True)
"""Entries of the feedback, the input and the readout (at amplitude 1) at one site."""


def response_along(entry: Symbol) -> Bilinear:
    """What a signal along a vector is conjugate to."""
    return Bilinear.of((1, Operator(1, entry)))


NOISE_POWER = Bilinear.of((1, RESPONSE), (1, RESPONSE))
POWER = Bilinear.of((1, ACTIVITY), (1, ACTIVITY))
LOADED_RESPONSE = response_along(m)
OUTPUT = Bilinear.of((1, Operator(0, C * n * phi(x))))
ACTIVITIES = (POWER, OUTPUT)
FIELDS = (NOISE_POWER, LOADED_RESPONSE, *ACTIVITIES)
"""Two response fields and the activities conjugate to them."""


def readout_action(couplings: GaussianCouplings) -> Action:
    """exp(N F) of one trajectory with the loop: ``F = (g^2/2) B[xr^2] B[phi^2] + B[m xr] B[C n phi]``."""
    bulk = disorder_average(couplings, (1,))
    return Action((*bulk.fields, LOADED_RESPONSE, OUTPUT), bulk.F + LOADED_RESPONSE.symbol * OUTPUT.symbol)


@dataclass(frozen=True)
class LoadedSite:
    """Measure of one site for bilinears of one replica.

    Attributes
    ----------
    joint : Joint
        Of x and the entries.
    """

    joint: Joint

    def average(self, b: Bilinear, evaluate: bool = True) -> Expr:
        """<b>: a response field differentiates by x at fixed entries, <(n, f)> = <d^n f/dx^n>."""
        ((_, operator),) = b.factors
        constant, function = operator.function.as_independent(*self.joint.variables, as_Add=False)
        average = constant * Average(function, operator.power, self.joint, evaluate)
        return average.expand() if evaluate else average

    def connected(self, a: Bilinear, b: Bilinear) -> Expr:
        """<a b> - <a><b>; left open for two activities, because no determinant depends on it."""
        if a in ACTIVITIES and b in ACTIVITIES:
            return Symbol("Cov({}, {})".format(*sorted((a.label, b.label))))
        return self.average(a * b) - self.average(a) * self.average(b)


@dataclass(frozen=True)
class Loop:
    """What the fluctuation kernel says about a network with a readout at a stationary state.

    Attributes
    ----------
    site : LoadedSite
    kernel : Kernel
        Of `FIELDS`.
    gain : Matrix
        2x2 block of Pi F'': how perturbations of (<phi^2>, <C n phi>) come back after one turn, without the filter of the units.
    """

    site: LoadedSite
    kernel: Kernel
    gain: Matrix

    @property
    def trace(self) -> Expr:
        """Sum of the outliers."""
        return self.gain.trace().expand()

    @property
    def determinant(self) -> Expr:
        """Product of the outliers."""
        return self.gain.det().expand()

    @property
    def polynomial(self) -> Expr:
        """Its zeros are the outliers."""
        return growth**2 - self.trace * growth + self.determinant

    def transfer(self, along: Symbol = m) -> Expr:
        """h(lambda), the response of the output to a signal ``exp((lambda - 1) t)`` along a vector, with the loop open."""
        to_variance, direct = (self.site.connected(b, response_along(along)) for b in ACTIVITIES)
        return (direct + self.gain[1, 0] * to_variance / (growth - self.gain[0, 0])) / growth


def readout_loop(couplings: GaussianCouplings, site: LoadedSite) -> Loop:
    """Outliers and transfer functions of the loop, for a generic phi."""
    kernel = fluctuation_kernel(readout_action(couplings), FIELDS, site)
    return Loop(site, kernel, (kernel.Pi * kernel.coupling).extract([2, 3], [2, 3]))
