"""The collective-field argument, step by step, for any random-coupling model; each step carries its check."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sympy import Derivative, Eq, Expr, Function, I, Integer, Integral, Matrix, Mul, Symbol, eye, oo, pi, sqrt, symbols
from sympy import exp as Exp
from sympy.core.function import AppliedUndef

from theory.averages.average import averages
from theory.derivation import Evaluated, Fact, Replay, Solves, Step, applied, named
from theory.engine.collective import Action, Bilinear, Kernel, SiteMeasure
from theory.engine.finite_size import FiniteSizeIdentity, coupling_exponent
from theory.engine.moments import N
from theory.model import Model
from theory.networks import GaussianCouplings, StaticNetwork, StaticNoise
from theory.symbols import Delta, Delta0, delta, eta, g, mu, sigma, x

_a, _b, _J, _k, _x1, _x2 = symbols("a b J k x_1 x_2", real=True)
_n = Symbol("n", integer=True, nonnegative=True)
_normal = Function("N")


def disorder_steps(model: Model[StaticNetwork], action: Action, replicas: tuple[int, ...] = (1, 2)) -> tuple[Step, ...]:
    """From the equation of motion to exp(N F[B])."""
    connected = "" if len(replicas) == 2 else "connected "
    return (
        Step(
            f"Impose {model.equation} with response fields: each delta function is an integral of exp(-xr_i (x_i "
            "- ...)) over imaginary xr_i. "
            f"Take replicas {', '.join(map(str, replicas))} of the noise with the same J, so that products of two "
            f"{connected}covariances can be averaged. Relaxation to the fixed "
            "point has unit Jacobian; at leading order the Jacobian of the static equation plays no role",
            "generating functional",
            assumption="the fixed point is stable and unique",
            reference=model.reference,
        ),
        noise_step(model.network.noise),
        *coupling_steps(model.network.couplings, action, replicas),
    )


def noise_step(noise: StaticNoise) -> Step:
    """The average over the noise of one unit, of standard deviation sigma."""
    return Step(
        "Average over the noise of one unit, of standard deviation sigma",
        "Gaussian integral",
        _gaussian_integral(_a, sigma**2),
        Exp(noise.variance * _a**2 / 2),
        assumption="Gaussian noise",
        check=Evaluated(ranges={sigma: (0.3, 2)}),
    )


def coupling_steps(
    couplings: GaussianCouplings, action: Action, replicas: tuple[int, ...] = (1, 2)
) -> tuple[Step, ...]:
    """The average over the couplings: one Gaussian integral, and the exponent in the collective fields."""
    if couplings.symmetry == 0:
        which, integral = "one coupling J_ij, of variance g^2/N", _gaussian_integral(_a, g**2 / N)
    else:
        which = "J_ij and J_ji, whose sum and difference are independent, of variances 2 g^2 (1 + eta)/N and 2 g^2 (1 - eta)/N"
        halves = ((_a + _b, 1 + eta), (_a - _b, 1 - eta))
        integral = Mul(*(_gaussian_integral(slope, g**2 * part / (2 * N)) for slope, part in halves))
    exponent = (_a**2 if couplings.symmetry == 0 else _a**2 + _b**2 + 2 * couplings.symmetry * _a * _b) / 2
    return (
        Step(
            f"Average over {which}",
            "Gaussian integral",
            integral,
            Exp(couplings.strength**2 * exponent / N),
            assumption="Gaussian couplings",
            check=Evaluated(ranges={N: (1, 5), eta: (-0.9, 0.9), g: (0.3, 2)}),
        ),
        Step(
            "Collect the exponent in the collective fields B = (1/N) sum_i b(site i): it is N F[B]",
            "finite sums reordered",
            coupling_exponent(couplings),
            N * action.F,
            assumption="none: exact for every N",
            check=FiniteSizeIdentity(couplings, action.fields, replicas),
        ),
    )


def _gaussian_integral(slope: Expr, variance: Expr) -> Expr:
    return Integral(Exp(slope * _J) * Exp(-(_J**2) / (2 * variance)) / sqrt(2 * pi * variance), (_J, -oo, oo))


def saddle_steps(
    action: Action, measure: SiteMeasure, variance: Bilinear, noise: Expr, odd: bool, reference: str
) -> tuple[Step, ...]:
    """From F to the self-consistency of the single site; `variance` is the response field squared."""
    because = "; odd phi, so that replicas with different noise are uncorrelated" if odd else ""
    first, last = _self_consistency(action, measure, variance, Delta, noise, 2)
    return (
        first(
            "Saddle point: every field equals its single-site average and the site weight is exp( sum_k (dF/dB_k) b_k ). "
            "Response fields do not correlate with each other, so only coefficients of two response fields remain, here that "
            "of xr^2",
            f"N -> infinity{because}",
        ),
        Step(
            "Integrate out the response field, xr = i k: powers of xr become derivatives of the Gaussian density of x, so by parts "
            "<xr^n f(x)> = <f^(n)(x)>",
            "Fourier transform of a Gaussian",
            Integral((I * _k) ** _n * Exp(-I * _k * x - Delta * _k**2 / 2), (_k, -oo, oo)) / (2 * pi),
            (-1) ** _n * Derivative(Exp(-(x**2) / (2 * Delta)) / sqrt(2 * pi * Delta), (x, _n)),
            check=Evaluated(digits=8),
        ),
        last(
            "Self-consistency: x is Gaussian with variance equal to the noise plus twice the coefficient of xr^2",
            reference,
        ),
    )


def frozen_steps(action: Action, measure: SiteMeasure, covariance: Bilinear) -> tuple[Step, ...]:
    """From F to the self-consistency of the frozen variance; `covariance` is the product of two response fields."""
    first, last = _self_consistency(action, measure, covariance, Delta0, Integer(0), 1)
    pair = Matrix([[Delta, Delta0], [Delta0, Delta]])
    return (
        first(
            "Two replicas with different noise feel the same couplings: the coefficient of xr1 xr2 is the covariance of x in "
            "replicas 1 and 2",
            "N -> infinity; the couplings do not break the symmetry between replicas",
        ),
        Step(
            "Replicas with equal variances Delta and equal covariances Delta0 >= 0 share a frozen mean, mu ~ N(0, Delta0), and are "
            "independent given mu, x ~ N(mu, Delta - Delta0). [.] is the average over mu, <.> within it that over x given mu",
            "conditional Gaussian",
            _normal(_x1, _x2, pair),
            Integral(
                _normal(mu, Delta0) * _normal(_x1 - mu, Delta - Delta0) * _normal(_x2 - mu, Delta - Delta0),
                (mu, -oo, oo),
            ),
            check=Evaluated(_densities, ranges={Delta0: (0.3, 2)}, digits=8),
        ),
        last("Self-consistency of the frozen variance, solved after that of Delta, which does not depend on it", ""),
    )


def _self_consistency(action, measure, response: Bilinear, unknown: Symbol, noise: Expr, factor: int):
    """The first and the last step to an order parameter, given its title and what it assumes or cites."""
    saddle = {b.symbol: measure.average(b) for b in action.fields}

    def first(title: str, assumption: str) -> Step:
        return applied(title, "saddle point", action.F, lambda F: F.diff(response.symbol), assumption=assumption)

    def last(title: str, reference: str) -> Step:
        coefficient = action.conjugate(response)
        return applied(
            title,
            "saddle values inserted",
            coefficient,
            lambda conjugate: Eq(unknown, noise + factor * conjugate.subs(saddle)),
            reference=reference,
        )

    return first, last


def _densities(side: Expr) -> Expr:
    """Normal densities written out, and Delta as Delta0 and a positive rest."""

    def density(*arguments: Any) -> Expr:
        *point, covariance = arguments
        matrix = covariance if len(point) == 2 else Matrix([[covariance]])
        offset = Matrix(point)
        return Exp(-(offset.T * matrix.inv() * offset)[0] / 2) / sqrt((2 * pi * matrix).det())

    written = side.replace(lambda node: isinstance(node, AppliedUndef), lambda node: density(*node.args))
    return written.subs(Delta, Delta0 + delta)


def unique_root_steps(frozen: Expr, variance: Expr, noise: Expr, strength: Expr, slope: Expr) -> tuple[Step, ...]:
    """The frozen variance has one root: the right-hand side rises convexly and stays below the diagonal at Delta."""
    steep = Step(
        "The slope of the right-hand side in Delta0: the multiplier of the replicon fields",
        "Price's theorem",
        frozen,
        named("replicon_slope", slope),
        check=Replay(lambda right: right.diff(Delta0)),
    )
    curvature = applied("Its curvature", "Price's theorem", slope, lambda right: right.diff(Delta0))
    start, end = (
        applied(f"The right-hand side at Delta0 = {at}", reason, frozen, _frozen_at(at))
        for reason, at in (("no frozen mean", Integer(0)), ("x no longer varies about its mean", Delta))
    )
    squares = (slope, curvature.after, start.after)
    return (
        steep,
        curvature,
        start,
        end,
        Step(
            "Slope, curvature and the value at 0 are not negative: they are averages of squares",
            "inspection",
            check=Fact(lambda: all(_is_mean_square(e / strength**2) for e in squares), "form of the averages"),
        ),
        Step(
            "So the right-hand side starts at or above the diagonal at Delta0 = 0 and, if there is noise, ends below it at "
            "Delta0 = Delta: convex, it crosses once, with a slope below 1",
            "intermediate value theorem, convexity",
            end.after,
            named("Delta - right-hand side at Delta", noise),
            assumption="noise > 0",
            check=Replay(lambda end: variance - end, "Delta - noise is the right-hand side for Delta"),
        ),
    )


def _frozen_at(value: Expr) -> Callable[[Expr], Expr]:
    return lambda right: right.subs(Delta0, value)


def _is_mean_square(expression: Expr) -> bool:
    square = expression.integrand if expression in averages(expression, mu) else expression
    return bool(square.is_Pow and square.exp == 2)


def instability_steps(
    same_noise: Kernel, one_replica: Kernel, stability: Expr, slope: Expr, self_consistency: Expr
) -> tuple[Step, ...]:
    """Multipliers that reach 1: loss of stability, and folds of the self-consistency."""
    return (
        Step(
            "Two replicas with the same noise sit on one trajectory; Pi for their fields. The multiplier of Pi "
            "F'' is the squared spectral radius of "
            "the Jacobian J diag(phi'): below 1 the copies converge and the fixed point is stable and unique",
            "eigenvalue of Pi F''",
            same_noise.Pi,
            named("stability", stability),
            reference="Sompolinsky, Crisanti, Sommers 1988; Mato, Rigatuso, Torroba 2025",
            check=Solves(
                lambda found: (eye(len(same_noise.fields)) - same_noise.Pi * same_noise.coupling / found.rhs).det(),
                "det(1 - Pi F''/multiplier) = 0",
            ),
        ),
        Step(
            "Fields of one replica: the multiplier is the slope of the self-consistency, 1 at a saddle-node",
            "eigenvalue of Pi F''",
            one_replica.Pi,
            named("slope", slope),
            check=Replay(
                lambda _: self_consistency.diff(Delta), "equals d(self-consistency)/dDelta by Price's theorem"
            ),
        ),
    )


def comparison_steps(results: Sequence[tuple[str, Expr, Expr]]) -> tuple[Step, ...]:
    """The cavity must give what the collective fields gave, for a generic phi: (key, by cavity, by fields) for each result."""
    return tuple(
        Step(
            f"Both routes agree on {key}, for any phi",
            "comparison",
            named(key, by_cavity),
            named(key, by_fields),
            check=Replay(lambda shown: shown, "canonical forms of both"),
        )
        for key, by_cavity, by_fields in results
    )
