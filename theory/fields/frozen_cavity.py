r"""The two-site cavity for activations that are not odd: everything at fixed site means, then averaged over them.

The couplings of an added unit fix its mean field mu = sum_k J_k <phi_k>, Gaussian over the couplings with variance
Delta0.  Two added units fluctuate about their means mu_1, mu_2 as in `theory.fields.cavity`,

    h_1 = mu_1 + eta_1 + A_12 phi_2,    h_2 = mu_2 + eta_2 + A_21 phi_1,    <eta_1 eta_2> = E_12,

and their connected covariance at fixed means is squared and averaged over A, E and the means, which are independent: a
mean is a sum over other combinations of the same couplings.  Shares nothing with the replicas but the averages.
"""

from __future__ import annotations

from dataclasses import dataclass

import mpmath
from sympy import Add, Eq, Expr, Mul, Symbol, diff, lambdify, symbols

from theory.derivation import Derivation, Fact, Replay, Step, same
from theory.fields.cavity import (
    A12,
    A21,
    E12,
    alpha,
    epsilon,
    fed_covariance,
    linear_root,
    psi_phi,
    reservoir_moment,
)
from theory.gaussian.average import (
    Average,
    over_frozen_mean,
    stein,
    through_noise_variance,
    variance_at_mean,
    with_variance,
)
from theory.gaussian.measures import AT_MEAN, Normal
from theory.networks import GaussianCouplings, StaticNoise
from theory.symbols import Delta, Delta0, delta, mu, phi, x

MEANS = symbols("mu_1 mu_2", real=True)
_fields = symbols("eta_1 eta_2", real=True)
_order = Symbol("epsilon_order", real=True)


@dataclass(frozen=True)
class FrozenCavity:
    """Result of the two-site cavity at frozen means.

    Attributes
    ----------
    variance, frozen : Expr
        Right-hand sides of the self-consistencies for Delta and Delta0.
    phi, x : Expr
        N times the variance over J of an off-diagonal connected covariance of phi and of x.
    derivation : Derivation
        The steps.
    """

    variance: Expr
    frozen: Expr
    phi: Expr
    x: Expr
    derivation: Derivation


def pair_covariance(observable: Expr) -> Expr:
    """First-order connected covariance of an observable of two weakly coupled units, at fixed means mu_1, mu_2.

    Parameters
    ----------
    observable : Expr
        a(x): phi(x) or x.
    """
    first = observable.subs(x, _fields[0] + _order * A12 * phi(_fields[1]))
    second = observable.subs(x, _fields[1] + _order * A21 * phi(_fields[0]))

    def linear(expression: Expr) -> Expr:
        return _average(diff(expression, _order).doit().subs(_order, 0).doit())

    mean = [_average(a.subs(_order, 0)) for a in (first, second)]
    disconnected = linear(first) * mean[1] + mean[0] * linear(second)
    gains = [stein(Average(observable, 1, Normal(m, delta))) for m in MEANS]
    return (linear(first * second) - disconnected + gains[0] * gains[1] * E12).expand()


def _average(expression: Expr) -> Expr:
    """Average over the independent fields eta_1 ~ N(mu_1, delta) and eta_2 ~ N(mu_2, delta), term by term."""
    total = []
    for term in Add.make_args(expression.expand()):
        constant, *rest = term.as_independent(*_fields, as_Add=False)
        for field, mean in zip(_fields, MEANS, strict=True):
            own = Mul(*(f for rest_factor in rest for f in Mul.make_args(rest_factor) if f.has(field)))
            constant *= stein(Average(own.subs(field, x).doit(), 0, Normal(mean, delta)))
        total.append(constant)
    return Add(*total)


def square_over_couplings(covariance: Expr) -> Expr:
    """N <covariance^2> over J: N<A^2> = alpha for A_12 and A_21, N<E^2> = epsilon, no cross moments, independent means."""
    moments = {A12: alpha, A21: alpha, E12: epsilon}
    return sum(over_means(covariance.coeff(symbol, 1) ** 2) * moment for symbol, moment in moments.items())


