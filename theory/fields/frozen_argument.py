"""The steps that a frozen mean adds to the collective-field argument: its variance, and the replicon sector."""

from __future__ import annotations

import mpmath
from sympy import Eq, Expr, Function, Integral, Matrix, S, Symbol, oo, symbols

from theory.derivation import Fact, Replay, Sides, Step
from theory.fields.argument import inversion_step
from theory.fields.collective import Action, Bilinear, Kernel, SiteMeasure
from theory.fields.replicon import Replicon, decouples, is_average_of_products
from theory.gaussian.average import averages
from theory.symbols import Delta, Delta0, mu

_x1, _x2 = symbols("x_1 x_2", real=True)
_normal = Function("N")


def frozen_steps(action: Action, measure: SiteMeasure, response: Bilinear, frozen: Expr) -> tuple[Step, ...]:
    """From F to the self-consistency of the frozen variance; `response` is the product of two response fields."""
    saddle = {b.symbol: measure.average(b) for b in action.fields}
    pair = Matrix([[Delta, Delta0], [Delta0, Delta]])
    return (
        Step(
            "Two replicas with different noise feel the same couplings: the coefficient of xr1 xr2 is the covariance of x in "
            "replicas 1 and 2",
            "saddle point",
            action.F,
            action.conjugate(response),
            assumption="N -> infinity; the couplings do not break the symmetry between replicas",
            check=Replay(lambda F: F.diff(response.symbol)),
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
            check=Sides(_joint_density, _mixed_density, _random_pair, digits=8),
        ),
        Step(
            "Self-consistency of the frozen variance, solved after that of Delta, which does not depend on it",
            "saddle values inserted",
            action.conjugate(response),
            Eq(Delta0, frozen),
            check=Replay(lambda conjugate: Eq(Delta0, conjugate.subs(saddle))),
        ),
    )


def _joint_density(a: float, b: float, total: float, frozen: float) -> mpmath.mpf:
    determinant = mpmath.mpf(total) ** 2 - mpmath.mpf(frozen) ** 2
    exponent = (total * (a * a + b * b) - 2 * frozen * a * b) / (2 * determinant)
    return mpmath.exp(-exponent) / (2 * mpmath.pi * mpmath.sqrt(determinant))


def _mixed_density(a: float, b: float, total: float, frozen: float) -> mpmath.mpf:
    broad, narrow = mpmath.sqrt(frozen), mpmath.sqrt(mpmath.mpf(total) - frozen)
    return mpmath.quad(
        lambda m: mpmath.npdf(m, 0, broad) * mpmath.npdf(a, m, narrow) * mpmath.npdf(b, m, narrow),
        [-mpmath.inf, (a + b) / 2, mpmath.inf],
    )


def _random_pair(random) -> tuple[float, ...]:
    frozen = random.uniform(0.2, 1.5)
    return random.uniform(-2, 2), random.uniform(-2, 2), frozen + random.uniform(0.2, 2), frozen


def unique_root_steps(frozen: Expr, variance: Expr, noise: Expr, strength: Expr) -> tuple[Step, ...]:
    """The frozen variance has one root: the right-hand side rises convexly and stays below the diagonal at Delta."""
    slope = frozen.diff(Delta0)
    return (
        Step(
            "The slope of the right-hand side in Delta0 is not negative",
            "Price's theorem",
            frozen,
            slope,
            check=Replay(lambda right: right.diff(Delta0)),
        ),
        Step(
            "Nor is its curvature: the right-hand side is convex",
            "Price's theorem",
            slope,
            slope.diff(Delta0),
            check=Replay(lambda right: right.diff(Delta0)),
        ),
        Step(
            "At Delta0 = Delta the right-hand side is Delta minus the noise",
            "x no longer varies about its mean",
            frozen,
            frozen.subs(Delta0, Delta),
            check=Replay(lambda right: right.subs(Delta0, Delta)),
        ),
        Step(
            "So the right-hand side starts at or above the diagonal at Delta0 = 0 and, if there is noise, ends below it at "
            "Delta0 = Delta: convex, it crosses once, with a slope below 1",
            "intermediate value theorem, convexity",
            frozen.subs(Delta0, 0),
            Eq(Symbol("Delta - right-hand side at Delta"), noise),
            assumption="noise > 0",
            check=Fact(
                lambda: (
                    (variance - frozen.subs(Delta0, Delta) - noise).expand() == 0
                    and _is_square(frozen.subs(Delta0, 0) / strength**2)
                    and _is_mean_square(slope / strength**2)
                    and _is_mean_square(slope.diff(Delta0) / strength**2)
                ),
                "the values at both ends; value at 0, slope and curvature are averages of squares",
            ),
        ),
    )


