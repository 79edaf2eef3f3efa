r"""One-site and two-site cavity: an independent second route to the results of `theory.engine.collective`.

Two units are added to a network of N.  Their fields are, to first order in the 1/sqrt(N) couplings,

    h_1 = eta_1 + A_12 phi_2,    h_2 = eta_2 + A_21 phi_1,    Cov(eta_1, eta_2) = E_12,

A_12 = J_12 + sum_kl J_1k R_kl J_l2 the coupling through and beside the reservoir, E_12 = sum_kl J_1k J_2l C_kl the
covariance that the reservoir feeds to both.  Their second moments over J close on the statistics of the reservoir, which
are those of the pair itself.

Where phi is not odd, the couplings of an added unit fix its mean field mu = sum_k J_k <phi_k>, Gaussian over the couplings with
variance Delta0.  Everything above then holds for connected covariances at fixed means of eta_1 and eta_2; their squares are
averaged over the means too, which are independent of A and E, being sums over other combinations of the same couplings.

Shares nothing with the collective fields and their replicas but the averages.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from sympy import Add, Eq, Expr, IndexedBase, Mul, Rational, S, Sum, Symbol, cancel, diff, factor, symbols

from theory.averages.average import (
    Average,
    over_frozen_mean,
    stein,
    through_noise_variance,
    variance_at_mean,
    with_variance,
)
from theory.averages.exact import CUBIC, ODD_CUBIC, exact
from theory.averages.measures import AT_MEAN, Joint, Normal
from theory.averages.polynomial import polynomial_average
from theory.derivation import Derivation, Evaluated, Replay, Solves, Step, named
from theory.engine.moments import ALL_PAIRINGS, J, N, at_three_units, xi
from theory.networks import GaussianCouplings, StaticNoise
from theory.symbols import Delta, Delta0, delta, mu, phi, x

A12, A21, E12 = symbols("A_12 A_21 E_12", real=True)
alpha, epsilon, psi_phi = symbols("alpha epsilon psi_phi", real=True)
MEANS = symbols("mu_1 mu_2", real=True)
_fields = symbols("eta_1 eta_2", real=True)
_order = Symbol("epsilon_order", real=True)
_k, _l = symbols("k l", integer=True)
_RESERVOIR = ((_k, 3, N + 2), (_l, 3, N + 2))
_R, _C, _activity = IndexedBase("R"), IndexedBase("C"), IndexedBase("phi")


@dataclass(frozen=True)
class CavityStatistics:
    """Result of the one-site and the two-site cavity.

    Attributes
    ----------
    variance, frozen : Expr
        Right-hand sides of the self-consistencies for Delta and Delta0; 0 for Delta0 where phi is odd.
    phi, x : Expr
        N times the variance over J of an off-diagonal covariance of phi and of x.
    derivation : Derivation
    """

    variance: Expr
    frozen: Expr
    phi: Expr
    x: Expr
    derivation: Derivation


def pair_covariance(observable: Expr, *, odd: bool = True) -> Expr:
    """First-order covariance of an observable of two weakly coupled units, connected and at fixed means where phi is not odd.

    Expands <a(h_1) a(h_2)> to first order in A_12, A_21 (the other unit's activity) and, by Price's theorem, in E_12.

    Parameters
    ----------
    observable : Expr
        a(x): phi(x) or x.
    odd : bool
        Whether phi is odd, and with it the observable.
    """
    sites = [(field, S.Zero, Delta) if odd else (field, m, delta) for field, m in zip(_fields, MEANS, strict=True)]
    first, second = _coupled_pair(observable, _order)

    def linear(expression: Expr) -> Expr:
        return _independent(diff(expression, _order).doit().subs(_order, 0).doit(), sites)

    covariance = linear(first * second)
    if not odd:
        mean = [_independent(a.subs(_order, 0), sites) for a in (first, second)]
        covariance -= linear(first) * mean[1] + mean[0] * linear(second)
    gains = [stein(Average(observable, 1, Normal(mean, variance))) for _, mean, variance in sites]
    return (covariance + gains[0] * gains[1] * E12).expand()


def _coupled_pair(observable: Expr, order: Expr) -> tuple[Expr, Expr]:
    one, two = _fields
    return observable.subs(x, one + order * A12 * phi(two)), observable.subs(x, two + order * A21 * phi(one))


def _independent(expression: Expr, sites: list[tuple[Symbol, Expr, Expr]]) -> Expr:
    """Average over independent fields, given with their means and variances, term by term."""
    total = []
    for term in Add.make_args(expression.expand()):
        constant, *rest = term.as_independent(*_fields, as_Add=False)
        for field, mean, variance in sites:
            own = Mul(*(f for part in rest for f in Mul.make_args(part) if f.has(field)))
            constant *= stein(Average(own.subs(field, x).doit(), 0, Normal(mean, variance)))
        total.append(constant)
    return Add(*total)


def over_means(expression: Expr) -> Expr:
    """Average over the independent frozen means of the two units."""
    total = []
    for term in Add.make_args(expression.expand()):
        rest, second = term.as_independent(MEANS[1], as_Add=False)
        constant, first = rest.as_independent(MEANS[0], as_Add=False)
        sites = (over_frozen_mean(s.xreplace({m: mu})) for s, m in ((first, MEANS[0]), (second, MEANS[1])))
        total.append(constant.subs(delta, Delta - Delta0) * Mul(*sites))
    return Add(*total).expand()


def square_over_couplings(covariance: Expr) -> Expr:
    """N <covariance^2> over J: N<A^2> = alpha for A_12 and A_21, N<E^2> = epsilon, no cross moments, independent means."""
    moments = {A12: alpha, A21: alpha, E12: epsilon}
    squares = {symbol: covariance.coeff(symbol, 1) ** 2 for symbol in moments}
    if covariance.has(*MEANS):
        squares = {symbol: over_means(square) for symbol, square in squares.items()}
    return sum((squares[symbol] * moment for symbol, moment in moments.items()), S.Zero)


def reservoir_sum(diagonal: Expr, off_diagonal: Expr) -> Expr:
    """(1/N) sum_kl M_kl^2 over the reservoir: the diagonal value squared plus N times the off-diagonal second moment."""
    return diagonal + off_diagonal


def linear_root(equation: Eq, unknown: Symbol, tidy: Callable[[Expr], Expr] = cancel) -> Expr:
    """The root of a linear equation; `sympy.solve` would simplify every term first, which is slow."""
    difference = equation.lhs - equation.rhs
    return tidy(difference.subs(unknown, 0) / -difference.diff(unknown))


def two_site_cavity(couplings: GaussianCouplings, noise: StaticNoise, *, odd: bool = True) -> CavityStatistics:
    """Self-consistencies and covariance statistics of the static network with iid couplings.

    Parameters
    ----------
    couplings : GaussianCouplings
    noise : StaticNoise
    odd : bool
        Whether phi is odd; otherwise units have frozen means.

    Raises
    ------
    ValueError
        For partially symmetric couplings, which the static model does not have.
    """
    if couplings.symmetry != 0:
        raise ValueError("the static two-site cavity is derived for independent couplings")
    strength, power = couplings.strength, Average(phi(x) ** 2)
    activity = Average(phi(x), 0, AT_MEAN)
    mean_square = over_frozen_mean(activity**2)
    squared_gain = Average(phi(x), 1) ** 2 if odd else over_frozen_mean(activity.diff(mu) ** 2)
    squared_variance = power**2 if odd else over_frozen_mean(variance_at_mean(phi(x)) ** 2)

    variance = noise.variance + strength**2 * power
    frozen = S.Zero if odd else strength**2 * mean_square
    cov_phi, cov_x = (pair_covariance(observable, odd=odd) for observable in (phi(x), x))
    own_phi, own_x = square_over_couplings(cov_phi), square_over_couplings(cov_x)
    if not odd:
        own_phi = with_variance(own_phi, phi(x))

    # responses R_kk = <phi'>, R_kl = <phi'>_k A_kl <phi'>_l; covariances C_kk = Var(phi)_k, and psi_phi/N off the diagonal
    responses = reservoir_sum(squared_gain, squared_gain**2 * alpha)
    covariances = reservoir_sum(squared_variance, psi_phi)
    alpha_value = linear_root(named(alpha, strength**2 + strength**4 * responses), alpha)
    moments = {epsilon: strength**4 * covariances, alpha: alpha_value}
    closed = own_phi.subs(moments)
    psi_value = linear_root(named(psi_phi, closed), psi_phi, factor)
    psi_x = own_x.subs(moments).subs(psi_phi, psi_value)
    psi_x = psi_x.factor() if odd else through_noise_variance(psi_x, factor)

    connected, fixed = ("", "") if odd else ("connected ", " at fixed means mu_1, mu_2")
    one_site = partial(_one_site_step, power=power, mean_square=mean_square)
    steps = (
        one_site(
            "Add one unit to a network of N. Its field is a sum of N weakly dependent terms, so it is Gaussian; its variance is "
            "the noise plus g^2 times the mean square activity, which is that of the unit itself",
            (Sum(J[1, _k] * _activity[_k], (_k, 1, N)) + xi) ** 2,
            named(Delta, variance),
        ),
        *(
            ()
            if odd
            else (
                one_site(
                    "The mean of its field over the noise, sum_k J_k <phi_k>, is frozen by the couplings: Gaussian over them, with "
                    "variance g^2 times the mean squared frozen activity, which is that of the unit itself",
                    Sum(J[1, _k] * _activity[_k], (_k, 1, N)) ** 2,
                    named(Delta0, frozen),
                ),
            )
        ),
        *(
            Step(
                f"Add two units 1 and 2. Expand the {connected}covariance of their {name}{fixed} to first order in A_12, A_21 (the "
                "coupling of the pair, directly and through the reservoir) and E_12 (the covariance fed to both by the reservoir)",
                "first-order expansion and Price's theorem",
                Mul(*_coupled_pair(observable, S.One), evaluate=False),
                covariance,
                assumption="A and E are of order 1/sqrt(N)"
                + ("" if odd else "; their correlations with the means are of higher order"),
                reference="Clark, Abbott, Litwin-Kumar 2023",
                check=Solves(
                    partial(_beside_first_order, observable, odd),
                    "the exact covariance of a coupled pair with a cubic phi",
                ),
            )
            for name, observable, covariance in (("activities", phi(x), cov_phi), ("preactivations", x, cov_x))
        ),
        Step(
            "Second moment of A over the couplings that touch the pair: the direct one, and those to the responses R_kl of the "
            "reservoir",
            "Wick's theorem over J",
            N * (J[1, 2] + Sum(J[1, _k] * _R[_k, _l] * J[_l, 2], *_RESERVOIR)) ** 2,
            named(alpha, strength**2 + strength**4 * Sum(_R[_k, _l] ** 2, *_RESERVOIR) / N),
            check=Evaluated(at_three_units, name=ALL_PAIRINGS),
        ),
        Step(
            "The responses are <phi'> on the diagonal and <phi'>_k A_kl <phi'>_l elsewhere. Solve for alpha = N <A^2>",
            "linear equation solved",
            named(alpha, strength**2 + strength**4 * responses),
            named(alpha, alpha_value),
            check=Solves(lambda root: strength**2 + strength**4 * responses.subs(alpha, root.rhs) - root.rhs),
        ),
        Step(
            "Second moment of E = sum J_1k J_2l C_kl over the same couplings",
            "Wick's theorem over J",
            N * Sum(J[1, _k] * J[2, _l] * _C[_k, _l], *_RESERVOIR) ** 2,
            named(epsilon, strength**4 * Sum(_C[_k, _l] ** 2, *_RESERVOIR) / N),
            check=Evaluated(at_three_units, name=ALL_PAIRINGS),
        ),
        Step(
            f"N times the variance of the pair's {connected}covariance. The reservoir has the same covariances, C_kl^2 of mean "
            "psi_phi/N off the diagonal, so this closes on itself; solve for psi_phi",
            "linear equation solved",
            named(psi_phi, closed),
            named(psi_phi, psi_value),
            check=Solves(lambda root: closed.subs(psi_phi, root.rhs) - root.rhs),
        ),
        Step(
            f"N times the variance of an off-diagonal {connected}covariance of the preactivations",
            "substitution",
            own_x,
            psi_x,
            check=Replay(lambda e: e.subs(moments).subs(psi_phi, psi_value)),
        ),
    )
    return CavityStatistics(variance, frozen, psi_value, psi_x, Derivation("Two-site cavity", steps))


def _one_site_step(title: str, squared_field: Expr, result: Eq, power: Expr, mean_square: Expr) -> Step:
    """The variance of a field over the couplings; `power` and `mean_square` are what squared activities tend to on average."""
    squares = dict.fromkeys((power, mean_square), Sum(_activity[_k] ** 2, (_k, 1, N)) / N)
    return Step(
        title,
        "central limit theorem, one-site cavity",
        squared_field,
        result,
        assumption="couplings independent with variance g^2/N; N -> infinity",
        reference="Mezard, Parisi, Virasoro 1987; Clark, Abbott, Litwin-Kumar 2023",
        check=Evaluated(lambda side: at_three_units(side.subs(squares)), name=ALL_PAIRINGS),
    )


def _beside_first_order(observable: Expr, odd: bool, shown: Expr) -> Expr:
    """What a pair covariance misses of that of two coupled units with a cubic phi, exact, to first order in A_12, A_21, E_12."""
    cubic, means = (ODD_CUBIC, (0, 0)) if odd else (CUBIC, (Rational(3, 10), Rational(-1, 2)))
    (u, v), variance = _fields, Rational(4, 5)
    none = dict.fromkeys((A12, A21, E12), 0)

    def linear(e: Expr) -> Expr:
        return Add(*(e.diff(s).subs(none) * s for s in none))

    one, two = (a.replace(phi, lambda at: cubic.subs(x, at)) for a in _coupled_pair(observable, S.One))
    pair = Joint({(u, u): variance, (v, v): variance, (u, v): E12}, dict(zip(_fields, means, strict=True)))
    together, first, second = (polynomial_average(e.subs(none) + linear(e), pair) for e in (one * two, one, two))
    values = dict(zip(MEANS, means, strict=True)) | {delta: variance, Delta: variance}
    return exact(shown, cubic).subs(values) - linear(together - first * second)