def over_means(expression: Expr) -> Expr:
    """Average over the independent frozen means of the two units."""
    total = []
    for term in Add.make_args(expression.expand()):
        rest, second = term.as_independent(MEANS[1], as_Add=False)
        constant, first = rest.as_independent(MEANS[0], as_Add=False)
        sites = (over_frozen_mean(s.xreplace({m: mu})) for s, m in ((first, MEANS[0]), (second, MEANS[1])))
        total.append(constant.subs(delta, Delta - Delta0) * Mul(*sites))
    return Add(*total).expand()


def two_site_cavity(couplings: GaussianCouplings, noise: StaticNoise) -> FrozenCavity:
    """Self-consistencies and covariance statistics of the static network with iid couplings, phi not odd.

    Raises
    ------
    ValueError
        For partially symmetric couplings, which the static model does not have.
    """
    if couplings.symmetry != 0:
        raise ValueError("the static two-site cavity is derived for independent couplings")
    strength = couplings.strength
    activity = Average(phi(x), 0, AT_MEAN)
    variance = noise.variance + strength**2 * Average(phi(x) ** 2)
    frozen = strength**2 * over_frozen_mean(activity**2)
    cov_phi, cov_x = pair_covariance(phi(x)), pair_covariance(x)

    # reservoir: responses R_kk = <phi'>_k, R_kl = <phi'>_k A_kl <phi'>_l; covariances C_kk = Var(phi)_k, psi_phi/N off the diagonal
    squared_gain = over_frozen_mean(activity.diff(mu) ** 2)
    alpha_rhs = strength**2 + strength**4 * (squared_gain + squared_gain**2 * alpha)
    alpha_value = linear_root(Eq(alpha, alpha_rhs), alpha)
    epsilon_rhs = strength**4 * (over_frozen_mean(variance_at_mean(phi(x)) ** 2) + psi_phi)
    closed = with_variance(square_over_couplings(cov_phi), phi(x)).subs({epsilon: epsilon_rhs, alpha: alpha_value})
    psi_value = linear_root(Eq(psi_phi, closed), psi_phi).factor()
    reservoir = {epsilon: epsilon_rhs, alpha: alpha_value}
    psi_x = square_over_couplings(cov_x).subs(reservoir).subs(psi_phi, psi_value)
    psi_x = through_noise_variance(psi_x, lambda e: e.factor())

    steps = (
        Step(
            "Add one unit to a network of N. Its mean field sum_k J_k <phi_k> is frozen by the couplings: Gaussian over them, with "
            "variance g^2 times the mean squared frozen activity, which is that of the unit itself",
            "central limit theorem, one-site cavity",
            after=Eq(Delta0, frozen),
            assumption="couplings independent with variance g^2/N; N -> infinity",
            reference="Mezard, Parisi, Virasoro 1987",
        ),
        Step(
            "Add two units 1 and 2 with means mu_1, mu_2. Expand the connected covariance of their activities to first order in "
            "A_12, A_21 and E_12",
            "first-order expansion and Price's theorem",
            after=cov_phi,
            assumption="A and E are of order 1/sqrt(N); their correlations with the means are of higher order",
            reference="Clark, Abbott, Litwin-Kumar 2023, with frozen means",
            check=_FirstOrder(phi(x)),
        ),
        Step(
            "The same for the preactivations",
            "first-order expansion",
            after=cov_x,
            assumption="A and E are of order 1/sqrt(N)",
            check=_FirstOrder(x),
        ),
        Step(
            "Second moment of A over the couplings that touch the pair: the direct coupling, the reservoir's diagonal responses "
            "<phi'>_k and its off-diagonal ones <phi'>_k A_kl <phi'>_l. Solve for alpha = N <A^2>",
            "Wick's theorem over J, linear equation solved",
            Eq(alpha, alpha_rhs),
            alpha_value,
            check=Fact(
                lambda: reservoir_moment() and same(alpha_rhs.subs(alpha, alpha_value), alpha_value),
                "N <A^2> = g^2 + (g^4/N) sum R_kl^2 at N = 3, exactly; solution inserted",
            ),
        ),
        Step(
            "Second moment of E = sum J_1k J_2l C_kl: epsilon = N <E^2> from the reservoir's variances, which differ from unit to "
            "unit, and its covariances",
            "Wick's theorem over J",
            after=Eq(epsilon, epsilon_rhs),
            check=Fact(fed_covariance, "N <E^2> = (g^4/N) sum C_kl^2 at N = 3, exactly"),
        ),
        Step(
            "N times the variance of the pair's covariance, averaged over both means and closed on itself; solve for psi_phi",
            "linear equation solved",
            Eq(psi_phi, closed),
            psi_value,
            check=Replay(lambda equation: linear_root(equation, psi_phi)),
        ),
        Step(
            "N times the variance of an off-diagonal connected covariance of the preactivations",
            "substitution",
            square_over_couplings(cov_x),
            psi_x,
            check=Replay(lambda e: e.subs(reservoir).subs(psi_phi, psi_value)),
        ),
    )
    return FrozenCavity(variance, frozen, psi_value, psi_x, Derivation("Two-site cavity with frozen means", steps))


