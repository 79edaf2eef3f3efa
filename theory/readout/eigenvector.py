r"""Outliers by the eigenvector: for readouts that are functions of the state of each unit, and a second route for any other.

    lambda v_i = sum_j g chi_ij phi'(x_j) v_j + m_i k,      k = (1/N) sum_j f_j phi'(x_j) v_j,

v an eigenvector of the Jacobian, its leak left out, with an eigenvalue outside the bulk; f_j = f(x_j, m_j, I_j, n_j) is N times the
readout.  This is a network driven along m like x itself: by the cavity argument v is jointly Gaussian over units with x and the
vectors.  Two numbers close the problem, c = <x v> and k.  Shares nothing with the collective fields but averages over one site.

Source: Mastrogiuseppe, Ostojic 2019, Neural Computation 31, 1139 (outliers as a 2x2 problem); this derivation is the toolkit's.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from sympy import Eq, Expr, Function, Matrix, Symbol, diff, eye, symbols

from theory.averages.average import Average
from theory.averages.exact import exact
from theory.averages.measures import Joint
from theory.derivation import Evaluated, Replay, Step
from theory.engine.readout import I_, m, n
from theory.engine.two_states import shared_couplings
from theory.models.feedback import FEEDBACK
from theory.readout.loop_steps import BY_PAIRINGS
from theory.readout.open_loop import mode
from theory.readout.vectors import BETWEEN, site_at, with_feedback
from theory.symbols import g, growth, phi, x, z

f = Function("f", real=True)(x, m, I_, n)
"""A local readout, not specified."""

ENTRIES = (m, I_, n)
_slope = diff(phi(x), x)
_c, _k, _v = symbols("c k v", real=True)


@dataclass(frozen=True)
class LocalReadout:
    """What a readout n_i = f(x_i, m_i, I_i, n_i)/N does to an eigenvector, at a fixed point with this output.

    Attributes
    ----------
    readout : Expr
        f.
    output : Expr
    """

    readout: Expr
    output: Expr = z

    @property
    def site(self) -> Joint:
        """x and the entries."""
        return site_at(self.output)

    @property
    def through_state(self) -> Expr:
        """E1 = <d_x (f phi')>."""
        return Average(self.readout * _slope, 1, self.site).expand()

    @property
    def direct(self) -> Expr:
        """e = sum_e <e m> <phi' d_e f> over the entries e."""
        return self.met_along(m)

    def met_along(self, along: Symbol) -> Expr:
        """sum_e <e a> <phi' d_e f>, a the entry of the vector along which a signal enters."""
        return sum(
            BETWEEN.covariance(e, along) * Average(diff(self.readout, e) * _slope, 0, self.site) for e in ENTRIES
        ).expand()

    @property
    def trace(self) -> Expr:
        """Sum of the outliers."""
        return mode() + self.through_state * with_feedback(self.output) + self.direct

    @property
    def determinant(self) -> Expr:
        """Product of the outliers."""
        return mode() * self.direct

    @property
    def polynomial(self) -> Expr:
        """Its zeros are the outliers."""
        return growth**2 - self.trace * growth + self.determinant

    def transfer(self, along: Symbol = m) -> Expr:
        """h(lambda), the response of the output to a signal exp((lambda - 1) t) along a vector, the loop open."""
        by_variance = (self.site.covariance(along, x) * self.through_state).factor()
        return self.met_along(along) / growth + by_variance / (growth - mode())


# ---- the argument as checked steps ---------------------------------------------------------------------------------------------


def eigenvector_steps() -> tuple[Step, ...]:
    """The outliers for a readout that is not specified."""
    local = LocalReadout(f)
    along_m = {(e, _v): BETWEEN.covariance(e, m) * _k / growth for e in ENTRIES}
    site = local.site.joined({(x, _v): _c, (_v, _v): Symbol("vv"), **along_m})
    some = x**2 * m + x * m * I_ - 2 * I_ + n * x
    by_pairings = Evaluated(partial(exact, inserted={f: some}), name=BY_PAIRINGS.name)
    matrix = Matrix([[mode(), with_feedback(z)], [growth * local.through_state, local.direct]])
    return (
        Step(
            "Readout f(x_i, m_i, I_i, n_i)/N at a fixed point with output z. An eigenvector of the Jacobian (its leak left out), "
            "lambda v = m k + g chi phi' v with k = <f phi' v>, outside the disc of the bulk is a sum of many weak inputs: it is "
            "jointly Gaussian over units with x, m, I and n, and its covariance with each of the vectors is that of m k/lambda",
            "central limit theorem, one-site cavity",
            reference=FEEDBACK.reference,
            assumption="N -> infinity; |lambda| above the radius g <phi'^2>^(1/2) of the bulk",
        ),
        shared_couplings("phi", "phi'v"),
        Step(
            "So its covariance c with x = m z + I + g chi phi(x) needs <phi phi' v> = c <(phi phi')'>",
            "Stein's lemma",
            Eq(growth * _c, with_feedback(z) * _k + g**2 * Average(phi(x) * _slope * _v, 0, site, evaluate=False)),
            Eq(growth * _c, with_feedback(z) * _k + mode() * _c),
            check=by_pairings,
        ),
        Step(
            "k = <f phi' v>: v is Gaussian together with x, m, I and n, and meets each of them in f phi'",
            "Stein's lemma in four variables",
            Average(f * _slope * _v, 0, site, evaluate=False),
            Eq(_k, local.through_state * _c + local.direct * _k / growth),
            check=by_pairings,
        ),
        Step(
            "Both equations have a solution (c, k) where their determinant vanishes: the outliers, (lambda - G)(lambda - e) "
            "= s E1 lambda with G the gain of the slow variance mode, E1 = <d_x(f phi')>, e the sum of <a m> <phi' d_a f> over a = "
            "m, I, n",
            "determinant",
            matrix,
            local.polynomial,
            check=Replay(lambda turn: (growth * eye(2) - turn).det(), "det(lambda - matrix) for (c, k)"),
        ),
    )
