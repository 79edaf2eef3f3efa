r"""One-site and two-site cavity: an independent second route to the results of `theory.fields.collective`.

Two units are added to a network of N.  Their fields are, to first order in the 1/sqrt(N) couplings,

    h_1 = eta_1 + A_12 phi_2,    h_2 = eta_2 + A_21 phi_1,    <eta_1 eta_2> = E_12,

A_12 = J_12 + sum_kl J_1k R_kl J_l2 the coupling through and beside the reservoir, E_12 = sum_kl J_1k J_2l C_kl the
covariance that the reservoir feeds to both.  Their second moments over J close on the statistics of the reservoir, which
are those of the pair itself.  Shares nothing with the collective-field route but `Average`.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import mpmath
from sympy import Eq, Expr, Rational, Symbol, diff, lambdify, symbols

from theory.derivation import Derivation, Fact, Replay, Step, same
from theory.gaussian.average import Average, stein
from theory.networks import GaussianCouplings, StaticNoise
from theory.symbols import Delta, phi, x

A12, A21, E12 = symbols("A_12 A_21 E_12", real=True)
alpha, epsilon = symbols("alpha epsilon", real=True)
psi_phi = Symbol("psi_phi", real=True)
_h1, _h2, _order = symbols("eta_1 eta_2 epsilon_order", real=True)


@dataclass(frozen=True)
class CavityStatistics:
    """Result of the two-site cavity.

    Attributes
    ----------
    variance : Expr
        Right-hand side of the self-consistency for Delta.
    phi, x : Expr
        N times the variance over J of an off-diagonal covariance of phi and of x.
    derivation : Derivation
        The steps.
    """

    variance: Expr
    phi: Expr
    x: Expr
    derivation: Derivation


def _bar(function: Expr, order: int = 0) -> Expr:
    return stein(Average(function, order))


def pair_covariance(observable: Expr) -> Expr:
    """First-order covariance of an observable of two weakly coupled units.

    Expands <a(h_1) a(h_2)> to first order in A_12, A_21 (the other unit's activity) and, by Price's theorem, in E_12.

    Parameters
    ----------
    observable : Expr
        a(x): phi(x) or x.
    """
    phi2 = phi(_h2)
    phi1 = phi(_h1)
    first = observable.subs(x, _h1 + _order * A12 * phi2)
    second = observable.subs(x, _h2 + _order * A21 * phi1)
    linear = diff(first * second, _order).doit().subs(_order, 0).doit().expand()
    gain = _bar(observable, 1)
    return (_independent(linear) + gain**2 * E12).expand()


def _independent(expression: Expr) -> Expr:
    """Average over the independent fields eta_1 and eta_2, term by term."""
    total = 0
    for term in expression.as_ordered_terms():
        constant, site1, site2 = 1, 1, 1
        for factor in term.as_ordered_factors():
            if factor.has(_h1):
                site1 *= factor
            elif factor.has(_h2):
                site2 *= factor
            else:
                constant *= factor
        total += constant * _site_average(site1, _h1) * _site_average(site2, _h2)
    return total


def _site_average(factor: Expr, field: Symbol) -> Expr:
    if factor == 1:
        return factor
    return _bar(factor.subs(field, x).doit())


def square_over_couplings(covariance: Expr) -> Expr:
    """N <covariance^2> over J for iid couplings: N<A^2> = alpha for A_12 and A_21, N<E^2> = epsilon, no cross moments."""
    moments = {A12: alpha, A21: alpha, E12: epsilon}
    return sum(covariance.coeff(symbol, 1) ** 2 * moment for symbol, moment in moments.items())


def reservoir_sum(diagonal: Expr, off_diagonal: Expr) -> Expr:
    """(1/N) sum_kl M_kl^2 over the reservoir: the diagonal value squared plus N times the off-diagonal second moment."""
    return diagonal**2 + off_diagonal


def linear_root(equation: Eq, unknown: Symbol) -> Expr:
    """The root of a linear equation; `sympy.solve` would simplify every term first, which is slow."""
    difference = equation.lhs - equation.rhs
    return (difference.subs(unknown, 0) / -difference.diff(unknown)).cancel()


def two_site_cavity(couplings: GaussianCouplings, noise: StaticNoise) -> CavityStatistics:
    """Self-consistency and covariance statistics of the static network with iid couplings.

    Raises
    ------
    ValueError
        For partially symmetric couplings, which the static model does not have.
    """
    if couplings.symmetry != 0:
        raise ValueError("the static two-site cavity is derived for independent couplings")
    strength = couplings.strength
    gain, power = _bar(phi(x), 1), _bar(phi(x) ** 2)

    variance = noise.variance + strength**2 * power
    cov_phi = pair_covariance(phi(x))
    cov_x = pair_covariance(x)

    # reservoir: responses R_kk = <phi'>, R_kl = <phi'> A_kl <phi'>; covariances C_kk = <phi^2>, and psi_phi/N off the diagonal
    alpha_rhs = strength**2 + strength**4 * reservoir_sum(gain, gain**4 * alpha)
    alpha_value = linear_root(Eq(alpha, alpha_rhs), alpha)
    epsilon_rhs = strength**4 * reservoir_sum(power, psi_phi)
    closed = square_over_couplings(cov_phi).subs({epsilon: epsilon_rhs, alpha: alpha_value})
    psi_value = linear_root(Eq(psi_phi, closed), psi_phi).factor()
    psi_x = (
        square_over_couplings(cov_x).subs({epsilon: epsilon_rhs, alpha: alpha_value}).subs(psi_phi, psi_value).factor()
    )

    steps = (
        Step(
            "Add one unit to a network of N. Its field is a sum of N weakly dependent terms, so it is Gaussian; its variance is "
            "the noise plus g^2 times the mean square activity, which is that of the unit itself",
            "central limit theorem, one-site cavity",
            after=Eq(Delta, variance),
            assumption="couplings independent with variance g^2/N; N -> infinity; odd phi, so that the mean field vanishes",
            reference="Mezard, Parisi, Virasoro 1987; Clark, Abbott, Litwin-Kumar 2023",
            check=Fact(_field_variance, "variance of sum_j J_j phi_j at N = 3, exactly"),
        ),
        Step(
            "Add two units 1 and 2. Expand the covariance of their activities to first order in A_12, A_21 (the "
            "coupling of the pair, "
            "directly and through the reservoir) and E_12 (the covariance fed to both by the reservoir)",
            "first-order expansion and Price's theorem",
            before=_product(phi(x)),
            after=cov_phi,
            assumption="A and E are of order 1/sqrt(N)",
            reference="Clark, Abbott, Litwin-Kumar 2023",
            check=_FirstOrder(phi(x)),
        ),
        Step(
            "The same for the preactivations",
            "first-order expansion",
            _product(x),
            cov_x,
            check=_FirstOrder(x),
            assumption="A and E are of order 1/sqrt(N)",
        ),
        Step(
            "Second moment of A over the couplings that touch the pair: the direct coupling, the reservoir's "
            "diagonal responses <phi'> and "
            "its off-diagonal ones <phi'> A_kl <phi'>. Solve for alpha = N <A^2>",
            "Wick's theorem over J, linear equation solved",
            Eq(alpha, alpha_rhs),
            alpha_value,
            check=Fact(
                lambda: reservoir_moment() and same(alpha_rhs.subs(alpha, alpha_value), alpha_value),
                "N <A^2> = g^2 + (g^4/N) sum R_kl^2 at N = 3, exactly; solution inserted",
            ),
        ),
        Step(
            "Second moment of E = sum J_1k J_2l C_kl: epsilon = N <E^2> from the reservoir's variances and covariances",
            "Wick's theorem over J",
            after=Eq(epsilon, epsilon_rhs),
            check=Fact(fed_covariance, "N <E^2> = (g^4/N) sum C_kl^2 at N = 3, exactly"),
        ),
        Step(
            "N times the variance of the pair's covariance, closed on itself; solve for psi_phi",
            "linear equation solved",
            Eq(psi_phi, closed),
            psi_value,
            check=Replay(lambda equation: linear_root(equation, psi_phi)),
        ),
        Step(
            "N times the variance of an off-diagonal covariance of the preactivations",
            "substitution",
            square_over_couplings(cov_x),
            psi_x,
            check=Replay(lambda e: e.subs({epsilon: epsilon_rhs, alpha: alpha_value}).subs(psi_phi, psi_value)),
        ),
    )
    return CavityStatistics(variance, psi_value, psi_x, Derivation("Two-site cavity", steps))


def _product(observable: Expr) -> Expr:
    return observable.subs(x, _h1 + A12 * phi(_h2)) * observable.subs(x, _h2 + A21 * phi(_h1))


def _over_signs(count: int, value: Callable[[tuple[int, ...]], Rational]) -> Rational:
    """Average over independent signs: exact for second moments of independent couplings of unit variance."""
    return sum(value(signs) for signs in product((-1, 1), repeat=count)) / 2**count


def _table(rows: int, columns: int, seed: int) -> list[list[Rational]]:
    source = random.Random(seed)
    return [[Rational(source.randint(-9, 9), source.randint(1, 5)) for _ in range(columns)] for _ in range(rows)]


def _field_variance() -> bool:
    (activity,) = _table(1, 3, 1)
    return _over_signs(3, lambda J: sum(j * a for j, a in zip(J, activity, strict=True)) ** 2) == sum(
        a**2 for a in activity
    )


def reservoir_moment() -> bool:
    """<(J_12 + sum J_1k R_kl J_l2)^2> = v + v^2 sum R_kl^2, v = g^2/N, here with v = 1."""
    R = _table(3, 3, 2)

    def squared(J: tuple[int, ...]) -> Rational:
        direct, out, into = J[0], J[1:4], J[4:7]
        return (direct + sum(out[k] * R[k][n] * into[n] for k in range(3) for n in range(3))) ** 2

    return _over_signs(7, squared) == 1 + sum(entry**2 for row in R for entry in row)


def fed_covariance() -> bool:
    """<(sum J_1k J_2l C_kl)^2> = v^2 sum C_kl^2, here with v = 1."""
    C = _table(3, 3, 3)

    def squared(J: tuple[int, ...]) -> Rational:
        return sum(J[k] * J[3 + n] * C[k][n] for k in range(3) for n in range(3)) ** 2

    return _over_signs(6, squared) == sum(entry**2 for row in C for entry in row)


@dataclass(frozen=True)
class _FirstOrder:
    """Check a pair covariance against the exact covariance of two weakly coupled units with phi(x) = x + x^3/7.

    The integrals over the Gaussian fields are exact (Gauss-Hermite, polynomial integrand), the derivatives are central
    differences of the exact covariance.
    """

    observable: Expr
    variance: float = 0.8
    name: str = "against the exact covariance of a coupled pair with a cubic phi"

    def __call__(self, step: Step) -> bool:
        """Whether the three first-order coefficients agree to 1e-8."""
        cubic = x + x**3 / 7
        averages = {a: _polynomial_average(a, cubic, self.variance) for a in step.after.atoms(Average)}
        for symbol in (A12, A21, E12):
            predicted = step.after.coeff(symbol, 1).xreplace(averages).subs(Delta, self.variance)
            if abs(self._measured(symbol, cubic) - predicted) > 1e-8 * max(1, abs(predicted)):
                return False
        return True

    def _measured(self, symbol: Symbol, cubic: Expr) -> mpmath.mpf:
        a = lambdify(x, self.observable.subs(phi(x), cubic).doit(), "mpmath")
        activity = lambdify(x, cubic, "mpmath")
        nodes, weights = mpmath.gauss_quadrature(12, "hermite")
        step = mpmath.mpf("1e-5")

        def covariance(size: mpmath.mpf) -> mpmath.mpf:
            a12, a21, e12 = (size if symbol == s else 0 for s in (A12, A21, E12))
            v = mpmath.mpf(self.variance)
            total = mpmath.mpf(0)
            for p, wp in zip(nodes, weights, strict=True):
                for q, wq in zip(nodes, weights, strict=True):
                    eta1 = mpmath.sqrt(2 * v) * p
                    eta2 = e12 / v * eta1 + mpmath.sqrt(2 * (v - e12**2 / v)) * q
                    total += wp * wq / mpmath.pi * a(eta1 + a12 * activity(eta2)) * a(eta2 + a21 * activity(eta1))
            return total

        return (covariance(step) - covariance(-step)) / (2 * step)


def _polynomial_average(average: Average, polynomial: Expr, variance: float) -> Expr:
    """<F^(n)> for a polynomial phi by Gaussian moments (2k-1)!! v^k."""
    F = average.integrand.subs(phi(x), polynomial).doit().diff(x, average.order).expand()
    return sum(
        coefficient * mpmath.fac2(power - 1) * variance ** (power // 2)
        for (power,), coefficient in F.as_poly(x).terms()
        if power % 2 == 0
    )