def _is_square(expression: Expr) -> bool:
    return bool(expression.is_Pow and expression.exp == 2)


def _is_mean_square(expression: Expr) -> bool:
    return expression in averages(expression, mu) and _is_square(expression.integrand)


def replicon_steps(
    action: Action, kernel: Kernel, fields: tuple[Replicon, ...], two_point: Matrix, measure: SiteMeasure
) -> tuple[Step, ...]:
    """From four replicas to the kernel of the fields that measure connected covariances."""
    size = len(fields)
    example = next(field for field in fields if field.label == "phi phi")
    return (
        Step(
            "Connected covariances: the fields R_kl = (o_k^1 - o_k^2)(o_l^3 - o_l^4)/2 with o any of xr, phi, x. They change "
            "sign when replicas 1, 2 or 3, 4 are exchanged, F and the site measure do not, so they fluctuate independently of all "
            "other fields",
            "replica symmetry",
            example.symbol,
            sum((weight * b.symbol for weight, b in example.terms), S.Zero),
            reference="de Almeida, Thouless 1978 (replicon modes)",
            check=Fact(lambda: decouples(action, fields), "replicas exchanged in F and in every R"),
        ),
        Step(
            "Connected two-point function G of one replica at a fixed mean mu, in the basis xr, phi, x; delta = Delta - Delta0. "
            "The mean drops out of the differences, and given mu the replicas are independent: Pi = [G (x) G]",
            "<xr^n f> = <f^(n)> and Stein's lemma at fixed mu",
            after=two_point,
            check=Fact(
                lambda: is_average_of_products(kernel.Pi, fields, measure),
                f"all {size}x{size} entries of Pi from four replicas, each product averaged by itself",
            ),
        ),
        Step(
            "Second derivatives of F among these fields: "
            + "; ".join(
                f"F'' = {kernel.coupling[r, c]} between {fields[r].symbol} and {fields[c].symbol}"
                for r in range(size)
                for c in range(r, size)
                if kernel.coupling[r, c] != 0
            )
            + "; all others vanish",
            "differentiation",
            check=Fact(
                lambda: _restricted(action, fields) == _quadratic_form(kernel),
                "F restricted to these fields is R F'' R / 2",
            ),
        ),
    )


def covariance_step(kernel: Kernel, covariance: Matrix, shown: Matrix) -> Step:
    """N Cov of the replicon fields."""
    return inversion_step(kernel, covariance, shown, "R", "R[phi phi] and R[x x]")


def _restricted(action: Action, fields: tuple[Replicon, ...]) -> Expr:
    """F where every field is its part in the replicon directions (unit vectors)."""
    amplitude = {field.symbol: S.Zero for field in action.fields}
    for replicon in fields:
        for weight, b in replicon.terms:
            if b.symbol in amplitude:
                amplitude[b.symbol] += weight * replicon.symbol
    return action.F.subs(amplitude).expand()


def _quadratic_form(kernel: Kernel) -> Expr:
    amplitudes = Matrix([field.symbol for field in kernel.fields])
    return (amplitudes.T * kernel.coupling * amplitudes)[0].expand() / 2


def connected_reading_steps(
    name: str, trace: Expr, entry: Expr, diagonal: Expr, n_variance: Expr, dimension: Expr, reference: str
) -> tuple[Step, ...]:
    """From one entry of N Cov(R) to the statistics of the connected covariance matrix of x or phi."""
    return (
        Step(
            f"The entry for R[{name} {name}] is (1/N) sum_ij C_ij^2 of the connected covariance. Its diagonal i = j holds "
            f"[Var({name})^2]; the rest is N times the variance over J of an off-diagonal covariance of {name}",
            "diagonal subtracted",
            entry,
            n_variance,
            assumption="the mean over J of an off-diagonal covariance is of order 1/N",
            reference=reference,
            check=Replay(lambda e: e - diagonal),
        ),
        Step(
            f"Participation dimension of {name}, (tr C)^2 / (N tr C^2), with tr C / N = [Var({name})]",
            "definition",
            entry,
            dimension,
            reference=reference,
            check=Replay(lambda e: trace**2 / e),
        ),
    )


__all__ = [
    "connected_reading_steps",
    "covariance_step",
    "frozen_steps",
    "replicon_steps",
    "unique_root_steps",
]