@dataclass(frozen=True)
class _FirstOrder:
    """Check a pair covariance against the exact connected covariance of two coupled units with a cubic phi, not odd.

    The integrals over the Gaussian fields are exact (Gauss-Hermite, polynomial integrand), the derivatives are central
    differences of the exact covariance.
    """

    observable: Expr
    means: tuple[float, float] = (0.3, -0.5)
    variance: float = 0.8
    name: str = "against the exact covariance of a coupled pair with a cubic phi"

    def __call__(self, step: Step) -> bool:
        """Whether the three first-order coefficients agree to 1e-8."""
        cubic = x + x**2 / 5 + x**3 / 7
        points = dict(zip(MEANS, self.means, strict=True)) | {delta: self.variance}
        exact = {a: _polynomial_average(a, cubic, points) for a in step.after.atoms(Average)}
        predicted = step.after.xreplace(exact).subs(points).expand()
        measured = [self._measured(symbol, cubic) for symbol in (A12, A21, E12)]
        return all(
            abs(value - predicted.coeff(symbol, 1)) <= 1e-8 * max(1, abs(value))
            for symbol, value in zip((A12, A21, E12), measured, strict=True)
        )

    def _measured(self, symbol: Symbol, cubic: Expr) -> mpmath.mpf:
        a = lambdify(x, self.observable.subs(phi(x), cubic).doit(), "mpmath")
        activity = lambdify(x, cubic, "mpmath")
        nodes, weights = mpmath.gauss_quadrature(8, "hermite")
        step, v = mpmath.mpf("1e-5"), mpmath.mpf(self.variance)

        def covariance(size: mpmath.mpf) -> mpmath.mpf:
            a12, a21, e12 = (size if symbol == s else 0 for s in (A12, A21, E12))
            together, alone = mpmath.mpf(0), [mpmath.mpf(0), mpmath.mpf(0)]
            for p, wp in zip(nodes, weights, strict=True):
                for q, wq in zip(nodes, weights, strict=True):
                    u = mpmath.sqrt(2 * v) * p
                    eta1 = self.means[0] + u
                    eta2 = self.means[1] + e12 / v * u + mpmath.sqrt(2 * (v - e12**2 / v)) * q
                    one, two, weight = (
                        a(eta1 + a12 * activity(eta2)),
                        a(eta2 + a21 * activity(eta1)),
                        wp * wq / mpmath.pi,
                    )
                    together += weight * one * two
                    alone = [alone[0] + weight * one, alone[1] + weight * two]
            return together - alone[0] * alone[1]

        return (covariance(step) - covariance(-step)) / (2 * step)


def _polynomial_average(average: Average, polynomial: Expr, points: dict[Symbol, float]) -> Expr:
    """<F^(n)> at a mean for a polynomial phi, by Gaussian moments (2k-1)!! v^k of the offset from the mean."""
    mean, variance = points[average.measure.mean], points[delta]
    F = average.integrand.subs(phi(x), polynomial).doit().diff(x, average.order).subs(x, x + mean).expand()
    return sum(
        coefficient * mpmath.fac2(power - 1) * variance ** (power // 2)
        for (power,), coefficient in F.as_poly(x).terms()
        if power % 2 == 0
    )


__all__ = ["FrozenCavity", "over_means", "pair_covariance", "two_site_cavity"]
